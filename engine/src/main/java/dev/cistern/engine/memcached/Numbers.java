package dev.cistern.engine.memcached;

import dev.cistern.store.Memory;

/**
 * Decimal numbers in received bytes, read as leniently as the original does with the C library: blanks and a sign before
 * them, blanks after them, and 64 bits cut to 32 where 32 are wanted.
 *
 * <p>Says success by {@link #isValid} of the same object, so that nothing is allocated. One per event loop.
 */
final class Numbers {
    private boolean valid;

    /** Whether the last call found a number. */
    boolean isValid() {
        return valid;
    }

    /** An unsigned number of 64 bits. */
    long unsigned(long address, int length) {
        long at = address;
        long end = address + length;
        while (at < end && isBlank(Memory.getByte(at))) {
            at++;
        }
        boolean negative = false;
        if (at < end && (Memory.getByte(at) == '-' || Memory.getByte(at) == '+')) {
            negative = Memory.getByte(at) == '-';
            at++;
        }
        long value = digits(at, end);
        // As the original: what only a minus made so large is no number. A small one's complement is just that.
        long signed = negative ? -value : value;
        valid = valid && !(negative && signed < 0);
        return signed;
    }

    /** The lower half of an unsigned number. */
    int unsignedInt(long address, int length) {
        return (int) unsigned(address, length);
    }

    /** The lower half of a signed number of 64 bits. */
    int signedInt(long address, int length) {
        long at = address;
        long end = address + length;
        while (at < end && isBlank(Memory.getByte(at))) {
            at++;
        }
        boolean negative = at < end && Memory.getByte(at) == '-';
        if (at < end && (negative || Memory.getByte(at) == '+')) {
            at++;
        }
        long value = digits(at, end);
        if (negative ? value < 0 && value != Long.MIN_VALUE : value < 0) {
            valid = false;
        }
        return (int) (negative ? -value : value);
    }

    /** Reads digits up to a blank or the end as an unsigned number. */
    private long digits(long from, long end) {
        long value = 0;
        long at = from;
        valid = false;
        while (at < end) {
            int digit = Memory.getByte(at) - '0';
            if (digit < 0 || digit > 9) {
                break;
            }
            if (Long.compareUnsigned(value, Long.divideUnsigned(-1, 10)) > 0) {
                return 0;
            }
            long next = value * 10 + digit;
            if (Long.compareUnsigned(next, digit) < 0) {
                return 0;
            }
            value = next;
            at++;
        }
        valid = at > from && (at == end || isBlank(Memory.getByte(at)) || Memory.getByte(at) == 0);
        return value;
    }

    private static boolean isBlank(byte character) {
        return character == ' ' || (character >= '\t' && character <= '\r');
    }
}
