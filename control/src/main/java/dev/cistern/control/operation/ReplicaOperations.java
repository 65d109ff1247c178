package dev.cistern.control.operation;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.SubnetGroup;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.ConfigureShard;
import software.amazon.awssdk.services.elasticache.model.CreateCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.DecreaseReplicaCountRequest;
import software.amazon.awssdk.services.elasticache.model.DecreaseReplicaCountResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.IncreaseReplicaCountRequest;
import software.amazon.awssdk.services.elasticache.model.IncreaseReplicaCountResponse;

/** Actions by which replicas come and go, one by one or by their number. A workflow starts and stops them. */
public record ReplicaOperations(Context context) {

    private static final String COUNT = "NewReplicaCount";

    /** What is to become of one node group; {@code zones} is for its new replicas, empty when any will do. */
    private record Change(NodeGroup nodeGroup, int replicas, List<String> zones) {}

    // --- by number ---

    /** Answers with status "modifying". */
    public IncreaseReplicaCountResponse increase(IncreaseReplicaCountRequest request) {
        ReplicationGroup group = new ReplicationGroupOperations(context).require(request.replicationGroupId());
        List<CacheCluster> members = new Members(context).requireAvailable(group, "increase the replica count of");
        ClusterModeChange.requireNotCompatible(group);
        requireNow(request.applyImmediately());
        List<Change> changes = changes(group, members, request.newReplicaCount(), request.replicaConfiguration());
        requireDirection(changes, members, difference -> difference >= 0, "increase");
        int more = changes.stream().mapToInt(change -> change.replicas - replicas(change.nodeGroup, members)).sum();
        new Members(context).requireQuota(group, more);
        List<String> ids = new ArrayList<>();
        changes.forEach(change -> ids.addAll(add(group, change, members)));
        ReplicationGroup modifying = context.workflows().addReplicas(context.handle(), group, ids);
        return IncreaseReplicaCountResponse.builder().replicationGroup(described(modifying)).build();
    }

    /** Answers with status "modifying". */
    public DecreaseReplicaCountResponse decrease(DecreaseReplicaCountRequest request) {
        ReplicationGroup group = new ReplicationGroupOperations(context).require(request.replicationGroupId());
        List<CacheCluster> members = new Members(context).requireAvailable(group, "decrease the replica count of");
        ClusterModeChange.requireNotCompatible(group);
        requireNow(request.applyImmediately());
        List<CacheCluster> leaving = request.replicasToRemove().isEmpty()
                ? surplus(group, members, request)
                : named(group, members, request);
        leaving.forEach(member -> requireNotPrimary(group, member));
        for (NodeGroup nodeGroup : new Members(context).nodeGroups(group)) {
            requireEnoughLeft(group, Members.of(nodeGroup, members).size()
                    - (int) leaving.stream().filter(nodeGroup::has).count() - 1);
        }
        return DecreaseReplicaCountResponse.builder().replicationGroup(described(remove(group, leaving))).build();
    }

    private List<CacheCluster> named(ReplicationGroup group, List<CacheCluster> members,
            DecreaseReplicaCountRequest request) {
        if (request.newReplicaCount() != null || !request.replicaConfiguration().isEmpty()) {
            throw onlyOneWay();
        }
        Set<String> wanted = new LinkedHashSet<>();
        request.replicasToRemove().forEach(id -> wanted.add(id.toLowerCase(Locale.ROOT)));
        List<CacheCluster> leaving = new ArrayList<>();
        for (String id : wanted) {
            leaving.add(members.stream().filter(member -> member.id().equals(id)).findFirst()
                    .orElseThrow(() -> Faults.invalidParameterValue(
                            "Cache cluster %s is not a member of replication group %s.", id, group.id())));
        }
        return leaving;
    }

    /** The newest replicas above the wished number. */
    private List<CacheCluster> surplus(ReplicationGroup group, List<CacheCluster> members,
            DecreaseReplicaCountRequest request) {
        List<Change> changes = changes(group, members, request.newReplicaCount(), request.replicaConfiguration());
        requireDirection(changes, members, difference -> difference <= 0, "decrease");
        List<CacheCluster> leaving = new ArrayList<>();
        for (Change change : changes) {
            List<CacheCluster> replicas = Members.of(change.nodeGroup, members).stream()
                    .filter(member -> !change.nodeGroup.hasPrimary(member))
                    .sorted(Comparator.comparing(CacheCluster::id)).toList();
            leaving.addAll(replicas.subList(change.replicas, replicas.size()));
        }
        return leaving;
    }

    /** What each node group that is named, or each, is to have. */
    private List<Change> changes(ReplicationGroup group, List<CacheCluster> members, @Nullable Integer count,
            List<ConfigureShard> shards) {
        if ((count == null) == shards.isEmpty()) {
            throw onlyOneWay();
        }
        List<NodeGroup> nodeGroups = new Members(context).nodeGroups(group);
        List<Change> changes = new ArrayList<>();
        if (count != null) {
            nodeGroups.forEach(nodeGroup -> changes.add(new Change(nodeGroup, checked(count), List.of())));
        }
        for (ConfigureShard shard : shards) {
            String number = GroupShape.checkedNumber(Checks.notBlank("NodeGroupId", shard.nodeGroupId()));
            NodeGroup nodeGroup = nodeGroups.stream().filter(other -> other.nodeGroupId().equals(number)).findFirst()
                    .orElseThrow(() -> Faults.nodeGroupNotFound(number, group.id()));
            if (changes.stream().anyMatch(other -> other.nodeGroup.equals(nodeGroup))) {
                throw Faults.invalidParameterValue("Node group %s is named twice.", number);
            }
            Change change = new Change(nodeGroup, checked(Checks.required(COUNT, shard.newReplicaCount())),
                    shard.preferredAvailabilityZones());
            changes.add(new Change(nodeGroup, change.replicas, newZones(change, members)));
        }
        return changes;
    }

    /** AWS wants zones for all nodes, the present ones first, or for the new ones alone. */
    private static List<String> newZones(Change change, List<CacheCluster> members) {
        List<String> zones = change.zones;
        int present = Members.of(change.nodeGroup, members).size();
        int added = Math.max(0, change.replicas + 1 - present);
        if (zones.isEmpty() || zones.size() == added) {
            return zones;
        }
        if (zones.size() != present + added) {
            throw Faults.invalidParameterCombination("PreferredAvailabilityZones of node group %s must name a zone for "
                    + "each of its nodes.", change.nodeGroup.nodeGroupId());
        }
        return zones.subList(present, zones.size());
    }

    private static int checked(int count) {
        if (count < 0 || count > GroupShape.MAX_REPLICAS) {
            throw Faults.invalidParameterValue("Invalid value %d for %s: a node group has 0 to %d replicas.", count,
                    COUNT,
                    GroupShape.MAX_REPLICAS);
        }
        return count;
    }

    private static int replicas(NodeGroup nodeGroup, List<CacheCluster> members) {
        return Members.of(nodeGroup, members).size() - 1;
    }

    private static void requireDirection(List<Change> changes, List<CacheCluster> members, IntPredicate isRight,
            String word) {
        boolean changesAny = false;
        for (Change change : changes) {
            int difference = change.replicas - replicas(change.nodeGroup, members);
            changesAny |= difference != 0;
            if (!isRight.test(difference)) {
                throw Faults.invalidParameterValue("Node group %s has %d replicas; a %s to %d is none.",
                        change.nodeGroup.nodeGroupId(), replicas(change.nodeGroup, members), word, change.replicas);
            }
        }
        if (!changesAny) {
            throw Faults.noOperation("The replica count is already as requested.");
        }
    }

    private List<String> add(ReplicationGroup group, Change change, List<CacheCluster> members) {
        Members all = new Members(context);
        CacheCluster model = members.getFirst();
        SubnetGroup subnets = all.subnets(model);
        List<String> taken = new ArrayList<>();
        Members.of(change.nodeGroup, members).forEach(member -> taken.add(member.availabilityZone()));
        List<String> ids = new ArrayList<>();
        for (int i = replicas(change.nodeGroup, members); i < change.replicas; i++) {
            String zone = change.zones.isEmpty()
                    ? all.nextZone(model, taken)
                    : ClusterWish.knownZone(change.zones.get(ids.size()), context.caller().region(), subnets);
            taken.add(zone);
            String number = change.nodeGroup.nodeGroupId();
            ids.add(all.add(model, all.nextId(group, number), number, zone).id());
        }
        return ids;
    }

    private static void requireNow(@Nullable Boolean applyImmediately) {
        if (!Boolean.TRUE.equals(applyImmediately)) {
            throw Faults.invalidParameterValue("This operation is only supported with ApplyImmediately true.");
        }
    }

    private static RuntimeException onlyOneWay() {
        return Faults.invalidParameterCombination(
                "Exactly one of NewReplicaCount, ReplicaConfiguration and, to remove replicas, ReplicasToRemove must be "
                        + "specified.");
    }

    // --- one by one ---

    /** Stores a replica under a name of the caller's, with all that the group has. */
    CacheCluster create(CreateCacheClusterRequest request, String id) {
        ReplicationGroup group = new ReplicationGroupOperations(context).require(request.replicationGroupId());
        refuseOwn(request, group);
        Members all = new Members(context);
        if (CacheCluster.find(context.handle(), context.key(id)) != null) {
            throw Faults.cacheClusterAlreadyExists();
        }
        if (group.isClustered()) {
            throw Faults.invalidParameterCombination("Replication group %s has cluster mode enabled: use "
                    + "IncreaseReplicaCount to add replicas to it.", group.id());
        }
        List<CacheCluster> members = all.requireAvailable(group, "add a cache cluster to");
        if (members.size() > GroupShape.MAX_REPLICAS) {
            throw Faults.clusterNodeQuotaExceeded(GroupShape.MAX_REPLICAS + 1);
        }
        all.requireQuota(group, 1);
        CacheCluster model = members.getFirst();
        String zone = request.preferredAvailabilityZone() == null
                ? all.nextZone(model, members.stream().map(CacheCluster::availabilityZone).toList())
                : ClusterWish.knownZone(request.preferredAvailabilityZone(), context.caller().region(),
                        all.subnets(model));
        CacheCluster added = all.add(model, id, NodeGroup.FIRST, zone);
        Tags.put(context, added.arn(), request.tags());
        context.workflows().addReplicas(context.handle(), group, List.of(added.id()));
        return added;
    }

    /** A replica has what its group has. */
    private static void refuseOwn(CreateCacheClusterRequest request, ReplicationGroup group) {
        boolean isOther = request.engine() != null && !request.engine().equalsIgnoreCase(group.engine().wireName());
        boolean saysOwn = request.cacheNodeType() != null || request.engineVersion() != null
                || request.cacheParameterGroupName() != null || request.cacheSubnetGroupName() != null
                || request.port() != null || request.snapshotName() != null || !request.snapshotArns().isEmpty();
        if (isOther || saysOwn) {
            throw Faults.invalidParameterCombination("A member of a replication group has the group's engine, version, "
                    + "node type, port, parameter group, subnet group and data: these cannot be given with "
                    + "ReplicationGroupId.");
        }
        if (request.numCacheNodes() != null && request.numCacheNodes() != 1) {
            throw Faults.invalidParameterValue("Invalid value %d for NumCacheNodes", request.numCacheNodes());
        }
    }

    /** Begins the deletion of a replica; Terraform knows two of these refusals by their words. */
    CacheCluster delete(CacheCluster cluster, DeleteCacheClusterRequest request) {
        ReplicationGroup group = new ReplicationGroupOperations(context)
                .require(String.valueOf(cluster.replicationGroupId()));
        List<CacheCluster> members = new Members(context).of(group);
        if (members.size() == 1) {
            throw Faults.invalidCacheClusterState("Cannot delete the cache cluster since it is the only member of a "
                    + "replication group. Delete the replication group instead.");
        }
        requireNotPrimary(group, cluster);
        if (group.isClustered()) {
            throw Faults.invalidCacheClusterState("Cache cluster %s is a member of replication group %s with cluster "
                    + "mode enabled: use DecreaseReplicaCount to remove it.", cluster.id(), group.id());
        }
        if (request.finalSnapshotIdentifier() != null) {
            throw Faults.invalidParameterCombination(
                    "FinalSnapshotIdentifier cannot be used for a read replica. Take a snapshot of the replication group.");
        }
        new Members(context).requireAvailable(group, "delete a cache cluster of");
        requireEnoughLeft(group, members.size() - 2);
        remove(group, List.of(cluster));
        return Clusters.require(context, cluster.id());
    }

    private void requireNotPrimary(ReplicationGroup group, CacheCluster cluster) {
        NodeGroup nodeGroup = NodeGroup.of(context.handle(), cluster);
        if (nodeGroup != null && nodeGroup.hasPrimary(cluster)) {
            throw Faults.invalidCacheClusterState("Cache cluster %s is serving as primary for replication group %s and "
                    + "cannot be deleted.", cluster.id(), group.id());
        }
    }

    private static void requireEnoughLeft(ReplicationGroup group, int replicas) {
        if (replicas > 0 || (group.isClustered() && !group.multiAz())) {
            return;
        }
        if (group.multiAz()) {
            throw Faults.invalidCacheClusterState(
                    "Replication group %s with Multi-AZ enabled needs at least one replica in each node group.",
                    group.id());
        }
        if (group.hasAutomaticFailover()) {
            throw Faults.invalidCacheClusterState(
                    "Replication group %s with automatic failover enabled needs at least one replica.", group.id());
        }
    }

    private ReplicationGroup remove(ReplicationGroup group, List<CacheCluster> leaving) {
        leaving.forEach(member -> CacheClusterOperations.markDeleting(context, member));
        List<String> ids = leaving.stream().map(CacheCluster::id).toList();
        // A later member may get the same id: nobody has named that one.
        boolean isNamed = group.snapshottingClusterId() != null && ids.contains(group.snapshottingClusterId());
        return context.workflows().removeReplicas(context.handle(),
                isNamed ? group.withSnapshottingCluster(null) : group, ids);
    }

    private software.amazon.awssdk.services.elasticache.model.ReplicationGroup described(ReplicationGroup group) {
        return context.descriptions().group(context.handle(), group);
    }
}
