package dev.cistern.store;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;

/**
 * Floating-point numbers as text, in the spellings that the original reads and writes.
 *
 * <p>
 * Not for integers: {@link Decimal} has those. The numbers that people use, of up to 15 digits, are read and written
 * without an object; the rest by way of the JDK's own. Stateless; any thread.
 */
public final class RealText {
    /** From this many digits before the point on, the original changes to an exponent (beyond the significant ones). */
    private static final int PLAIN_DIGITS_BEYOND = 7;

    /** The longest text that {@link #write} writes. */
    public static final int MAX_BYTES = 32;

    private static final int LONGEST_READ = 5 * 1024;
    private static final int SIMPLE_MAX_LENGTH = 20;
    /** So many nines are less than 2^63. */
    private static final int SIMPLE_DIGITS = 18;
    /** Up to here every integer is a double. */
    private static final long EXACT_MAX = 1L << 53;
    /** Below this an integer of a double's digits has at most 15, and no other text as short is the same double. */
    private static final double SHORT_MAX = 1e15;
    private static final int SHORT_DIGITS = 15;
    private static final double INTEGER_MAX = 1L << 62;

    private static final double[] POWERS = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13,
            1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

    private RealText() {}

    /** The number in these bytes, or NaN if they are none: a decimal, hexadecimal or infinity as C's strtod reads it. */
    public static double parseDouble(Bytes bytes) {
        double simple = parseSimple(bytes.address(), bytes.length());
        if (!Double.isNaN(simple) || bytes.length() == 0 || bytes.length() > LONGEST_READ) {
            return simple;
        }
        return parseDouble(text(bytes.address(), bytes.length()));
    }

    /**
     * Like {@link #parseDouble}, as the original reads the bounds of ranges: blanks before the number, no number at all
     * (which is 0), and numbers too large or too small for a double.
     */
    public static double parseBound(long address, int length) {
        double simple = parseSimple(address, length);
        if (!Double.isNaN(simple) || length > LONGEST_READ) {
            return simple;
        }
        String text = text(address, length);
        int start = 0;
        while (start < length && isBlank(text.charAt(start))) {
            start++;
        }
        return start == length && length == 0 ? 0 : parse(text.substring(start), false);
    }

    /** Like {@link #parseBound}, but a number out of a double's range is none (NaN), and blanks alone are none either. */
    public static double parseWhole(byte[] bytes, int length) {
        if (length == 0) {
            return 0;
        }
        String text = new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
        int start = 0;
        while (start < length && isBlank(text.charAt(start))) {
            start++;
        }
        return parse(text.substring(start), true);
    }

    private static boolean isBlank(char letter) {
        return letter == ' ' || (letter >= '\t' && letter <= '\r');
    }

    private static String text(long address, int length) {
        byte[] copy = new byte[length];
        Memory.copy(address, copy, 0, length);
        return new String(copy, StandardCharsets.ISO_8859_1);
    }

    /**
     * A decimal of so few digits and so small an exponent that one exact multiplication or division gives the double; NaN
     * for all else.
     */
    private static double parseSimple(long address, int length) {
        if (length == 0 || length > SIMPLE_MAX_LENGTH) {
            return Double.NaN;
        }
        int first = Memory.getByte(address);
        boolean negative = first == '-';
        long digits = 0;
        int fraction = -1;
        int seen = 0;
        for (int at = negative || first == '+' ? 1 : 0; at < length; at++) {
            int letter = Memory.getByte(address + at);
            if (letter == '.' && fraction < 0) {
                fraction = 0;
            } else if (letter >= '0' && letter <= '9') {
                digits = digits * 10 + letter - '0';
                seen++;
                fraction += fraction >= 0 ? 1 : 0;
            } else {
                return Double.NaN;
            }
        }
        if (seen == 0 || seen > SIMPLE_DIGITS || digits > EXACT_MAX) {
            return Double.NaN;
        }
        double value = fraction <= 0 ? digits : digits / POWERS[fraction];
        return negative ? -value : value;
    }

    static double parseDouble(String text) {
        return parse(text, true);
    }

    private static double parse(String text, boolean mustBeInRange) {
        if (text.isEmpty()) {
            return Double.NaN;
        }
        char sign = text.charAt(0);
        boolean signed = sign == '-' || sign == '+';
        String magnitude = signed ? text.substring(1) : text;
        if (magnitude.equalsIgnoreCase("inf") || magnitude.equalsIgnoreCase("infinity")) {
            return sign == '-' ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        // Java reads a type suffix, blanks and the word NaN that C does not, and wants an exponent after hexadecimals.
        if (magnitude.isEmpty() || !isNumberStart(magnitude.charAt(0)) || !endsAsNumber(magnitude)) {
            return Double.NaN;
        }
        boolean hexadecimal = magnitude.regionMatches(true, 0, "0x", 0, 2);
        boolean wantsExponent = hexadecimal && magnitude.indexOf('p') < 0 && magnitude.indexOf('P') < 0;
        try {
            double value = Double.parseDouble(wantsExponent ? text + "p0" : text);
            // Too large or too small for a double is out of range, not infinite or zero.
            boolean outOfRange = Double.isInfinite(value) || (value == 0 && hasDigits(magnitude, hexadecimal));
            return outOfRange && mustBeInRange ? Double.NaN : value;
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    /** Whether a digit but 0 stands before the exponent. */
    private static boolean hasDigits(String magnitude, boolean hexadecimal) {
        String exponent = hexadecimal ? "pP" : "eE";
        for (int i = hexadecimal ? 2 : 0; i < magnitude.length(); i++) {
            char letter = magnitude.charAt(i);
            if (exponent.indexOf(letter) >= 0) {
                return false;
            }
            if (letter != '0' && letter != '.') {
                return true;
            }
        }
        return false;
    }

    private static boolean isNumberStart(char letter) {
        return letter == '.' || (letter >= '0' && letter <= '9');
    }

    private static boolean endsAsNumber(String magnitude) {
        char last = magnitude.charAt(magnitude.length() - 1);
        boolean hexadecimal = magnitude.regionMatches(true, 0, "0x", 0, 2);
        return isNumberStart(last) || (hexadecimal && Character.digit(last, 16) >= 0);
    }

    /** Writes {@link #text(double)} to {@code address}, at most {@link #MAX_BYTES}, and returns its length. */
    public static int write(double value, long address) {
        double magnitude = Math.abs(value);
        if (isPlainInteger(value)) {
            return Decimal.write((long) value, address);
        }
        // Not for NaN either: it is not less than anything.
        if (magnitude < SHORT_MAX && magnitude != 0) {
            for (int places = 1; places <= SHORT_DIGITS; places++) {
                double shifted = Math.rint(magnitude * POWERS[places]);
                if (shifted >= SHORT_MAX) {
                    break;
                }
                if (shifted / POWERS[places] == magnitude) {
                    int length = writePlain((long) shifted, places, value < 0, address);
                    if (length > 0) {
                        return length;
                    }
                    break;
                }
            }
        }
        byte[] text = text(value).getBytes(StandardCharsets.ISO_8859_1);
        Memory.copy(text, 0, address, text.length);
        return text.length;
    }

    /** Whole numbers up to 2^62 are never written with an exponent. */
    private static boolean isPlainInteger(double value) {
        return value == (long) value && Math.abs(value) <= INTEGER_MAX && value != 0;
    }

    /** Writes digits of which the last ones stand behind the point; 0 if such a number is written with an exponent. */
    private static int writePlain(long digits, int places, boolean negative, long address) {
        int count = Decimal.length(digits);
        if (places >= PLAIN_DIGITS_BEYOND && Math.abs(count - places - 1) >= 4) {
            return 0;
        }
        long at = address;
        if (negative) {
            Memory.putByte(at++, (byte) '-');
        }
        long power = (long) POWERS[places];
        at += Decimal.write(digits / power, at);
        if (places > 0) {
            Memory.putByte(at++, (byte) '.');
            long rest = digits % power;
            for (int i = places - 1; i >= 0; i--) {
                Memory.putByte(at + i, (byte) ('0' + rest % 10));
                rest /= 10;
            }
            at += places;
        }
        return (int) (at - address);
    }

    /**
     * The shortest text that reads back as this double, in the shape of Valkey 8 and Redis 7.2 (0.1, 1e-7, 1e+20);
     * Redis 7.0 printed 17 digits.
     */
    public static String text(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0" : "0";
        }
        if (isPlainInteger(value)) {
            return Long.toString((long) value);
        }
        BigDecimal shortest = new BigDecimal(Double.toString(Math.abs(value))).stripTrailingZeros();
        String text = shape(shortest.unscaledValue().toString(), -shortest.scale());
        return value < 0 ? "-" + text : text;
    }

    /** Lays out the digits, of which the last has the weight 10^power. */
    private static String shape(String digits, int power) {
        int exponent = digits.length() + power - 1;
        if (power >= 0 && exponent < digits.length() + PLAIN_DIGITS_BEYOND) {
            return digits + "0".repeat(power);
        }
        if (power < 0 && (power > -PLAIN_DIGITS_BEYOND || Math.abs(exponent) < 4)) {
            int point = digits.length() + power;
            return point > 0
                    ? digits.substring(0, point) + "." + digits.substring(point)
                    : "0." + "0".repeat(-point) + digits;
        }
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        return mantissa + "e" + (exponent < 0 ? "-" : "+") + Math.abs(exponent);
    }
}
