package dev.cistern.engine.persistence;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** By a clock and a load of the test's own. */
class PaceTest {
    private static final long STEP_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private long nanos;
    private double load;
    private double urgency;
    private final Pace pace = new Pace(() -> nanos, () -> load, () -> urgency);

    @Test
    void workThatIsSoonDoneDoesNotRest() {
        load = 1;
        long restedNanos = 0;
        for (int step = 0; step < 100; step++) {
            nanos += STEP_NANOS;
            restedNanos += pace.restNanos(nanos);
        }
        assertThat(restedNanos).isZero();
    }

    @Test
    void ofABusyMachineItTakesASmallPart() {
        load = 0.6;
        assertThat(shareOfTheNext(10 * SECOND_NANOS)).isBetween(0.03, 0.05);
    }

    @Test
    void anIdleMachineIsAllItsOwn() {
        load = 0.3;
        var _ = shareOfTheNext(2 * SECOND_NANOS);
        assertThat(shareOfTheNext(2 * SECOND_NANOS)).isEqualTo(1);
    }

    @Test
    void itRestsAgainSoonAfterClientsCame() {
        load = 0.3;
        var _ = shareOfTheNext(2 * SECOND_NANOS);
        load = 0.9;
        var _ = shareOfTheNext(SECOND_NANOS);
        assertThat(shareOfTheNext(2 * SECOND_NANOS)).isLessThan(0.05);
    }

    @Test
    void whatIsUrgentDoesNotWaitForClients() {
        load = 1;
        var _ = shareOfTheNext(SECOND_NANOS);
        urgency = 0.5;
        var _ = shareOfTheNext(SECOND_NANOS);
        assertThat(shareOfTheNext(2 * SECOND_NANOS)).isBetween(0.45, 0.55);
        urgency = 7;
        var _ = shareOfTheNext(SECOND_NANOS);
        assertThat(shareOfTheNext(SECOND_NANOS)).isEqualTo(1);
    }

    @Test
    void aPieceThatWaitedForAProcessorDoesNotRestForEver() {
        load = 1;
        var _ = shareOfTheNext(SECOND_NANOS);
        nanos += 10 * SECOND_NANOS;
        assertThat(pace.restNanos(nanos)).isEqualTo(TimeUnit.MILLISECONDS.toNanos(20));
    }

    /** What part of the time is work, until the clock has gone on so far. */
    private double shareOfTheNext(long duration) {
        long worked = 0;
        long began = nanos;
        while (nanos - began < duration) {
            nanos += STEP_NANOS;
            worked += STEP_NANOS;
            long rest = pace.restNanos(nanos);
            nanos += rest;
            if (rest > 0) {
                pace.wake();
            }
        }
        return worked / (double) (nanos - began);
    }
}
