package dev.cistern.store;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The spellings of doubles that Redis 7.2 and Valkey 8 were seen to use. */
final class RealTextTest {

    @Test
    void shortestTextThatReadsBack() {
        assertThat(RealText.text(0.1)).isEqualTo("0.1");
        assertThat(RealText.text(1e-7)).isEqualTo("1e-7");
        assertThat(RealText.text(0.00001234)).isEqualTo("1.234e-5");
        assertThat(RealText.text(123456789012345680.0)).isEqualTo("123456789012345680");
        assertThat(RealText.text(1e20)).isEqualTo("1e+20");
        assertThat(RealText.text(1e15)).isEqualTo("1000000000000000");
        assertThat(RealText.text(0x1p62)).isEqualTo("4611686018427387904");
        assertThat(RealText.text(0x1p63)).isEqualTo("9223372036854776000");
        assertThat(RealText.text(1e300)).isEqualTo("1e+300");
        assertThat(RealText.text(3.141)).isEqualTo("3.141");
        assertThat(RealText.text(-17)).isEqualTo("-17");
        assertThat(RealText.text(100)).isEqualTo("100");
    }

    @Test
    void specialValues() {
        assertThat(RealText.text(0.0)).isEqualTo("0");
        assertThat(RealText.text(-0.0)).isEqualTo("-0");
        assertThat(RealText.text(Double.POSITIVE_INFINITY)).isEqualTo("inf");
        assertThat(RealText.text(Double.NEGATIVE_INFINITY)).isEqualTo("-inf");
        assertThat(RealText.text(Double.NaN)).isEqualTo("nan");
    }

    @Test
    void readsWhatStrtodReads() {
        assertThat(RealText.parseDouble("3.5")).isEqualTo(3.5);
        assertThat(RealText.parseDouble("-1e3")).isEqualTo(-1000);
        assertThat(RealText.parseDouble("+INF")).isInfinite();
        assertThat(RealText.parseDouble("infinity")).isInfinite();
        assertThat(RealText.parseDouble("0x10")).isEqualTo(16);
        assertThat(RealText.parseDouble(".5")).isEqualTo(0.5);
        assertThat(RealText.parseDouble("0e-400")).isZero();
    }

    /** What goes without an object gives the very same as what the JDK reads and writes. */
    @Test
    void shortcutsAgreeWithTheLongWay() {
        SplittableRandom random = new SplittableRandom(11);
        long scratch = Memory.allocate(MemoryTag.TEST, RealText.MAX_BYTES);
        for (int i = 0; i < 200_000; i++) {
            double value = randomDouble(random);
            int length = RealText.write(value, scratch);
            Bytes written = new Bytes(scratch, length);
            assertThat(written).hasToString(RealText.text(value));
            assertThat(RealText.parseDouble(written)).isEqualTo(RealText.parseDouble(written.toString()));
            assertThat(RealText.parseDouble(written)).isEqualTo(value);
        }
        Memory.free(MemoryTag.TEST, scratch, RealText.MAX_BYTES);
    }

    private static double randomDouble(SplittableRandom random) {
        double value = switch (random.nextInt(4)) {
            case 0 -> random.nextInt(1_000_000) / Math.pow(10, random.nextInt(9));
            case 1 -> random.nextLong(1L << 60) / Math.pow(10, random.nextInt(20));
            case 2 -> random.nextDouble();
            default -> Math.abs(Double.longBitsToDouble(random.nextLong()));
        };
        return Double.isNaN(value) ? Double.NEGATIVE_INFINITY : random.nextBoolean() ? value : -value;
    }

    @Test
    void boundsOfRanges() {
        for (String[] pair : new String[][]{{"", "0"}, {" 1", "1"}, {"\t-2.5", "-2.5"}, {"1e400", "inf"},
                {"1e-400", "0"}, {"-inf", "-inf"}, {"1 ", "nan"}, {"x", "nan"}, {"nan", "nan"}, {" ", "nan"}}) {
            Bytes text = Bytes.copyOf(pair[0]);
            assertThat(RealText.text(RealText.parseBound(text.address(), text.length()))).as(pair[0])
                    .isEqualTo(pair[1]);
            text.free();
        }
    }

    @Test
    void refusesWhatOnlyJavaReads() {
        for (String text : new String[]{"1d", "1f", "NaN", "1e400", " 1", "1 ", "", "-", "abc", "0x1p", "1e-400",
                "0x1p-2000"}) {
            assertThat(text.isEmpty() ? Double.NaN : RealText.parseDouble(text)).as(text).isNaN();
        }
    }
}
