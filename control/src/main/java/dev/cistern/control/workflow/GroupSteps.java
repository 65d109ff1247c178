package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.ClusterSecurityGroups;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.TagRow;
import dev.cistern.control.resource.TransitEncryption;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** The steps that workflows on replication groups share. */
record GroupSteps(ClusterSteps clusters, EventLog events) {

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
        for (ResourceKey member : primariesFirst(steps, group, members)) {
            boolean isPrimary = nodeGroups.stream()
                    .anyMatch(nodeGroup -> nodeGroup.primaryClusterId().equals(member.id()));
            clusters.bringUp(steps, member, isPrimary ? source : null);
            clusters.takePlace(steps, member);
        }
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
        ResourceKey member = group.sibling(clusterId);
        String primary = steps.once("primary before " + clusterId, String.class,
                () -> steps.read(handle -> nodeGroupOf(handle, member)).primaryClusterId());
        if (!primary.equals(clusterId)) {
            clusters.handOver(steps, group.sibling(primary), member);
            steps.commit("primary is " + clusterId, handle -> {
                NodeGroup.TABLE.update(handle, nodeGroupOf(handle, member).withPrimary(clusterId));
                String text = "Failover from primary node " + primary + " to replica node " + clusterId + " completed";
                events.clusterEvent(handle, member, text);
                events.groupEvent(handle, group, text);
            });
        }
    }

    private static NodeGroup nodeGroupOf(Handle handle, ResourceKey member) {
        return Objects.requireNonNull(
                NodeGroup.of(handle, Objects.requireNonNull(CacheCluster.find(handle, member), member.id())),
                member.id());
    }

    /** Tells every node of the group who may come in. */
    void secure(Steps steps, ResourceKey group) {
        for (ResourceKey member : members(steps, group)) {
            clusters.secure(steps, member);
        }
    }

    void become(Handle handle, ResourceKey key, ReplicationGroupStatus status, String event) {
        ReplicationGroup.TABLE.update(handle, ReplicationGroup.named(handle, key).withStatus(status));
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
        ClusterSecurityGroups.delete(handle, key, true);
        ReplicationGroup.TABLE.delete(handle, key.account(), key.region(), key.id());
        TagRow.deleteAll(handle, key.arn(ReplicationGroup.ARN_TYPE));
        events.groupEvent(handle, key, "Replication group " + key.id() + " deleted");
    }
}
