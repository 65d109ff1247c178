package dev.cistern.engine.rdb;

import dev.cistern.store.Memory;

/**
 * Reads what {@link RdbOutput} or another server wrote, from memory: a request's argument, or a file that is mapped.
 *
 * <p>Trusts nothing: reading beyond the end, or a length that cannot be, throws {@link RdbException}. One thread at a
 * time; owns no memory.
 */
public final class RdbInput {
    /** An expanded string takes at most so many times its compressed bytes: what LZF can do at best, and more. */
    private static final int MAX_EXPANSION = 512;
    /** The longest string there is. */
    private static final long MAX_STRING_BYTES = 1L << 30;

    private final long base;
    private final long limit;
    private long position;
    private boolean isEncoded;

    public RdbInput(long address, long length) {
        base = address;
        position = address;
        limit = address + length;
    }

    /** How many bytes were read. */
    public long offset() {
        return position - base;
    }

    /** Where what is read next stands. */
    public long address() {
        return position;
    }

    public long remaining() {
        return limit - position;
    }

    private void require(long bytes) {
        if (bytes < 0 || bytes > limit - position) {
            throw new RdbException("the data ends at byte " + (limit - base) + ", inside of something");
        }
    }

    public int readByte() {
        require(1);
        return Memory.getByte(position++) & 0xFF;
    }

    public int readShort() {
        require(Short.BYTES);
        int value = Memory.getShort(position) & 0xFFFF;
        position += Short.BYTES;
        return value;
    }

    public int readInt() {
        require(Integer.BYTES);
        int value = Memory.getInt(position);
        position += Integer.BYTES;
        return value;
    }

    public long readLong() {
        require(Long.BYTES);
        long value = Memory.getLong(position);
        position += Long.BYTES;
        return value;
    }

    double readDouble() {
        return Double.longBitsToDouble(readLong());
    }

    /** The number of the old sorted sets: text with its length, or one of three lengths that are no lengths. */
    double readTextDouble() {
        int length = readByte();
        return switch (length) {
            case 253 -> Double.NaN;
            case 254 -> Double.POSITIVE_INFINITY;
            case 255 -> Double.NEGATIVE_INFINITY;
            default -> readDoubleText(length);
        };
    }

    private double readDoubleText(int length) {
        require(length);
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append((char) readByte());
        }
        try {
            return Double.parseDouble(text.toString());
        } catch (NumberFormatException e) {
            throw bad("a score that is no number");
        }
    }

    /** A length, or a count, that is not the start of an encoded string. */
    public long readLength() {
        long length = readLengthOrEncoding();
        if (isEncoded) {
            throw bad("an encoded string where a length belongs");
        }
        return length;
    }

    /** A count of things of which each takes at least {@code leastBytes}: one that cannot be is refused at once. */
    long readCount(int leastBytes) {
        long count = readLength();
        if (count < 0 || count > remaining() / leastBytes) {
            throw bad("a count of " + count + " with " + remaining() + " bytes left");
        }
        return count;
    }

    private long readLengthOrEncoding() {
        int first = readByte();
        isEncoded = first >>> 6 == Rdb.LENGTH_ENCODED;
        if (isEncoded || first >>> 6 == Rdb.LENGTH_6_BIT) {
            return first & 0x3F;
        }
        if (first >>> 6 == Rdb.LENGTH_14_BIT) {
            return (first & 0x3FL) << 8 | readByte();
        }
        if (first == Rdb.LENGTH_32_BIT) {
            return Integer.reverseBytes(readInt()) & 0xFFFF_FFFFL;
        }
        if (first == Rdb.LENGTH_64_BIT) {
            return Long.reverseBytes(readLong());
        }
        throw bad("a length that begins with " + first);
    }

    public void readString(RdbString target) {
        long length = readLengthOrEncoding();
        if (!isEncoded) {
            require(length);
            if (length > MAX_STRING_BYTES) {
                throw bad("a string of " + length + " bytes");
            }
            target.set(position, (int) length);
            position += length;
            return;
        }
        switch ((int) length) {
            case Rdb.ENCODED_INT8 -> target.setNumber((byte) readByte());
            case Rdb.ENCODED_INT16 -> target.setNumber((short) readShort());
            case Rdb.ENCODED_INT32 -> target.setNumber(readInt());
            case Rdb.ENCODED_LZF -> readCompressed(target);
            default -> throw bad("a string of the unknown encoding " + length);
        }
    }

    private void readCompressed(RdbString target) {
        long compressed = readLength();
        long length = readLength();
        require(compressed);
        if (length <= 0 || length > MAX_STRING_BYTES || length > compressed * MAX_EXPANSION) {
            throw bad("a compressed string of " + length + " bytes");
        }
        if (!Lzf.expand(position, (int) compressed, target.room((int) length), (int) length)) {
            throw bad("a compressed string that cannot be expanded");
        }
        position += compressed;
    }

    public void skip(long bytes) {
        require(bytes);
        position += bytes;
    }

    /** What is wrong, with the place. */
    public RdbException bad(String what) {
        return new RdbException(what + ", before byte " + offset());
    }
}
