package dev.cistern.benchmarks.ring;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** Modulo moves all keys but one in n; the ring moves about one in n, as far as 160 points a node come to that. */
final class MovedKeysTest {
    private static final int KEYS = 100_000;

    @ParameterizedTest
    @CsvSource({"1, 0.50", "3, 0.75", "9, 0.90"})
    void modulo(int nodes, double share) {
        assertThat(MovedKeys.movedShare(new Modulo(), nodes, KEYS)).isCloseTo(share, within(0.01));
    }

    @ParameterizedTest
    @CsvSource({"1", "3", "9"})
    void ring(int nodes) {
        double least = 1.0 / (nodes + 1);
        assertThat(MovedKeys.movedShare(new Ketama(), nodes, KEYS)).isCloseTo(least, within(0.2 * least));
    }
}
