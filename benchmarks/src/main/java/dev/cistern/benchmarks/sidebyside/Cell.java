package dev.cistern.benchmarks.sidebyside;

import java.util.Locale;

/**
 * One cell of the comparison: what is asked, with values of which size, how many requests at a time.
 *
 * @param valueBytes 0 where the command has no value of the client's choice (INCR)
 */
record Cell(String test, int valueBytes, int pipeline) {

    /** What redis-benchmark's MSET test sets at once. */
    private static final int KEYS_OF_MSET = 10;

    int keysPerRequest() {
        return test.equals("mset") ? KEYS_OF_MSET : 1;
    }

    /** Bytes of values that may be under way at once, in the client's buffers and again in the server's. */
    long bytesInFlight(int connections) {
        return (long) connections * pipeline * keysPerRequest() * valueBytes;
    }

    String command() {
        return test.equals("mset") ? "MSET of 10" : test.toUpperCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return command() + (valueBytes == 0 ? "" : " " + valueBytes + " B") + ", pipeline " + pipeline;
    }
}
