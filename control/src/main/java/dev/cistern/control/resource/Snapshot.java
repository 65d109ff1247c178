package dev.cistern.control.resource;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.state.Table;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The data of a cluster or a replication group at a moment, and what its source was like then.
 *
 * @param replicationGroupId           the source, when that was a group or a member of one
 * @param cacheClusterId               the source, when that was one cluster
 * @param clusterCreatedAtMillis       tells the source from a later one of the same id
 * @param automaticFailover            AWS's word for the source group's
 * @param restores                     clusters and groups that are being made from it now
 */
public record Snapshot(
        ResourceKey key,
        long version,
        SnapshotStatus status,
        SnapshotSource source,
        @Nullable String replicationGroupId,
        @Nullable String replicationGroupDescription,
        @Nullable String cacheClusterId,
        EngineType engine,
        int numCacheNodes,
        String availabilityZone,
        long clusterCreatedAtMillis,
        int port,
        String subnetGroup,
        @Nullable String automaticFailover,
        ClusterSettings settings,
        int restores,
        long createdAtMillis) {

    /** Its part of an Amazon Resource Name. */
    public static final String ARN_TYPE = "snapshot";

    /** What the names of automatic ones begin with; no caller's can. */
    public static final String AUTOMATIC_PREFIX = "automatic.";

    public static final Table<Snapshot> TABLE = Table.of(Snapshot.class, "snapshot", "account", "region", "id");

    public static @Nullable Snapshot find(Handle handle, ResourceKey key) {
        return TABLE.find(handle, key.account(), key.region(), key.id()).orElse(null);
    }

    /** The snapshot of that key, which a workflow is about and which therefore is there. */
    public static Snapshot named(Handle handle, ResourceKey key) {
        Snapshot snapshot = find(handle, key);
        if (snapshot == null) {
            throw new IllegalStateException("snapshot " + key.id() + " is gone");
        }
        return snapshot;
    }

    /** A snapshot that is about to be taken of {@code cluster}, in its {@code group} if it has one. */
    public static Snapshot of(ResourceKey key, SnapshotSource source, CacheCluster cluster,
            @Nullable ReplicationGroup group, int port, long nowMillis) {
        return new Snapshot(key, 0, SnapshotStatus.CREATING, source,
                group == null ? null : group.id(),
                group == null ? null : group.description(),
                cluster.id(), cluster.engine(), cluster.numCacheNodes(), cluster.availabilityZone(),
                cluster.createdAtMillis(), port, cluster.subnetGroup(),
                group == null ? null : group.automaticFailover(), cluster.settings(), 0, nowMillis);
    }

    public String id() {
        return key.id();
    }

    public String arn() {
        return key.arn(ARN_TYPE);
    }

    public boolean is(SnapshotStatus wanted) {
        return status == wanted;
    }

    /** AWS's word for its status; it counts as available while it is being read. */
    public String wireStatus() {
        return restores > 0 && is(SnapshotStatus.AVAILABLE) ? "restoring" : status.wireName();
    }

    /** Its nodes' parts, by node group. */
    public List<NodeSnapshot> parts(Handle handle) {
        return NodeSnapshot.of(handle, key);
    }

    public Snapshot withStatus(SnapshotStatus value) {
        return copy(key, version, value, source, restores, createdAtMillis);
    }

    /** One more, or one less, that is being made from it. */
    public Snapshot withRestores(int value) {
        return copy(key, version, status, source, value, createdAtMillis);
    }

    /** A copy of it that is about to be made under another name. */
    public Snapshot copyAs(ResourceKey otherKey, long nowMillis) {
        return copy(otherKey, 0, SnapshotStatus.CREATING, SnapshotSource.MANUAL, 0, nowMillis);
    }

    private Snapshot copy(ResourceKey newKey, long newVersion, SnapshotStatus newStatus, SnapshotSource newSource,
            int newRestores, long newCreatedAtMillis) {
        return new Snapshot(newKey, newVersion, newStatus, newSource, replicationGroupId, replicationGroupDescription,
                cacheClusterId, engine, numCacheNodes, availabilityZone, clusterCreatedAtMillis, port, subnetGroup,
                automaticFailover, settings, newRestores, newCreatedAtMillis);
    }
}
