package dev.cistern.control.workflow;

import dev.cistern.control.backup.BackupOptions;
import dev.cistern.control.backup.FileFacts;
import dev.cistern.control.backup.ObjectStore;
import dev.cistern.control.backup.SnapshotManifest;
import dev.cistern.control.key.KeyVault;
import dev.cistern.control.resource.AtRestEncryption;
import dev.cistern.control.resource.NodeSnapshot;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.Snapshot;
import dev.cistern.control.state.Database;
import dev.cistern.control.state.StateDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
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
    private final StateDirectory directory;
    private final Database database;

    SnapshotFiles(BackupOptions options, KeyVault keys, StateDirectory directory, Database database) {
        this.options = options;
        this.keys = keys;
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

    /** Copies the data that {@code source} has for a node group to {@code file}, checked. */
    void fetch(RestoreSource source, ResourceKey place, String nodeGroupId, Path file) {
        String name = source.snapshot();
        if (name == null) {
            fetchObject(source, file);
            return;
        }
        NodeSnapshot part = database.read(handle -> NodeSnapshot.of(handle, place.sibling(name))).stream()
                .filter(other -> other.nodeGroupId().equals(nodeGroupId)).findFirst()
                .orElseThrow(() -> new HopelessException("snapshot " + name + " has no node group " + nodeGroupId));
        fetch(part, file);
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

    private void fetchObject(RestoreSource source, Path file) {
        orUnchecked(() -> {
            try {
                options.buckets().get(Objects.requireNonNull(source.bucket()),
                        Objects.requireNonNull(source.objectKey()), file);
            } catch (NoSuchFileException e) {
                throw new HopelessException(source.title() + " does not exist");
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
