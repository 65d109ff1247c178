package dev.cistern.control.resource;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Which nodes a snapshot is taken of: one of each node group, a replica by preference. */
public final class SnapshotParts {

    private SnapshotParts() {}

    public static List<NodeSnapshot> ofCluster(Handle handle, ResourceKey snapshot, CacheCluster cluster) {
        NodeGroup nodeGroup = NodeGroup.of(handle, cluster);
        if (nodeGroup == null) {
            return List.of(part(handle, snapshot, NodeGroup.FIRST, cluster, null, List.of(), null));
        }
        List<CacheCluster> own = members(handle, nodeGroup);
        return List.of(part(handle, snapshot, nodeGroup.nodeGroupId(), cluster, null, own, nodeGroup));
    }

    /** Of a final one, after which nobody can take another, of primaries: their replicas may lag behind. */
    public static List<NodeSnapshot> ofGroup(Handle handle, ResourceKey snapshot, ReplicationGroup group,
            boolean isFinal) {
        List<NodeSnapshot> parts = new ArrayList<>();
        for (NodeGroup nodeGroup : NodeGroup.of(handle, group.key())) {
            List<CacheCluster> own = members(handle, nodeGroup);
            CacheCluster saving = isFinal ? primary(nodeGroup, own) : savingMember(handle, nodeGroup, own);
            parts.add(part(handle, snapshot, nodeGroup.nodeGroupId(), saving, nodeGroup.slots(), own, nodeGroup));
        }
        return parts;
    }

    private static List<CacheCluster> members(Handle handle, NodeGroup nodeGroup) {
        return CacheCluster.membersOf(handle, nodeGroup.key()).stream().filter(nodeGroup::has).toList();
    }

    /** The port that clients of the source connect to. */
    public static int port(Handle handle, CacheCluster cluster, @Nullable ReplicationGroup group) {
        return group == null
                ? CacheNode.of(handle, cluster.key()).getFirst().port()
                : NodeGroup.of(handle, group.key()).getFirst().primaryPort();
    }

    /** Saving costs the node memory and time, which a replica has to spare. */
    private static CacheCluster savingMember(Handle handle, NodeGroup nodeGroup, List<CacheCluster> own) {
        return own.stream()
                .filter(member -> !nodeGroup.hasPrimary(member) && member.is(CacheClusterStatus.AVAILABLE))
                .filter(member -> CacheNode.of(handle, member.key()).getFirst().status() == CacheNodeStatus.AVAILABLE)
                .findFirst()
                .orElseGet(() -> primary(nodeGroup, own));
    }

    private static CacheCluster primary(NodeGroup nodeGroup, List<CacheCluster> own) {
        return own.stream().filter(nodeGroup::hasPrimary).findFirst().orElseThrow();
    }

    private static NodeSnapshot part(Handle handle, ResourceKey snapshot, String nodeGroupId, CacheCluster saving,
            @Nullable String slots, List<CacheCluster> own, @Nullable NodeGroup nodeGroup) {
        CacheNode node = CacheNode.of(handle, saving.key()).getFirst();
        return new NodeSnapshot(snapshot, nodeGroupId, 0, node.key().id(), node.cacheNodeId(), slots,
                node.createdAtMillis(), null, null, null, null,
                nodeGroup == null ? null : primary(nodeGroup, own).availabilityZone(),
                nodeGroup == null
                        ? null
                        : own.stream().filter(member -> !nodeGroup.hasPrimary(member))
                                .map(CacheCluster::availabilityZone).collect(Collectors.joining(",")));
    }
}
