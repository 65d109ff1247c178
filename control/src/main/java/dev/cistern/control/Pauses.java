package dev.cistern.control;

import java.time.Duration;

/** How time passes for those who wait: really, or as a simulation has it. */
@FunctionalInterface
public interface Pauses {

    /** Sleeps the calling thread. */
    Pauses REAL = Thread::sleep;

    /** Returns when {@code duration} has passed. */
    void pause(Duration duration) throws InterruptedException;

    /** A clock that never goes back, by which silence and leases are measured. */
    default long nanos() {
        return System.nanoTime();
    }
}
