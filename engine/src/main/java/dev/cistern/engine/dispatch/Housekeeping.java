package dev.cistern.engine.dispatch;

import dev.cistern.engine.network.EventLoops;
import dev.cistern.store.ExpiryCycle;
import dev.cistern.store.Store;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What a node does {@code hz} times a second without being asked: clocks, idle and overflowing sessions, expired keys,
 * rates, and memory that could be given back.
 *
 * <p>Each loop looks after its own sessions, on its own thread; what concerns the whole node is the first loop's, in
 * slices short enough that no client notices. Only giving memory back, which waits for the kernel, has a thread of its
 * own.
 */
public final class Housekeeping implements AutoCloseable {
    /** How long one slice may hold up its loop. */
    private static final long SLICE_NANOS = 1_000_000;
    /** The pause between slices as long as there is more to do: a quarter of one core at most. */
    private static final long PAUSE_MILLIS = 3;
    private static final int BUCKETS_A_STEP = 64;
    private static final int ENTRIES_A_STEP = 64;
    /** Fragmentation is worth healing from here on; less is the price of size classes. */
    private static final double FRAGMENTED = 1.15;
    private static final long WORTH_HEALING_BYTES = 16L << 20;

    private final Node node;
    private final List<Round> rounds = new ArrayList<>();
    private final AtomicBoolean purging = new AtomicBoolean();

    public Housekeeping(Node node, List<EventLoops.Loop> loops) {
        this.node = node;
        for (EventLoops.Loop loop : loops) {
            NodeLoop nodeLoop = node.loops().get(loop.number());
            rounds.add(loop.number() == 0 ? new FirstRound(loop, nodeLoop) : new Round(loop, nodeLoop));
        }
    }

    public void start() {
        rounds.forEach(Round::start);
    }

    /** One loop's part. */
    private class Round implements Runnable {
        private final EventLoops.Loop loop;
        private final NodeLoop nodeLoop;
        private @Nullable ScheduledFuture<?> next;
        private boolean ended;

        Round(EventLoops.Loop loop, NodeLoop nodeLoop) {
            this.loop = loop;
            this.nodeLoop = nodeLoop;
        }

        void start() {
            loop.executor().execute(this);
        }

        @Override
        public void run() {
            if (ended) {
                return;
            }
            nodeLoop.adjustClock();
            nodeLoop.lookAfterSessions();
            boolean more = lookAfterNode();
            long millis = more ? PAUSE_MILLIS : 1000 / node.settings().hz.value();
            next = loop.executor().schedule(this, millis, TimeUnit.MILLISECONDS);
        }

        /** Whether there is so much to do that the next round should come soon. */
        boolean lookAfterNode() {
            return false;
        }

        /** Ends it on its own loop, and waits until it has. */
        final void end() {
            CountDownLatch done = new CountDownLatch(1);
            loop.executor().execute(() -> {
                ended = true;
                if (next != null) {
                    next.cancel(false);
                }
                release();
                done.countDown();
            });
            try {
                done.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        void release() {}
    }

    /** The first loop's part: what there is once a node. */
    private final class FirstRound extends Round {
        private final ExpiryCycle expiry;
        private int stripe;
        private long tidiedMillis;

        FirstRound(EventLoops.Loop loop, NodeLoop nodeLoop) {
            super(loop, nodeLoop);
            expiry = new ExpiryCycle(node.store());
        }

        @Override
        boolean lookAfterNode() {
            node.rates().sample(node);
            boolean more = node.isActiveExpiryOn() && expire();
            return heal() || more;
        }

        private boolean expire() {
            long end = node.clock().nanos() + SLICE_NANOS;
            long deleted;
            do {
                deleted = expiry.step(BUCKETS_A_STEP, node.clock().wallMillis());
            } while (deleted > 0 && node.clock().nanos() < end);
            node.expiredStalePercentage(100 * expiry.staleShare());
            return deleted > 0;
        }

        /** Moves entries together where much memory lies between them, and has free pages given back now and then. */
        private boolean heal() {
            Store store = node.store();
            long wasted = store.residentBytes() - store.usedBytes();
            if (wasted < WORTH_HEALING_BYTES) {
                return false;
            }
            long now = node.clock().wallMillis();
            if (now - tidiedMillis > 1000) {
                tidiedMillis = now;
                purge();
            }
            if (store.fragmentationRatio() < FRAGMENTED) {
                return false;
            }
            long end = node.clock().nanos() + SLICE_NANOS;
            while (node.clock().nanos() < end) {
                store.defragment(stripe, ENTRIES_A_STEP);
                stripe = (stripe + 1) % store.stripes();
            }
            return true;
        }

        @Override
        void release() {
            expiry.close();
        }
    }

    private void purge() {
        if (purging.compareAndSet(false, true)) {
            node.inBackground(() -> {
                node.store().purge();
                purging.set(false);
            });
        }
    }

    /** Ends all rounds; what runs in the background may go on. Not to be called on a loop. */
    @Override
    public void close() {
        rounds.forEach(Round::end);
    }
}
