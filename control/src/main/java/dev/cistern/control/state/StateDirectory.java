package dev.cistern.control.state;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The folder that holds all durable state, locked for this process as long as it is open.
 *
 * <p>The lock is the operating system's and ends with the process, so nothing is left to clean up after a crash. Folders
 * are for their owner alone (0700): whoever reads the database reads the nodes' admin passwords.
 */
public final class StateDirectory implements AutoCloseable {

    static final boolean POSIX = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> OWNER_FILE = PosixFilePermissions.fromString("rw-------");

    private final Path path;
    private final FileChannel lockFile;

    private StateDirectory(Path path, FileChannel lockFile) {
        this.path = path;
        this.lockFile = lockFile;
    }

    /**
     * Makes the folder if need be and locks it.
     *
     * @throws InUseException when another process, or another control plane of this one, has it open
     */
    public static StateDirectory open(Path path) throws IOException {
        createPrivate(path);
        Path lockPath = path.resolve("lock");
        if (POSIX && !Files.exists(lockPath)) {
            Files.createFile(lockPath, PosixFilePermissions.asFileAttribute(OWNER_FILE));
        }
        FileChannel channel = FileChannel.open(lockPath, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!lock(channel)) {
            channel.close();
            throw new InUseException(path);
        }
        StateDirectory directory = new StateDirectory(path, channel);
        deleteAll(directory.passing());
        return directory;
    }

    /** The database's file, without the ending that the database adds. */
    public Path databaseFile() throws IOException {
        if (POSIX) {
            Path file = path.resolve("state.mv.db");
            if (!Files.exists(file)) {
                // Made before the database makes it, because only so are its rights right from the first byte.
                Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNER_FILE));
            }
        }
        return path.resolve("state");
    }

    /** Where each node has its folder. */
    public Path nodes() {
        return path.resolve("nodes");
    }

    /** The folder of one node's data; {@link #createPrivate} makes it. */
    public Path nodeDirectory(String nodeId) {
        return nodes().resolve(nodeId);
    }

    /** Where the certificate authority keeps its files. */
    public Path certificates() {
        return path.resolve("certificates");
    }

    /** A folder for files on their way; it is empty at each start. */
    public Path passing() {
        return path.resolve("passing");
    }

    /** Makes the folder, and what is missing above it, with rights for its owner alone. */
    public static void createPrivate(Path path) throws IOException {
        FileAttribute<?>[] rights = POSIX
                ? new FileAttribute<?>[]{PosixFilePermissions.asFileAttribute(OWNER_ONLY)}
                : new FileAttribute<?>[0];
        Files.createDirectories(path, rights);
        if (POSIX) {
            Files.setPosixFilePermissions(path, OWNER_ONLY);
        }
    }

    /** Leaves a file to its owner alone. */
    public static void keepPrivate(Path file) throws IOException {
        if (POSIX) {
            Files.setPosixFilePermissions(file, OWNER_FILE);
        }
    }

    /** Deletes the folder and all in it. One that is not there is fine. */
    public static void deleteAll(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        List<Path> inside;
        try (Stream<Path> walk = Files.walk(folder)) {
            inside = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : inside) {
            Files.deleteIfExists(path);
        }
    }

    @Override
    public void close() throws IOException {
        lockFile.close();
    }

    private static boolean lock(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    /** The folder is open elsewhere. */
    public static final class InUseException extends IOException {

        private static final long serialVersionUID = 1;

        InUseException(Path path) {
            super("another Cistern is running on the state directory " + path
                    + "; stop it, or give this one a directory of its own");
        }
    }
}
