package dev.cistern.engine.protocol;

import dev.cistern.store.Bytes;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;

/**
 * Floating-point numbers as text, in the spellings that the original reads and writes.
 *
 * <p>Not for integers: {@link dev.cistern.store.Decimal} has those. Stateless; any thread.
 */
public final class RealText {
    /** From this many digits before the point on, the original changes to an exponent (beyond the significant ones). */
    private static final int PLAIN_DIGITS_BEYOND = 7;

    private RealText() {}

    /** The number in these bytes, or NaN if they are none: a decimal, hexadecimal or infinity as C's strtod reads it. */
    public static double parseDouble(Bytes bytes) {
        if (bytes.length() == 0 || bytes.length() > 256) {
            return Double.NaN;
        }
        return parseDouble(new String(bytes.toByteArray(), StandardCharsets.ISO_8859_1));
    }

    static double parseDouble(String text) {
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
            // Too large for a double is out of range, not infinite.
            return Double.isInfinite(value) ? Double.NaN : value;
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    private static boolean isNumberStart(char letter) {
        return letter == '.' || (letter >= '0' && letter <= '9');
    }

    private static boolean endsAsNumber(String magnitude) {
        char last = magnitude.charAt(magnitude.length() - 1);
        boolean hexadecimal = magnitude.regionMatches(true, 0, "0x", 0, 2);
        return isNumberStart(last) || (hexadecimal && Character.digit(last, 16) >= 0);
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
