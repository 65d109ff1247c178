package dev.cistern.control.resource;

import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Which nodes a snapshot is taken of: one of each node group, a replica by preference. */
public final class SnapshotParts {

    private SnapshotParts() {}

    public static List<NodeSnapshot> ofCluster(Handle handle, ResourceKey snapshot, CacheCluster cluster) {
        CacheNode node = CacheNode.of(handle, cluster.key()).getFirst();
        String nodeGroup = cluster.nodeGroupId() == null ? NodeGroup.FIRST : cluster.nodeGroupId();
        return List.of(part(snapshot, nodeGroup, null, node));
    }

    public static List<NodeSnapshot> ofGroup(Handle handle, ResourceKey snapshot, ReplicationGroup group) {
        List<CacheCluster> members = CacheCluster.membersOf(handle, group.key());
        List<NodeSnapshot> parts = new ArrayList<>();
        for (NodeGroup nodeGroup : NodeGroup.of(handle, group.key())) {
            CacheNode node = CacheNode.of(handle, savingMember(nodeGroup, members).key()).getFirst();
            parts.add(part(snapshot, nodeGroup.nodeGroupId(), nodeGroup.slots(), node));
        }
        return parts;
    }

    /** The port that clients of the source connect to. */
    public static int port(Handle handle, CacheCluster cluster, @Nullable ReplicationGroup group) {
        return group == null
                ? CacheNode.of(handle, cluster.key()).getFirst().port()
                : NodeGroup.of(handle, group.key()).getFirst().primaryPort();
    }

    /** Saving costs the node memory and time, which a replica has to spare. */
    private static CacheCluster savingMember(NodeGroup nodeGroup, List<CacheCluster> members) {
        List<CacheCluster> own = members.stream().filter(nodeGroup::has).toList();
        return own.stream()
                .filter(member -> !nodeGroup.hasPrimary(member) && member.is(CacheClusterStatus.AVAILABLE))
                .findFirst()
                .orElseGet(() -> own.stream().filter(nodeGroup::hasPrimary).findFirst().orElseThrow());
    }

    private static NodeSnapshot part(ResourceKey snapshot, String nodeGroupId, @Nullable String slots,
            CacheNode node) {
        return new NodeSnapshot(snapshot, nodeGroupId, 0, node.key().id(), node.cacheNodeId(), slots,
                node.createdAtMillis(), null, null, null, null);
    }
}
