package dev.cistern.engine.dispatch;

import dev.cistern.engine.network.EventLoops;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a node does {@code hz} times a second without being asked: clocks, idle and overflowing sessions, rates.
 *
 * <p>Each loop looks after its own sessions, on its own thread; the node's one-per-second figures are the first loop's.
 */
public final class Housekeeping implements AutoCloseable {
    private final Node node;
    private final List<Round> rounds = new ArrayList<>();

    public Housekeeping(Node node, List<EventLoops.Loop> loops) {
        this.node = node;
        for (EventLoops.Loop loop : loops) {
            rounds.add(new Round(loop, node.loops().get(loop.number())));
        }
    }

    public void start() {
        rounds.forEach(Round::schedule);
    }

    /** One loop's part. */
    private final class Round implements Runnable {
        private final EventLoops.Loop loop;
        private final NodeLoop nodeLoop;
        private @Nullable ScheduledFuture<?> next;
        private boolean ended;

        Round(EventLoops.Loop loop, NodeLoop nodeLoop) {
            this.loop = loop;
            this.nodeLoop = nodeLoop;
        }

        synchronized void schedule() {
            if (!ended) {
                long millis = 1000 / node.settings().hz.value();
                next = loop.executor().schedule(this, millis, TimeUnit.MILLISECONDS);
            }
        }

        @Override
        public void run() {
            nodeLoop.adjustClock();
            nodeLoop.lookAfterSessions();
            if (loop.number() == 0) {
                node.rates().sample(node);
            }
            schedule();
        }

        synchronized void end() {
            ended = true;
            if (next != null) {
                next.cancel(false);
            }
        }
    }

    @Override
    public void close() {
        rounds.forEach(Round::end);
    }
}
