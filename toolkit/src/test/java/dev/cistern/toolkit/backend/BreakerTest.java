package dev.cistern.toolkit.backend;

import dev.cistern.toolkit.FakeClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The breaker's states, one by one. */
final class BreakerTest {

    private final FakeClock clock = new FakeClock();
    private final Breaker breaker = new Breaker(clock, 3, Duration.ofSeconds(1), Duration.ofSeconds(3));

    private void fail(int times) {
        for (int n = 0; n < times; n++) {
            breaker.failed();
        }
    }

    @Test
    void opensAfterFailuresInARowOnly() {
        fail(2);
        breaker.succeeded();
        fail(2);
        assertThat(breaker.state()).isEqualTo(Breaker.State.CLOSED);
        assertThat(breaker.failed()).isTrue();
        assertThat(breaker.mayPass()).isFalse();
    }

    @Test
    void letsOneThroughAfterThePause() {
        fail(3);
        clock.pass(Duration.ofMillis(999));
        assertThat(breaker.mayPass()).isFalse();
        clock.pass(Duration.ofMillis(1));
        assertThat(breaker.mayPass()).isTrue();
        assertThat(breaker.mayPass()).as("only one").isFalse();
        assertThat(breaker.succeeded()).isTrue();
        assertThat(breaker.mayPass()).isTrue();
    }

    @Test
    void pausesLongerEachTimeUpToALimit() {
        fail(3);
        for (int seconds : new int[]{1, 2, 3, 3}) {
            clock.pass(Duration.ofSeconds(seconds).minusMillis(1));
            assertThat(breaker.mayPass()).isFalse();
            clock.pass(Duration.ofMillis(1));
            assertThat(breaker.mayPass()).isTrue();
            assertThat(breaker.failed()).isTrue();
        }
    }

    @Test
    void aStragglerDoesNotCloseIt() {
        fail(3);
        assertThat(breaker.succeeded()).isFalse();
        assertThat(breaker.state()).isEqualTo(Breaker.State.OPEN);
    }
}
