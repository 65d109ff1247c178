package dev.cistern.toolkit.metrics;

import dev.cistern.toolkit.CacheListener;
import dev.cistern.toolkit.Outcome;
import dev.cistern.toolkit.backend.Breaker;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Caches as meters.
 *
 * <pre>
 *   cache.gets {cache, result = hit, absent, stale, stale_on_error, miss, unavailable, source}
 *   cache.loads {cache, result = success, failure}       a timer
 *   cache.writes {cache}                                 puts and invalidations by the application
 *   cache.server.failures {server}                       calls that failed or took too long
 *   cache.server.breaker.open {server}                   1 while a server is not asked
 *   cache.server.invalidations.lost {server}             must stay 0
 * </pre>
 */
public final class MicrometerListener implements CacheListener {

    private final MeterRegistry registry;
    private final Map<Id, Counter> counters = new ConcurrentHashMap<>();
    private final Map<Id, Timer> timers = new ConcurrentHashMap<>();
    private final Map<String, AtomicInteger> openBreakers = new ConcurrentHashMap<>();

    private record Id(String meter, String owner, @Nullable Outcome outcome) {}

    public MicrometerListener(MeterRegistry registry) {
        this.registry = registry;
    }

    @Override
    public void onGet(String cache, Outcome outcome) {
        counter("cache.gets", "cache", cache, outcome).increment();
    }

    @Override
    public void onLoad(String cache, long nanos, @Nullable Throwable failure) {
        String result = failure == null ? "success" : "failure";
        timers.computeIfAbsent(new Id(result, cache, null),
                key -> registry.timer("cache.loads", "cache", cache, "result",
                        result))
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void onWrite(String cache) {
        counter("cache.writes", "cache", cache, null).increment();
    }

    @Override
    public void failed(String server, Throwable failure) {
        counter("cache.server.failures", "server", server, null).increment();
    }

    @Override
    public void breakerChanged(String server, Breaker.State state) {
        openBreakers.computeIfAbsent(server, name -> {
            AtomicInteger open = new AtomicInteger();
            registry.gauge("cache.server.breaker.open", List.of(Tag.of("server", name)), open);
            return open;
        }).set(state == Breaker.State.CLOSED ? 0 : 1);
    }

    @Override
    public void invalidationsLost(String server, int count) {
        counter("cache.server.invalidations.lost", "server", server, null).increment(count);
    }

    private Counter counter(String meter, String tag, String value, @Nullable Outcome outcome) {
        return counters.computeIfAbsent(new Id(meter, value, outcome), key -> outcome == null
                ? registry.counter(meter, tag, value)
                : registry.counter(meter, tag, value, "result", outcome.name().toLowerCase(Locale.ROOT)));
    }
}
