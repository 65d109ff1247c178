package dev.cistern.control.operation;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.EngineChange;
import dev.cistern.control.resource.NewNode;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.SubnetGroup;
import java.util.ArrayList;
import java.util.List;

/** Makes the rows of members of replication groups and of their node groups, and says which may come and go. */
record Members(Context context) {

    /** All members, when the group and each of them can be changed. */
    List<CacheCluster> requireAvailable(ReplicationGroup group, String wish) {
        if (!group.is(ReplicationGroupStatus.AVAILABLE)) {
            throw Faults.invalidReplicationGroupState("Replication group must be in available state to %s.", wish);
        }
        List<CacheCluster> members = of(group);
        if (!members.stream().allMatch(member -> member.is(CacheClusterStatus.AVAILABLE))) {
            throw Faults.invalidReplicationGroupState(
                    "All members of the replication group must be in available state to %s it.", wish);
        }
        return members;
    }

    List<CacheCluster> of(ReplicationGroup group) {
        return CacheCluster.membersOf(context.handle(), group.key());
    }

    List<NodeGroup> nodeGroups(ReplicationGroup group) {
        return NodeGroup.of(context.handle(), group.key());
    }

    /** The node group's members, its primary first. */
    static List<CacheCluster> of(NodeGroup nodeGroup, List<CacheCluster> members) {
        List<CacheCluster> own = new ArrayList<>(members.stream().filter(nodeGroup::has).toList());
        own.sort((one, other) -> Boolean.compare(nodeGroup.hasPrimary(other), nodeGroup.hasPrimary(one)));
        return own;
    }

    /** How many replicas the node group with the fewest has. */
    int fewestReplicas(ReplicationGroup group, List<CacheCluster> members) {
        return nodeGroups(group).stream().mapToInt(nodeGroup -> of(nodeGroup, members).size() - 1).min().orElse(0);
    }

    /** Stores a member that is to be started, like {@code model} in everything that members have in common. */
    CacheCluster add(CacheCluster model, String id, String nodeGroupId, String zone) {
        if (CacheCluster.find(context.handle(), context.key(id)) != null) {
            throw Faults.cacheClusterAlreadyExists();
        }
        CacheCluster member = model.another(id, Clusters.newHash(context.options().random()), nodeGroupId, zone,
                context.options().clock().millis());
        CacheCluster.TABLE.insert(context.handle(), member);
        addNode(member, zone);
        EngineChange waiting = EngineChange.find(context.handle(), model.key());
        if (waiting != null) {
            waiting.of(member).store(context.handle());
        }
        Tags.put(context, member.arn(), Tags.list(context,
                context.key(String.valueOf(model.replicationGroupId())).arn(ReplicationGroup.ARN_TYPE)));
        return member;
    }

    /** Stores the only node of a new cluster, on any free port. */
    void addNode(CacheCluster cluster, String zone) {
        String nodeId = Clusters.nodeId(cluster, Clusters.FIRST_NODE);
        int port = new Ports(context.options().endpoints()).lease(context.handle(), null, nodeId, zone);
        new NewNode(Clusters.FIRST_NODE, nodeId, zone, port).insert(context.handle(), cluster,
                context.options().endpoints(), cluster.createdAtMillis());
    }

    /** What the next new member of a node group is called: the lowest number that no cluster has. */
    String nextId(ReplicationGroup group, String nodeGroupId) {
        for (int number = 1;; number++) {
            String id = id(group.id(), group.isClustered(), nodeGroupId, number);
            if (CacheCluster.find(context.handle(), context.key(id)) == null) {
                return id;
            }
        }
    }

    static String id(String groupId, boolean isClustered, String nodeGroupId, int number) {
        return isClustered
                ? "%s-%s-%03d".formatted(groupId, nodeGroupId, number)
                : "%s-%03d".formatted(groupId, number);
    }

    /** A zone for one more member: the one that the fewest have. */
    String nextZone(CacheCluster model, List<String> taken) {
        List<String> zones = ClusterWish.fewZones(subnets(model));
        return zones.stream().min((one, other) -> Long.compare(count(taken, one), count(taken, other))).orElseThrow();
    }

    private static long count(List<String> taken, String zone) {
        return taken.stream().filter(zone::equals).count();
    }

    SubnetGroup subnets(CacheCluster model) {
        return new SubnetGroupOperations(context).require(model.subnetGroup());
    }

    void requireQuota(ReplicationGroup group, int more) {
        requireQuota(of(group).size() + more);
        Clusters.requireQuota(context, more);
    }

    /** Before that many are thought of. */
    void requireNodeGroupQuota(int nodeGroups) {
        int quota = context.options().quotas().nodesPerReplicationGroup();
        if (nodeGroups > quota) {
            throw Faults.nodeGroupQuotaExceeded(quota);
        }
    }

    void requireQuota(int nodes) {
        int quota = context.options().quotas().nodesPerReplicationGroup();
        if (nodes > quota) {
            throw Faults.clusterNodeQuotaExceeded(quota);
        }
    }
}
