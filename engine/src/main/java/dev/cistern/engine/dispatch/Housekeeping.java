package dev.cistern.engine.dispatch;

import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.persistence.Persistence;
import dev.cistern.store.ExpiryCycle;
import dev.cistern.store.Store;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
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
    /** The original's share of a core while there is more to do: a quarter, and 2 % more with each further effort. */
    private static final int LEAST_SHARE_PERCENT = 25;
    private static final int SHARE_PER_EFFORT_PERCENT = 2;
    /** The original's: a smaller share of expired keys is no reason to hurry; one less with each further effort. */
    private static final int TOLERATED_STALE_PERCENT = 10;
    private static final int BUCKETS_A_STEP = 64;
    private static final int ELEMENTS_A_STEP = 1024;

    private final Node node;
    private final List<Round> rounds = new ArrayList<>();

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
        private long sessionsSeenNanos = node.clock().nanos();

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
            long now = node.clock().nanos();
            long roundNanos = TimeUnit.SECONDS.toNanos(1) / node.settings().hz.value();
            boolean isPaused = node.isHousekeepingPaused();
            if (!isPaused && now - sessionsSeenNanos >= roundNanos) {
                sessionsSeenNanos = now;
                nodeLoop.lookAfterSessions();
            }
            boolean hurry = !isPaused && lookAfterNode();
            nodeLoop.handOver().settle();
            long pauseNanos = Math.min(hurry ? pauseNanos() : roundNanos, healingPauseNanos());
            next = loop.executor().schedule(this, pauseNanos, TimeUnit.NANOSECONDS);
        }

        final NodeLoop nodeLoop() {
            return nodeLoop;
        }

        /** Whether there is so much to do that the next round should come soon. */
        boolean lookAfterNode() {
            return false;
        }

        /** How long healing would wait for its next slice. */
        long healingPauseNanos() {
            return Healer.LATER;
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

    /** How far {@code active-expire-effort} is above its least value. */
    private long effort() {
        return node.settings().activeExpireEffort.value() - 1;
    }

    private long pauseNanos() {
        long sharePercent = LEAST_SHARE_PERCENT + SHARE_PER_EFFORT_PERCENT * effort();
        return SLICE_NANOS * (100 - sharePercent) / sharePercent;
    }

    /** The first loop's part: what there is once a node. */
    private final class FirstRound extends Round {
        private final ExpiryCycle expiry;
        private final Healer healer = new Healer(node.store(), node.clock(), node::inBackground,
                () -> HealingLimits.of(node.settings()));
        private final SessionEviction eviction = new SessionEviction(node);
        private int releasedStripe;
        private long healingPauseNanos = Healer.LATER;

        FirstRound(EventLoops.Loop loop, NodeLoop nodeLoop) {
            super(loop, nodeLoop);
            expiry = new ExpiryCycle(node.store());
        }

        @Override
        boolean lookAfterNode() {
            node.rates().sample(node);
            eviction.look();
            if (nodeLoop().isServingOthers()) {
                // A script of this very thread holds stripes.
                healingPauseNanos = Healer.LATER;
                return false;
            }
            node.replication().tick();
            if (node.is(Condition.LOADING)) {
                // Another thread holds all stripes, and for long.
                return false;
            }
            lookAfterSnapshots();
            node.appendOnly().tick();
            boolean more = node.isActiveExpiryOn() && expire();
            boolean evenMore = releaseDeleted();
            healingPauseNanos = healer.heal();
            node.healingPercent(healer.runningPercent());
            return more || evenMore;
        }

        @Override
        long healingPauseNanos() {
            return healingPauseNanos;
        }

        /** Frees what large values left behind when they were deleted. */
        private boolean releaseDeleted() {
            Store store = node.store();
            long end = node.clock().nanos() + SLICE_NANOS;
            while (store.hasToRelease() && node.clock().nanos() < end) {
                store.releaseSome(releasedStripe, ELEMENTS_A_STEP);
                releasedStripe = (releasedStripe + 1) % store.stripes();
            }
            return store.hasToRelease();
        }

        private void lookAfterSnapshots() {
            Persistence persistence = node.persistence();
            node.set(Condition.SAVE_FAILED, persistence.refusesWrites());
            if (persistence.isDue() && persistence.begin()) {
                node.inBackground(persistence::saveInBackground);
            }
        }

        private boolean expire() {
            long nowMillis = node.clock().wallMillis();
            long start = node.clock().nanos();
            long end = start + SLICE_NANOS;
            long seen = 0;
            long deleted = 0;
            while (expiry.isDue(nowMillis) && node.clock().nanos() < end) {
                deleted += expiry.step(BUCKETS_A_STEP, nowMillis);
                seen += expiry.seen();
            }
            if (!node.settings().lazyExpire.isOn()) {
                freeAll();
            }
            noteLatency("expire-cycle", nowMillis, node.clock().nanos() - start);
            node.expiredStalePercentage(100 * expiry.staleShare());
            boolean hurry = deleted * 100 > seen * (TOLERATED_STALE_PERCENT - effort()) && expiry.isDue(nowMillis);
            if (hurry) {
                node.counters().expiryTimeCapReached.increment();
            }
            return hurry;
        }

        /** However long that takes: it was asked for. */
        private void freeAll() {
            while (node.store().hasToRelease()) {
                node.store().releaseSome(ELEMENTS_A_STEP);
            }
        }

        private void noteLatency(String event, long nowMillis, long tookNanos) {
            long thresholdMillis = node.settings().latencyMonitorThreshold.value();
            long tookMillis = TimeUnit.NANOSECONDS.toMillis(tookNanos);
            if (thresholdMillis > 0 && tookMillis >= thresholdMillis) {
                node.latency().add(event, TimeUnit.MILLISECONDS.toSeconds(nowMillis), tookMillis);
            }
        }

        @Override
        void release() {
            expiry.close();
        }
    }

    /** Ends all rounds; what runs in the background may go on. Not to be called on a loop. */
    @Override
    public void close() {
        rounds.forEach(Round::end);
    }
}
