package dev.cistern.control.resource;

import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * By which right the primary of a node group writes.
 *
 * <p>Where another node may take its place without asking it, it needs a lease: so with automatic failover and replicas.
 * Without either nobody ever leads in its stead, and it writes for as long as it runs, also when there is no control plane.
 *
 * @param epoch     the node group's; 0 for a cluster that is in no group
 * @param isLeased  whether it needs a lease
 * @param replicas  how many could take its place; while all of them follow it, it goes on without the control plane
 */
public record Leadership(long epoch, boolean isLeased, int replicas) {

    /** Of a cluster that is in no group. */
    public static final Leadership NONE = new Leadership(0, false, 0);

    static Leadership of(Handle handle, NodeGroup nodeGroup, @Nullable ReplicationGroup group) {
        List<CacheCluster> members = CacheCluster.membersOf(handle, nodeGroup.key());
        int replicas = (int) members.stream().filter(nodeGroup::has).filter(member -> !nodeGroup.hasPrimary(member))
                .filter(member -> CacheNode.of(handle, member.key()).stream().anyMatch(CacheNode::wanted)).count();
        return of(nodeGroup, group, replicas);
    }

    /** The same when it is known how many of its nodes are wanted beside the primary. */
    public static Leadership of(NodeGroup nodeGroup, @Nullable ReplicationGroup group, int replicas) {
        return new Leadership(nodeGroup.epoch(), replicas > 0 && group != null && group.hasAutomaticFailover(),
                replicas);
    }
}
