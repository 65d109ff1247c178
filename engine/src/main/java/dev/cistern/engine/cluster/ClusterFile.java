package dev.cistern.engine.cluster;

import dev.cistern.engine.settings.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the topology in a file of the node's folder, so that a node that starts anew knows who it is and what it has.
 *
 * <p>Written as a whole, under another name first, and on the disk before it counts. A node without folder keeps nothing.
 */
final class ClusterFile {
    private final @Nullable Path path;

    private ClusterFile(@Nullable Path path) {
        this.path = path;
    }

    static ClusterFile of(Settings settings) {
        String folder = settings.dir.value();
        return new ClusterFile(folder.isEmpty() ? null : Path.of(folder).resolve(settings.clusterConfigFile.value()));
    }

    @Nullable
    Topology load() throws IOException {
        if (path == null || !Files.exists(path)) {
            return null;
        }
        try {
            return Topology.parse(Files.readString(path));
        } catch (IllegalArgumentException e) {
            throw new IOException(path + " is no configuration of a cluster: " + e.getMessage(), e);
        }
    }

    void save(Topology topology) {
        if (path == null) {
            return;
        }
        Path fresh = path.resolveSibling(path.getFileName() + ".new");
        try {
            try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING)) {
                ByteBuffer bytes = ByteBuffer.wrap(topology.format().getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
