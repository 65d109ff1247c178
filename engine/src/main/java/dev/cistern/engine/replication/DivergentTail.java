package dev.cistern.engine.replication;

import dev.cistern.engine.atrest.AtRest;
import dev.cistern.engine.dispatch.CommandIndex;
import dev.cistern.store.Memory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a former primary has written after the point at which the others went on without it: kept in a file beside its
 * data, in command form, for whoever wants to look at it, or to play it again ({@code redis-cli --pipe}).
 *
 * <p>Nothing reads it by itself: these writes were not acknowledged under the lease, or were lost with it.
 */
final class DivergentTail {
    private static final Logger LOG = LoggerFactory.getLogger(DivergentTail.class);
    private static final int CHUNK_BYTES = 64 * 1024;

    private DivergentTail() {}

    /**
     * Saves what the log has of this history from there on. Says in words what became of it, empty if there is nothing.
     *
     * @param folder the node's; empty if it has none
     * @param atRest what the file is encrypted with
     * @param commands by which writes are told from what keeps a link alive
     */
    static String save(WriteLog log, String history, long offset, String folder, String fileName, AtRest atRest,
            CommandIndex commands) throws IOException {
        if (!log.isKept() || !log.id().equals(history)) {
            return "what was written after " + offset + " of " + history + " is not known here any more";
        }
        long bytes = log.end() - offset;
        if (bytes <= 0) {
            return "";
        }
        LogReader reader = log.read(offset, () -> {});
        if (reader == null || folder.isEmpty()) {
            return bytes + " bytes written after " + offset + " of " + history + " are gone";
        }
        Path path = Path.of(folder).resolve(fileName);
        try (WriteCount count = new WriteCount(commands)) {
            write(reader, path, atRest, count);
            if (count.isNone()) {
                Files.delete(path);
                return "";
            }
            LOG.warn("{} ({} bytes) after {} of {} are kept in {}", count, bytes, offset, history, path);
            return count + " (" + bytes + " bytes) in " + path;
        } finally {
            log.forget(reader);
        }
    }

    private static void write(LogReader reader, Path path, AtRest atRest, WriteCount count) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            WritableByteChannel content = atRest.begin(channel);
            byte[] chunk = new byte[CHUNK_BYTES];
            int length = next(reader, chunk, count);
            while (length > 0) {
                ByteBuffer bytes = ByteBuffer.wrap(chunk, 0, length);
                while (bytes.hasRemaining()) {
                    content.write(bytes);
                }
                length = next(reader, chunk, count);
            }
            content.close();
            channel.force(true);
        }
    }

    private static int next(LogReader reader, byte[] chunk, WriteCount count) {
        int[] taken = new int[1];
        boolean _ = reader.read(chunk.length, (address, length) -> {
            Memory.copy(address, chunk, 0, length);
            count.add(address, length);
            taken[0] = length;
        });
        return taken[0];
    }
}
