package dev.cistern.control.workflow;

import dev.cistern.control.node.NodeOrders;
import dev.cistern.control.node.NodeStanding;
import dev.cistern.control.resource.Leadership;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Which leases were given, and when each is certainly over.
 *
 * <pre>
 *   node:           tells its clock ──────────────────────▶ leads until that + 3 s, by its clock
 *   control plane:         hears it, and notes the moment ───────▶ over at that + 3.3 s, by ours
 * </pre>
 *
 * <p>Ours counts from a later moment and waits for longer, so it ends later, however the two clocks drift. Replicas keep a
 * primary's lease going too, but each of them must: what the last one to hear from it says bounds that as well. What a
 * control plane before this one had given may have been given until this one began. Nothing here is stored.
 *
 * <p>Any thread.
 */
final class Leases {

    /** As long as a node leads without hearing anything. */
    static final long MILLIS = 3_000;

    private static final long SURELY_OVER_NANOS = TimeUnit.MILLISECONDS.toNanos(MILLIS + MILLIS / 10);

    private final LongSupplier nanos;
    private final long begunNanos;
    private final Map<String, Long> givenNanos = new HashMap<>();
    private final Map<String, Long> followedNanos = new HashMap<>();
    private final Map<String, Long> epochs = new HashMap<>();
    /** In which history each wrote when it was last given one. */
    private final Map<String, String> histories = new HashMap<>();
    /** Of primaries that are about to hand over, to whom. */
    private final Map<String, String> heirs = new HashMap<>();

    /** @param nanos a clock that never goes back */
    Leases(LongSupplier nanos) {
        this.nanos = nanos;
        this.begunNanos = nanos.getAsLong();
    }

    /** Gives the node a lease, or one without end if it needs none; false if it is no primary or takes no orders. */
    boolean give(String nodeId, NodeOrders orders, Leadership leadership) {
        return leadership.isLeased()
                ? orders.lease(leadership.epoch(), MILLIS, leadership.replicas(),
                        standing -> isNoted(nodeId, leadership.epoch(), standing))
                : orders.lease(leadership.epoch(), 0, 0, standing -> isNoted(nodeId, leadership.epoch(), standing));
    }

    /**
     * The same for one whose group is being changed: having no lease, it may have handed over by the wish of the control plane
     * before this one, to somebody who writes by what that one had given.
     */
    boolean giveUnlessHandedOver(String nodeId, NodeOrders orders, Leadership leadership) {
        return orders.lease(leadership.epoch(), MILLIS, leadership.replicas(),
                standing -> (standing.leaseMillis() > 0 || nanos.getAsLong() - begunNanos > SURELY_OVER_NANOS)
                        && isNoted(nodeId, leadership.epoch(), standing));
    }

    private synchronized boolean isNoted(String nodeId, long epoch, NodeStanding standing) {
        boolean isNoted = isNoted(nodeId, epoch);
        if (isNoted) {
            histories.put(nodeId, standing.history());
        }
        return isNoted;
    }

    /** In which history the node wrote when it was last given a lease; empty for none. */
    synchronized String historyOf(String nodeId) {
        return histories.getOrDefault(nodeId, "");
    }

    /**
     * Gives a replica to which {@code primary} is about to hand over a lease that begins with that; until it is certainly
     * over, the other one is given none. False if it takes no orders.
     */
    boolean giveHeir(String primary, String nodeId, NodeOrders orders, Leadership leadership) {
        return orders.leaseHeir(leadership.epoch(), MILLIS, leadership.replicas(),
                _ -> isNotedForHeir(primary, nodeId, leadership.epoch()));
    }

    private synchronized boolean isNotedForHeir(String primary, String nodeId, long epoch) {
        // Whom it had handed over to itself is the one that now gives it back.
        heirs.remove(nodeId);
        if (!isNoted(nodeId, epoch)) {
            return false;
        }
        heirs.put(primary, nodeId);
        return true;
    }

    /** Notes that one of that epoch is about to be given; false if it must not be. */
    synchronized boolean isNoted(String nodeId, long epoch) {
        String heir = heirs.get(nodeId);
        if (epoch < epochs.getOrDefault(nodeId, 0L) || (heir != null && !isOver(heir))) {
            return false;
        }
        heirs.remove(nodeId);
        givenNanos.put(nodeId, nanos.getAsLong());
        return true;
    }

    /** From here on the node gets none of a lower epoch; what was given before is known to {@link #isOver}. */
    synchronized void refuseBelow(String nodeId, long epoch) {
        if (epoch > epochs.getOrDefault(nodeId, 0L)) {
            epochs.put(nodeId, epoch);
            followedNanos.remove(nodeId);
            // Whoever raises the epoch sees to it that this one has ended.
            heirs.values().remove(nodeId);
        }
    }

    /** A replica that will not keep the node's lease going any more had last heard from it so long ago. */
    synchronized void hasLostReplica(String nodeId, long silentMillis) {
        long heard = nanos.getAsLong() - TimeUnit.MILLISECONDS.toNanos(Math.max(0, silentMillis));
        // The one that fell silent first decides: all must keep it going.
        followedNanos.merge(nodeId, heard, (one, other) -> one - other < 0 ? one : other);
    }

    /**
     * Whether the node's lease is certainly over. Only after {@link #refuseBelow} and {@link #hasLostReplica}, be it in the
     * control plane before this one.
     */
    synchronized boolean isOver(String nodeId) {
        long given = givenNanos.getOrDefault(nodeId, begunNanos);
        long followed = followedNanos.getOrDefault(nodeId, begunNanos);
        long last = given - followed > 0 ? given : followed;
        return nanos.getAsLong() - last > SURELY_OVER_NANOS;
    }

    /** When the node was last heard of by what it was given; {@code otherwise} if never. */
    synchronized long givenNanos(String nodeId, long otherwise) {
        return givenNanos.getOrDefault(nodeId, otherwise);
    }

    /** Forgets all other nodes. */
    synchronized void retain(Set<String> nodeIds) {
        givenNanos.keySet().retainAll(nodeIds);
        followedNanos.keySet().retainAll(nodeIds);
        epochs.keySet().retainAll(nodeIds);
        histories.keySet().retainAll(nodeIds);
        heirs.keySet().retainAll(nodeIds);
    }
}
