package dev.cistern.control.resource;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.BiFunction;
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
        return ofEach(handle, snapshot, group, (nodeGroup, own) -> isFinal
                ? primary(nodeGroup, own)
                : firstThatSaves(handle, nodeGroup, byPreference(null, nodeGroup, own)));
    }

    /** Of an automatic one: of the member that the group names for these, if it can save. */
    public static List<NodeSnapshot> ofGroupDaily(Handle handle, ResourceKey snapshot, ReplicationGroup group) {
        return ofEach(handle, snapshot, group, (nodeGroup, own) -> firstThatSaves(handle, nodeGroup,
                byPreference(group.snapshottingClusterId(), nodeGroup, own)));
    }

    /** The member of the group's only node group that automatic snapshots are taken of when nothing is wrong with it. */
    public static CacheCluster dailySource(ReplicationGroup group, NodeGroup nodeGroup, List<CacheCluster> members) {
        return byPreference(group.snapshottingClusterId(), nodeGroup, members.stream().filter(nodeGroup::has).toList())
                .getFirst();
    }

    private static List<NodeSnapshot> ofEach(Handle handle, ResourceKey snapshot, ReplicationGroup group,
            BiFunction<NodeGroup, List<CacheCluster>, CacheCluster> choice) {
        List<NodeSnapshot> parts = new ArrayList<>();
        for (NodeGroup nodeGroup : NodeGroup.of(handle, group.key())) {
            List<CacheCluster> own = members(handle, nodeGroup);
            parts.add(part(handle, snapshot, nodeGroup.nodeGroupId(), choice.apply(nodeGroup, own), nodeGroup.slots(),
                    own, nodeGroup));
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

    /** The named one, then replicas: saving costs a node memory and time, which a primary has not to spare. */
    private static List<CacheCluster> byPreference(@Nullable String named, NodeGroup nodeGroup,
            List<CacheCluster> own) {
        return own.stream()
                .sorted(Comparator.comparing((CacheCluster member) -> !member.id().equals(named))
                        .thenComparing(nodeGroup::hasPrimary))
                .toList();
    }

    private static CacheCluster firstThatSaves(Handle handle, NodeGroup nodeGroup, List<CacheCluster> own) {
        return own.stream()
                .filter(member -> member.is(CacheClusterStatus.AVAILABLE))
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
