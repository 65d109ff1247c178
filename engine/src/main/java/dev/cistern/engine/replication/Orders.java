package dev.cistern.engine.replication;

import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.protocol.CommandException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node under a control plane: which role it has is ordered from outside, and it leads only as long as its lease holds.
 *
 * <p>Every order has an epoch, a number that the control plane raises before it changes who leads. The node keeps the
 * highest that it has seen, also through a restart, and refuses lower ones: what a former plan still sends comes too
 * late. A node that was ever ordered, or was started by order, starts without a lease. One that never was knows nothing of
 * this, and costs nothing.
 *
 * <p>Orders are carried out one at a time, under the monitor, on threads that may wait; it is taken before the monitor
 * of {@link Replication}.
 */
public final class Orders {
    private static final Logger LOG = LoggerFactory.getLogger(Orders.class);
    private static final CommandException NOTHING_TO_LEAD_WITH = CommandException.of(
            "ERR this node has no whole copy of what a primary had");
    private static final CommandException IS_REPLICA = CommandException.of("ERR a replica has no lease");
    private static final CommandException IS_PRIMARY = CommandException.of("ERR a primary is nobody's heir");
    private static final CommandException UNKNOWN_CLOCK = CommandException.of(
            "ERR this node's clock has not shown that yet");

    private final Replication replication;
    private final Node node;
    private final Lease lease;
    private EpochFile file = new EpochFile("", 0);
    /** The highest that was obeyed; 0 as long as there was no order. */
    private volatile long epoch;
    /** What became of writes that the others went on without; empty for none. */
    private volatile String divergent = "";
    /** What this replica may write by as soon as its primary hands over to it; null for none. */
    private volatile @Nullable Heritage heritage;

    /** A lease that begins with the hand-over; it counts from the moment at which the node's clock showed that. */
    private record Heritage(long millis, long sinceMillis, int replicas) {}

    Orders(Replication replication, Node node) {
        this.replication = replication;
        this.node = node;
        this.lease = new Lease(node.clock()::nanos);
    }

    /** The epoch by which it is started, 0 for none. Before {@link #open}. */
    public synchronized void begin(long startedBy) {
        epoch = startedBy;
    }

    /** Reads what was ordered before. Before the first client comes. */
    public synchronized void open(String folder, int port) throws IOException {
        file = new EpochFile(folder, port);
        epoch = Math.max(epoch, file.read());
        roleChanged();
    }

    public Lease lease() {
        return lease;
    }

    /** Whether this node, if it is a primary, may write only under its lease. */
    public boolean areGiven() {
        return epoch > 0;
    }

    /** Whether it may have what only the one primary of a group has. */
    boolean mayLead() {
        return !areGiven() || lease.holds();
    }

    private boolean isLeased() {
        return areGiven() && !replication.isReplica();
    }

    /** The role has changed, or is about to become that of a primary. */
    void roleChanged() {
        node.set(Condition.LEASED, isLeased());
    }

    /** Several times a second, on the first loop. */
    void tick() {
        retainUnconfirmed();
        if (isLeased()) {
            lease.tick(replication.log());
            node.store().setExpiresByItself(lease.holds() && !replication.failover().isUnderWay());
        }
    }

    /** A primary that may be cut off retains what others may have to go on without. */
    private void retainUnconfirmed() {
        replication.log().retainFrom(isLeased() ? lease.confirmedOffset() : WriteLog.NOTHING);
    }

    // --- orders ---

    /** Refuses what a former plan orders; what a new one does is written down first. */
    private void obey(long ordered) throws IOException {
        heritage = null;
        if (ordered < epoch) {
            throw CommandException.of("STALEEPOCH this node has obeyed epoch " + epoch);
        }
        if (ordered > epoch) {
            file.write(ordered);
            boolean isFirst = epoch == 0;
            epoch = ordered;
            if (isFirst) {
                lease.end();
            }
            roleChanged();
            LOG.info("node {} obeys epoch {}", node.identity().name(), ordered);
        }
    }

    /** Nothing is written here any more, neither by clients nor by a primary, until another order comes. */
    synchronized void fence(long ordered) throws IOException {
        obey(ordered);
        lease.end();
        if (replication.isReplica()) {
            replication.unlink();
            awaitLoops();
        }
        replication.rolePorts().check();
    }

    /** What a loop was doing is done: the offset stays what it is. */
    private void awaitLoops() throws IOException {
        List<NodeLoop> loops = node.loops();
        CountDownLatch passed = new CountDownLatch(loops.size());
        loops.forEach(loop -> loop.execute(passed::countDown));
        try {
            passed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** Leads from here on with what it has, but not before it has a lease. */
    synchronized void promote(long ordered) throws IOException {
        obey(ordered);
        if (!replication.isReplica()) {
            return;
        }
        if (!replication.log().isKept() || node.is(Condition.LOADING)) {
            throw NOTHING_TO_LEAD_WITH;
        }
        lease.end();
        replication.lead();
    }

    /** Follows this primary, which has gone on from that offset of that history. */
    synchronized void follow(long ordered, PrimaryAddress primary, String history, long offset) throws IOException {
        obey(ordered);
        lease.end();
        if (!replication.isReplica() && !history.isEmpty()) {
            divergent = DivergentTail.save(replication.log(), history, offset, node.settings().dir.value(),
                    "cistern-divergent-" + node.port() + "-" + ordered, node.persistence().atRest(),
                    node.commands());
        }
        if (!primary.equals(replication.primary()) || replication.isUnlinked()) {
            replication.follow(primary);
        }
    }

    /** Lets this primary write for so long after its clock showed that (0: for ever), and longer if so many replicas follow. */
    synchronized void grant(long ordered, long millis, long sinceMillis, int replicas) throws IOException {
        obey(ordered);
        if (replication.isReplica()) {
            throw IS_REPLICA;
        }
        if (!lease.grant(millis, sinceMillis, replicas)) {
            throw UNKNOWN_CLOCK;
        }
        retainUnconfirmed();
        replication.rolePorts().check();
    }

    /**
     * The same for a replica whose primary is about to hand over to it: it writes from that very moment on, and need not be
     * told once more. Any other order takes that back.
     */
    synchronized void grantHeir(long ordered, long millis, long sinceMillis, int replicas) throws IOException {
        obey(ordered);
        if (!replication.isReplica()) {
            throw IS_PRIMARY;
        }
        heritage = new Heritage(millis, sinceMillis, replicas);
    }

    /**
     * Its primary has written all that it will, and wants this replica to lead. On a loop, which an order may wait for: so not
     * under the monitor.
     */
    @SuppressWarnings("ReferenceEquality") // that very one
    void takeOver() {
        Heritage due = heritage;
        lease.end();
        replication.lead();
        synchronized (lease) {
            // An order that came meanwhile has taken it back, and ends the lease after that.
            if (due != null && heritage == due) {
                heritage = null;
                var _ = lease.grant(due.millis, due.sinceMillis, due.replicas);
            }
        }
        replication.rolePorts().check();
    }

    /** It was about to follow another one that may lead by now: it writes no more until it is told so. */
    void leadAgain() {
        if (areGiven()) {
            lease.end();
        }
        replication.lead();
    }

    /** Whether a grant of this epoch needs nothing to be written down first. */
    boolean isObeyed(long ordered) {
        return ordered <= epoch;
    }

    /** How the node stands, by names of small letters. */
    Map<String, String> state() {
        Map<String, String> state = new TreeMap<>();
        WriteLog log = replication.log();
        PrimaryAddress primary = replication.primary();
        state.put("epoch", Long.toString(epoch));
        state.put("clock", Long.toString(lease.clockMillis()));
        state.put("lease", Long.toString(lease.leftMillis()));
        state.put("unacknowledged", Long.toString(lease.withheld()));
        state.put("role", primary == null ? "primary" : "replica");
        state.put("follows", primary == null ? "" : primary.host() + ":" + primary.port());
        state.put("link", replication.isLinkUp() ? "up" : "down");
        state.put("silent", Long.toString(replication.silentMillis()));
        state.put("loading", node.is(Condition.LOADING) ? "1" : "0");
        state.put("history", log.isKept() ? log.id() : "");
        state.put("offset", Long.toString(log.isKept() ? log.end() : -1));
        state.put("former-history", log.formerId());
        state.put("former-end", Long.toString(log.formerEnd() < 0 ? -1 : log.formerEnd() - 1));
        state.put("replicas", Long.toString(replication.followers().stream().filter(Follower::isOnline).count()));
        state.put("divergent", divergent);
        return state;
    }
}
