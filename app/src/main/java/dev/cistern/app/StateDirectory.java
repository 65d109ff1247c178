package dev.cistern.app;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * The folder that holds everything Cistern remembers, owned by one process at a time. The operating system's file lock
 * decides, so a killed process leaves nothing to clear away; the text in the lock file only tells the next one who is
 * there. What else lies inside belongs to the control plane; this class never reads it.
 */
final class StateDirectory implements AutoCloseable {

    /** Holds the owner's pid and endpoint, and is locked while it runs. */
    private static final String LOCK = "cistern.lock";

    private final Path root;
    private final FileChannel lockFile;
    private final FileLock lock;

    private StateDirectory(Path root, FileChannel lockFile, FileLock lock) {
        this.root = root;
        this.lockFile = lockFile;
        this.lock = lock;
    }

    /** The folder a user means who says nothing: $CISTERN_HOME, else .cistern in the home folder. */
    static Path byDefault(Map<String, String> environment) {
        String home = environment.get("CISTERN_HOME");
        return home != null && !home.isBlank() ? Path.of(home) : Path.of(System.getProperty("user.home"), ".cistern");
    }

    /** Creates the folder if need be and takes it; {@code endpoint} is what a second start is told. */
    static StateDirectory take(Path folder, String endpoint) {
        Path root = folder.toAbsolutePath().normalize();
        try {
            createPrivately(root);
            FileChannel file = FileChannel.open(root.resolve(LOCK), StandardOpenOption.CREATE,
                    StandardOpenOption.READ, StandardOpenOption.WRITE);
            FileLock lock = tryLock(file);
            if (lock == null) {
                String owner = readOwner(file);
                file.close();
                throw new EnvironmentException("another Cistern uses " + root + owner,
                        "Use that one, or end it first,\nor start this one beside it: --state-dir DIR --port PORT");
            }
            String text = ProcessHandle.current().pid() + " " + endpoint + "\n";
            file.truncate(0).write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), 0);
            return new StateDirectory(root, file, lock);
        } catch (IOException e) {
            throw new EnvironmentException("cannot use " + root + " for state: " + e.getMessage(),
                    "Give a folder that you may write to: --state-dir DIR, or set CISTERN_HOME");
        }
    }

    /** Readable by the owner alone: the state holds tokens and data. A folder that exists keeps its permissions. */
    private static void createPrivately(Path root) throws IOException {
        if (Files.isDirectory(root)) {
            return;
        }
        if (root.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.createDirectories(root,
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } else {
            Files.createDirectories(root);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel file) throws IOException {
        try {
            return file.tryLock();
        } catch (OverlappingFileLockException heldByThisJvm) {
            return null;
        }
    }

    /** " (pid 42, http://127.0.0.1:8379)", or nothing when the owner has not written it yet. */
    private static String readOwner(FileChannel file) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(256);
        file.read(bytes, 0);
        String[] words = StandardCharsets.UTF_8.decode(bytes.flip()).toString().trim().split(" ", 2);
        return words.length == 2 ? " (pid " + words[0] + ", " + words[1] + ")" : "";
    }

    Path root() {
        return root;
    }

    @Override
    public void close() {
        try {
            lock.release();
            lockFile.close();
        } catch (IOException ignored) {
            // The process ends next, and with it the lock.
        }
    }
}
