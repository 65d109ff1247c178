package dev.cistern.lua;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/**
 * Numbers to text and back, byte for byte as C does with {@code strtod}, {@code %.14g} and {@code printf}.
 *
 * <p>Printing starts from Java's shortest decimal that reads back as the same double. Rounding that to at most 15 digits
 * equals rounding the exact value, but for a tie; ties, longer requests and subnormal numbers take the exact expansion.
 */
final class Numbers {
    /** Up to this many digits the shortest decimal may stand for the exact value: 10^-15 / 2 exceeds half an ulp. */
    private static final int SAFE_DIGITS = 15;

    private static final double FIRST_IN_EXPONENT_FORM = 1e14;

    private Numbers() {}

    // ---- reading

    /** The number that the whole of {@code text} spells, spaces around allowed; null when it spells none. */
    static @Nullable Double parse(byte[] text) {
        int end = 0;
        // As in C a zero byte ends the text.
        while (end < text.length && text[end] != 0) {
            end++;
        }
        int from = 0;
        while (from < end && isSpace(text[from])) {
            from++;
        }
        while (end > from && isSpace(text[end - 1])) {
            end--;
        }
        return from == end ? null : parse(text, from, end);
    }

    private static @Nullable Double parse(byte[] text, int from, int end) {
        boolean negative = text[from] == '-';
        int start = negative || text[from] == '+' ? from + 1 : from;
        Double magnitude = parseMagnitude(text, start, end);
        return magnitude == null || !negative ? magnitude : (Double) (-magnitude);
    }

    private static @Nullable Double parseMagnitude(byte[] text, int from, int end) {
        if (end - from >= 1 && end - from <= SAFE_DIGITS) {
            long value = 0;
            int i = from;
            while (i < end && isDigit(text[i])) {
                value = value * 10 + (text[i++] - '0');
            }
            if (i == end) {
                return (double) value;
            }
        }
        if (end - from > 2 && text[from] == '0' && (text[from + 1] | 0x20) == 'x') {
            return parseHex(text, from + 2, end);
        }
        int digits = 0;
        int i = from;
        for (; i < end && (isDigit(text[i]) || text[i] == '.'); i++) {
            digits += text[i] == '.' ? 0 : 1;
        }
        if (digits == 0 && i == from) {
            return parseWord(text, from, end);
        }
        if (digits == 0 || !isExponent(text, i, end, 'e')) {
            return null;
        }
        return parseJava(new String(text, from, end - from, ISO_8859_1));
    }

    private static @Nullable Double parseHex(byte[] text, int from, int end) {
        int i = from;
        int digits = 0;
        for (; i < end && (Character.digit(text[i], 16) >= 0 || text[i] == '.'); i++) {
            digits += text[i] == '.' ? 0 : 1;
        }
        if (digits == 0 || !isExponent(text, i, end, 'p')) {
            return null;
        }
        String spelled = "0x" + new String(text, from, end - from, ISO_8859_1);
        return parseJava(i == end ? spelled + "p0" : spelled);
    }

    /** Two dots in the digits are the one thing left that Java refuses. */
    private static @Nullable Double parseJava(String spelled) {
        try {
            return Double.parseDouble(spelled);
        } catch (NumberFormatException malformed) {
            return null;
        }
    }

    private static boolean isExponent(byte[] text, int from, int end, char mark) {
        if (from == end) {
            return true;
        }
        if ((text[from] | 0x20) != mark) {
            return false;
        }
        int i = from + 1;
        if (i < end && (text[i] == '+' || text[i] == '-')) {
            i++;
        }
        int first = i;
        while (i < end && isDigit(text[i])) {
            i++;
        }
        return i == end && i > first;
    }

    private static @Nullable Double parseWord(byte[] text, int from, int end) {
        return switch (new String(text, from, end - from, ISO_8859_1).toLowerCase(java.util.Locale.ROOT)) {
            case "inf", "infinity" -> Double.POSITIVE_INFINITY;
            case "nan" -> Double.NaN;
            default -> null;
        };
    }

    /** Where the number ends that begins at {@code from}, as {@code strtod} reads on; {@code from} when none does. */
    static int prefixEnd(byte[] text, int from) {
        int at = from < text.length && (text[from] == '-' || text[from] == '+') ? from + 1 : from;
        for (String word : new String[]{"infinity", "inf", "nan"}) {
            if (hasWord(text, at, word)) {
                return at + word.length();
            }
        }
        boolean hex = at + 2 < text.length && text[at] == '0' && (text[at + 1] | 0x20) == 'x'
                && (Character.digit(text[at + 2], 16) >= 0 || text[at + 2] == '.');
        int radix = hex ? 16 : 10;
        int i = hex ? at + 2 : at;
        int digits = 0;
        boolean point = false;
        for (; i < text.length && (Character.digit(text[i], radix) >= 0 || text[i] == '.' && !point); i++) {
            point |= text[i] == '.';
            digits += text[i] == '.' ? 0 : 1;
        }
        if (digits == 0) {
            return hex ? at + 1 : from;
        }
        int end = i + 1;
        while (end < text.length && (isDigit(text[end]) || end == i + 1 && (text[end] == '+' || text[end] == '-'))) {
            end++;
        }
        return i < text.length && isExponent(text, i, end, hex ? 'p' : 'e') ? end : i;
    }

    /** Whether a word stands there, in letters of either case. */
    static boolean hasWord(byte[] text, int from, String word) {
        if (text.length - from < word.length()) {
            return false;
        }
        for (int i = 0; i < word.length(); i++) {
            if ((text[from + i] | 0x20) != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    static boolean isSpace(int c) {
        return c == ' ' || c >= '\t' && c <= '\r';
    }

    static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    // ---- writing

    /** As {@code tostring} does: {@code %.14g}. */
    static String toText(double value) {
        if (value == Math.rint(value) && Math.abs(value) < FIRST_IN_EXPONENT_FORM) {
            long whole = (long) value;
            return whole == 0 && 1 / value < 0 ? "-0" : Long.toString(whole);
        }
        return general(value, 14, false);
    }

    /** What C prints for infinities and NaN with any conversion; null for all others. */
    static @Nullable String notFinite(double value) {
        if (Double.isNaN(value)) {
            return Double.doubleToRawLongBits(value) < 0 ? "-nan" : "nan";
        }
        if (Double.isInfinite(value)) {
            return value < 0 ? "-inf" : "inf";
        }
        return null;
    }

    /** {@code %.<precision>g}; {@code alternate} keeps trailing zeros, as the flag {@code #} does. */
    static String general(double value, int precision, boolean alternate) {
        String special = notFinite(value);
        if (special != null) {
            return special;
        }
        int significant = Math.max(precision, 1);
        Decimal decimal = Decimal.ofSignificant(Math.abs(value), significant);
        StringBuilder digits = new StringBuilder(decimal.digits);
        if (!alternate) {
            int kept = digits.length();
            while (kept > 1 && digits.charAt(kept - 1) == '0') {
                kept--;
            }
            digits.setLength(kept);
        }
        StringBuilder out = new StringBuilder(significant + 8);
        sign(value, out);
        if (decimal.exponent < -4 || decimal.exponent >= significant) {
            appendExponent(out, digits, decimal.exponent, alternate);
        } else {
            appendPlain(out, digits, decimal.exponent, alternate);
        }
        return out.toString();
    }

    /** {@code %.<precision>e}. */
    static String exponential(double value, int precision, boolean alternate) {
        String special = notFinite(value);
        if (special != null) {
            return special;
        }
        Decimal decimal = Decimal.ofSignificant(Math.abs(value), precision + 1);
        StringBuilder out = new StringBuilder(precision + 10);
        sign(value, out);
        appendExponent(out, new StringBuilder(decimal.digits), decimal.exponent, alternate);
        return out.toString();
    }

    /** {@code %.<precision>f}. */
    static String fixed(double value, int precision, boolean alternate) {
        String special = notFinite(value);
        if (special != null) {
            return special;
        }
        StringBuilder out = new StringBuilder(precision + 24);
        sign(value, out);
        String digits = Decimal.fixedDigits(Math.abs(value), precision);
        out.append(digits, 0, digits.length() - precision);
        if (precision > 0 || alternate) {
            out.append('.');
        }
        return out.append(digits, digits.length() - precision, digits.length()).toString();
    }

    private static void sign(double value, StringBuilder out) {
        if (Double.doubleToRawLongBits(value) < 0) {
            out.append('-');
        }
    }

    private static void appendExponent(StringBuilder out, StringBuilder digits, int exponent, boolean alternate) {
        out.append(digits.charAt(0));
        if (digits.length() > 1 || alternate) {
            out.append('.').append(digits, 1, digits.length());
        }
        int size = Math.abs(exponent);
        out.append('e').append(exponent < 0 ? '-' : '+').append(size < 10 ? "0" : "").append(size);
    }

    private static void appendPlain(StringBuilder out, StringBuilder digits, int exponent, boolean alternate) {
        if (exponent < 0) {
            out.append("0.").append("0".repeat(-exponent - 1)).append(digits);
            return;
        }
        while (digits.length() <= exponent) {
            digits.append('0');
        }
        out.append(digits, 0, exponent + 1);
        if (digits.length() > exponent + 1 || alternate) {
            out.append('.').append(digits, exponent + 1, digits.length());
        }
    }

    /** A rounded non-negative decimal: digits d0 d1 d2 ... and the power of ten of d0. */
    private record Decimal(String digits, int exponent) {

        static Decimal ofSignificant(double value, int count) {
            if (value == 0) {
                return new Decimal("0".repeat(count), 0);
            }
            Decimal shortest = shortest(value);
            if (count <= SAFE_DIGITS && value >= Double.MIN_NORMAL) {
                if (shortest.digits.length() <= count) {
                    return new Decimal(shortest.digits + "0".repeat(count - shortest.digits.length()),
                            shortest.exponent);
                }
                if (!shortest.isTieAt(count)) {
                    return shortest.rounded(count);
                }
            }
            BigDecimal exact = new BigDecimal(value).round(new MathContext(count, RoundingMode.HALF_EVEN));
            String digits = exact.unscaledValue().toString();
            int exponent = digits.length() - 1 - exact.scale();
            if (digits.length() < count) {
                digits += "0".repeat(count - digits.length());
            }
            return new Decimal(digits, exponent);
        }

        /** All digits of {@code value} rounded to {@code precision} places, at least one before the point. */
        static String fixedDigits(double value, int precision) {
            if (value >= Double.MIN_NORMAL) {
                Decimal shortest = shortest(value);
                int count = shortest.exponent + 1 + precision;
                if (count > 0 && count <= SAFE_DIGITS) {
                    Decimal rounded = ofSignificant(value, count);
                    String digits = rounded.exponent > shortest.exponent ? rounded.digits + "0" : rounded.digits;
                    return "0".repeat(Math.max(0, precision + 1 - digits.length())) + digits;
                }
            }
            String digits = new BigDecimal(value).setScale(precision, RoundingMode.HALF_EVEN).unscaledValue()
                    .toString();
            return "0".repeat(Math.max(0, precision + 1 - digits.length())) + digits;
        }

        /** The digits of {@code Double.toString}, which has the forms 123.45 and 1.2345E-7. */
        private static Decimal shortest(double value) {
            String text = Double.toString(value);
            int mark = text.indexOf('E');
            int end = mark < 0 ? text.length() : mark;
            int point = text.indexOf('.');
            int exponent = (mark < 0 ? 0 : Integer.parseInt(text, mark + 1, text.length(), 10)) + point - 1;
            StringBuilder digits = new StringBuilder(end).append(text, 0, point).append(text, point + 1, end);
            int leading = 0;
            while (leading < digits.length() - 1 && digits.charAt(leading) == '0') {
                leading++;
            }
            int trailing = digits.length();
            while (trailing > leading + 1 && digits.charAt(trailing - 1) == '0') {
                trailing--;
            }
            return new Decimal(digits.substring(leading, trailing), exponent - leading);
        }

        private boolean isTieAt(int count) {
            return digits.length() == count + 1 && digits.charAt(count) == '5';
        }

        private Decimal rounded(int count) {
            char[] kept = digits.substring(0, count).toCharArray();
            if (digits.charAt(count) < '5') {
                return new Decimal(new String(kept), exponent);
            }
            int i = count - 1;
            while (i >= 0 && kept[i] == '9') {
                kept[i--] = '0';
            }
            if (i < 0) {
                kept[0] = '1';
                return new Decimal(new String(kept), exponent + 1);
            }
            kept[i]++;
            return new Decimal(new String(kept), exponent);
        }
    }
}
