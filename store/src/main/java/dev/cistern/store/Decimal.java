package dev.cistern.store;

/**
 * Signed 64-bit integers as decimal text in off-heap memory: read as strictly as the original reads them, and written.
 *
 * <p>
 * Strict means that one number has one text: no sign but a minus, no leading zero, no blank, nothing out of range. Only
 * then may a string be held as a number without a user seeing other bytes than he gave.
 */
public final class Decimal {

    /** The longest text of a 64-bit integer: a minus and 19 digits. */
    public static final int MAX_BYTES = 20;

    /**
     * What {@link #parse} returns for a text that is no integer. It is a number too, and its own text parses to it;
     * {@link #isInteger} tells the two apart. So the common answers need one pass and no second result.
     */
    static final long INVALID = 0x9E37_79B9_7F4A_7C15L;

    private static final String INVALID_TEXT = Long.toString(INVALID);

    private Decimal() {}

    /** Whether {@code parsed}, which {@link #parse} returned for these bytes, is their number. */
    public static boolean isInteger(long parsed, long address, int length) {
        return parsed != INVALID || isInvalidsOwnText(address, length);
    }

    private static boolean isInvalidsOwnText(long address, int length) {
        if (length != INVALID_TEXT.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (Memory.getByte(address + i) != INVALID_TEXT.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Returns the number, or a value that {@link #isInteger} must be asked about. */
    public static long parse(long address, int length) {
        if (length == 0 || length > MAX_BYTES) {
            return INVALID;
        }
        int first = Memory.getByte(address);
        boolean negative = first == '-';
        int at = negative ? 1 : 0;
        if (at == length) {
            return INVALID;
        }
        int digit = Memory.getByte(address + at) - '0';
        if (digit == 0) {
            return length == 1 ? 0 : INVALID;
        }
        return parseDigits(address, at, length, negative);
    }

    /** Sums up negatively, because there is one more negative number than positive ones. */
    private static long parseDigits(long address, int from, int length, boolean negative) {
        long value = 0;
        for (int at = from; at < length; at++) {
            int digit = Memory.getByte(address + at) - '0';
            if (digit < 0 || digit > 9 || value < Long.MIN_VALUE / 10) {
                return INVALID;
            }
            value = value * 10 - digit;
            if (value > 0) {
                return INVALID;
            }
        }
        if (negative) {
            return value;
        }
        return value == Long.MIN_VALUE ? INVALID : -value;
    }

    /** How many bytes {@link #write} writes for {@code value}. */
    public static int length(long value) {
        int length = value < 0 ? 2 : 1;
        long rest = value / 10;
        while (rest != 0) {
            length++;
            rest /= 10;
        }
        return length;
    }

    /** Writes the text of {@code value} to {@code address}, at most {@link #MAX_BYTES}, and returns its length. */
    public static int write(long value, long address) {
        int length = length(value);
        long rest = value;
        for (int at = length - 1; at >= 0; at--) {
            Memory.putByte(address + at, (byte) ('0' + Math.abs(rest % 10)));
            rest /= 10;
        }
        if (value < 0) {
            Memory.putByte(address, (byte) '-');
        }
        return length;
    }

    /** How many bytes {@link #writeUnsigned} writes for {@code value}. */
    public static int unsignedLength(long value) {
        return value >= 0 ? length(value) : length(Long.divideUnsigned(value, 10)) + 1;
    }

    /** Writes the text of {@code value}, its highest bit a digit's and no sign's, and returns its length. */
    public static int writeUnsigned(long value, long address) {
        if (value >= 0) {
            return write(value, address);
        }
        long tenth = Long.divideUnsigned(value, 10);
        int length = write(tenth, address);
        Memory.putByte(address + length, (byte) ('0' + (value - tenth * 10)));
        return length + 1;
    }
}
