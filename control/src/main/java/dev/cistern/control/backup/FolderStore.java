package dev.cistern.control.backup;

import dev.cistern.control.state.StateDirectory;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * An object store that is a folder: its buckets are the folders in it.
 *
 * <p>What it writes is on the disk, file and folder, before the call returns. A key that leads out of its bucket is refused,
 * be it by dots or by links that others put there; the buckets themselves may be links.
 *
 * @param root  folder of the buckets; made when the first object comes
 */
public record FolderStore(Path root) implements ObjectStore {

    private static final String UNFINISHED = ".part";

    @Override
    public boolean hasBucket(String bucket) throws IOException {
        return Files.isDirectory(place(bucket, ""));
    }

    @Override
    public boolean has(String bucket, String key) throws IOException {
        return Files.isRegularFile(place(bucket, key));
    }

    @Override
    public void put(String bucket, String key, Path file) throws IOException {
        Path to = place(bucket, key);
        StateDirectory.createPrivate(parent(to));
        StateDirectory.keepPrivate(file);
        sync(file);
        try {
            Files.move(file, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException otherDisk) {
            copy(file, to);
            Files.delete(file);
        }
        sync(parent(to));
    }

    @Override
    public void get(String bucket, String key, Path file) throws IOException {
        Path from = place(bucket, key);
        if (!Files.isRegularFile(from)) {
            throw new NoSuchFileException(bucket + "/" + key);
        }
        copy(from, file);
    }

    @Override
    public void delete(String bucket, String key) throws IOException {
        Path file = place(bucket, key);
        Files.deleteIfExists(file);
        Path bucketFolder = place(bucket, "");
        for (Path folder = parent(file); !folder.equals(bucketFolder) && isEmpty(folder); folder = parent(folder)) {
            Files.deleteIfExists(folder);
        }
    }

    @Override
    public void close() {}

    private Path place(String bucket, String key) throws IOException {
        Path folder = root.resolve(bucket).normalize();
        Path file = folder.resolve(key).normalize();
        if (bucket.isEmpty() || !root.normalize().equals(folder.getParent()) || !file.startsWith(folder)) {
            throw new IOException("no object can be called " + bucket + "/" + key);
        }
        for (Path part = file; !part.equals(folder); part = parent(part)) {
            if (Files.isSymbolicLink(part)) {
                throw new IOException(bucket + "/" + key + " leads elsewhere by a link, and that is no object");
            }
        }
        return file;
    }

    private static Path parent(Path file) throws IOException {
        Path parent = file.getParent();
        if (parent == null) {
            throw new IOException(file + " has no folder");
        }
        return parent;
    }

    private static boolean isEmpty(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return true;
        }
        try (var inside = Files.newDirectoryStream(folder)) {
            return !inside.iterator().hasNext();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Path unfinished = to.resolveSibling(to.getFileName() + UNFINISHED);
        Files.write(unfinished, new byte[0]);
        StateDirectory.keepPrivate(unfinished);
        try (OutputStream out = Files.newOutputStream(unfinished)) {
            Files.copy(from, out);
        }
        sync(unfinished);
        Files.move(unfinished, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** A rename alone may be lost in a power cut: the folder has to reach the disk too. */
    private static void sync(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
