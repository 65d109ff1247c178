package dev.cistern.toolkit;

import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Where jittered times fall. Seeded, so that a histogram is a fact and not a chance. */
final class JitterTest {

    private static final int KEYS = 10_000;

    private static int[] histogram(Jitter jitter, long ttlMillis, long fromMillis, long toMillis, int bins) {
        RandomGenerator random = new Random(42);
        int[] counts = new int[bins];
        for (int n = 0; n < KEYS; n++) {
            long at = jitter.applyTo(ttlMillis, random);
            assertThat(at).isBetween(fromMillis, toMillis);
            counts[(int) Math.min(bins - 1, (at - fromMillis) * bins / (toMillis - fromMillis))]++;
        }
        return counts;
    }

    /** Pearson's test: a fair draw of 40 bins is farther off than this once in a thousand seeds. */
    private static void assertFlat(int[] counts) {
        assertThat(counts).hasSize(40);
        assertThat(ChiSquare.of(counts)).isLessThan(ChiSquare.ONCE_IN_A_THOUSAND_OF_40);
    }

    @Test
    void plusMinusIsFlatAroundTheTtl() {
        assertFlat(histogram(Jitter.ofShare(0.1, false), 3_600_000, 3_240_000, 3_960_000, 40));
        assertFlat(histogram(Jitter.ofMillis(120_000, false), 3_600_000, 3_480_000, 3_720_000, 40));
    }

    @Test
    void upwardIsFlatAboveTheTtl() {
        assertFlat(histogram(Jitter.ofShare(0.1, true), 3_600_000, 3_600_000, 3_960_000, 40));
        assertFlat(histogram(Jitter.ofMillis(120_000, true), 3_600_000, 3_600_000, 3_720_000, 40));
    }

    @Test
    void noneChangesNothing() {
        assertThat(Jitter.NONE.applyTo(5, new Random(1))).isEqualTo(5);
    }

    @Test
    void neverReachesZeroWhichWouldMeanForEver() {
        RandomGenerator random = new Random(3);
        for (int n = 0; n < 1_000; n++) {
            assertThat(Jitter.ofMillis(100, false).applyTo(1, random)).isPositive();
        }
    }

    @Test
    void aShareIsAShare() {
        assertThatThrownBy(() -> Jitter.ofShare(1.5, true)).hasMessage("a jitter is a share from 0 to 1: 1.5");
        assertThatThrownBy(() -> Jitter.ofShare(Double.NaN, true)).isInstanceOf(IllegalArgumentException.class);
    }
}
