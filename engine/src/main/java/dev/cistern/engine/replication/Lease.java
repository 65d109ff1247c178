package dev.cistern.engine.replication;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Until when this node may write as the primary of its group, by its own monotonic clock.
 *
 * <pre>
 *   control plane:  asks for the node's clock ──▶ t     LEASE … t ──▶ the node leads until t + duration
 *   replicas:       the log asks them at t ──▶ all that there should be have answered ──▶ until t + duration
 * </pre>
 *
 * <p>A grant counts from a moment that the node told, and not from its arrival: one that lay in a buffer while the node
 * was frozen is over when it is read. The replicas keep a primary going that the control plane does not reach, or that
 * has none for a while: as long as each of them still follows, none can have been promoted. One of them that no longer
 * does is enough to end it.
 *
 * <p>Asked by loops; changed under the monitor by any thread.
 */
public final class Lease {
    /** How often replicas are asked. */
    private static final long ASK_MILLIS = 500;
    private static final long FOR_EVER_NANOS = Long.MAX_VALUE / 2;

    private final LongSupplier nanos;
    private final LongAdder withheld = new LongAdder();
    private volatile long endNanos;
    private volatile int replicas;
    private boolean isEndless;
    private long durationNanos;
    private long askedNanos;
    private long askedOffset = Long.MAX_VALUE;
    /** All replicas have everything up to here. */
    private volatile long confirmed = WriteLog.NOTHING;
    private boolean isAnswered = true;

    /** @param nanos the monotonic clock */
    Lease(LongSupplier nanos) {
        this.nanos = nanos;
        this.endNanos = nanos.getAsLong();
        this.askedNanos = endNanos - toNanos(ASK_MILLIS);
    }

    private static long toNanos(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    public boolean holds() {
        return holdsAt(nanos.getAsLong());
    }

    /** The same by a clock that was read a moment ago. */
    public boolean holdsAt(long nowNanos) {
        return nowNanos - endNanos < 0;
    }

    /** What a grant counts from. */
    long clockMillis() {
        return Math.floorDiv(nanos.getAsLong(), toNanos(1));
    }

    /** How long it still holds; below 0 it is over. */
    long leftMillis() {
        return Math.floorDiv(endNanos - nanos.getAsLong(), toNanos(1));
    }

    /**
     * Lets the node lead for so long after its clock showed that, 0 for without end; false if its clock has never shown
     * it. It goes on as long as so many replicas say that they follow, 0 if that shall not count.
     */
    synchronized boolean grant(long millis, long sinceMillis, int withReplicas) {
        long since = toNanos(sinceMillis);
        if (since - nanos.getAsLong() > 0) {
            return false;
        }
        if (isEndless || millis == 0) {
            // Also from one without end to one that ends: the new one is all that counts.
            endNanos = since;
        }
        isEndless = millis == 0;
        durationNanos = isEndless ? FOR_EVER_NANOS : toNanos(millis);
        replicas = isEndless ? 0 : withReplicas;
        if (replicas == 0) {
            confirmed = WriteLog.NOTHING;
        } else if (confirmed == WriteLog.NOTHING) {
            confirmed = 0;
        }
        extend(since);
        return true;
    }

    private void extend(long sinceNanos) {
        long wanted = sinceNanos + durationNanos;
        if (wanted - endNanos > 0) {
            endNanos = wanted;
        }
    }

    /** It is over, whatever replicas say. */
    synchronized void end() {
        replicas = 0;
        isEndless = false;
        askedOffset = Long.MAX_VALUE;
        isAnswered = true;
        endNanos = nanos.getAsLong();
    }

    /** Asks the replicas, if it is time; several times a second. */
    void tick(WriteLog log) {
        long asked = nanos.getAsLong();
        if (!isTimeToAsk(asked)) {
            return;
        }
        log.askForAcknowledgement();
        synchronized (this) {
            askedNanos = asked;
            askedOffset = log.end();
            isAnswered = false;
        }
    }

    private synchronized boolean isTimeToAsk(long now) {
        long since = now - askedNanos;
        return replicas > 0 && since >= toNanos(ASK_MILLIS) && (isAnswered || since >= durationNanos / 3);
    }

    /** A replica has told how far it is. */
    void acknowledged(List<Follower> followers) {
        if (replicas > 0) {
            count(followers);
        }
    }

    private synchronized void count(List<Follower> followers) {
        long have = followers.stream().filter(each -> each.isOnline() && each.acknowledged() >= askedOffset).count();
        if (!isAnswered && replicas > 0 && have >= replicas) {
            isAnswered = true;
            confirmed = askedOffset;
            extend(askedNanos);
        }
    }

    /** From where on another one may have gone on without what is written here; {@link WriteLog#NOTHING} if none can. */
    long confirmedOffset() {
        return confirmed;
    }

    /** Something was done under it, and will not be acknowledged. */
    public void withhold() {
        withheld.increment();
    }

    /** How often that happened. */
    long withheld() {
        return withheld.sum();
    }
}
