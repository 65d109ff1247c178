package dev.cistern.control.workflow;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.node.NodeOrders;
import dev.cistern.control.node.NodePlace;
import dev.cistern.control.node.NodeStanding;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.Leadership;
import dev.cistern.control.resource.NodeRole;
import dev.cistern.control.state.Database;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Has nodes be what they are to be in their group: whom they follow, or that they lead, and until when.
 *
 * <p>A node of ours is ordered by epochs, once it needs a lease or ever did; any other server, and a node that no other one
 * could take the place of, is told with the commands that every server has.
 */
record Roles(Leases leases, EventLog events, Database database) {

    private static final Logger log = LoggerFactory.getLogger(Roles.class);

    /** Tells the node its role, and on which ports it listens because of that. {@code primary} is asked how it stands. */
    void tell(CacheNode node, NodeAdmin admin, NodeRole role, Supplier<@Nullable NodeStanding> primary) {
        NodeStanding standing = admin.orders().standing();
        NodeStanding ordered = standing != null && (role.leadership().isLeased() || standing.epoch() > 0)
                ? standing
                : null;
        CacheNode followed = role.primary();
        NodeAddress source = role.source();
        if (source != null) {
            admin.forgetPrimaryCredential();
            follow(node, admin, role, source, ordered, () -> null);
        } else if (followed == null) {
            admin.pingReplicasOften();
            if (ordered != null) {
                lead(node, admin.orders(), role.leadership(), ordered);
            } else {
                admin.lead();
            }
        } else {
            admin.setPrimaryCredential(followed.admin());
            follow(node, admin, role, new NodeAddress(followed.bindAddress(), followed.port()), ordered, primary);
        }
        admin.listenByRole(role.primaryPort(), role.readerPort());
    }

    private void follow(CacheNode node, NodeAdmin admin, NodeRole role, NodeAddress address,
            @Nullable NodeStanding ordered, Supplier<@Nullable NodeStanding> primary) {
        if (ordered != null) {
            follow(node, admin.orders(), role.leadership().epoch(), address,
                    ordered.isPrimary() && ordered.hasData() ? primary.get() : null);
        } else {
            admin.follow(address);
        }
    }

    private void lead(CacheNode node, NodeOrders orders, Leadership leadership, NodeStanding standing) {
        long epoch = leadership.epoch() == 0 ? standing.epoch() : leadership.epoch();
        NodeStanding promoted = orders.promote(epoch);
        if (!promoted.isPrimary() || !leases.give(node.nodeId(), orders,
                new Leadership(epoch, leadership.isLeased(), leadership.replicas()))) {
            throw new IllegalStateException("node " + node.nodeId() + " does not lead");
        }
    }

    /** What the node has of its own since the other one was promoted is kept, and an event tells so. */
    private void follow(CacheNode node, NodeOrders orders, long epoch, NodeAddress primary,
            @Nullable NodeStanding branch) {
        String divergent = orders.follow(epoch, primary, branch).divergent();
        if (branch != null && !divergent.isEmpty()) {
            database.run(handle -> events.clusterEvent(handle, node.key(), "Cache node " + node.cacheNodeId()
                    + " has writes that its node group went on without: " + divergent));
        }
    }

    /** Has the replica lead, by the epoch that is raised already; whether it does. */
    boolean promote(CacheNode node, NodeAdmin admin, Leadership leadership) {
        NodeStanding standing = admin.orders().standing();
        if (standing != null && (leadership.isLeased() || standing.epoch() > 0)) {
            lead(node, admin.orders(), leadership, standing);
            return true;
        }
        if (!admin.place().isPrimary()) {
            admin.lead();
        }
        return admin.place().isPrimary();
    }

    /**
     * Whether the replica is primary, and may write; if not, has the two change places, unless they are about to. Writes wait
     * for no longer than {@code limit} for that.
     */
    boolean handOver(CacheNode primary, Supplier<NodeAdmin> primaryAdmin, CacheNode replica, NodeAdmin to,
            Leadership leadership, Duration limit) {
        NodePlace place = to.place();
        if (place.isPrimary()) {
            // By itself it would get none before the rows say that it leads.
            NodeStanding standing = to.orders().standing();
            return standing == null || (!leadership.isLeased() && standing.epoch() == 0)
                    || leases.give(replica.nodeId(), to.orders(), leadership);
        }
        NodeAdmin from = primaryAdmin.get();
        if (place.isLinked() && from.place().isPrimary()) {
            if (!from.isHandingOver()) {
                // It writes from the moment on at which it leads, and not from when that is noticed here.
                if (leadership.isLeased()) {
                    nameHeir(primary, replica, to, leadership);
                }
                from.handOver(replica.port(), replica.admin(), limit);
            }
            to.acknowledge();
        }
        return false;
    }

    private void nameHeir(CacheNode primary, CacheNode replica, NodeAdmin to, Leadership leadership) {
        try {
            var _ = leases.giveHeir(primary.nodeId(), replica.nodeId(), to.orders(), leadership);
        } catch (JedisDataException e) {
            log.info("replica {} knows nothing of heirs; it writes when it is told so once more", replica.nodeId(), e);
        }
    }

    /** Has a primary write for ever that nobody takes the place of; false if it does not hear it. */
    static boolean release(Leases leases, String nodeId, NodeOrders orders, Leadership leadership) {
        NodeStanding standing = orders.standing();
        return standing == null || standing.epoch() == 0 || leases.give(nodeId, orders, leadership);
    }
}
