package dev.cistern.control.workflow;

import dev.cistern.control.EndpointOptions;
import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.SlotMap;
import dev.cistern.control.resource.TransitEncryption;
import dev.cistern.control.state.Database;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Tells the nodes of groups in cluster mode which nodes and slots there are.
 *
 * <p>Who is there, and in which role, the rows decide; who has which slot the primaries do, since they hand slots over
 * among themselves and raise their epochs by that. So whoever tells asks first, and again when a node knows something
 * newer. What the rows say of slots is for nodes that know of none yet.
 */
final class Topologies {
    private static final Logger log = LoggerFactory.getLogger(Topologies.class);
    private static final int TRIES = 10;
    private static final int ID_DIGITS = 40;

    private final Database database;
    private final Nodes nodes;
    private final EndpointOptions endpoints;

    Topologies(Database database, Nodes nodes, EndpointOptions endpoints) {
        this.database = database;
        this.nodes = nodes;
        this.endpoints = endpoints;
    }

    /** A member as it is to be told of. */
    private record Member(CacheNode node, boolean isPrimary) {}

    /** A node group and the members that clients are to know. */
    private record Shard(NodeGroup nodeGroup, List<Member> members) {

        CacheNode primary() {
            return members.stream().filter(Member::isPrimary).findFirst().orElseThrow().node;
        }
    }

    /** What to tell: the same for all nodes but for who each is itself. */
    private record View(List<Shard> shards, TransitEncryption.Mode encryption) {

        /** Who can be asked and told; one that is lost is told when it is back. */
        List<Member> members() {
            return shards.stream().flatMap(shard -> shard.members.stream())
                    .filter(member -> member.node.status() != CacheNodeStatus.LOST).toList();
        }
    }

    /** Has every node of the group that answers know all that the rows say; those of {@code joining} are told of too. */
    void publish(ResourceKey group, List<String> joining) {
        for (int tries = 1;; tries++) {
            View view = database.read(handle -> view(handle, group, joining));
            Map<String, SlotMap> known = ask(view);
            long epoch = 1 + known.values().stream().mapToLong(SlotMap::epoch).max().orElse(0);
            try {
                String text = text(view, slots(view, known));
                view.members().stream().map(Member::node).filter(node -> known.containsKey(node.nodeId()))
                        .forEach(node -> nodes.admin(node).setTopology(head(epoch, node) + text));
                return;
            } catch (NodeAdmin.StaleEpochException e) {
                if (tries == TRIES) {
                    throw e;
                }
                log.debug("slots of {} changed hands meanwhile; the nodes are asked again", group.id());
            }
        }
    }

    /** Tells the nodes of all groups that can be changed what they should know and do not, as after a restart. */
    void repair() {
        for (ReplicationGroup group : database.read(handle -> ReplicationGroup.TABLE.select(handle,
                "where cluster_mode <> ? and status = ?", ReplicationGroup.DISABLED,
                ReplicationGroupStatus.AVAILABLE.name()))) {
            try {
                View view = database.read(handle -> view(handle, group.key(), List.of()));
                Map<String, SlotMap> known = ask(view);
                String text = text(view, slots(view, known));
                if (known.values().stream().anyMatch(map -> !map.isOf(text))) {
                    publish(group.key(), List.of());
                }
            } catch (RuntimeException e) {
                log.debug("the nodes of {} cannot be told of each other now; it is tried again", group.id(), e);
            }
        }
    }

    /** The slots of each node group of the group, by number, as the primaries say themselves. */
    Map<String, BitSet> slots(ResourceKey group) {
        View view = database.read(handle -> view(handle, group, List.of()));
        return slots(view, ask(view));
    }

    /** How many of the slots are not yet where they should be; has their owner move them, unless it is about to. */
    int keepMoving(ResourceKey group, SlotMoves.Move move) {
        CacheNode from = Objects.requireNonNull(primary(group, move.from()), move.from());
        CacheNode to = Objects.requireNonNull(primary(group, move.to()), move.to());
        NodeAdmin source = nodes.admin(from);
        BitSet left = SlotMap.parse(source.topology()).own(id(from.nodeId()));
        left.and(SlotMap.slots(move.slots()));
        if (!left.isEmpty() && !source.movesSlots()) {
            source.moveSlots(SlotMap.format(left), id(to.nodeId()), to.admin());
        }
        return left.cardinality();
    }

    // --- what is ---

    private static View view(Handle handle, ResourceKey group, List<String> joining) {
        List<CacheCluster> members = CacheCluster.membersOf(handle, group);
        List<Shard> shards = new ArrayList<>();
        for (NodeGroup nodeGroup : NodeGroup.of(handle, group)) {
            List<Member> own = new ArrayList<>();
            for (CacheCluster member : members) {
                boolean isTold = nodeGroup.has(member) && !member.is(CacheClusterStatus.DELETING)
                        && (!member.is(CacheClusterStatus.CREATING) || joining.contains(member.id()));
                if (isTold) {
                    own.add(new Member(CacheNode.of(handle, member.key()).getFirst(), nodeGroup.hasPrimary(member)));
                }
            }
            if (own.stream().anyMatch(Member::isPrimary)) {
                shards.add(new Shard(nodeGroup, own));
            }
        }
        return new View(shards, TransitEncryption.of(handle, group).wanted());
    }

    /**
     * What each node knows, by its name. A replica that does not answer is left out, and told by a later repair: the
     * others need not wait for it. A primary is not, for it may know of slots that have changed hands.
     */
    private Map<String, SlotMap> ask(View view) {
        Map<String, SlotMap> known = new LinkedHashMap<>();
        for (Member member : view.members()) {
            try {
                known.put(member.node.nodeId(), SlotMap.parse(nodes.admin(member.node).topology()));
            } catch (JedisException e) {
                if (member.isPrimary) {
                    throw e;
                }
                log.debug("replica {} does not answer; it is told later", member.node.nodeId(), e);
            }
        }
        return known;
    }

    /** A slot that two primaries claim is the one's who knows of the later hand-over. */
    private static Map<String, BitSet> slots(View view, Map<String, SlotMap> known) {
        Map<String, BitSet> slots = new LinkedHashMap<>();
        BitSet claimed = new BitSet();
        view.shards.stream().sorted((one, other) -> Long.compare(mapOf(other, known).epoch(),
                mapOf(one, known).epoch())).forEach(shard -> {
                    BitSet own = mapOf(shard, known).own(id(shard.primary().nodeId()));
                    own.andNot(claimed);
                    claimed.or(own);
                    slots.put(shard.nodeGroup.nodeGroupId(), own);
                });
        for (Shard shard : view.shards) {
            if (!mapOf(shard, known).knows(id(shard.primary().nodeId()))) {
                BitSet stored = SlotMap.slots(shard.nodeGroup.slots());
                stored.andNot(claimed);
                claimed.or(stored);
                slotsOf(slots, shard).or(stored);
            }
        }
        return slots;
    }

    private static SlotMap mapOf(Shard shard, Map<String, SlotMap> known) {
        return known.getOrDefault(shard.primary().nodeId(), SlotMap.NOTHING);
    }

    private static BitSet slotsOf(Map<String, BitSet> slots, Shard shard) {
        return slots.getOrDefault(shard.nodeGroup.nodeGroupId(), new BitSet());
    }

    // --- what is told ---

    private static String head(long epoch, CacheNode self) {
        return "epoch " + epoch + "\nself " + id(self.nodeId()) + "\n";
    }

    private String text(View view, Map<String, BitSet> slots) {
        StringBuilder text = new StringBuilder();
        for (Shard shard : view.shards) {
            NodeGroup nodeGroup = shard.nodeGroup;
            text.append("shard ").append(id(NodeGroup.portHolder(nodeGroup.key(), nodeGroup.nodeGroupId()))).append(' ')
                    .append(SlotMap.format(slotsOf(slots, shard))).append('\n');
            for (Member member : shard.members) {
                text.append(line(member, view.encryption)).append('\n');
            }
        }
        return text.toString();
    }

    private String line(Member member, TransitEncryption.Mode encryption) {
        int port = member.node.port();
        return "node %s %s %d %d %s".formatted(id(member.node.nodeId()),
                endpoints.advertised(member.node.bindAddress()),
                encryption == TransitEncryption.Mode.REQUIRED ? 0 : port,
                encryption == TransitEncryption.Mode.DISABLED ? 0 : port, member.isPrimary ? "primary" : "replica");
    }

    /** The name that a node, or a shard, has among the nodes of its cluster: forty hex digits. */
    static String id(String name) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest).substring(0, ID_DIGITS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }

    private @Nullable CacheNode primary(ResourceKey group, String nodeGroupId) {
        return database.read(handle -> NodeGroup.TABLE
                .find(handle, group.account(), group.region(), group.id(), nodeGroupId)
                .map(row -> CacheNode.of(handle, group.sibling(row.primaryClusterId())).getFirst()).orElse(null));
    }
}
