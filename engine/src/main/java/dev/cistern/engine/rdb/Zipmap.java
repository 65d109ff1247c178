package dev.cistern.engine.rdb;

import dev.cistern.store.Memory;

/**
 * Walks over a zipmap, the packed hash of Redis 2.
 *
 * <pre>
 *   1 byte count (254 or more: unknown), then per field
 *     length, field, length, 1 byte free, value, free bytes of nothing
 *   and 0xFF. A length is 1 byte, or 254 and 4 bytes, little-endian.
 * </pre>
 *
 * Reads bytes from outside: each step is checked. One walk at a time; owns nothing.
 */
final class Zipmap {
    private static final int END = 0xFF;
    private static final int LONG_LENGTH = 254;

    private final long end;
    private long at;

    Zipmap(long address, int length) {
        at = address + 1;
        end = address + length;
    }

    /** Reads the next field and its value; false at the end. */
    boolean next(RdbString field, RdbString value) {
        if (byteAt(at) == END) {
            if (at + 1 != end) {
                throw bad();
            }
            return false;
        }
        read(field, readLength());
        long length = readLength();
        int free = byteAt(at);
        at++;
        read(value, length);
        at += free;
        return true;
    }

    private void read(RdbString target, long length) {
        if (length > end - at) {
            throw bad();
        }
        target.set(at, (int) length);
        at += length;
    }

    private long readLength() {
        int length = byteAt(at);
        at++;
        if (length < LONG_LENGTH) {
            return length;
        }
        if (length == END || end - at < Integer.BYTES) {
            throw bad();
        }
        long large = Memory.getInt(at) & 0xFFFF_FFFFL;
        at += Integer.BYTES;
        return large;
    }

    private int byteAt(long address) {
        if (address >= end) {
            throw bad();
        }
        return Memory.getByte(address) & 0xFF;
    }

    private static RdbException bad() {
        return new RdbException("a zipmap that is damaged");
    }
}
