package dev.cistern.store;

import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** A number has one text, and only that text is a number. */
final class DecimalTest {

    private static @Nullable Long parse(String text) {
        Bytes bytes = Bytes.copyOf(text);
        long number = Decimal.parse(bytes.address(), bytes.length());
        boolean is = Decimal.isInteger(number, bytes.address(), bytes.length());
        bytes.free();
        return is ? number : null;
    }

    private static String write(long number) {
        long memory = Memory.allocate(MemoryTag.TEST, Decimal.MAX_BYTES);
        int length = Decimal.write(number, memory);
        String text = new Bytes(memory, length).toString();
        Memory.free(MemoryTag.TEST, memory, Decimal.MAX_BYTES);
        assertThat(Decimal.length(number)).isEqualTo(length);
        return text;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 9, 10, -10, 99, 100, Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE - 1,
            Long.MIN_VALUE + 1, Decimal.INVALID})
    void numbersAtTheEdges(long number) {
        assertThat(write(number)).isEqualTo(Long.toString(number));
        assertThat(parse(Long.toString(number))).isEqualTo(number);
    }

    @Test
    void anyNumber() {
        SplittableRandom random = new SplittableRandom(12);
        for (int i = 0; i < 100_000; i++) {
            long number = random.nextLong() >> random.nextInt(64);
            assertThat(write(number)).isEqualTo(Long.toString(number));
            assertThat(parse(Long.toString(number))).isEqualTo(number);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-", "+1", "01", "-0", "-01", "00", " 1", "1 ", "1.0", "1e3", "a", "12a", "--1",
            "9223372036854775808", "-9223372036854775809", "99999999999999999999", "18446744073709551616",
            "10000000000000000000", "-7046029254386353132x"})
    void otherTexts(String text) {
        assertThat(parse(text)).isNull();
    }
}
