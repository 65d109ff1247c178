package dev.cistern.engine.appendonly;

import dev.cistern.engine.atrest.SealedRecords;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One increment that is being written: whole batches of commands, each with its checksum.
 *
 * <p>Small writes are gathered, so that a batch is one system call, and one record where the file is encrypted. What fails leaves the file as it was at the end of
 * the last whole batch, as far as that can be done ({@link #rollBack}). One thread at a time.
 */
final class LogFile implements AutoCloseable {
    private static final int GATHERED_BYTES = 256 * 1024;

    private final Path path;
    private final FileChannel channel;
    /** Null if the file is not encrypted. */
    private final @Nullable SealedRecords sealed;
    private final String word;
    private final CRC32C crc = new CRC32C();
    private final ByteBuffer gathered = ByteBuffer.allocateDirect(GATHERED_BYTES);
    /** Up to the end of the last whole batch. */
    private long length;
    private long written;
    private String history = "";

    LogFile(Path path, FileChannel channel, @Nullable SealedRecords sealed, String word, long length) {
        this.path = path;
        this.channel = channel;
        this.sealed = sealed;
        this.word = word;
        this.length = length;
        this.written = length;
    }

    Path path() {
        return path;
    }

    /** Its bytes, up to the last whole batch. */
    long length() {
        return length;
    }

    /** Begins a file that is empty, where this database is selected; below zero, the log itself will say. */
    void begin(int database) throws IOException {
        put(LogFormat.head(word));
        if (database >= 0) {
            put(LogFormat.select(database));
        }
        endBatch();
    }

    /** Goes on with a file whose last bytes no checksum covers, of which this is what the checksum would be so far. */
    void cover(CRC32C uncovered) throws IOException {
        gather(ByteBuffer.wrap(LogFormat.checksum((int) uncovered.getValue(), word)));
        flush();
        keep();
    }

    /** What follows is that history's, from this offset on. */
    void history(String id, long offset) throws IOException {
        if (!id.equals(history)) {
            put(LogFormat.history(id, offset));
            history = id;
        }
    }

    private void put(byte[] bytes) throws IOException {
        put(ByteBuffer.wrap(bytes));
    }

    /** Bytes of a batch; they are in the file when {@link #endBatch} returns. */
    void put(long address, int bytes) throws IOException {
        put(MemorySegment.ofAddress(address).reinterpret(bytes).asByteBuffer());
    }

    private void put(ByteBuffer bytes) throws IOException {
        crc.update(bytes.duplicate());
        gather(bytes);
    }

    private void gather(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            if (!gathered.hasRemaining()) {
                flush();
            }
            int some = Math.min(gathered.remaining(), bytes.remaining());
            gathered.put(bytes.duplicate().limit(bytes.position() + some));
            bytes.position(bytes.position() + some);
        }
    }

    private void flush() throws IOException {
        gathered.flip();
        try {
            if (sealed != null) {
                sealed.append(gathered);
                written = sealed.length();
            }
            while (gathered.hasRemaining()) {
                written += channel.write(gathered, written);
            }
        } finally {
            gathered.clear();
        }
    }

    /** Ends a batch with its checksum, and gives it to the operating system. */
    void endBatch() throws IOException {
        gather(ByteBuffer.wrap(LogFormat.checksum((int) crc.getValue(), word)));
        flush();
        crc.reset();
        keep();
    }

    /** What was written so far is no more taken back. */
    private void keep() {
        length = written;
        if (sealed != null) {
            sealed.mark();
        }
    }

    /** Takes back what was written of a batch that failed; the batch is to be put again. */
    void rollBack() throws IOException {
        gathered.clear();
        crc.reset();
        history = "";
        if (sealed == null) {
            channel.truncate(length);
        } else {
            sealed.backToMark();
        }
        written = length;
    }

    /** Has the disk keep all that was written. */
    void sync() throws IOException {
        channel.force(false);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
