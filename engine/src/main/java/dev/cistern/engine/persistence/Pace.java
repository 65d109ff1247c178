package dev.cistern.engine.persistence;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/**
 * Makes a long work in the background leave the processors to clients while they need them: then it rests between two
 * pieces of work. One thread.
 *
 * <p>It rests in proportion to how long a piece took by the clock, so one that was kept waiting for a processor rests
 * longer. Work that is soon done does not rest at all.
 */
final class Pace {

    /** Works as fast as it can. */
    static final Pace NONE = new Pace(() -> 0, () -> 0, () -> 1);

    private static final long FREE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** Shorter ones are no rest: to fall asleep and to wake up takes about as long. */
    private static final long LEAST_REST_NANOS = TimeUnit.MICROSECONDS.toNanos(300);
    private static final long MOST_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    /** Above it what is in use may share a core, or the way to memory, with this work, even if nobody waits for a processor. */
    private static final double BUSY = 0.5;
    private static final double LEAST_SHARE = 0.04;

    private final LongSupplier nanos;
    private final DoubleSupplier load;
    private final DoubleSupplier urgency;
    private long workBegan;
    private long lookedAt;
    private long freeNanos = FREE_NANOS;
    private long owedNanos;
    /** Of the time it works. */
    private double share = LEAST_SHARE;

    /**
     * @param load what part of all processors was in use since it was asked last
     * @param urgency what part of the time it shall work whatever clients need, from 0 to 1
     */
    Pace(LongSupplier nanos, DoubleSupplier load, DoubleSupplier urgency) {
        this.nanos = nanos;
        this.load = load;
        this.urgency = urgency;
        this.workBegan = nanos.getAsLong();
        this.lookedAt = workBegan;
        var _ = load.getAsDouble();
    }

    /** A piece of work is done; returns when the next one may begin. */
    void rest() {
        long now = nanos.getAsLong();
        long restNanos = restNanos(now);
        if (restNanos > 0) {
            LockSupport.parkNanos(restNanos);
            wake();
        }
    }

    /** The next piece of work begins now. */
    void wake() {
        workBegan = nanos.getAsLong();
    }

    /** How long to rest now that the clock says so. */
    long restNanos(long now) {
        long worked = now - workBegan;
        workBegan = now;
        if (now - lookedAt > LOOK_NANOS) {
            lookedAt = now;
            double next = load.getAsDouble() > BUSY ? share / 2 : share * 2;
            share = Math.clamp(next, Math.clamp(urgency.getAsDouble(), LEAST_SHARE, 1), 1);
        }
        if (freeNanos > 0) {
            freeNanos -= worked;
            return 0;
        }
        owedNanos += (long) (worked * (1 / share - 1));
        if (owedNanos < LEAST_REST_NANOS) {
            return 0;
        }
        long rest = Math.min(owedNanos, MOST_REST_NANOS);
        owedNanos = 0;
        return rest;
    }
}
