package dev.cistern.engine.rdb;

import dev.cistern.store.Memory;

/**
 * Walks over a ziplist, the packed sequence that the originals used before listpacks.
 *
 * <pre>
 *   offset  size  field
 *        0     4  bytes of all this
 *        4     4  offset of the last element
 *        8     2  count; 65,535 = unknown
 *       10   ...  elements: length of the one before (1 byte, or 254 and 4 bytes), head, data
 *      ...     1  0xFF
 *
 *   head                              data
 *   00xxxxxx                          x bytes of a string
 *   01xxxxxx xxxxxxxx                 x bytes of a string, higher bits first
 *   10000000 4 bytes, highest first   so many bytes of a string
 *   11000000, 11010000, 11100000      integer of 2, 4, 8 bytes, little-endian
 *   11110000, 11111110                integer of 3, 1 bytes
 *   1111xxxx                          none: the integer x - 1, x from 1 to 13
 * </pre>
 *
 * Reads bytes from outside: each step is checked. One walk at a time; owns nothing.
 */
final class Ziplist {
    private static final int HEADER_BYTES = 10;
    private static final int END = 0xFF;
    private static final int LONG_BEFORE = 254;

    private final long end;
    private long at;

    Ziplist(long address, int length) {
        if (length < HEADER_BYTES + 1 || Memory.getInt(address) != length) {
            throw bad();
        }
        this.at = address + HEADER_BYTES;
        this.end = address + length;
    }

    /** Reads the next element; false at the end. */
    boolean next(RdbString target) {
        if (byteAt(at) == END) {
            if (at + 1 != end) {
                throw bad();
            }
            return false;
        }
        at += byteAt(at) == LONG_BEFORE ? 1 + Integer.BYTES : 1;
        int head = byteAt(at);
        if (head < 0xC0) {
            readString(head, target);
        } else {
            readInteger(head, target);
        }
        return true;
    }

    private void readString(int head, RdbString target) {
        long length;
        if (head < 0x40) {
            length = head;
            at += 1;
        } else if (head < 0x80) {
            length = (head & 0x3FL) << 8 | byteAt(at + 1);
            at += 2;
        } else {
            require(1 + Integer.BYTES);
            length = Integer.reverseBytes(Memory.getInt(at + 1)) & 0xFFFF_FFFFL;
            at += 1 + Integer.BYTES;
        }
        require(length);
        target.set(at, (int) length);
        at += length;
    }

    private void readInteger(int head, RdbString target) {
        int bytes = switch (head) {
            case 0xC0 -> 2;
            case 0xD0 -> 4;
            case 0xE0 -> 8;
            case 0xF0 -> 3;
            case 0xFE -> 1;
            default -> 0;
        };
        if (bytes == 0 && (head < 0xF1 || head > 0xFD)) {
            throw bad();
        }
        at++;
        if (bytes == 0) {
            target.setNumber((head & 0x0F) - 1);
            return;
        }
        require(bytes);
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (long) byteAt(at + i) << (i * Byte.SIZE);
        }
        int unused = Long.SIZE - bytes * Byte.SIZE;
        target.setNumber(value << unused >> unused);
        at += bytes;
    }

    private int byteAt(long address) {
        if (address >= end) {
            throw bad();
        }
        return Memory.getByte(address) & 0xFF;
    }

    private void require(long bytes) {
        if (bytes > end - at) {
            throw bad();
        }
    }

    private static RdbException bad() {
        return new RdbException("a ziplist that is damaged");
    }
}
