package dev.cistern.benchmarks.sidebyside;

import java.util.Arrays;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

final class TraceTest {
    private static final int ITEMS = 5_000;
    private static final int REQUESTS = 100_000;

    private static int[] played(Trace trace, long seed) {
        IntSupplier keys = trace.player().play(seed, ITEMS);
        return IntStream.generate(keys).limit(REQUESTS).toArray();
    }

    private static Trace named(String name) {
        return Arrays.stream(Trace.all()).filter(trace -> trace.name().startsWith(name)).findFirst().orElseThrow();
    }

    private static long different(int[] keys) {
        return IntStream.of(keys).distinct().count();
    }

    @Test
    void everyPlayIsTheSameAndAsksForKeysThatThereAre() {
        for (Trace trace : Trace.all()) {
            int[] keys = played(trace, 1);
            assertThat(keys).as(trace.name()).isEqualTo(played(trace, 1));
            assertThat(IntStream.of(keys).allMatch(key -> key >= 0 && key < Trace.KEYS)).as(trace.name()).isTrue();
        }
    }

    /** The share of the most wanted key is 1 / (1 + 2^-s + 3^-s + ...). */
    @Test
    void zipfDrawsByRank() {
        double sum = IntStream.rangeClosed(1, Trace.KEYS).mapToDouble(rank -> Math.pow(rank, -0.99)).sum();
        int[] keys = played(named("zipf 0.99"), 1);
        long first = IntStream.of(keys).filter(key -> key == 0).count();
        assertThat((double) first / REQUESTS).isBetween(0.9 / sum, 1.1 / sum);
    }

    @Test
    void theLoopIsATenthLargerThanTheCache() {
        assertThat(different(played(named("loop"), 1))).isEqualTo(ITEMS + ITEMS / 10);
    }

    @Test
    void theScanAsksForEachOfItsKeysOnce() {
        int[] keys = played(named("scan"), 1);
        int[] cold = IntStream.of(keys).filter(key -> key > ITEMS).toArray();
        assertThat(cold.length).isGreaterThan(2 * ITEMS);
        assertThat(different(cold)).isEqualTo(cold.length);
    }

    @Test
    void theHotSetMovesOn() {
        int[] keys = played(named("shifting"), 1);
        int window = ITEMS / 2;
        long atFirst = IntStream.of(keys).limit(window).filter(key -> key < window).count();
        long atLast = IntStream.of(keys).skip(REQUESTS - window).filter(key -> key < window).count();
        assertThat(atFirst).isGreaterThan(window * 8L / 10);
        assertThat(atLast).isLessThan(window / 10);
    }
}
