package dev.cistern.control.simulation;

import java.time.Duration;
import java.util.function.IntUnaryOperator;

/** Until when a simulated node may write, by its own clock; by the same rules as a node of ours. */
final class SimLease {

    private static final long ASK_NANOS = Duration.ofMillis(500).toNanos();
    private static final long MILLI = Duration.ofMillis(1).toNanos();
    private static final long FOR_EVER_NANOS = Long.MAX_VALUE / 2;

    private long endNanos;
    private boolean isEndless;
    private long durationNanos;
    private int replicas;
    private long askedNanos;
    private int askedOffset = Integer.MAX_VALUE;
    private boolean isAnswered = true;

    SimLease(long nowNanos) {
        this.endNanos = nowNanos;
        this.askedNanos = nowNanos - ASK_NANOS;
    }

    boolean holds(long nowNanos) {
        return nowNanos - endNanos < 0;
    }

    long endNanos() {
        return endNanos;
    }

    int replicas() {
        return replicas;
    }

    boolean grant(long millis, long sinceMillis, int withReplicas, long nowNanos) {
        long since = sinceMillis * MILLI;
        if (since - nowNanos > 0) {
            return false;
        }
        if (isEndless || millis == 0) {
            endNanos = since;
        }
        isEndless = millis == 0;
        durationNanos = isEndless ? FOR_EVER_NANOS : millis * MILLI;
        replicas = isEndless ? 0 : withReplicas;
        extend(since);
        return true;
    }

    private void extend(long sinceNanos) {
        endNanos = Math.max(endNanos, sinceNanos + durationNanos);
    }

    void end(long nowNanos) {
        replicas = 0;
        isEndless = false;
        askedOffset = Integer.MAX_VALUE;
        isAnswered = true;
        endNanos = nowNanos;
    }

    boolean isTimeToAsk(long nowNanos) {
        long since = nowNanos - askedNanos;
        return replicas > 0 && since >= ASK_NANOS && (isAnswered || since >= durationNanos / 3);
    }

    void asked(long nowNanos, int offset) {
        askedNanos = nowNanos;
        askedOffset = offset;
        isAnswered = false;
    }

    /** So many replicas have the question, or more; {@code offset} is where it is in the log. */
    void count(IntUnaryOperator followersThatHave) {
        if (!isAnswered && replicas > 0 && followersThatHave.applyAsInt(askedOffset) >= replicas) {
            isAnswered = true;
            extend(askedNanos);
        }
    }
}
