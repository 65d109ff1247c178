package dev.cistern.engine.rdb;

import dev.cistern.store.Bytes;
import dev.cistern.store.Decimal;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Writes lengths, strings and numbers as the format spells them, to memory, or through a buffer to a {@link Sink}.
 *
 * <p>Off the heap; {@link #close} gives the memory back. One thread at a time. What the sink throws comes out as
 * {@link UncheckedIOException}.
 */
public final class RdbOutput implements AutoCloseable {

    /** Where full buffers go. */
    @FunctionalInterface
    public interface Sink {
        void write(long address, int length) throws IOException;
    }

    private static final int USUAL_BYTES = 64 * 1024;
    private static final int FLUSH_BYTES = 1 << 20;
    /** The original does not try to compress less, nor keep what saves less. */
    private static final int MIN_COMPRESSED_BYTES = 20;
    private static final int MIN_SAVED_BYTES = 4;
    private static final int MAX_LENGTH_BYTES = 9;

    private final @Nullable Sink sink;
    private @Nullable Lzf lzf;
    private boolean compresses = true;
    private boolean checks = true;
    private long base = Memory.allocate(MemoryTag.SNAPSHOT, USUAL_BYTES);
    private long position = base;
    private long limit = base + USUAL_BYTES;
    private long crc;
    private long flushedBytes;

    /** Writes to memory. */
    public RdbOutput() {
        this.sink = null;
    }

    public RdbOutput(Sink sink) {
        this.sink = sink;
    }

    /** Whether strings are compressed where that pays; they are until told otherwise. */
    public void compresses(boolean value) {
        compresses = value;
    }

    /** Nobody will ask for the checksum: another output takes what this one writes, and knows it for the whole. */
    public void doesNotCheck() {
        checks = false;
    }

    /** The buffer; all that was written, if there is no sink. */
    public long address() {
        return base;
    }

    /** How many bytes were written in all. */
    public long length() {
        return flushedBytes + position - base;
    }

    /** How many bytes the buffer has. */
    public long keptBytes() {
        return position - base;
    }

    /** How many it has room for. */
    public long capacityBytes() {
        return limit - base;
    }

    /** The checksum of all that was written. */
    public long checksum() {
        return Crc64.update(crc, base, position - base);
    }

    private void ensure(long bytes) {
        if (limit - position >= bytes) {
            return;
        }
        if (sink != null && position - base >= FLUSH_BYTES) {
            flush();
        }
        if (limit - position < bytes) {
            grow(bytes);
        }
    }

    private void grow(long bytes) {
        long used = position - base;
        long size = Math.max(2 * (limit - base), used + bytes);
        long larger = Memory.allocate(MemoryTag.SNAPSHOT, size);
        Memory.copy(base, larger, used);
        Memory.free(MemoryTag.SNAPSHOT, base, limit - base);
        base = larger;
        position = larger + used;
        limit = larger + size;
    }

    /** Hands everything to the sink. */
    public void flush() {
        if (sink == null) {
            return;
        }
        long end = position;
        position = base;
        pass(sink, base, end - base);
    }

    /** Hands everything that the other one's buffer has to this one's sink, where there is one; then it has nothing. */
    public void take(RdbOutput other) {
        long length = other.keptBytes();
        if (sink == null) {
            putBytes(other.base, length);
        } else {
            flush();
            pass(sink, other.base, length);
        }
        other.position = other.base;
    }

    private void pass(Sink to, long address, long length) {
        if (checks) {
            crc = Crc64.update(crc, address, length);
        }
        flushedBytes += length;
        long end = address + length;
        try {
            for (long at = address; at < end; at += FLUSH_BYTES) {
                to.write(at, (int) Math.min(FLUSH_BYTES, end - at));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Forgets what was written, to begin anew. Memory only. */
    public void clear() {
        position = base;
        crc = 0;
    }

    public void putByte(int value) {
        ensure(1);
        Memory.putByte(position++, (byte) value);
    }

    /** Eight bytes, the lowest first. */
    public void putLong(long value) {
        ensure(Long.BYTES);
        Memory.putLong(position, value);
        position += Long.BYTES;
    }

    /** Eight bytes, the highest first. */
    void putBigEndian(long value) {
        putLong(Long.reverseBytes(value));
    }

    public void putShort(int value) {
        ensure(Short.BYTES);
        Memory.putShort(position, (short) value);
        position += Short.BYTES;
    }

    void putDouble(double value) {
        putLong(Double.doubleToRawLongBits(value));
    }

    public void putBytes(long address, long length) {
        ensure(length);
        Memory.copy(address, position, length);
        position += length;
    }

    /** Letters of ASCII without a length. */
    public void putAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            putByte(text.charAt(i));
        }
    }

    /** A length, or another number; one below zero as the large one that it is without a sign. */
    public void putLength(long length) {
        ensure(MAX_LENGTH_BYTES);
        if (length < 0) {
            putByte(Rdb.LENGTH_64_BIT);
            putBigEndian(length);
        } else if (length < 1 << 6) {
            putByte((int) length);
        } else if (length < 1 << 14) {
            putByte(Rdb.LENGTH_14_BIT << 6 | (int) (length >>> 8));
            putByte((int) length);
        } else if (length <= 0xFFFF_FFFFL) {
            putByte(Rdb.LENGTH_32_BIT);
            Memory.putInt(position, Integer.reverseBytes((int) length));
            position += Integer.BYTES;
        } else {
            putByte(Rdb.LENGTH_64_BIT);
            putBigEndian(length);
        }
    }

    public void putString(Bytes bytes) {
        putString(bytes.address(), bytes.length());
    }

    /** A string: as a number if it reads as a small one, compressed if that pays, or as it is. */
    public void putString(long address, int length) {
        if (length <= 11) {
            long number = Decimal.parse(address, length);
            if (number == (int) number && Decimal.isInteger(number, address, length)) {
                putNumber(number);
                return;
            }
        }
        if (compresses && length > MIN_COMPRESSED_BYTES && putCompressed(address, length)) {
            return;
        }
        putLength(length);
        putBytes(address, length);
    }

    /** A packed value's own bytes, which are never a number. */
    void putBlob(long address, int length) {
        if (!(compresses && length > MIN_COMPRESSED_BYTES && putCompressed(address, length))) {
            putLength(length);
            putBytes(address, length);
        }
    }

    public void putString(String text) {
        putString(text.getBytes(StandardCharsets.UTF_8));
    }

    public void putString(byte[] bytes) {
        putLength(bytes.length);
        ensure(bytes.length);
        Memory.copy(bytes, 0, position, bytes.length);
        position += bytes.length;
    }

    /** The text of a number. */
    public void putNumber(long number) {
        if (number == (byte) number) {
            putByte(Rdb.LENGTH_ENCODED << 6 | Rdb.ENCODED_INT8);
            putByte((int) number);
        } else if (number == (short) number) {
            putByte(Rdb.LENGTH_ENCODED << 6 | Rdb.ENCODED_INT16);
            putShort((int) number);
        } else if (number == (int) number) {
            putByte(Rdb.LENGTH_ENCODED << 6 | Rdb.ENCODED_INT32);
            ensure(Integer.BYTES);
            Memory.putInt(position, (int) number);
            position += Integer.BYTES;
        } else {
            int length = Decimal.length(number);
            putLength(length);
            ensure(length);
            position += Decimal.write(number, position);
        }
    }

    private boolean putCompressed(long address, int length) {
        int most = length - MIN_SAVED_BYTES;
        // The compressed bytes are written where they go once their length is known, and moved down then.
        ensure(1 + 2 * MAX_LENGTH_BYTES + (long) most);
        long mark = position;
        long target = mark + 1 + 2 * MAX_LENGTH_BYTES;
        if (lzf == null) {
            lzf = new Lzf();
        }
        int compressed = lzf.compress(address, length, target, most);
        if (compressed == 0) {
            return false;
        }
        putByte(Rdb.LENGTH_ENCODED << 6 | Rdb.ENCODED_LZF);
        putLength(compressed);
        putLength(length);
        Memory.copy(target, position, compressed);
        position += compressed;
        return true;
    }

    @Override
    public void close() {
        Memory.free(MemoryTag.SNAPSHOT, base, limit - base);
        base = 0;
        position = 0;
        limit = 0;
    }
}
