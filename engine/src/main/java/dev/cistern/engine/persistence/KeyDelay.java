package dev.cistern.engine.persistence;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Makes saving or loading slow on purpose, so that tests meet it under way: so many microseconds a key or, below zero,
 * one microsecond in so many keys. One thread.
 *
 * <p>It looks at the setting again and again, so that one who takes it back is not kept waiting.
 */
final class KeyDelay {
    private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final LongSupplier micros;
    private long owedKeys;

    KeyDelay(LongSupplier micros) {
        this.micros = micros;
    }

    /** So many keys more have passed. */
    void passed(long keys) {
        if (micros.getAsLong() == 0) {
            return;
        }
        owedKeys += keys;
        long start = System.nanoTime();
        while (System.nanoTime() - start < owedNanos()) {
            LockSupport.parkNanos(Math.min(SLICE_NANOS, owedNanos()));
        }
        owedKeys = micros.getAsLong() < 0 ? owedKeys % -micros.getAsLong() : 0;
    }

    private long owedNanos() {
        long each = micros.getAsLong();
        long owedMicros = each >= 0 ? each * owedKeys : owedKeys / -each;
        return TimeUnit.MICROSECONDS.toNanos(owedMicros);
    }
}
