package dev.cistern.samples.hybrid;

import dev.cistern.toolkit.CacheListener;
import dev.cistern.toolkit.Outcome;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Counts what the cache did for the page. */
final class CacheCounts implements CacheListener {

    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder stale = new LongAdder();
    private final LongAdder loads = new LongAdder();

    /** The counters at one moment: stale are those that came from the cache past their time. */
    record Counts(long hits, long misses, long stale, long loads) {}

    @Override
    public void onGet(String cache, Outcome outcome) {
        switch (outcome) {
            case HIT, ABSENT -> hits.increment();
            case STALE, STALE_ON_ERROR -> stale.increment();
            case MISS, UNAVAILABLE, SOURCE -> misses.increment();
        }
    }

    @Override
    public void onLoad(String cache, long nanos, @Nullable Throwable failure) {
        loads.increment();
    }

    Counts now() {
        return new Counts(hits.sum(), misses.sum(), stale.sum(), loads.sum());
    }
}
