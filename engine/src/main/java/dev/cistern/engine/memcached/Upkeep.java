package dev.cistern.engine.memcached;

import dev.cistern.engine.dispatch.Healer;
import dev.cistern.engine.dispatch.HealingLimits;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.store.ExpiryCycle;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a Memcached node does ten times a second without being asked: clocks, idle sessions, a flush whose time has come,
 * expired items, and memory that could be given back.
 *
 * <p>Each loop looks after its own sessions, on its own thread; what concerns the whole node is the first loop's, in
 * slices short enough that no client notices.
 */
final class Upkeep implements AutoCloseable {
    private static final long ROUND_MILLIS = 100;
    private static final long PAUSE_MILLIS = 3;
    private static final long SLICE_NANOS = 1_000_000;
    private static final int BUCKETS_A_STEP = 64;

    private final Rooms rooms;
    private final List<Round> rounds = new ArrayList<>();

    Upkeep(Rooms rooms, Map<EventLoops.Loop, ItemLoop> loops) {
        this.rooms = rooms;
        loops.forEach((loop, itemLoop) -> rounds.add(new Round(loop, itemLoop, rounds.isEmpty())));
    }

    void start() {
        rounds.forEach(round -> round.loop.executor().execute(round));
    }

    private final class Round implements Runnable {
        private final EventLoops.Loop loop;
        private final ItemLoop itemLoop;
        private final @Nullable ExpiryCycle expiry;
        private final @Nullable Healer healer;
        private @Nullable ScheduledFuture<?> next;
        private boolean ended;

        Round(EventLoops.Loop loop, ItemLoop itemLoop, boolean isFirst) {
            this.loop = loop;
            this.itemLoop = itemLoop;
            this.expiry = isFirst ? new ExpiryCycle(rooms.store()) : null;
            this.healer = isFirst
                    ? new Healer(rooms.store(), rooms.clock(), rooms::inBackground,
                            () -> HealingLimits.usual(rooms.settings().limitBytes))
                    : null;
        }

        @Override
        public void run() {
            if (ended) {
                return;
            }
            itemLoop.adjustClock();
            itemLoop.lookAfterSessions();
            boolean hurry = false;
            long healingPauseNanos = Healer.LATER;
            if (expiry != null && healer != null) {
                rooms.flushIfDue(rooms.clock().wallMillis() / 1000);
                hurry = expire(expiry);
                healingPauseNanos = healer.heal();
            }
            long pauseNanos = TimeUnit.MILLISECONDS.toNanos(hurry ? PAUSE_MILLIS : ROUND_MILLIS);
            next = loop.executor().schedule(this, Math.min(pauseNanos, healingPauseNanos), TimeUnit.NANOSECONDS);
        }

        /** Looks for expired items for a while; says whether there may be more. */
        private boolean expire(ExpiryCycle cycle) {
            long nowMillis = rooms.clock().wallMillis();
            if (!cycle.isDue(nowMillis)) {
                return false;
            }
            long end = rooms.clock().nanos() + SLICE_NANOS;
            long seen = 0;
            while (cycle.isDue(nowMillis) && rooms.clock().nanos() < end) {
                rooms.removals().countFoundByWalk(cycle.step(BUCKETS_A_STEP, nowMillis));
                seen += cycle.seen();
            }
            rooms.countExpiryRound(seen);
            return cycle.isDue(nowMillis);
        }

        /** Ends it on its own loop, and waits until it has. */
        void end() {
            CountDownLatch done = new CountDownLatch(1);
            loop.executor().execute(() -> {
                ended = true;
                if (next != null) {
                    next.cancel(false);
                }
                if (expiry != null) {
                    expiry.close();
                }
                done.countDown();
            });
            try {
                done.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Ends all rounds. Not to be called on a loop. */
    @Override
    public void close() {
        rounds.forEach(Round::end);
    }
}
