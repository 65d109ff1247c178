package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.Leadership;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.state.Database;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** A primary, and those who could take its place: what watches over node groups goes by. */
record Post(ReplicationGroup group, NodeGroup nodeGroup, CacheNode primary, List<CacheNode> replicas) {

    /** Those of all node groups whose primary is to run; in few queries, because it is read all the time. */
    static List<Post> all(Handle handle) {
        Map<ResourceKey, ReplicationGroup> groups = new HashMap<>();
        ReplicationGroup.TABLE.select(handle, "").forEach(group -> groups.put(group.key(), group));
        Map<ResourceKey, CacheNode> nodes = new HashMap<>();
        CacheNode.TABLE.select(handle, "where wanted = true").forEach(node -> nodes.put(node.key(), node));
        Map<ResourceKey, List<CacheCluster>> members = new HashMap<>();
        for (CacheCluster member : CacheCluster.TABLE.select(handle, "where replication_group_id is not null")) {
            members.computeIfAbsent(member.key().sibling(String.valueOf(member.replicationGroupId())),
                    _ -> new ArrayList<>()).add(member);
        }
        List<Post> posts = new ArrayList<>();
        for (NodeGroup nodeGroup : NodeGroup.TABLE.select(handle, "")) {
            ReplicationGroup group = groups.get(nodeGroup.key());
            CacheNode primary = nodes.get(nodeGroup.key().sibling(nodeGroup.primaryClusterId()));
            if (group != null && primary != null) {
                posts.add(new Post(group, nodeGroup, primary,
                        replicas(nodeGroup, members.getOrDefault(nodeGroup.key(), List.of()), nodes)));
            }
        }
        return posts;
    }

    private static List<CacheNode> replicas(NodeGroup nodeGroup, List<CacheCluster> members,
            Map<ResourceKey, CacheNode> nodes) {
        List<CacheNode> replicas = new ArrayList<>();
        for (CacheCluster member : members) {
            CacheNode node = nodes.get(member.key());
            if (node != null && nodeGroup.has(member) && !nodeGroup.hasPrimary(member)) {
                replicas.add(node);
            }
        }
        return replicas;
    }

    /** The one of this primary; null for none. */
    static @Nullable Post of(Handle handle, CacheNode primary) {
        return all(handle).stream().filter(post -> post.primary.nodeId().equals(primary.nodeId())).findFirst()
                .orElse(null);
    }

    Leadership leadership() {
        return Leadership.of(nodeGroup, group, replicas.size());
    }

    /** Changes the node group's row, unless another one leads by now. */
    void update(Database database, UnaryOperator<NodeGroup> change) {
        database.run(handle -> NodeGroup.of(handle, group.key()).stream()
                .filter(current -> current.nodeGroupId().equals(nodeGroup.nodeGroupId())
                        && current.primaryClusterId().equals(nodeGroup.primaryClusterId())
                        && current.epoch() == nodeGroup.epoch() && !change.apply(current).equals(current))
                .forEach(current -> NodeGroup.TABLE.update(handle, change.apply(current))));
    }

    /** Remembers in which history the primary writes: when it is lost, that tells whose data are the newest. */
    void noteHistory(Database database, String history) {
        if (!history.isEmpty() && !history.equals(nodeGroup.history())) {
            update(database, row -> row.withHistory(history));
        }
    }

    /** The replicas that clients are to use. */
    List<CacheNode> members() {
        return replicas.stream().filter(CacheNode::isMember).toList();
    }

    /**
     * Whether one of them takes its place when it is lost, and nobody else has to do with it. One that gets its data from
     * elsewhere gets them again when it is back.
     *
     * <p>Also without automatic failover, once it has ended: AWS then makes a new primary and gives it a replica's data,
     * since one that began empty would have its replicas throw away what they have. Here the replica that has the data
     * leads, which comes to the same for clients, and sooner.
     */
    boolean isGuarded() {
        return !group.is(ReplicationGroupStatus.MIGRATING) && isFree(primary) && !members().isEmpty();
    }

    /** Whether no workflow has to do with the node. */
    static boolean isFree(CacheNode node) {
        return node.wanted()
                && (node.status() == CacheNodeStatus.AVAILABLE || node.status() == CacheNodeStatus.REBOOTING);
    }

    /** Whether its group is one that could be failed over now. */
    boolean isWatched() {
        return isGuarded() && (group.is(ReplicationGroupStatus.AVAILABLE) || group.is(ReplicationGroupStatus.MODIFYING)
                || group.is(ReplicationGroupStatus.SNAPSHOTTING));
    }
}
