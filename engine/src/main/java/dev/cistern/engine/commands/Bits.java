package dev.cistern.engine.commands;

import dev.cistern.store.Memory;

/**
 * Off-heap bytes as a row of bits: counted, searched, combined, and read and written as integers of any width.
 *
 * <p>Bit 0 is the highest bit of the first byte, as all bit commands count. Eight bytes at a time where it pays.
 * Stateless; any thread.
 */
final class Bits {
    private static final int LAST_BIT_OF_BYTE = 7;

    private Bits() {}

    /** How many bits are set from {@code first} to {@code last}, both included; first is not behind last. */
    static long count(long address, long first, long last) {
        long from = address + (first >>> 3);
        long to = address + (last >>> 3);
        long count = 0;
        long at = from;
        for (; at + Long.BYTES <= to + 1; at += Long.BYTES) {
            count += Long.bitCount(Memory.getLong(at));
        }
        for (; at <= to; at++) {
            count += Integer.bitCount(Memory.getByte(at) & 0xff);
        }
        int before = Memory.getByte(from) & ~(0xff >>> (first & LAST_BIT_OF_BYTE)) & 0xff;
        int after = Memory.getByte(to) & (0x7f >>> (last & LAST_BIT_OF_BYTE));
        return count - Integer.bitCount(before) - Integer.bitCount(after);
    }

    /** The first bit from {@code first} to {@code last} that is {@code bit}; -1 if there is none. */
    static long position(long address, long first, long last, int bit) {
        // Looking for zeros is looking for ones in the complement.
        int flip = bit == 1 ? 0 : 0xff;
        long skipped = bit == 1 ? 0 : -1;
        long index = first >>> 3;
        long end = last >>> 3;
        int here = (Memory.getByte(address + index) ^ flip) & (0xff >>> (first & LAST_BIT_OF_BYTE));
        while (here == 0) {
            index++;
            while (index + Long.BYTES <= end && Memory.getLong(address + index) == skipped) {
                index += Long.BYTES;
            }
            if (index > end) {
                return -1;
            }
            here = (Memory.getByte(address + index) ^ flip) & 0xff;
        }
        long found = index * Byte.SIZE + Integer.numberOfLeadingZeros(here) - (Integer.SIZE - Byte.SIZE);
        return found <= last ? found : -1;
    }

    /** The {@code width} bits (1 to 64) at {@code offset}, the first the highest; bits behind the bytes read as 0. */
    static long read(long address, int length, long offset, int width) {
        long value = 0;
        int missing = width;
        long at = offset;
        while (missing > 0) {
            long index = at >>> 3;
            int inByte = (int) (at & LAST_BIT_OF_BYTE);
            int taken = Math.min(missing, Byte.SIZE - inByte);
            int here = index < length ? Memory.getByte(address + index) & (0xff >>> inByte) : 0;
            value = (value << taken) | (here >>> (Byte.SIZE - inByte - taken));
            at += taken;
            missing -= taken;
        }
        return value;
    }

    /** Puts the low {@code width} bits of the value at {@code offset}. */
    static void write(long address, long offset, int width, long value) {
        int missing = width;
        long at = offset;
        while (missing > 0) {
            long byteAddress = address + (at >>> 3);
            int inByte = (int) (at & LAST_BIT_OF_BYTE);
            int taken = Math.min(missing, Byte.SIZE - inByte);
            int shift = Byte.SIZE - inByte - taken;
            int mask = (1 << taken) - 1;
            int bits = (int) (value >>> (missing - taken)) & mask;
            Memory.putByte(byteAddress, (byte) ((Memory.getByte(byteAddress) & ~(mask << shift)) | (bits << shift)));
            at += taken;
            missing -= taken;
        }
    }

    /** How two rows of bits become one. */
    enum Operation {
        AND, OR, XOR, NOT;

        long apply(long target, long source) {
            return switch (this) {
                case AND -> target & source;
                case OR -> target | source;
                case XOR -> target ^ source;
                case NOT -> ~source;
            };
        }
    }

    /** Replaces {@code length} bytes of the target by what the operation makes of them and the source. */
    static void combine(Operation operation, long target, long source, int length) {
        int at = 0;
        for (; at + Long.BYTES <= length; at += Long.BYTES) {
            Memory.putLong(target + at, operation.apply(Memory.getLong(target + at), Memory.getLong(source + at)));
        }
        for (; at < length; at++) {
            Memory.putByte(target + at,
                    (byte) operation.apply(Memory.getByte(target + at), Memory.getByte(source + at)));
        }
    }
}
