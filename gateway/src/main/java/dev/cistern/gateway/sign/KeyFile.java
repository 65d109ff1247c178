package dev.cistern.gateway.sign;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of access keys that may change at any time: who asks gets what stands there now.
 *
 * <p>So a command that makes or deletes a key needs no running server, and a running server needs no way in for it: who
 * may write the file owns the state anyway. A change is a new file in the old one's place, for its owner alone from the
 * first byte; what cannot be read lets nobody in. Safe for many threads and processes.
 */
public final class KeyFile implements KeySource {

    private static final Logger LOG = LoggerFactory.getLogger(KeyFile.class);
    private static final boolean POSIX = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    private static final AccessKeys NONE = AccessKeys.of();
    private static final String ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private static final String ID_PREFIX = "CSTN";
    private static final int ID_LENGTH = 20;
    private static final int SECRET_BYTES = 30;

    private final Path file;
    private volatile Read last = new Read(null, NONE);

    /** What was read, and of which state of the file. */
    private record Read(@Nullable Stamp stamp, AccessKeys keys) {}

    /** Two states of a file that are equal in this are the same. */
    private record Stamp(Object file, long bytes, long changedNanos) {}

    public KeyFile(Path file) {
        this.file = file;
    }

    public Path path() {
        return file;
    }

    /**
     * The keys that stand there now; none when there is no file.
     *
     * @throws IOException              when it cannot be read
     * @throws IllegalArgumentException when it is malformed; the message names the place, never a secret
     */
    public AccessKeys read() throws IOException {
        try {
            return AccessKeys.parse(Files.readAllLines(file, StandardCharsets.UTF_8));
        } catch (NoSuchFileException absent) {
            return NONE;
        }
    }

    @Override
    public @Nullable AccessKey find(String id) {
        return current().find(id);
    }

    /** Adds a new key of random id and secret. */
    public AccessKey create(String name, Role role, @Nullable String account, SecureRandom random) throws IOException {
        AccessKey created = new AccessKey(name, newId(random), newSecret(random), account, role);
        change(keys -> {
            if (keys.stream().anyMatch(key -> key.name().equals(name))) {
                throw new IllegalArgumentException("there is a key " + name + " already");
            }
            List<AccessKey> more = new ArrayList<>(keys);
            more.add(created);
            return more;
        });
        return created;
    }

    /** Deletes the key of that name or id; an IllegalArgumentException when there is none. */
    public AccessKey delete(String nameOrId) throws IOException {
        List<AccessKey> deleted = new ArrayList<>();
        change(keys -> {
            List<AccessKey> rest = new ArrayList<>(keys);
            rest.removeIf(key -> (key.name().equals(nameOrId) || key.id().equals(nameOrId)) && deleted.add(key));
            if (deleted.isEmpty()) {
                throw new IllegalArgumentException("there is no key " + nameOrId);
            }
            return rest;
        });
        return deleted.getFirst();
    }

    private void change(UnaryOperator<List<AccessKey>> change) throws IOException {
        Path absolute = file.toAbsolutePath();
        Path folder = Objects.requireNonNull(absolute.getParent());
        Path lock = absolute.resolveSibling(absolute.getFileName() + ".lock");
        createPrivately(lock);
        synchronized (KeyFile.class) {
            // The lock ends with its channel.
            try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE)) {
                var _ = channel.lock();
                String text = AccessKeys.of(change.apply(read().all())).text();
                Path fresh = Files.createTempFile(folder, "keys", ".new", ownerOnly());
                Files.writeString(fresh, text);
                Files.move(fresh, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static void createPrivately(Path path) throws IOException {
        if (!Files.exists(path)) {
            try {
                Files.createFile(path, ownerOnly());
            } catch (FileAlreadyExistsException othersWereFaster) {
                // As good as ours: whoever made it made it so too.
            }
        }
    }

    private static FileAttribute<?>[] ownerOnly() {
        return POSIX
                ? new FileAttribute<?>[]{
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))}
                : new FileAttribute<?>[0];
    }

    /** What stands there now: the same object as long as the file is the same. */
    AccessKeys current() {
        Stamp stamp = stamp();
        Read known = last;
        if (!Objects.equals(stamp, known.stamp)) {
            known = new Read(stamp, readOrNone());
            last = known;
        }
        return known.keys;
    }

    private AccessKeys readOrNone() {
        try {
            return read();
        } catch (IOException | IllegalArgumentException unreadable) {
            LOG.error("no access key is accepted, for {} cannot be used: {}", file, unreadable.getMessage());
            return NONE;
        }
    }

    private @Nullable Stamp stamp() {
        try {
            BasicFileAttributes facts = Files.readAttributes(file, BasicFileAttributes.class);
            Object identity = facts.fileKey() == null ? file : facts.fileKey();
            return new Stamp(identity, facts.size(), facts.lastModifiedTime().to(TimeUnit.NANOSECONDS));
        } catch (IOException absent) {
            return null;
        }
    }

    private static String newId(SecureRandom random) {
        StringBuilder id = new StringBuilder(ID_PREFIX);
        while (id.length() < ID_LENGTH) {
            id.append(ID_LETTERS.charAt(random.nextInt(ID_LETTERS.length())));
        }
        return id.toString();
    }

    private static String newSecret(SecureRandom random) {
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
