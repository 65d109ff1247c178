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
}
