package dev.cistern.control.resource;

import dev.cistern.control.node.NodeAddress;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * What a node is to be among the nodes of its group, as the rows say: whom it follows, and on which ports it listens
 * because of that, beside its own.
 *
 * @param primary      the node that it follows; null when it is a primary itself, or alone
 * @param primaryPort  on which it listens while it is a primary; 0 for none
 * @param readerPort   on which it listens while it is a replica that follows; 0 for none
 * @param leadership   how long whoever leads there may
 * @param source       a server that is not ours, which the group's primary follows while data come from there; else null
 */
public record NodeRole(@Nullable CacheNode primary, int primaryPort, int readerPort, Leadership leadership,
        @Nullable NodeAddress source) {

    /** Of a cluster that is in no group. */
    public static final NodeRole ALONE = new NodeRole(null, 0, 0, Leadership.NONE, null);

    public static NodeRole of(Handle handle, CacheCluster cluster) {
        NodeGroup nodeGroup = NodeGroup.of(handle, cluster);
        if (nodeGroup == null) {
            return ALONE;
        }
        CacheNode primary = nodeGroup.hasPrimary(cluster)
                ? null
                : CacheNode.of(handle, cluster.key().sibling(nodeGroup.primaryClusterId())).getFirst();
        ReplicationGroup group = ReplicationGroup.find(handle, nodeGroup.key());
        Leadership leadership = Leadership.of(handle, nodeGroup, group);
        NodeAddress source = primary == null ? Migration.sourceOf(handle, nodeGroup.key()) : null;
        if (source != null) {
            // Who comes to the primary endpoint meanwhile reads from it, though it is a replica.
            return new NodeRole(null, nodeGroup.primaryPort(), nodeGroup.primaryPort(), leadership, source);
        }
        if (group == null || !group.isClustered()) {
            return new NodeRole(primary, nodeGroup.primaryPort(), nodeGroup.readerPort(), leadership, null);
        }
        // Clients that know one node of a cluster know all: one listens on the configuration endpoint's port.
        boolean isFirst = NodeGroup.of(handle, nodeGroup.key()).getFirst().nodeGroupId()
                .equals(nodeGroup.nodeGroupId());
        return new NodeRole(primary, isFirst ? nodeGroup.primaryPort() : 0, 0, leadership, null);
    }
}
