package dev.cistern.engine.dispatch;

import dev.cistern.store.Store;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * Heals a store's fragmentation: moves entries and elements together where much memory lies between them, and has free
 * pages given back now and then.
 *
 * <p>Called by one thread again and again, in slices short enough that no client notices, and so seldom that they take
 * the share of a core that {@link HealingLimits} allow; only giving memory back, which waits for the kernel, is handed to
 * {@code background}. Others may ask what share it takes.
 */
public final class Healer {
    /** There is nothing to do until the next usual round. */
    public static final long LATER = Long.MAX_VALUE;

    /** How long one slice may take. */
    private static final long SLICE_NANOS = 1_000_000;
    private static final int ENTRIES_A_STEP = 64;
    private static final long TIDY_MILLIS = 1000;
    /** Fewer free pages are not worth a call of the kernel. */
    private static final long WORTH_PURGING_BYTES = 4L << 20;

    private final Store store;
    private final Clock clock;
    private final Executor background;
    private final Supplier<HealingLimits> limits;
    private final AtomicBoolean purging = new AtomicBoolean();
    private int stripe;
    private long tidiedMillis;
    private long dueNanos;
    private volatile int runningPercent;

    public Healer(Store store, Clock clock, Executor background, Supplier<HealingLimits> limits) {
        this.store = store;
        this.clock = clock;
        this.background = background;
        this.limits = limits;
        this.dueNanos = clock.nanos();
    }

    /** The share of a core that it takes at present, in percent; 0 when there is nothing to heal. */
    public int runningPercent() {
        return runningPercent;
    }

    /** Does one slice, if there is anything to heal and it is time; answers how many nanoseconds to wait for the next. */
    public long heal() {
        long used = store.usedBytes();
        long wasted = store.residentBytes() - used;
        if (wasted >= WORTH_PURGING_BYTES) {
            tidy();
        }
        HealingLimits now = limits.get();
        if (!now.areWorthIt(wasted, used)) {
            runningPercent = 0;
            return LATER;
        }
        long start = clock.nanos();
        if (start - dueNanos < 0) {
            return dueNanos - start;
        }
        boolean healed = slice(start + SLICE_NANOS);
        double share = now.sharePercent(wasted, used);
        long end = clock.nanos();
        long pauseNanos = (long) ((end - start) * (100 - share) / share);
        dueNanos = end + pauseNanos;
        runningPercent = healed ? (int) share : 0;
        return healed ? pauseNanos : LATER;
    }

    /** Goes from stripe to stripe; says whether there is more to do. */
    private boolean slice(long endNanos) {
        int idleStripes = 0;
        while (idleStripes < store.stripes() && clock.nanos() < endNanos) {
            if (store.defragment(stripe, ENTRIES_A_STEP) == 0) {
                idleStripes++;
                stripe = (stripe + 1) % store.stripes();
            } else {
                idleStripes = 0;
            }
        }
        return idleStripes < store.stripes();
    }

    private void tidy() {
        long now = clock.wallMillis();
        if (now - tidiedMillis > TIDY_MILLIS && purging.compareAndSet(false, true)) {
            tidiedMillis = now;
            background.execute(() -> {
                try {
                    store.purge();
                } finally {
                    purging.set(false);
                }
            });
        }
    }
}
