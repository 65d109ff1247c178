package dev.cistern.control;

import java.time.Duration;

/** How a workflow waits: really, or in the virtual time of a simulation. */
@FunctionalInterface
public interface Pauses {

    /** Sleeps the calling thread. */
    Pauses REAL = Thread::sleep;

    /** Returns when {@code duration} has passed. */
    void pause(Duration duration) throws InterruptedException;
}
