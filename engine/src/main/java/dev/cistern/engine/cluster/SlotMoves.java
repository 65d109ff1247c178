package dev.cistern.engine.cluster;

import dev.cistern.engine.protocol.CommandException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The moves of slots that a node was asked for: one goes on at a time, the others wait, the last ones are remembered.
 *
 * <p>Any thread; takes its own monitor, a leaf in the lock order.
 */
final class SlotMoves {
    private static final Logger LOG = LoggerFactory.getLogger(SlotMoves.class);
    private static final int REMEMBERED = 16;

    private final Cluster cluster;
    private final Deque<SlotMove> all = new ArrayDeque<>();
    private boolean isRunning;
    private long lastId;

    SlotMoves(Cluster cluster) {
        this.cluster = cluster;
    }

    /** Begins a move, or puts it behind those that were asked for before. Answers its number. */
    synchronized long begin(BitSet slots, String targetId, SlotMove.Credentials credentials) {
        SlotMove going = moveOf(slots);
        if (going != null) {
            throw CommandException.of("ERR some of these slots are on their way already, by move " + going.id());
        }
        SlotMove move = new SlotMove(++lastId, cluster, slots, targetId, credentials);
        all.addLast(move);
        while (all.size() > REMEMBERED && all.getFirst().isOver()) {
            all.removeFirst();
        }
        if (!isRunning) {
            isRunning = true;
            cluster.node().inBackground(this::runAll);
        }
        return move.id();
    }

    /** A move that is not over and has some of these slots, or null. */
    synchronized @Nullable SlotMove moveOf(BitSet slots) {
        for (SlotMove move : all) {
            if (!move.isOver() && move.left().intersects(slots)) {
                return move;
            }
        }
        return null;
    }

    private void runAll() {
        for (SlotMove move = next(); move != null; move = next()) {
            LOG.info("moving {} slots to node {}", move.slotCount(), move.targetId());
            try {
                move.run();
            } catch (RuntimeException | Error bug) {
                LOG.error("bug while moving slots", bug);
                move.state(SlotMove.State.FAILED);
            }
            LOG.info("moving slots to node {}: {} {}", move.targetId(), move.state(), move.error());
        }
    }

    private synchronized @Nullable SlotMove next() {
        for (SlotMove move : all) {
            if (!move.isOver() && !cluster.node().isStopping()) {
                return move;
            }
        }
        isRunning = false;
        return null;
    }

    synchronized List<SlotMove> all() {
        return new ArrayList<>(all);
    }

    /** Ends a move; what has arrived stays there. Says whether there is such a one that was not over. */
    synchronized boolean cancel(long id) {
        for (SlotMove move : all) {
            if (move.id() == id && !move.isOver()) {
                move.cancel();
                return true;
            }
        }
        return false;
    }
}
