package dev.cistern.engine.replication;

import dev.cistern.engine.atrest.AtRest;
import dev.cistern.store.Memory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * A snapshot on its way from our primary into a file: of a length that was told, or up to a mark.
 *
 * <pre>
 *   $123 CR LF                       so many bytes; the log follows at once
 *   $EOF: 40 bytes CR LF             up to the same 40 bytes; the log follows when we have acknowledged
 * </pre>
 *
 * <p>What could be the mark is held back until it is known not to be. One thread at a time.
 */
final class SnapshotReceiver implements AutoCloseable {
    private static final String MARKED = "$EOF:";
    private static final String PREFIX = "temp-replica-";
    private static final int MARK_BYTES = 40;

    private final Path path;
    private final FileChannel file;
    private final WritableByteChannel content;
    /** -1 when it ends with a mark. */
    private final long length;
    private final byte[] mark;
    private byte[] tail = new byte[0];
    private volatile long taken;
    private boolean isWhole;
    private boolean isClosed;

    private SnapshotReceiver(Path path, long length, byte[] mark, AtRest atRest) throws IOException {
        this.path = path;
        this.file = FileChannel.open(path, StandardOpenOption.WRITE);
        this.content = atRest.begin(file);
        this.length = length;
        this.mark = mark;
    }

    /** Deletes what a crash of the node that served this port has left in its directory, if it has one. */
    static void deleteRemains(String directory, int port) throws IOException {
        if (directory.isEmpty()) {
            return;
        }
        try (DirectoryStream<Path> remains = Files.newDirectoryStream(Path.of(directory), prefix(port) + "*.rdb")) {
            for (Path remainder : remains) {
                Files.deleteIfExists(remainder);
            }
        }
    }

    private static String prefix(int port) {
        return PREFIX + port + "-";
    }

    /**
     * Begins as the primary's line says, in the directory or, if that is empty, where temporary files are.
     *
     * @param port this node's, as several may have the same directory
     * @param atRest what the file is encrypted with
     */
    static SnapshotReceiver announced(String line, String directory, int port, AtRest atRest) throws IOException {
        boolean isMarked = line.startsWith(MARKED) && line.length() == MARKED.length() + MARK_BYTES;
        if (!isMarked && !line.matches("\\$[0-9]{1,18}")) {
            throw new IOException("no snapshot begins with " + line);
        }
        Path path = directory.isEmpty()
                ? Files.createTempFile("cistern-replica-", ".rdb")
                : Files.createTempFile(Path.of(directory), prefix(port), ".rdb");
        return isMarked
                ? new SnapshotReceiver(path, -1, line.substring(MARKED.length()).getBytes(StandardCharsets.ISO_8859_1),
                        atRest)
                : new SnapshotReceiver(path, Long.parseLong(line.substring(1)), new byte[0], atRest);
    }

    Path path() {
        return path;
    }

    boolean isWhole() {
        return isWhole;
    }

    /** How many bytes have come. */
    long taken() {
        return taken;
    }

    /** How many there will be; 0 if that was not told. */
    long total() {
        return Math.max(0, length);
    }

    /** Takes what belongs to it, as long as it is not whole, and answers where the rest begins. */
    long take(long from, long end) throws IOException {
        long bytes = length < 0 ? end - from : Math.min(end - from, length - taken);
        if (length < 0) {
            writeButTail(from, bytes);
        } else {
            write(from, bytes);
        }
        count(bytes);
        isWhole = length < 0 ? Arrays.equals(tail, mark) : taken == length;
        if (isWhole) {
            content.close();
            file.close();
        }
        return from + bytes;
    }

    /** All but the last bytes, which are kept: they may be the mark. */
    private void writeButTail(long from, long bytes) throws IOException {
        byte[] before = tail;
        noteTail(from, bytes);
        long out = before.length + bytes - tail.length;
        int ofBefore = (int) Math.min(before.length, out);
        write(ByteBuffer.wrap(before, 0, ofBefore));
        write(from, out - ofBefore);
    }

    private void write(long from, long bytes) throws IOException {
        write(MemorySegment.ofAddress(from).reinterpret(bytes).asByteBuffer());
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            content.write(bytes);
        }
    }

    private synchronized void count(long bytes) {
        taken += bytes;
    }

    private void noteTail(long from, long bytes) {
        int fresh = (int) Math.min(MARK_BYTES, bytes);
        int kept = Math.min(tail.length, MARK_BYTES - fresh);
        byte[] changed = new byte[kept + fresh];
        System.arraycopy(tail, tail.length - kept, changed, 0, kept);
        Memory.copy(from + bytes - fresh, changed, kept, fresh);
        tail = changed;
    }

    /** Nobody needs the file any more. */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        try {
            file.close();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
