package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.ClusterSettings;
import dev.cistern.control.resource.EngineChange;
import dev.cistern.control.resource.NodeType;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CreateCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.CreateCacheClusterResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteCacheClusterResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheClustersRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeCacheClustersResponse;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheClusterResponse;
import software.amazon.awssdk.services.elasticache.model.RebootCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.RebootCacheClusterResponse;

/** Actions on cache clusters. Each checks the wish, records it and answers; a workflow does the work. */
public record CacheClusterOperations(Context context) {

    /** Answers with status "creating". */
    public CreateCacheClusterResponse create(CreateCacheClusterRequest original) {
        String id = Checks.identifier("CacheClusterIdentifier", original.cacheClusterId(), Checks.MAX_CLUSTER_ID);
        if (isMember(original)) {
            return CreateCacheClusterResponse.builder()
                    .cacheCluster(described(new ReplicaOperations(context).create(original, id))).build();
        }
        // What Memcached cannot have is refused further down, in its own words.
        Restore restore = EngineType.MEMCACHED.wireName().equalsIgnoreCase(original.engine())
                ? null
                : Restore.of(context, original.snapshotName(), original.snapshotArns());
        CreateCacheClusterRequest request = restore == null ? original : restore.fill(context, original);
        ClusterWish wish = ClusterWish.of(request);
        if (wish.engine() == EngineType.MEMCACHED) {
            MemcachedOperations.refuseForeign(request);
        }
        NotOffered.check(request, wish.engine());
        ResourceKey key = context.key(id);
        if (CacheCluster.find(context.handle(), key) != null) {
            throw Faults.cacheClusterAlreadyExists();
        }
        CacheCluster cluster = wish.engine() == EngineType.MEMCACHED
                ? new MemcachedOperations(context).create(request, wish, key)
                : createAlone(wish, key);
        SecurityGroupOperations.give(context, key, false, request.securityGroupIds());
        Tags.put(context, cluster.arn(), request.tags());
        context.workflows().createCacheCluster(context.handle(), key,
                restore == null ? null : restore.begin(context));
        return CreateCacheClusterResponse.builder().cacheCluster(described(cluster)).build();
    }

    private static boolean isMember(CreateCacheClusterRequest request) {
        return request.replicationGroupId() != null && !request.replicationGroupId().isEmpty()
                && !EngineType.MEMCACHED.wireName().equalsIgnoreCase(request.engine());
    }

    private CacheCluster createAlone(ClusterWish wish, ResourceKey key) {
        Clusters.requireQuota(context, 1);
        return Clusters.create(context, wish, key);
    }

    /** One cluster, or all of the caller's by id. */
    public DescribeCacheClustersResponse describe(DescribeCacheClustersRequest request) {
        Page page = Page.of(request.maxRecords(), request.marker());
        boolean withNodes = Boolean.TRUE.equals(request.showCacheNodeInfo());
        List<CacheCluster> rows;
        if (request.cacheClusterId() != null) {
            rows = List.of(Clusters.require(context, request.cacheClusterId()));
        } else {
            boolean alone = Boolean.TRUE.equals(request.showCacheClustersNotInReplicationGroups());
            rows = CacheCluster.TABLE.select(context.handle(), "where account = ? and region = ? and id > ?"
                    + (alone ? " and replication_group_id is null" : "") + " order by id limit ?",
                    context.caller().account(), context.caller().region(), page.after(), page.limit());
        }
        return DescribeCacheClustersResponse.builder()
                .cacheClusters(page.cut(rows).stream()
                        .map(row -> context.descriptions().cluster(context.handle(), row, withNodes)).toList())
                .marker(page.next(rows, CacheCluster::id))
                .build();
    }

    /** Answers "modifying" when the nodes must change now, else what was changed or waits for its window. */
    public ModifyCacheClusterResponse modify(ModifyCacheClusterRequest request) {
        CacheCluster cluster = Clusters.require(context, request.cacheClusterId());
        if (!cluster.is(CacheClusterStatus.AVAILABLE)) {
            throw Faults.invalidCacheClusterState("Cache cluster must be in available state to modify.");
        }
        var _ = requireGroupAvailable(cluster, "modified");
        requireSomething(request);
        boolean isMemcached = cluster.engine() == EngineType.MEMCACHED;
        if (isMemcached) {
            MemcachedOperations.refuseForeign(request);
        }
        NotOffered.check(request, cluster.engine());
        SecurityGroupOperations.exchange(context, cluster, request.securityGroupIds());
        boolean now = Boolean.TRUE.equals(request.applyImmediately());
        if (isMemcached) {
            return ModifyCacheClusterResponse.builder()
                    .cacheCluster(described(modifyMemcached(request, cluster, now))).build();
        }
        return ModifyCacheClusterResponse.builder().cacheCluster(described(modifyOne(request, cluster, now))).build();
    }

    private CacheCluster modifyOne(ModifyCacheClusterRequest request, CacheCluster cluster, boolean now) {
        var wish = new EngineUpgrades.Wish(request.engine(), request.engineVersion(),
                request.cacheParameterGroupName());
        String group = cluster.replicationGroupId();
        boolean isMember = group != null;
        if (group != null && (request.cacheNodeType() != null || wish.saysSomething())) {
            throw Faults.invalidParameterCombination(
                    "Cache cluster %s is a member of replication group %s. Use "
                            + "ModifyReplicationGroup to change its node type or its engine.",
                    cluster.id(), group);
        }
        boolean upgrades = new EngineUpgrades(context).store(cluster, wish) != null;
        SettingsChange change = SettingsChange.of(request);
        CacheCluster changed = changeSettings(context, cluster, upgrades ? change.withoutParameterGroup() : change,
                now);
        if (request.cacheNodeType() != null) {
            changed = resize(changed, request.cacheNodeType(), now);
        } else if (now && !isMember && cluster.pendingNodeType() != null) {
            // What waits for the window is to be done at once too.
            changed = resize(changed, cluster.pendingNodeType(), true);
        }
        boolean isFree = changed.is(CacheClusterStatus.AVAILABLE);
        if (now && upgrades && !isFree) {
            throw Faults.invalidParameterCombination(
                    "The engine version cannot be changed together with the node type.");
        }
        return now && !isMember && isFree && EngineChange.find(context.handle(), cluster.key()) != null
                ? context.workflows().upgradeNode(context.handle(), changed)
                : changed;
    }

    private CacheCluster modifyMemcached(ModifyCacheClusterRequest request, CacheCluster cluster, boolean now) {
        MemcachedOperations memcached = new MemcachedOperations(context);
        MemcachedOperations.Upgrade upgrade = memcached.upgrade(request, cluster);
        SettingsChange change = SettingsChange.of(request);
        // A group of another family comes with the version that it is for.
        boolean groupWaits = upgrade != null && upgrade.changesFamily();
        CacheCluster changed = changeSettings(context, cluster, groupWaits ? change.withoutParameterGroup() : change,
                now);
        return memcached.change(request, changed, upgrade, now);
    }

    /** Answers with status "rebooting cluster nodes". What the nodes held is gone, as with AWS. */
    public RebootCacheClusterResponse reboot(RebootCacheClusterRequest request) {
        CacheCluster cluster = Clusters.require(context, request.cacheClusterId());
        List<String> wanted = request.cacheNodeIdsToReboot();
        if (wanted.isEmpty()) {
            throw Faults.invalidParameterValue(
                    "The parameter CacheNodeIdsToReboot must be provided and must not be blank.");
        }
        if (!cluster.is(CacheClusterStatus.AVAILABLE)) {
            throw Faults.invalidCacheClusterState("Cache cluster %s is not in available state.", cluster.id());
        }
        requireRebootable(cluster);
        List<CacheNode> nodes = CacheNode.of(context.handle(), cluster.key());
        for (String id : wanted) {
            if (nodes.stream().noneMatch(node -> node.cacheNodeId().equals(id))) {
                throw Faults.invalidParameterValue("Cache node %s does not exist in cache cluster %s.", id,
                        cluster.id());
            }
        }
        nodes.stream().filter(node -> wanted.contains(node.cacheNodeId()))
                .forEach(node -> CacheNode.TABLE.update(context.handle(), node.withStatus(CacheNodeStatus.RESTARTING)));
        CacheCluster rebooting = CacheCluster.TABLE.update(context.handle(),
                cluster.withStatus(CacheClusterStatus.REBOOTING).withParametersWait(false));
        context.workflows().rebootCacheCluster(context.handle(), cluster.key(),
                wanted.stream().sorted().distinct().toList());
        return RebootCacheClusterResponse.builder().cacheCluster(described(rebooting)).build();
    }

    /** AWS reboots no members in cluster mode. */
    private void requireRebootable(CacheCluster cluster) {
        ReplicationGroup group = requireGroupAvailable(cluster, "rebooted");
        if (group != null && group.isClustered()) {
            throw Faults.invalidCacheClusterState("Cache cluster %s is a member of replication group %s with cluster "
                    + "mode enabled and cannot be rebooted.", cluster.id(), group.id());
        }
    }

    /** What is done to a group is done to its members: nothing else meanwhile. Answers the cluster's group, if it has one. */
    private @Nullable ReplicationGroup requireGroupAvailable(CacheCluster cluster, String wish) {
        if (cluster.replicationGroupId() == null) {
            return null;
        }
        ReplicationGroup group = new ReplicationGroupOperations(context).require(cluster.replicationGroupId());
        if (!group.is(ReplicationGroupStatus.AVAILABLE)) {
            throw Faults.invalidCacheClusterState(
                    "Cache cluster %s cannot be %s: its replication group %s is not in available state.", cluster.id(),
                    wish, group.id());
        }
        return group;
    }

    /** Answers with status "deleting". */
    public DeleteCacheClusterResponse delete(DeleteCacheClusterRequest request) {
        CacheCluster cluster = Clusters.require(context, request.cacheClusterId());
        if (cluster.replicationGroupId() != null) {
            return DeleteCacheClusterResponse.builder()
                    .cacheCluster(described(new ReplicaOperations(context).delete(cluster, request))).build();
        }
        if (!cluster.is(CacheClusterStatus.AVAILABLE) && !cluster.is(CacheClusterStatus.INCOMPATIBLE_NETWORK)
                && !cluster.is(CacheClusterStatus.RESTORE_FAILED)) {
            throw Faults.invalidCacheClusterState("Cache cluster %s is not in a valid state to be deleted.",
                    cluster.id());
        }
        if (request.finalSnapshotIdentifier() != null) {
            SnapshotOperations snapshots = new SnapshotOperations(context);
            snapshots.beginOfCluster(snapshots.newKey("FinalSnapshotIdentifier", request.finalSnapshotIdentifier()),
                    cluster, true);
            return DeleteCacheClusterResponse.builder()
                    .cacheCluster(described(Clusters.require(context, cluster.id()))).build();
        }
        CacheCluster deleting = markDeleting(context, cluster);
        context.workflows().deleteCacheCluster(context.handle(), cluster.key());
        return DeleteCacheClusterResponse.builder().cacheCluster(described(deleting)).build();
    }

    /** Stores the changes of settings; nodes are told of a parameter group's values when they are to take them now. */
    static CacheCluster changeSettings(Context context, CacheCluster cluster, SettingsChange change, boolean now) {
        CacheCluster changed = CacheCluster.TABLE.update(context.handle(), change.apply(context, cluster, now));
        boolean otherGroup = !changed.settings().parameterGroup().equals(cluster.settings().parameterGroup());
        if (otherGroup) {
            context.events().clusterEvent(context.handle(), cluster.key(),
                    "Updated to use a CacheParameterGroup " + changed.settings().parameterGroup());
        }
        if (now && (otherGroup || cluster.parametersWait())) {
            context.workflows().configureCacheCluster(context.handle(), cluster.key());
        }
        return changed;
    }

    /** From here on nothing starts the cluster's nodes any more. */
    static CacheCluster markDeleting(Context context, CacheCluster cluster) {
        CacheNode.of(context.handle(), cluster.key())
                .forEach(node -> CacheNode.TABLE.update(context.handle(), node.leaving()));
        return CacheCluster.TABLE.update(context.handle(), cluster.withStatus(CacheClusterStatus.DELETING));
    }

    /** The node type that {@code wanted} names, when nodes of the present type can become it. */
    static NodeType requireAllowed(ClusterSettings present, String wanted) {
        NodeType type = ClusterWish.nodeType(wanted);
        if (!type.name().equals(present.cacheNodeType())
                && !NodeType.named(present.cacheNodeType()).canBecome(type)) {
            throw Faults.invalidParameterValue("Cannot change the node type from %s to %s.", present.cacheNodeType(),
                    type.name());
        }
        return type;
    }

    private CacheCluster resize(CacheCluster cluster, String wanted, boolean now) {
        String type = requireAllowed(cluster.settings(), wanted).name();
        if (type.equals(cluster.settings().cacheNodeType())) {
            return CacheCluster.TABLE.update(context.handle(), cluster.withPendingNodeType(null));
        }
        return now
                ? context.workflows().resizeCacheCluster(context.handle(), cluster, type)
                : CacheCluster.TABLE.update(context.handle(), cluster.withPendingNodeType(type));
    }

    private static void requireSomething(ModifyCacheClusterRequest request) {
        boolean nothing = request.toBuilder().cacheClusterId(null).applyImmediately(null).build()
                .equals(ModifyCacheClusterRequest.builder().build());
        if (nothing) {
            throw Faults.invalidParameterCombination("No modifications were requested");
        }
    }

    private software.amazon.awssdk.services.elasticache.model.CacheCluster described(CacheCluster cluster) {
        return context.descriptions().cluster(context.handle(), cluster, false);
    }
}
