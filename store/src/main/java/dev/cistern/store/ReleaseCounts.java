package dev.cistern.store;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** How many large values wait in the release queues of a store, and how many have been through them. Any thread. */
final class ReleaseCounts {
    private final AtomicLong waiting = new AtomicLong();
    private final LongAdder released = new LongAdder();

    void queued() {
        waiting.incrementAndGet();
    }

    void released(long values) {
        waiting.addAndGet(-values);
        released.add(values);
    }

    long waiting() {
        return waiting.get();
    }

    long released() {
        return released.sum();
    }
}
