package dev.cistern.engine.protocol;

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
    }

    @Test
    void refusesWhatOnlyJavaReads() {
        for (String text : new String[]{"1d", "1f", "NaN", "1e400", " 1", "1 ", "", "-", "abc", "0x1p"}) {
            assertThat(text.isEmpty() ? Double.NaN : RealText.parseDouble(text)).as(text).isNaN();
        }
    }
}
