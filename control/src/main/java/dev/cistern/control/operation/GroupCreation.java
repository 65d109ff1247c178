package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.ClusterSecurityGroups;
import dev.cistern.control.resource.ClusterSettings;
import dev.cistern.control.resource.GroupAccess;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.SlotMap;
import dev.cistern.control.resource.SubnetGroup;
import dev.cistern.control.resource.TransitEncryption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.ClusterMode;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;

/**
 * The making of a replication group: of new nodes in a shape that the caller wishes, or around one that serves already.
 *
 * <p>The port that a caller asks for is that of the first node group's primary endpoint: it is what stays when another node
 * becomes primary. Each node has a port of its own beside.
 */
record GroupCreation(Context context) {

    /** Stores the group and its members; a workflow starts them. */
    ReplicationGroup create(CreateReplicationGroupRequest original) {
        String id = Checks.identifier("ReplicationGroupId", original.replicationGroupId(), Checks.MAX_GROUP_ID);
        Restore restore = Restore.of(context, original.snapshotName(), original.snapshotArns());
        CreateReplicationGroupRequest request = restore == null ? original : restore.fill(context, original);
        String description = Checks.description("ReplicationGroupDescription", request.replicationGroupDescription());
        NotOffered.check(request);
        ResourceKey key = context.key(id);
        if (ReplicationGroup.find(context.handle(), key) != null) {
            throw Faults.replicationGroupAlreadyExists();
        }
        CacheCluster seed = request.primaryClusterId() == null || request.primaryClusterId().isEmpty()
                ? null
                : seed(request);
        TransitEncryption.Mode encryption = seed == null
                ? EncryptionChange.of(request)
                : TransitEncryption.of(context.handle(), seed).mode();
        ClusterWish wish = wantsSlots(request) ? ClusterWish.of(request).clustered() : ClusterWish.of(request);
        ClusterSettings settings = seed == null ? wish.settings(context) : seed.settings();
        boolean hasSlots = seed == null && ParameterGroups.isClustered(context, settings.parameterGroup());
        requireMode(request, hasSlots);
        if (hasSlots) {
            NotOffered.requireOwnNodes(context);
        }
        boolean isClustered = hasSlots && request.clusterMode() != ClusterMode.COMPATIBLE;
        if (request.numNodeGroups() != null) {
            new Members(context).requireNodeGroupQuota(request.numNodeGroups());
        }
        GroupShape shape = GroupShape.of(request, isClustered);
        if (restore != null) {
            restore.requireFitting(context, hasSlots);
        }
        requireFailover(request, shape, isClustered);
        new Members(context).requireQuota(shape.nodes());
        Clusters.requireQuota(context, seed == null ? shape.nodes() : 0);
        ReplicationGroup group = insert(key, description, seed == null ? wish.engine() : seed.engine(),
                isClustered
                        ? ReplicationGroup.ENABLED
                        : hasSlots ? ReplicationGroup.COMPATIBLE : ReplicationGroup.DISABLED,
                request, seed == null
                        ? AccessChange.of(context, request, wish.engine(), settings.engineVersion())
                        : GroupAccess.of(context.handle(), seed));
        TransitEncryption.create(context.handle(), key, encryption);
        new KeyChoice(context).ofGroup(request, group.engine(), seed, group.arn());
        SecurityGroupOperations.give(context, key, true, seed == null || !request.securityGroupIds().isEmpty()
                ? request.securityGroupIds()
                : ClusterSecurityGroups.of(context.handle(), seed));
        Tags.put(context, group.arn(), request.tags());
        if (seed == null) {
            insertMembers(group, wish, settings, shape, request.multiAZEnabled());
        } else {
            adopt(group, seed, request.port());
        }
        context.workflows().createReplicationGroup(context.handle(), key,
                restore == null ? null : restore.begin(context), seed == null ? null : seed.id());
        return group;
    }

    /** Whether more than one node group, or cluster mode by its name, is wished. */
    static boolean wantsSlots(CreateReplicationGroupRequest request) {
        return request.clusterMode() == ClusterMode.ENABLED || request.clusterMode() == ClusterMode.COMPATIBLE
                || request.nodeGroupConfiguration().size() > 1
                || (request.numNodeGroups() != null && request.numNodeGroups() > 1);
    }

    private static void requireMode(CreateReplicationGroupRequest request, boolean hasSlots) {
        boolean isOther = request.clusterMode() != null
                && hasSlots == (request.clusterMode() == ClusterMode.DISABLED);
        if (isOther) {
            throw Faults.invalidParameterCombination("ClusterMode %s does not go with cluster-enabled of the cache "
                    + "parameter group.", request.clusterModeAsString());
        }
    }

    private ReplicationGroup insert(ResourceKey key, String description, EngineType engine, String clusterMode,
            CreateReplicationGroupRequest request, GroupAccess access) {
        ReplicationGroup group = new ReplicationGroup(key, 0, ReplicationGroupStatus.CREATING, description, engine,
                Clusters.newHash(context.options().random()), word(Boolean.TRUE.equals(
                        request.automaticFailoverEnabled())),
                Boolean.TRUE.equals(request.multiAZEnabled()), clusterMode, context.options().clock().millis(),
                access, null);
        ReplicationGroup.TABLE.insert(context.handle(), group);
        return group;
    }

    private static String word(boolean value) {
        return value ? ReplicationGroup.ENABLED : ReplicationGroup.DISABLED;
    }

    // --- of new nodes ---

    private void insertMembers(ReplicationGroup group, ClusterWish wish, ClusterSettings settings, GroupShape shape,
            @Nullable Boolean multiAz) {
        SubnetGroup subnets = Clusters.subnets(context, wish);
        Members members = new Members(context);
        int start = context.options().random().nextInt(ClusterWish.fewZones(subnets).size());
        CacheCluster model = null;
        for (GroupShape.Part part : shape.parts()) {
            List<String> zones = zones(part, subnets, start++);
            if (Boolean.TRUE.equals(multiAz) && zones.stream().distinct().count() == 1) {
                throw Faults.invalidParameterCombination(
                        "Multi-AZ needs nodes in at least 2 availability zones in node group %s.", part.nodeGroupId());
            }
            insertNodeGroup(group, part, model == null ? wish.port() : null);
            for (int i = 0; i < zones.size(); i++) {
                String id = Members.id(group.id(), group.isClustered(), part.nodeGroupId(), i + 1);
                if (model == null) {
                    model = insertFirst(group, wish, settings, id, part.nodeGroupId(), zones.getFirst());
                } else {
                    members.add(model, id, part.nodeGroupId(), zones.get(i));
                }
            }
        }
    }

    private CacheCluster insertFirst(ReplicationGroup group, ClusterWish wish, ClusterSettings settings, String id,
            String nodeGroupId, String zone) {
        ResourceKey key = context.key(id);
        if (CacheCluster.find(context.handle(), key) != null) {
            throw Faults.cacheClusterAlreadyExists();
        }
        CacheCluster first = new CacheCluster(key, 0, CacheClusterStatus.CREATING, wish.engine(),
                Clusters.newHash(context.options().random()), zone, 1, group.createdAtMillis(), group.id(), nodeGroupId,
                settings, null, false, Clusters.subnets(context, wish).id());
        CacheCluster.TABLE.insert(context.handle(), first);
        new Members(context).addNode(first, zone);
        Tags.put(context, first.arn(), Tags.list(context, group.arn()));
        return first;
    }

    private void insertNodeGroup(ReplicationGroup group, GroupShape.Part part, @Nullable Integer port) {
        Ports ports = new Ports(context.options().endpoints());
        String holder = NodeGroup.portHolder(group.key(), part.nodeGroupId());
        NodeGroup.TABLE.insert(context.handle(), NodeGroup.fresh(group.key(), part.nodeGroupId(),
                group.isCompatible() ? SlotMap.ALL : part.slots(),
                Members.id(group.id(), group.isClustered(), part.nodeGroupId(), 1),
                ports.lease(context.handle(), port, holder), ports.lease(context.handle(), null, holder)));
    }

    /** The zones that were wished, or all in turn. */
    private List<String> zones(GroupShape.Part part, SubnetGroup subnets, int start) {
        if (!part.zones().isEmpty()) {
            return part.zones().stream()
                    .map(zone -> ClusterWish.knownZone(zone, context.caller().region(), subnets)).toList();
        }
        List<String> few = ClusterWish.fewZones(subnets);
        List<String> zones = new ArrayList<>();
        for (int i = 0; i <= part.replicas(); i++) {
            zones.add(few.get((start + i) % few.size()));
        }
        return zones;
    }

    private static void requireFailover(CreateReplicationGroupRequest request, GroupShape shape, boolean isClustered) {
        boolean failsOver = Boolean.TRUE.equals(request.automaticFailoverEnabled());
        if (isClustered && !failsOver) {
            throw Faults.invalidParameterValue(
                    "Redis with cluster mode enabled cannot be created with auto failover turned off.");
        }
        FailoverRules.require(failsOver, Boolean.TRUE.equals(request.multiAZEnabled()),
                shape.parts().stream().mapToInt(GroupShape.Part::replicas).min().orElse(0), isClustered);
    }

    // --- around a node that serves ---

    private CacheCluster seed(CreateReplicationGroupRequest request) {
        CacheCluster seed = Clusters.require(context, request.primaryClusterId());
        if (seed.engine() == EngineType.MEMCACHED) {
            throw Faults.invalidParameterValue("Cache cluster %s of engine memcached cannot be a primary.", seed.id());
        }
        if (!seed.is(CacheClusterStatus.AVAILABLE)) {
            throw Faults.invalidCacheClusterState("Cache cluster %s is not in available state.", seed.id());
        }
        if (seed.replicationGroupId() != null) {
            throw Faults.invalidCacheClusterState("Cache cluster %s is already a member of replication group %s.",
                    seed.id(), seed.replicationGroupId());
        }
        boolean saysMore = request.numNodeGroups() != null || request.replicasPerNodeGroup() != null
                || request.numCacheClusters() != null || !request.nodeGroupConfiguration().isEmpty()
                || !request.preferredCacheClusterAZs().isEmpty() || request.cacheNodeType() != null
                || request.cacheParameterGroupName() != null || request.engineVersion() != null
                || request.cacheSubnetGroupName() != null || request.snapshotName() != null
                || !request.snapshotArns().isEmpty() || request.authToken() != null
                || !request.userGroupIds().isEmpty() || request.transitEncryptionMode() != null;
        if (saysMore) {
            throw Faults.invalidParameterCombination(
                    "With PrimaryClusterId the replication group is what cache cluster "
                            + "%s is: shape, node type, version, access, groups and snapshots cannot be given as well.",
                    seed.id());
        }
        if (Boolean.TRUE.equals(request.transitEncryptionEnabled())
                && !TransitEncryption.of(context.handle(), seed).isOn()) {
            throw Faults.invalidParameterCombination(
                    "TransitEncryptionEnabled cannot be true with a PrimaryClusterId that has no encryption.");
        }
        return seed;
    }

    private void adopt(ReplicationGroup group, CacheCluster seed, @Nullable Integer port) {
        Ports ports = new Ports(context.options().endpoints());
        String holder = NodeGroup.portHolder(group.key(), NodeGroup.FIRST);
        NodeGroup.TABLE.insert(context.handle(), NodeGroup.fresh(group.key(), NodeGroup.FIRST, null, seed.id(),
                ports.lease(context.handle(), port, holder), ports.lease(context.handle(), null, holder)));
        CacheCluster.TABLE.update(context.handle(),
                seed.withGroup(group.id(), NodeGroup.FIRST).withStatus(CacheClusterStatus.MODIFYING));
        Tags.put(context, seed.arn(), Tags.list(context, group.arn()));
    }
}
