package dev.cistern.engine.commands;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The extended floating-point numbers of x86 (64 bits of mantissa), in which INCRBYFLOAT and its kin count.
 *
 * <p>The original adds in C's {@code long double} and prints 17 decimals, so a double would answer other digits than
 * users know: 3.0 + 0.2 is 3.2 here, not 3.2000000000000002. A value is held exactly, as a decimal; each operation
 * rounds its exact result to the nearest value that the format has, ties to even. Immutable; any thread.
 */
final class LongDouble {
    private static final int MANTISSA_BITS = 64;
    /** The weight of the last bit of the smallest numbers: 2^-16445. */
    private static final int MIN_EXPONENT = -16_445;
    /** One more than the exponent of the largest number's first bit. */
    private static final int MAX_BITS = 16_384;
    /** How long the original's buffer is for a number's text. */
    private static final int MAX_TEXT_BYTES = 5 * 1024;
    private static final int PRINTED_DECIMALS = 17;
    /** An exponent beyond this decides alone: the text has no digits enough to make up for it. */
    private static final int MAX_WRITTEN_EXPONENT = 100_000;
    /** The first digit's weights, as powers of ten and of two, outside of which nothing can be held. */
    private static final int MAX_DECIMAL_WEIGHT = 5_000;
    private static final int MAX_BINARY_WEIGHT = 16_500;

    static final LongDouble ZERO = new LongDouble(BigDecimal.ZERO, 0);

    private final BigDecimal value;
    /** The sign of an infinity, 0 for a number. */
    private final int infinity;

    private LongDouble(BigDecimal value, int infinity) {
        this.value = value;
        this.infinity = infinity;
    }

    /** Exact: the mantissa has room for every 64-bit integer. */
    static LongDouble of(long value) {
        return new LongDouble(BigDecimal.valueOf(value), 0);
    }

    boolean isFinite() {
        return infinity == 0;
    }

    /** The sum, rounded; null if it is no number, as the sum of two infinities of different sign. */
    @Nullable
    LongDouble plus(LongDouble other) {
        if (infinity != 0 || other.infinity != 0) {
            int sum = infinity + other.infinity;
            return sum == 0 ? null : new LongDouble(BigDecimal.ZERO, Integer.signum(sum));
        }
        return rounded(value.add(other.value));
    }

    /** The number that this text spells in the ways of C's {@code strtold}, or null. NaN counts as no number. */
    static @Nullable LongDouble parse(byte[] bytes) {
        if (bytes.length == 0 || bytes.length >= MAX_TEXT_BYTES) {
            return null;
        }
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        boolean negative = text.charAt(0) == '-';
        String magnitude = negative || text.charAt(0) == '+' ? text.substring(1) : text;
        if (magnitude.equalsIgnoreCase("inf") || magnitude.equalsIgnoreCase("infinity")) {
            return new LongDouble(BigDecimal.ZERO, negative ? -1 : 1);
        }
        boolean hexadecimal = magnitude.regionMatches(true, 0, "0x", 0, 2);
        BigDecimal exact = hexadecimal ? scan(magnitude.substring(2), 16, 'p') : scan(magnitude, 10, 'e');
        if (exact == null) {
            return null;
        }
        LongDouble result = rounded(negative ? exact.negate() : exact);
        // What the format cannot hold is an error, not an infinity or a zero.
        boolean vanished = exact.signum() != 0 && result.value.signum() == 0;
        return result.isFinite() && !vanished ? result : null;
    }

    /** Digits with at most one point, then perhaps an exponent after the mark; null for anything else. */
    private static @Nullable BigDecimal scan(String text, int radix, char exponentMark) {
        int at = 0;
        int point = -1;
        StringBuilder digits = new StringBuilder();
        for (; at < text.length(); at++) {
            char letter = text.charAt(at);
            if (letter == '.' && point < 0) {
                point = digits.length();
            } else if (letter < 0x80 && Character.digit(letter, radix) >= 0) {
                digits.append(letter);
            } else {
                break;
            }
        }
        if (digits.isEmpty()) {
            return null;
        }
        int fraction = point < 0 ? 0 : digits.length() - point;
        int exponent = 0;
        if (at < text.length()) {
            String written = text.substring(at + 1);
            if (Character.toLowerCase(text.charAt(at)) != exponentMark || !written.matches("[+-]?[0-9]+")) {
                return null;
            }
            exponent = clampedExponent(written);
        }
        BigInteger mantissa = new BigInteger(digits.toString(), radix);
        if (mantissa.signum() == 0) {
            return BigDecimal.ZERO;
        }
        // Asked before the power is computed: a short text may name a number of a hundred thousand digits.
        if (radix == 10) {
            BigDecimal decimal = new BigDecimal(mantissa, fraction - exponent);
            return Math.abs(decimal.precision() - decimal.scale()) > MAX_DECIMAL_WEIGHT ? null : decimal;
        }
        int binaryExponent = exponent - 4 * fraction;
        return Math.abs(mantissa.bitLength() + binaryExponent) > MAX_BINARY_WEIGHT
                ? null
                : scaled(mantissa, binaryExponent);
    }

    private static int clampedExponent(String written) {
        BigInteger limit = BigInteger.valueOf(MAX_WRITTEN_EXPONENT);
        return new BigInteger(written).min(limit).max(limit.negate()).intValueExact();
    }

    /** mantissa * 2^exponent. */
    private static BigDecimal scaled(BigInteger mantissa, int exponent) {
        if (exponent >= 0) {
            return new BigDecimal(mantissa.shiftLeft(exponent));
        }
        // m / 2^n = m * 5^n / 10^n
        return new BigDecimal(mantissa.multiply(BigInteger.valueOf(5).pow(-exponent)), -exponent);
    }

    /** The nearest number of the format, ties to even; infinite beyond the largest. */
    private static LongDouble rounded(BigDecimal exact) {
        if (exact.signum() == 0) {
            return ZERO;
        }
        BigInteger numerator = exact.unscaledValue().abs();
        BigInteger denominator = BigInteger.ONE;
        if (exact.scale() > 0) {
            denominator = BigInteger.TEN.pow(exact.scale());
        } else {
            numerator = numerator.multiply(BigInteger.TEN.pow(-exact.scale()));
        }
        int exponent = exponentOf(numerator, denominator);
        BigInteger mantissa = divideRounded(shifted(numerator, -exponent), shifted(denominator, exponent));
        if (mantissa.bitLength() + exponent > MAX_BITS) {
            return new LongDouble(BigDecimal.ZERO, exact.signum());
        }
        BigDecimal value = scaled(mantissa, exponent);
        return new LongDouble(exact.signum() < 0 ? value.negate() : value, 0);
    }

    /** The weight of the last mantissa bit of numerator/denominator. */
    private static int exponentOf(BigInteger numerator, BigInteger denominator) {
        int bits = numerator.bitLength() - denominator.bitLength();
        // The quotient lies from 2^(bits-1) to 2^(bits+1): compare to know which half.
        boolean upper = shifted(numerator, -bits).compareTo(shifted(denominator, bits)) >= 0;
        int leading = upper ? bits : bits - 1;
        return Math.max(MIN_EXPONENT, leading - (MANTISSA_BITS - 1));
    }

    private static BigInteger shifted(BigInteger number, int bits) {
        return bits > 0 ? number.shiftLeft(bits) : number;
    }

    private static BigInteger divideRounded(BigInteger numerator, BigInteger denominator) {
        BigInteger[] parts = numerator.divideAndRemainder(denominator);
        int half = parts[1].shiftLeft(1).compareTo(denominator);
        boolean up = half > 0 || (half == 0 && parts[0].testBit(0));
        return up ? parts[0].add(BigInteger.ONE) : parts[0];
    }

    /** Plain decimals without an exponent, at most 17 after the point, no zeros at their end. */
    byte[] text() {
        BigDecimal printed = value.setScale(PRINTED_DECIMALS, RoundingMode.HALF_EVEN);
        String text = printed.signum() == 0 ? "0" : printed.stripTrailingZeros().toPlainString();
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
