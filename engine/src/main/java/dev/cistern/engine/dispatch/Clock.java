package dev.cistern.engine.dispatch;

/** Where a node reads the time. An argument, so that tests own it. */
public interface Clock {

    Clock SYSTEM = new Clock() {
        @Override
        public long wallMillis() {
            return System.currentTimeMillis();
        }

        @Override
        public long nanos() {
            return System.nanoTime();
        }
    };

    /** Milliseconds since 1970: for deadlines and what users see. */
    long wallMillis();

    /** Nanoseconds since some moment, never going back: for durations. */
    long nanos();
}
