package dev.cistern.control.node;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.SafeEncoder;

/**
 * What a node of ours is ordered: who leads, by which epoch, and until when. An original takes no orders; whoever runs it
 * ends it before another one leads.
 *
 * <p>Refuses of a node are exceptions of Jedis, as with {@link NodeAdmin}, whose connection this is.
 */
public final class NodeOrders {

    private final NodeAdmin admin;

    NodeOrders(NodeAdmin admin) {
        this.admin = admin;
    }

    /** How it stands; null when it is one that takes no orders. */
    public @Nullable NodeStanding standing() {
        try (Jedis node = admin.connect()) {
            return standing(node);
        }
    }

    private static @Nullable NodeStanding standing(Jedis node) {
        try {
            return answered(order(node, "STATE"));
        } catch (JedisDataException e) {
            if (NodeAdmin.isUnknownCommand(e)) {
                return null;
            }
            throw e;
        }
    }

    /**
     * Has the primary write for so long after its clock shows what it shows now, 0 for ever, and longer as long as so many
     * replicas follow it.
     *
     * @param permitted  asked when its clock is known and before it is told: whether it shall be told at all
     */
    public boolean lease(long epoch, long millis, int replicas, Permission permitted) {
        try (Jedis node = admin.connect()) {
            NodeStanding standing = standing(node);
            if (standing == null || !standing.isPrimary() || !permitted.isGiven(standing)) {
                return false;
            }
            node.sendCommand(NodeAdmin.CISTERN, "LEASE", Long.toString(epoch), Long.toString(millis),
                    Long.toString(standing.clockMillis()), "REPLICAS", Integer.toString(replicas));
            return true;
        }
    }

    /**
     * The same for a replica to which its primary is about to hand over: it counts from now on too, and is good for nothing
     * before.
     */
    public boolean leaseHeir(long epoch, long millis, int replicas, Permission permitted) {
        try (Jedis node = admin.connect()) {
            NodeStanding standing = standing(node);
            if (standing == null || standing.isPrimary() || !permitted.isGiven(standing)) {
                return false;
            }
            node.sendCommand(NodeAdmin.CISTERN, "LEASE", Long.toString(epoch), Long.toString(millis),
                    Long.toString(standing.clockMillis()), "REPLICAS", Integer.toString(replicas), "HEIR");
            return true;
        }
    }

    /** Whether a primary that stands so shall have a lease. */
    @FunctionalInterface
    public interface Permission {
        boolean isGiven(NodeStanding standing);
    }

    /** From here on it writes nothing more, neither of clients nor of a primary, until another order comes. */
    public NodeStanding fence(long epoch) {
        try (Jedis node = admin.connect()) {
            return answered(order(node, "FENCE", Long.toString(epoch)));
        }
    }

    /** It leads, as soon as it has a lease. */
    public NodeStanding promote(long epoch) {
        try (Jedis node = admin.connect()) {
            return answered(order(node, "PROMOTE", Long.toString(epoch)));
        }
    }

    /** It follows that node; what it has of its own since {@code branch} was promoted it keeps in a file. */
    public NodeStanding follow(long epoch, NodeAddress primary, @Nullable NodeStanding branch) {
        List<String> words = new ArrayList<>(List.of("FOLLOW", Long.toString(epoch), primary.host(),
                Integer.toString(primary.port())));
        if (branch != null && !branch.formerHistory().isEmpty() && branch.formerEnd() >= 0) {
            words.addAll(List.of("BRANCHED", branch.formerHistory(), Long.toString(branch.formerEnd())));
        }
        try (Jedis node = admin.connect()) {
            return answered(order(node, words.toArray(String[]::new)));
        }
    }

    private static Object order(Jedis node, String... words) {
        return node.sendCommand(NodeAdmin.CISTERN, words);
    }

    private static NodeStanding answered(Object reply) {
        List<?> words = (List<?>) reply;
        Map<String, String> facts = new HashMap<>();
        for (int i = 0; i + 1 < words.size(); i += 2) {
            facts.put(text(words.get(i)), text(words.get(i + 1)));
        }
        return NodeStanding.of(facts);
    }

    private static String text(Object bulk) {
        return SafeEncoder.encode((byte[]) bulk);
    }
}
