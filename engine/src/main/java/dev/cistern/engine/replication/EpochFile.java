package dev.cistern.engine.replication;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the highest epoch that a node has obeyed in its folder, in one line: {@code epoch 7}.
 *
 * <p>Written under another name first, and on the disk, with the folder, before it counts. A node without folder keeps
 * nothing; nodes that share one have a file each, by their ports.
 */
final class EpochFile {
    private static final String PREFIX = "epoch ";

    private final @Nullable Path path;

    EpochFile(String folder, int port) {
        path = folder.isEmpty() || port == 0 ? null : Path.of(folder).resolve("cistern-epoch-" + port);
    }

    /** 0 if there is none. */
    long read() throws IOException {
        if (path == null || !Files.exists(path)) {
            return 0;
        }
        String text = Files.readString(path).strip();
        try {
            return Long.parseLong(text.substring(PREFIX.length()));
        } catch (IndexOutOfBoundsException | NumberFormatException e) {
            throw new IOException(path + " has no epoch", e);
        }
    }

    void write(long epoch) throws IOException {
        if (path == null) {
            return;
        }
        Path fresh = path.resolveSibling(path.getFileName() + ".new");
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = ByteBuffer.wrap((PREFIX + epoch + "\n").getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        Path folder = path.toAbsolutePath().getParent();
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
