package dev.cistern.engine.commands;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

/** Sums that the original printed, and texts that it reads or refuses. */
final class LongDoubleTest {

    @ParameterizedTest
    @CsvSource({
            "3.0, 0.2, 3.2",
            "0.1, 0.2, 0.3",
            "10.5, 0.1, 10.6",
            "5.0e3, 2.0e2, 5200",
            "1e20, 0.1, 100000000000000000000",
            "0, 1e-10, 0.0000000001",
            "0, 1e-18, 0",
            "-1e-18, 0, 0",
            "0, 0x1p-4, 0.0625",
            "0, 0X.8, 0.5",
            "0, 9223372036854775807, 9223372036854775807",
            "9223372036854775807, 9223372036854775807, 18446744073709551614",
            "18446744073709551615, 1, 18446744073709551616",
            "18446744073709551616, 1, 18446744073709551616",
            "18446744073709551616, 3, 18446744073709551620",
            "-3, 3, 0"})
    void sums(String first, String second, String expected) {
        LongDouble sum = parse(first).plus(parse(second));
        assertNotNull(sum);
        assertEquals(expected, new String(sum.text(), StandardCharsets.US_ASCII));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " 1", "1 ", "+", "-", ".", "e5", "1e", "1e+", "1x", "0x", "0xg", "0x1p", "nan", "-nan",
            "nan(1)", "1e4933", "1e-4952", "1e99999999999999999999", "1e-99999999999999999999", "0x1p16384", "1..2",
            "infinit", "١"})
    void refused(String text) {
        assertNull(LongDouble.parse(text.getBytes(StandardCharsets.UTF_8)), text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1e4932", "1e-4950", "5.", ".5", "+1", "-0", "0e99999999999", "0x1p16383", "0x1P-16445",
            "inf", "-INF", "+Infinity"})
    void read(String text) {
        assertNotNull(LongDouble.parse(text.getBytes(StandardCharsets.UTF_8)), text);
    }

    @Test
    void infinitiesOfDifferentSignHaveNoSum() {
        assertNull(parse("inf").plus(parse("-inf")));
        LongDouble sum = parse("inf").plus(parse("1"));
        assertNotNull(sum);
        assertFalse(sum.isFinite());
        LongDouble overflow = parse("1.18e4932").plus(parse("1.18e4932"));
        assertNotNull(overflow);
        assertFalse(overflow.isFinite());
    }

    @Test
    void longTextsAreRefusedAtTheOriginalsLength() {
        assertNotNull(parseOrNull("1" + ".0".repeat(1) + "0".repeat(5 * 1024 - 4)));
        assertNull(parseOrNull("1." + "0".repeat(5 * 1024 - 2)));
    }

    private static @Nullable LongDouble parseOrNull(String text) {
        return LongDouble.parse(text.getBytes(StandardCharsets.UTF_8));
    }

    private static LongDouble parse(String text) {
        LongDouble value = parseOrNull(text);
        assertNotNull(value, text);
        return value;
    }
}
