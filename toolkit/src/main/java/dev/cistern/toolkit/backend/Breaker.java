package dev.cistern.toolkit.backend;

import java.time.Duration;
import java.time.InstantSource;

/**
 * A circuit breaker: after some failures in a row it refuses calls for a while, then lets one through to see.
 *
 * <p>It counts failures in a row and not a rate, because a cache server is either there or not; a rate would need a
 * window, and open later. Safe for all threads; the lock is held for a few instructions.
 */
public final class Breaker {

    /** Where the breaker stands. */
    public enum State {
        /** Calls pass. */
        CLOSED,
        /** Calls are refused until the pause is over. */
        OPEN,
        /** One call is under way to see whether the servers are back; all others are refused. */
        HALF_OPEN
    }

    private final InstantSource clock;
    private final int failuresToOpen;
    private final long firstPauseMillis;
    private final long longestPauseMillis;

    private volatile State state = State.CLOSED;
    private volatile int failuresInRow;
    private long pauseMillis;
    private long reopenAtMillis;

    public Breaker(InstantSource clock, int failuresToOpen, Duration firstPause, Duration longestPause) {
        this.clock = clock;
        this.failuresToOpen = failuresToOpen;
        this.firstPauseMillis = firstPause.toMillis();
        this.longestPauseMillis = longestPause.toMillis();
        this.pauseMillis = firstPauseMillis;
    }

    /** Whether a call may pass now. Whoever is let through must say {@link #succeeded} or {@link #failed}. */
    public boolean mayPass() {
        if (state == State.CLOSED) {
            return true;
        }
        synchronized (this) {
            if (state == State.OPEN && clock.millis() >= reopenAtMillis) {
                state = State.HALF_OPEN;
                return true;
            }
            return state == State.CLOSED;
        }
    }

    /** A call was answered. Returns whether that closed the breaker. */
    public boolean succeeded() {
        if (state == State.CLOSED && failuresInRow == 0) {
            return false;
        }
        synchronized (this) {
            // A straggler from before the breaker opened says nothing about the servers now.
            if (state == State.OPEN) {
                return false;
            }
            boolean closes = state == State.HALF_OPEN;
            state = State.CLOSED;
            failuresInRow = 0;
            pauseMillis = firstPauseMillis;
            return closes;
        }
    }

    /** A call was not answered. Returns whether that opened the breaker. */
    public synchronized boolean failed() {
        switch (state) {
            case OPEN -> {
                return false;
            }
            case HALF_OPEN -> pauseMillis = Math.min(pauseMillis * 2, longestPauseMillis);
            case CLOSED -> {
                failuresInRow++;
                if (failuresInRow < failuresToOpen) {
                    return false;
                }
            }
        }
        state = State.OPEN;
        reopenAtMillis = clock.millis() + pauseMillis;
        return true;
    }

    public State state() {
        return state;
    }
}
