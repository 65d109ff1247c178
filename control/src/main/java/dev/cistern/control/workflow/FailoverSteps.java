package dev.cistern.control.workflow;

import dev.cistern.control.node.NodePlace;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.FailoverRow;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ResourceKey;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/** The steps by which a replica takes the place of a primary. */
record FailoverSteps(GroupSteps groups, Nodes nodes, Clock clock) {

    private static final Logger log = LoggerFactory.getLogger(FailoverSteps.class);

    private static final Duration LEAD_LIMIT = Duration.ofSeconds(10);

    /** Stops the nodes of a member; from then on it is certain that they acknowledge nothing. */
    void end(Steps steps, ResourceKey member) {
        for (CacheNode node : nodes.of(member)) {
            steps.once("end " + member.id() + " " + node.cacheNodeId(), () -> nodes.stop(node));
        }
    }

    /** The replica that is furthest in what the primary wrote; hopeless when all answer and none has any of it. */
    ResourceKey choose(Steps steps, ResourceKey group, String nodeGroupId, String primary) {
        return group.sibling(steps.once("choose a replica", String.class,
                () -> freshest(others(steps, group, nodeGroupId, primary))));
    }

    private String freshest(List<CacheCluster> replicas) {
        String best = null;
        long bestOffset = 0;
        boolean allAnswer = true;
        for (CacheCluster replica : replicas) {
            NodePlace place = nodes.placeIfAnswering(nodes.of(replica.key()).getFirst());
            allAnswer &= place != null;
            if (place != null && !place.isPrimary() && place.offset() > bestOffset) {
                best = replica.id();
                bestOffset = place.offset();
            }
        }
        if (best == null && allAnswer) {
            throw new HopelessException("no replica has what the primary wrote");
        }
        if (best == null) {
            throw new IllegalStateException("no replica answers that has what the primary wrote");
        }
        return best;
    }

    /** The members of the node group without this one. */
    private static List<CacheCluster> others(Steps steps, ResourceKey group, String nodeGroupId, String without) {
        return steps.read(handle -> CacheCluster.membersOf(handle, group)).stream()
                .filter(member -> nodeGroupId.equals(member.nodeGroupId()) && !member.id().equals(without))
                .toList();
    }

    /** Has the replica lead, and waits until it says so. */
    void promote(Steps steps, ResourceKey replica) {
        CacheNode node = nodes.of(replica).getFirst();
        steps.until("leads " + replica.id(), LEAD_LIMIT, () -> leads(node));
    }

    /** Tells it each time: it may have been started anew since, and then is what the rows still say. */
    private boolean leads(CacheNode node) {
        if (!nodes.admin(node).place().isPrimary()) {
            nodes.admin(node).lead();
        }
        return nodes.admin(node).place().isPrimary();
    }

    void becomePrimary(Handle handle, ResourceKey group, String nodeGroupId, String former, String chosen) {
        NodeGroup nodeGroup = NodeGroup.TABLE.find(handle, group.account(), group.region(), group.id(), nodeGroupId)
                .orElseThrow();
        NodeGroup.TABLE.update(handle, nodeGroup.withPrimary(chosen));
        String text = "Failover from primary node " + former + " to replica node " + chosen + " completed";
        groups.events().clusterEvent(handle, group.sibling(chosen), text);
        groups.events().groupEvent(handle, group, text);
    }

    void record(Handle handle, ResourceKey group, String nodeGroupId, boolean isTest) {
        new FailoverRow(group, nodeGroupId, clock.millis(), isTest).insert(handle);
    }

    /** Has the other members follow the new primary. One that does not answer is told when it does again. */
    void repoint(Steps steps, ResourceKey group, String nodeGroupId, String former) {
        // The new primary as well: one that was started anew since it was promoted is what the rows said then.
        for (CacheCluster member : others(steps, group, nodeGroupId, former)) {
            CacheNode node = nodes.of(member.key()).getFirst();
            steps.once("repoint " + member.id(), () -> tellRole(node));
        }
    }

    private void tellRole(CacheNode node) {
        try {
            if (nodes.isRunning(node)) {
                nodes.assumeRole(node);
            }
        } catch (JedisException e) {
            log.warn("node {} does not hear whom to follow; it is told again", node.nodeId(), e);
        }
    }

    /** The member's node is wanted and away: the keeper recovers it, as what the rows say that it is by then. */
    void leaveToKeeper(Handle handle, ResourceKey member) {
        become(handle, member, CacheNodeStatus.AVAILABLE);
    }

    /** The same for one that is still primary by the rows, and that the keeper would not touch otherwise. */
    void startAsItWas(Handle handle, ResourceKey member) {
        become(handle, member, CacheNodeStatus.REBOOTING);
    }

    private static void become(Handle handle, ResourceKey member, CacheNodeStatus status) {
        for (CacheNode node : CacheNode.of(handle, member)) {
            if (node.status() == CacheNodeStatus.LOST) {
                CacheNode.TABLE.update(handle, node.withStatus(status));
            }
        }
    }

    /** From here on the keeper leaves the member's nodes alone; false if somebody else has to do with them. */
    static boolean takeFromKeeper(Handle handle, @Nullable CacheCluster member) {
        if (member == null) {
            return false;
        }
        List<CacheNode> all = CacheNode.of(handle, member.key());
        boolean areFree = all.stream().allMatch(node -> node.wanted() && node.status() == CacheNodeStatus.AVAILABLE);
        if (areFree) {
            all.forEach(node -> CacheNode.TABLE.update(handle, node.withStatus(CacheNodeStatus.LOST)));
        }
        return areFree;
    }
}
