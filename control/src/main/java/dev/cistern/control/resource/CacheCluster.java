package dev.cistern.control.resource;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.state.Table;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A cache cluster: for Redis and Valkey one node, alone or as a member of a replication group; for Memcached up to forty,
 * of which {@link MemcachedCluster} tells more.
 *
 * @param hash                six letters that stay with the resource; part of endpoint names and node ids, so that a cluster
 *                            made anew under an old id meets nothing of the old one
 * @param replicationGroupId  the group it is a member of
 * @param nodeGroupId         its place in that group
 * @param pendingNodeType     what its node type becomes, now when it is modifying, else in the maintenance window
 * @param parametersWait      whether its nodes take the values of its parameter group only in the maintenance window
 * @param subnetGroup         name of the cache subnet group that its nodes lie in
 */
public record CacheCluster(
        ResourceKey key,
        long version,
        CacheClusterStatus status,
        EngineType engine,
        String hash,
        String availabilityZone,
        int numCacheNodes,
        long createdAtMillis,
        @Nullable String replicationGroupId,
        @Nullable String nodeGroupId,
        ClusterSettings settings,
        @Nullable String pendingNodeType,
        boolean parametersWait,
        String subnetGroup) {

    /** Its part of an Amazon Resource Name. */
    public static final String ARN_TYPE = "cluster";

    public static final Table<CacheCluster> TABLE = Table.of(CacheCluster.class, "cache_cluster", "account", "region",
            "id");

    public static @Nullable CacheCluster find(Handle handle, ResourceKey key) {
        return TABLE.find(handle, key.account(), key.region(), key.id()).orElse(null);
    }

    /** The members of a group, by id. */
    public static List<CacheCluster> membersOf(Handle handle, ResourceKey group) {
        return TABLE.select(handle, "where account = ? and region = ? and replication_group_id = ? order by id",
                group.account(), group.region(), group.id());
    }

    public String id() {
        return key.id();
    }

    public String arn() {
        return key.arn(ARN_TYPE);
    }

    public boolean is(CacheClusterStatus wanted) {
        return status == wanted;
    }

    /** The type whose memory its nodes should have at this moment. */
    public String effectiveNodeType() {
        return pendingNodeType != null && is(CacheClusterStatus.MODIFYING) ? pendingNodeType : settings.cacheNodeType();
    }

    public CacheCluster withStatus(CacheClusterStatus value) {
        return new CacheCluster(key, version, value, engine, hash, availabilityZone, numCacheNodes, createdAtMillis,
                replicationGroupId, nodeGroupId, settings, pendingNodeType, parametersWait, subnetGroup);
    }

    public CacheCluster withEngine(EngineType value, ClusterSettings changed) {
        return new CacheCluster(key, version, status, value, hash, availabilityZone, numCacheNodes, createdAtMillis,
                replicationGroupId, nodeGroupId, changed, pendingNodeType, parametersWait, subnetGroup);
    }

    public CacheCluster withNumCacheNodes(int value) {
        return new CacheCluster(key, version, status, engine, hash, availabilityZone, value, createdAtMillis,
                replicationGroupId, nodeGroupId, settings, pendingNodeType, parametersWait, subnetGroup);
    }

    public CacheCluster withSettings(ClusterSettings value) {
        return new CacheCluster(key, version, status, engine, hash, availabilityZone, numCacheNodes, createdAtMillis,
                replicationGroupId, nodeGroupId, value, pendingNodeType, parametersWait, subnetGroup);
    }

    public CacheCluster withPendingNodeType(@Nullable String value) {
        return new CacheCluster(key, version, status, engine, hash, availabilityZone, numCacheNodes, createdAtMillis,
                replicationGroupId, nodeGroupId, settings, value, parametersWait, subnetGroup);
    }

    public CacheCluster withParametersWait(boolean value) {
        return new CacheCluster(key, version, status, engine, hash, availabilityZone, numCacheNodes, createdAtMillis,
                replicationGroupId, nodeGroupId, settings, pendingNodeType, value, subnetGroup);
    }

    /** A new cluster of one node, under another id, with everything that the members of a group have in common. */
    public CacheCluster another(String id, String newHash, String nodeGroup, String zone, long nowMillis) {
        return new CacheCluster(key.sibling(id), 0, CacheClusterStatus.CREATING, engine, newHash, zone, 1, nowMillis,
                replicationGroupId, nodeGroup, settings, pendingNodeType, parametersWait, subnetGroup);
    }

    /** The cluster as a member of a group. */
    public CacheCluster withGroup(String group, String nodeGroup) {
        return new CacheCluster(key, version, status, engine, hash, availabilityZone, numCacheNodes, createdAtMillis,
                group, nodeGroup, settings, pendingNodeType, parametersWait, subnetGroup);
    }

    /** The cluster on its own. */
    public CacheCluster withoutGroup() {
        return new CacheCluster(key, version, status, engine, hash, availabilityZone, numCacheNodes, createdAtMillis,
                null, null, settings, pendingNodeType, parametersWait, subnetGroup);
    }
}
