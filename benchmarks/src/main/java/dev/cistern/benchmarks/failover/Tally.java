package dev.cistern.benchmarks.failover;

import dev.cistern.benchmarks.failover.ClusterLoad.Span;
import dev.cistern.benchmarks.failover.ClusterLoad.Verdict;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Counts calls, and what went wrong with them. Any thread; {@link #span} one. */
final class Tally {

    private static final int MOST_FAILURES = 10;

    private final LongAdder calls = new LongAdder();
    private final LongAccumulator longestNanos = new LongAccumulator(Math::max, 0);
    private final LongAdder acked = new LongAdder();
    private final LongAdder errors = new LongAdder();
    private final LongAdder lost = new LongAdder();
    private final LongAdder wrong = new LongAdder();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private long spanNanos = System.nanoTime();

    <T extends @Nullable Object> T timed(Supplier<T> call) {
        long start = System.nanoTime();
        try {
            return call.get();
        } finally {
            longestNanos.accumulate(System.nanoTime() - start);
            calls.increment();
        }
    }

    void acked() {
        acked.increment();
    }

    void error(String what) {
        errors.increment();
        tell(what);
    }

    void lost(long writes, String what) {
        lost.add(writes);
        tell(what);
    }

    void wrong(String what) {
        wrong.increment();
        tell(what);
    }

    private void tell(String failure) {
        if (failures.size() < MOST_FAILURES) {
            failures.add(failure);
        }
    }

    Span span() {
        long now = System.nanoTime();
        Span span = new Span(calls.sumThenReset(), (now - spanNanos) / 1e9, longestNanos.getThenReset() / 1e6);
        spanNanos = now;
        return span;
    }

    Verdict verdict(long keys) {
        return new Verdict(acked.sum(), keys, errors.sum(), lost.sum(), wrong.sum(), List.copyOf(failures));
    }
}
