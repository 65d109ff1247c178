package dev.cistern.engine.dispatch;

import java.time.Instant;

/** Where a node reads the time. An argument, so that tests own it. */
public interface Clock {

    Clock SYSTEM = new Clock() {
        @Override
        public long wallMillis() {
            return System.currentTimeMillis();
        }

        @Override
        public long wallMicros() {
            Instant now = Instant.now();
            return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
        }

        @Override
        public long nanos() {
            return System.nanoTime();
        }
    };

    /** Milliseconds since 1970: for deadlines and what users see. */
    long wallMillis();

    /** Microseconds since 1970: for who asks for the time. */
    long wallMicros();

    /** Nanoseconds since some moment, never going back: for durations. */
    long nanos();

    /**
     * By how many microseconds the wall's clock is ahead of {@link #nanos}. Read a few times, because this thread may be
     * made to wait between the two; never less than it is, lest a deadline that a client set seem further away.
     */
    default long wallAheadMicros() {
        long ahead = 0;
        long shortest = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            long before = nanos();
            long wall = wallMicros();
            long took = nanos() - before;
            if (took < shortest) {
                shortest = took;
                ahead = wall - before / 1_000;
            }
        }
        return ahead;
    }
}
