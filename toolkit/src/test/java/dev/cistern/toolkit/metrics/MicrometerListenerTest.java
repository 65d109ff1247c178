package dev.cistern.toolkit.metrics;

import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.FakeBackend;
import dev.cistern.toolkit.FakeClock;
import dev.cistern.toolkit.LoadingCache;
import dev.cistern.toolkit.backend.Breaker;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The meters, by name and number. */
final class MicrometerListenerTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final MicrometerListener listener = new MicrometerListener(registry);

    private double gets(String result) {
        return registry.get("cache.gets").tags("cache", "users", "result", result).counter().count();
    }

    @Test
    void readsLoadsAndWritesAreCounted() {
        FakeBackend server = new FakeBackend(new FakeClock());
        CacheKit kit = CacheKit.builder().backend(server).listener(listener).build();
        LoadingCache<Long, String> users = kit.cache("users", Long.class, String.class).build(id -> {
            if (id < 0) {
                throw new IllegalArgumentException("no such user");
            }
            return "user";
        });
        users.get(1L);
        users.get(1L);
        users.get(1L);
        users.invalidate(1L);
        assertThat(users.getAsync(-1L)).failsWithin(Duration.ofSeconds(20));
        server.down = true;
        users.get(1L);
        assertThat(gets("hit")).isEqualTo(2);
        assertThat(gets("miss")).isEqualTo(3);
        assertThat(gets("unavailable")).isEqualTo(1);
        assertThat(registry.get("cache.loads").tags("cache", "users", "result", "success").timer().count()).isEqualTo(
                2);
        assertThat(registry.get("cache.loads").tags("cache", "users", "result", "failure").timer().count()).isEqualTo(
                1);
        assertThat(registry.get("cache.writes").tags("cache", "users").counter().count()).isEqualTo(1);
    }

    @Test
    void serversAreWatched() {
        listener.failed("node", new IOException("refused"));
        listener.breakerChanged("node", Breaker.State.OPEN);
        listener.invalidationsLost("node", 3);
        assertThat(registry.get("cache.server.failures").tags("server", "node").counter().count()).isEqualTo(1);
        assertThat(registry.get("cache.server.breaker.open").tags("server", "node").gauge().value()).isEqualTo(1);
        assertThat(registry.get("cache.server.invalidations.lost").tags("server", "node").counter().count()).isEqualTo(
                3);
        listener.breakerChanged("node", Breaker.State.CLOSED);
        assertThat(registry.get("cache.server.breaker.open").tags("server", "node").gauge().value()).isZero();
    }
}
