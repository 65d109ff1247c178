package dev.cistern.control.workflow;

import dev.cistern.control.ControlPlaneOptions;
import dev.cistern.control.backup.BackupOptions;
import dev.cistern.control.backup.FileFacts;
import dev.cistern.control.backup.ObjectStore;
import dev.cistern.control.backup.SnapshotManifest;
import dev.cistern.control.backup.SnapshotSplitter;
import dev.cistern.control.backup.UnfitSnapshotException;
import dev.cistern.control.key.KeyVault;
import dev.cistern.control.resource.AtRestEncryption;
import dev.cistern.control.resource.NodeSnapshot;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.SlotMap;
import dev.cistern.control.resource.Snapshot;
import dev.cistern.control.state.Database;
import dev.cistern.control.state.StateDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The files of snapshots: takes them from nodes, gives them to nodes, copies and deletes them.
 *
 * <p>A snapshot's files lie together, as {@code account/region/name/0001.rdb}, with a manifest beside them. What was read is
 * compared with its checksum before anybody gets it. Every method can be done twice.
 */
final class SnapshotFiles {

    private final BackupOptions options;
    private final KeyVault keys;
    private final SnapshotSplitter splitter;
    private final StateDirectory directory;
    private final Database database;

    SnapshotFiles(ControlPlaneOptions options, StateDirectory directory, Database database) {
        this.options = options.backups();
        this.keys = options.keys();
        this.splitter = options.splitter();
        this.directory = directory;
        this.database = database;
    }

    /** Takes over what a node saved; {@link HopelessException} when that is gone. */
    FileFacts keep(NodeSnapshot part, Path file) {
        return orUnchecked(() -> {
            if (Files.exists(file)) {
                FileFacts facts = passing(other -> put(sealed(file, other, keyArn(part.key())), part, part.key()));
                Files.deleteIfExists(file);
                return facts;
            }
            // Moved already, by a run that ended before it could say so; or the node was started anew and lost it.
            return passing(copy -> {
                try {
                    own().get(options.bucket(), keyOf(part.key(), part.fileName()), copy);
                } catch (NoSuchFileException e) {
                    throw new HopelessException("what the node had saved is gone: it was restarted meanwhile");
                }
                return FileFacts.of(copy);
            });
        });
    }

    /** Says beside the files what they must be. */
    void writeManifest(Snapshot snapshot, List<NodeSnapshot> parts) {
        SnapshotManifest manifest = new SnapshotManifest(SnapshotManifest.FORMAT, snapshot.id(),
                snapshot.engine().wireName(), snapshot.settings().engineVersion(), snapshot.createdAtMillis(),
                parts.stream().map(part -> new SnapshotManifest.Part(part.nodeGroupId(), part.fileName(),
                        Objects.requireNonNull(part.fileBytes()), Objects.requireNonNull(part.sha256()))).toList());
        orUnchecked(() -> passing(file -> {
            manifest.write(file);
            own().put(options.bucket(), keyOf(snapshot.key(), SnapshotManifest.FILE), file);
            return true;
        }));
    }

    /**
     * A node group that is to get data.
     *
     * @param slots those of its keys; null when cluster mode is disabled
     * @param file  where its primary loads it
     */
    record Heir(@Nullable String slots, Path file) {}

    /** Gives each node group its share of what {@code source} has, checked; a file that is to be written anew under that key. */
    void fetch(RestoreSource source, ResourceKey place, List<Heir> heirs, @Nullable String key) {
        String name = source.snapshot();
        List<NodeSnapshot> parts = name == null
                ? List.of()
                : database.read(handle -> NodeSnapshot.of(handle, place.sibling(name)));
        List<Fetching> files = new ArrayList<>();
        parts.forEach(part -> files.add(file -> fetch(part, file)));
        source.objects().forEach(object -> files.add(file -> fetch(object, file)));
        if (files.isEmpty()) {
            throw new HopelessException(source.title() + " is gone");
        }
        boolean takesAnything = heirs.getFirst().slots() == null && files.size() == 1;
        if (takesAnything || isShapeOf(parts, heirs)) {
            for (int i = 0; i < heirs.size(); i++) {
                files.get(i).to(heirs.get(i).file());
            }
        } else {
            split(files, heirs, key);
        }
    }

    /** Whether each node group gets just what one of the parts has, in their order. */
    private static boolean isShapeOf(List<NodeSnapshot> parts, List<Heir> heirs) {
        return parts.stream().map(part -> SlotMap.slots(part.slots())).toList()
                .equals(heirs.stream().map(heir -> SlotMap.slots(heir.slots())).toList());
    }

    private void split(List<Fetching> files, List<Heir> heirs, @Nullable String key) {
        List<SnapshotSplitter.Share> shares = heirs.stream().map(heir -> new SnapshotSplitter.Share(heir.file(),
                SlotMap.slots(heir.slots() == null ? SlotMap.ALL : heir.slots()), heir.slots() != null)).toList();
        orUnchecked(() -> passing(file -> {
            List<Path> fetched = new ArrayList<>();
            for (Fetching one : files) {
                Path to = file.resolveSibling("part-" + fetched.size());
                one.to(to);
                fetched.add(to);
            }
            try {
                splitter.split(fetched, shares, key);
            } catch (UnfitSnapshotException e) {
                throw new HopelessException(String.valueOf(e.getMessage()));
            }
            return true;
        }));
    }

    private interface Fetching {
        void to(Path file);
    }

    /** Copies the part's file to another snapshot, under that one's key; answers what it is there. */
    FileFacts copy(NodeSnapshot part, ResourceKey target) {
        return orUnchecked(() -> passing(file -> {
            fetch(part, file);
            return put(sealed(file, file.resolveSibling("sealed"), keyArn(target)), part, target);
        }));
    }

    private FileFacts put(Path file, NodeSnapshot part, ResourceKey snapshot) throws IOException {
        FileFacts facts = FileFacts.of(file);
        own().put(options.bucket(), keyOf(snapshot, part.fileName()), file);
        return facts;
    }

    /** Copies the part's file to a caller's bucket, under that key; without one it is what every server can load. */
    void export(NodeSnapshot part, String bucket, String objectKey, @Nullable String key) {
        orUnchecked(() -> passing(file -> {
            fetch(part, file);
            options.buckets().put(bucket, objectKey, sealed(file, file.resolveSibling("sealed"), key));
            return true;
        }));
    }

    private @Nullable String keyArn(ResourceKey snapshot) {
        return database.read(handle -> AtRestEncryption
                .keyOf(AtRestEncryption.of(handle, snapshot.arn(Snapshot.ARN_TYPE))));
    }

    /** The file itself if it is encrypted as it should be, or the other one, which then is. */
    private Path sealed(Path file, Path other, @Nullable String key) throws IOException {
        if (keys.isSealedWith(file, key)) {
            return file;
        }
        keys.seal(file, other, key);
        return other;
    }

    /** Deletes all files of a snapshot; the manifest last, so that what is left can be told. */
    void delete(ResourceKey snapshot, List<NodeSnapshot> parts) {
        orUnchecked(() -> {
            for (NodeSnapshot part : parts) {
                own().delete(options.bucket(), keyOf(snapshot, part.fileName()));
            }
            own().delete(options.bucket(), keyOf(snapshot, SnapshotManifest.FILE));
            return true;
        });
    }

    private void fetch(NodeSnapshot part, Path file) {
        orUnchecked(() -> {
            own().get(options.bucket(), keyOf(part.key(), part.fileName()), file);
            FileFacts facts = FileFacts.of(file);
            if (!facts.sha256().equals(part.sha256())) {
                Files.delete(file);
                throw new HopelessException("the file of snapshot " + part.key().id() + ", node group "
                        + part.nodeGroupId() + ", is damaged: its checksum is not that of what was saved");
            }
            return true;
        });
    }

    private void fetch(RestoreSource.StoredFile object, Path file) {
        orUnchecked(() -> {
            try {
                options.buckets().get(object.bucket(), object.key(), file);
            } catch (NoSuchFileException e) {
                throw new HopelessException(object + " does not exist");
            }
            return true;
        });
    }

    private ObjectStore own() {
        return options.snapshots();
    }

    private String keyOf(ResourceKey snapshot, String file) {
        return options.prefix() + snapshot.account() + "/" + snapshot.region() + "/" + snapshot.id() + "/" + file;
    }

    /** Lends a file that is deleted afterwards. */
    private <T> T passing(FileWork<T> work) throws IOException {
        StateDirectory.createPrivate(directory.passing());
        Path folder = Files.createTempDirectory(directory.passing(), "file");
        try {
            return work.with(folder.resolve("file"));
        } finally {
            StateDirectory.deleteAll(folder);
        }
    }

    private static <T> T orUnchecked(StoreWork<T> work) {
        try {
            return work.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e.toString(), e);
        }
    }

    private interface FileWork<T> {
        T with(Path file) throws IOException;
    }

    private interface StoreWork<T> {
        T run() throws IOException;
    }
}
