package dev.cistern.toolkit.backend;

import dev.cistern.toolkit.CacheUnavailableException;
import dev.cistern.toolkit.FakeBackend;
import dev.cistern.toolkit.FakeClock;
import dev.cistern.toolkit.Freshness;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Time limit, breaker and owed invalidations around one fake server. */
final class GuardedBackendTest {

    private final FakeClock clock = new FakeClock();
    private final FakeBackend server = new FakeBackend(clock);
    private final List<String> events = new ArrayList<>();
    private final GuardedBackend guarded = new GuardedBackend("node", server, new Breaker(clock, 3, Duration.ofSeconds(
            1), Duration.ofSeconds(8)), 1_000, new BackendListener() {
                @Override
                public void breakerChanged(String name, Breaker.State state) {
                    events.add(name + " " + state);
                }
            });

    private String read(String key) {
        return new String(guarded.get(key, Freshness.PRIMARY).join(), UTF_8);
    }

    private void openBreaker() {
        server.down = true;
        for (int n = 0; n < 3; n++) {
            assertThat(guarded.get("x", Freshness.PRIMARY)).isCompletedExceptionally();
        }
    }

    @Test
    void anOpenBreakerSparesTheServerAndConnectsAnew() {
        openBreaker();
        assertThat(server.reconnects).hasValue(1);
        server.roundTrips = 0;
        assertThatThrownBy(() -> read("x")).cause().isInstanceOf(CacheUnavailableException.class);
        assertThat(server.roundTrips).isZero();
        server.down = false;
        clock.pass(Duration.ofSeconds(1));
        assertThat(read("x")).isEmpty();
        assertThat(events).containsExactly("node OPEN", "node CLOSED");
    }

    @Test
    void whatCouldNotBeDeletedReadsAsAbsentAndIsDeletedLater() {
        guarded.set("user", "old".getBytes(UTF_8), 10_000).join();
        guarded.set("other", "same".getBytes(UTF_8), 10_000).join();
        server.down = true;
        assertThat(guarded.delete(List.of("user"))).isCompletedExceptionally();
        server.down = false;
        assertThat(read("other")).as("an answer, which is the moment to repay").isEqualTo("same");
        assertThat(server.get("user", Freshness.PRIMARY).join()).isEmpty();
        assertThat(read("user")).isEmpty();
    }

    @Test
    void anOwedKeyIsNeverServedEvenInTheFirstAnswer() {
        guarded.set("user", "old".getBytes(UTF_8), 100_000).join();
        openBreaker();
        assertThat(guarded.delete(List.of("user"))).isCompletedExceptionally();
        server.down = false;
        assertThat(guarded.get("user", Freshness.PRIMARY)).isCompletedExceptionally();
        clock.pass(Duration.ofSeconds(1));
        assertThat(read("user")).isEmpty();
        assertThat(guarded.getAll(List.of("user"), Freshness.PRIMARY).join()).isEmpty();
        assertThat(server.get("user", Freshness.PRIMARY).join()).isEmpty();
    }

    @Test
    void aLaterWriteSettlesTheDebt() {
        server.down = true;
        assertThat(guarded.delete(List.of("user"))).isCompletedExceptionally();
        server.down = false;
        guarded.set("user", "new".getBytes(UTF_8), 10_000).join();
        guarded.set("user", "newer".getBytes(UTF_8), 10_000).join();
        assertThat(read("user")).isEqualTo("newer");
    }

    @Test
    void anErrorReplyIsAnAnswer() {
        Backend grumbling = new FakeBackend(clock) {
            @Override
            public CompletableFuture<byte[]> get(String key, Freshness freshness) {
                return CompletableFuture.failedFuture(new MemcachedErrorException("SERVER_ERROR out of memory"));
            }
        };
        GuardedBackend node = new GuardedBackend("n", grumbling, new Breaker(clock, 1, Duration.ofSeconds(1), Duration
                .ofSeconds(1)), 1_000, new BackendListener() {});
        assertThat(node.get("x", Freshness.PRIMARY)).isCompletedExceptionally();
        assertThat(node.state()).isEqualTo(Breaker.State.CLOSED);
    }
}
