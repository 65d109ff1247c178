package dev.cistern.engine.dispatch;

import dev.cistern.store.Store;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Heals a store's fragmentation: moves entries together where much memory lies between them, and has free pages given
 * back now and then.
 *
 * <p>Called by one thread again and again, in slices short enough that no client notices; only giving memory back, which
 * waits for the kernel, is handed to {@code background}.
 */
public final class Healer {
    /** How long one slice may take. */
    private static final long SLICE_NANOS = 1_000_000;
    private static final int ENTRIES_A_STEP = 64;
    private static final long TIDY_MILLIS = 1000;
    /** Fragmentation is worth healing from here on; less is the price of size classes. */
    private static final double FRAGMENTED = 1.15;
    private static final long WORTH_HEALING_BYTES = 16L << 20;

    private final Store store;
    private final Clock clock;
    private final Executor background;
    private final AtomicBoolean purging = new AtomicBoolean();
    private int stripe;
    private long tidiedMillis;

    public Healer(Store store, Clock clock, Executor background) {
        this.store = store;
        this.clock = clock;
        this.background = background;
    }

    /** Does one slice, if there is anything to heal; says whether there is more. */
    public boolean heal() {
        if (store.residentBytes() - store.usedBytes() < WORTH_HEALING_BYTES) {
            return false;
        }
        long now = clock.wallMillis();
        if (now - tidiedMillis > TIDY_MILLIS) {
            tidiedMillis = now;
            purge();
        }
        if (store.fragmentationRatio() < FRAGMENTED) {
            return false;
        }
        long end = clock.nanos() + SLICE_NANOS;
        int idleStripes = 0;
        while (idleStripes < store.stripes() && clock.nanos() < end) {
            idleStripes = store.defragment(stripe, ENTRIES_A_STEP) == 0 ? idleStripes + 1 : 0;
            stripe = (stripe + 1) % store.stripes();
        }
        return idleStripes < store.stripes();
    }

    private void purge() {
        if (purging.compareAndSet(false, true)) {
            background.execute(() -> {
                store.purge();
                purging.set(false);
            });
        }
    }
}
