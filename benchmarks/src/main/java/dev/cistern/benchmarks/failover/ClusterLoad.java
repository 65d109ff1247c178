package dev.cistern.benchmarks.failover;

import java.io.IOException;
import java.util.List;

/**
 * Threads that work on a cluster until they are told to end, and look then for all that they wrote.
 *
 * <p>Again and again each writes a key that nobody else writes, reads it back, and increments one of its counters, which it
 * knows. A write whose call failed says nothing: whether it is there is not asked.
 */
interface ClusterLoad extends AutoCloseable {

    /** How many counters a thread has. */
    int COUNTERS = 100;

    /** What was done since the span before, and the longest time that a call took. */
    record Span(long calls, double seconds, double longestMillis) {

        double callsPerSecond() {
            return calls / Math.max(1e-9, seconds);
        }
    }

    /**
     * What came of it.
     *
     * @param acked     writes that were acknowledged
     * @param keys      that there are by them
     * @param errors    calls that failed, as the application sees it
     * @param lost      acknowledged writes that are gone
     * @param wrong     answers that were neither what was written nor nothing
     * @param failures  some of these, in words
     */
    record Verdict(long acked, long keys, long errors, long lost, long wrong, List<String> failures) {}

    /** What it did since it was asked last. One thread asks. */
    Span span() throws IOException;

    /** Ends the work, and compares all that was written with what is there. */
    Verdict end() throws IOException, InterruptedException;

    /** Ends it without a comparison. */
    @Override
    void close();
}
