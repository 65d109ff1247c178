package dev.cistern.control.workflow;

import dev.cistern.control.resource.AtRestEncryption;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.ClusterSecurityGroups;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.SlotMap;
import dev.cistern.control.resource.TagRow;
import dev.cistern.control.resource.TransitEncryption;
import java.time.Duration;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** The steps that workflows on replication groups share. */
record GroupSteps(ClusterSteps clusters, EventLog events, Topologies topologies) {

    private static final Duration MOVE_LIMIT = Duration.ofHours(6);

    /**
     * The keys of the members, by id.
     *
     * <p>Asked once and stored: a run after a crash must find the same members, also when some are gone by then.
     */
    List<ResourceKey> members(Steps steps, ResourceKey group) {
        String[] ids = steps.once("members " + group.id(), String[].class, () -> steps
                .read(handle -> CacheCluster.membersOf(handle, group)).stream()
                .map(CacheCluster::id)
                .toArray(String[]::new));
        return List.of(ids).stream().map(group::sibling).toList();
    }

    /** Those of the clusters that are primaries of the group, then the others. */
    List<ResourceKey> primariesFirst(Steps steps, ResourceKey group, List<ResourceKey> clusters) {
        List<String> primaries = steps.read(handle -> NodeGroup.of(handle, group)).stream()
                .map(NodeGroup::primaryClusterId).toList();
        return clusters.stream()
                .sorted(Comparator.comparing((ResourceKey cluster) -> !primaries.contains(cluster.id())))
                .toList();
    }

    /** Starts these members, primaries with what they are restored from, and waits until all have the same. */
    void bringUp(Steps steps, ResourceKey group, List<ResourceKey> members, @Nullable RestoreSource source) {
        List<NodeGroup> nodeGroups = steps.read(handle -> NodeGroup.of(handle, group));
        if (source != null) {
            clusters.lay(steps, group.id(),
                    nodeGroups.stream().map(each -> group.sibling(each.primaryClusterId())).toList(), source);
        }
        for (ResourceKey member : primariesFirst(steps, group, members)) {
            boolean isPrimary = nodeGroups.stream()
                    .anyMatch(nodeGroup -> nodeGroup.primaryClusterId().equals(member.id()));
            clusters.bringUp(steps, member, isPrimary && source != null);
            clusters.takePlace(steps, member);
        }
    }

    /** Goes on from the epoch of a primary that was in a group before: it obeys no orders of lower ones. */
    void goOnFrom(Steps steps, ResourceKey primary) {
        long obeyed = clusters.obeyedEpoch(steps, primary);
        steps.commit("go on from that", handle -> {
            NodeGroup nodeGroup = nodeGroupOf(handle, primary);
            if (obeyed > nodeGroup.epoch()) {
                NodeGroup.TABLE.update(handle, nodeGroup.withEpoch(obeyed));
            }
        });
    }

    /** Has every member of the group be what the rows say. */
    void takePlaces(Steps steps, ResourceKey group, List<ResourceKey> members) {
        primariesFirst(steps, group, members).forEach(member -> clusters.takePlace(steps, member));
    }

    /**
     * Has this member and the primary of its node group change places, and stores that.
     *
     * <p>The node decides, the row follows: a run after a crash asks the member first whether it is primary already.
     */
    void handOver(Steps steps, ResourceKey group, String clusterId) {
        handOver(steps, group, clusterId, "");
    }

    /** The same once more in one workflow; {@code occasion} tells these steps from the others. */
    void handOver(Steps steps, ResourceKey group, String clusterId, String occasion) {
        ResourceKey member = group.sibling(clusterId);
        steps.commit("raise the epoch for " + clusterId + occasion, handle -> {
            NodeGroup nodeGroup = nodeGroupOf(handle, member);
            if (!nodeGroup.primaryClusterId().equals(clusterId)) {
                NodeGroup.TABLE.update(handle, nodeGroup.withNextEpoch());
            }
        });
        // Asked each time: the primary may fail over meanwhile, to this member or to another one.
        clusters.handOver(steps, () -> group.sibling(
                steps.read(handle -> nodeGroupOf(handle, member)).primaryClusterId()), member, occasion);
        steps.commit("primary is " + clusterId + occasion, handle -> {
            NodeGroup nodeGroup = nodeGroupOf(handle, member);
            String primary = nodeGroup.primaryClusterId();
            if (!primary.equals(clusterId)) {
                NodeGroup.TABLE.update(handle, nodeGroup.withPrimary(clusterId));
                String text = "Failover from primary node " + primary + " to replica node " + clusterId + " completed";
                events.clusterEvent(handle, member, text);
                events.groupEvent(handle, group, text);
            }
        });
    }

    private static NodeGroup nodeGroupOf(Handle handle, ResourceKey member) {
        return Objects.requireNonNull(
                NodeGroup.of(handle, Objects.requireNonNull(CacheCluster.find(handle, member), member.id())),
                member.id());
    }

    /** In cluster mode, has every node know which nodes there are, also those that join, and their roles. */
    void publish(Steps steps, ResourceKey group, String step, List<String> joining) {
        if (steps.read(handle -> ReplicationGroup.named(handle, group)).hasSlots()) {
            steps.once(step, () -> topologies.publish(group, joining));
        }
    }

    /** Has slots go from one node group to another, and waits until they are there. */
    void move(Steps steps, ResourceKey group, SlotMoves.Move move, String step) {
        steps.until(step, MOVE_LIMIT, () -> {
            int left = topologies.keepMoving(group, move);
            steps.tell(step + ": " + left + " left");
            return left == 0;
        });
        steps.commit(step + ", stored", handle -> {
            BitSet slots = SlotMap.slots(move.slots());
            for (NodeGroup nodeGroup : NodeGroup.of(handle, group)) {
                BitSet own = SlotMap.slots(nodeGroup.slots());
                own.andNot(slots);
                if (nodeGroup.nodeGroupId().equals(move.to())) {
                    own.or(slots);
                }
                NodeGroup.TABLE.update(handle, nodeGroup.withSlots(SlotMap.format(own)));
            }
        });
    }

    /** Takes node groups and their members from what clients are told of; they are not to run any more. */
    void part(Handle handle, ResourceKey group, List<String> clusterIds, List<String> numbers) {
        for (String id : clusterIds) {
            clusters.leave(handle, group.sibling(id));
        }
        int port = NodeGroup.of(handle, group).getFirst().primaryPort();
        for (String number : numbers) {
            NodeGroup.TABLE.delete(handle, group.account(), group.region(), group.id(), number);
        }
        NodeGroup first = NodeGroup.of(handle, group).getFirst();
        if (first.primaryPort() != port) {
            // The configuration endpoint goes over to who is first now.
            handle.execute("update port_lease set node_id = ? where port = ? and node_id like 'group %'",
                    NodeGroup.portHolder(group, first.nodeGroupId()), port);
            NodeGroup.TABLE.update(handle, first.withPrimaryPort(port));
        }
        for (String number : numbers) {
            handle.execute("delete from port_lease where node_id = ?", NodeGroup.portHolder(group, number));
        }
    }

    /** Has the primaries listen where they are to listen now. */
    void placePrimaries(Steps steps, ResourceKey group) {
        for (NodeGroup nodeGroup : steps.read(handle -> NodeGroup.of(handle, group))) {
            clusters.takePlace(steps, group.sibling(nodeGroup.primaryClusterId()));
        }
    }

    /** Tells every node of the group who may come in. */
    void secure(Steps steps, ResourceKey group) {
        for (ResourceKey member : members(steps, group)) {
            clusters.secure(steps, member);
        }
    }

    void become(Handle handle, ResourceKey key, ReplicationGroupStatus status) {
        ReplicationGroup.TABLE.update(handle, ReplicationGroup.named(handle, key).withStatus(status));
    }

    void become(Handle handle, ResourceKey key, ReplicationGroupStatus status, String event) {
        become(handle, key, status);
        events.groupEvent(handle, key, event);
    }

    /** Deletes the group's rows; from now on it is not found. */
    void forget(Handle handle, ResourceKey key) {
        for (NodeGroup nodeGroup : NodeGroup.of(handle, key)) {
            handle.execute("delete from port_lease where node_id = ?",
                    NodeGroup.portHolder(key, nodeGroup.nodeGroupId()));
        }
        handle.execute("delete from node_group where account = ? and region = ? and id = ?", key.account(),
                key.region(), key.id());
        TransitEncryption.delete(handle, key);
        AtRestEncryption.delete(handle, key.arn(ReplicationGroup.ARN_TYPE));
        ClusterSecurityGroups.delete(handle, key, true);
        ReplicationGroup.TABLE.delete(handle, key.account(), key.region(), key.id());
        TagRow.deleteAll(handle, key.arn(ReplicationGroup.ARN_TYPE));
        events.groupEvent(handle, key, "Replication group " + key.id() + " deleted");
    }
}
