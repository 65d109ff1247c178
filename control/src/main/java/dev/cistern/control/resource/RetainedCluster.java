package dev.cistern.control.resource;

import dev.cistern.control.resource.TransitEncryption.Mode;
import dev.cistern.control.state.Table;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * What a cluster has kept of the replication group that was deleted around it; {@code key} is the cluster's.
 *
 * <p>It counts as long as the cluster is in no group. User groups are not kept: AWS's clusters cannot have one.
 */
public record RetainedCluster(ResourceKey key, Mode mode, @Nullable String tokenHash, @Nullable String olderTokenHash,
        boolean tokenOptional, @Nullable Long tokenChangedAtMillis) {

    public static final Table<RetainedCluster> TABLE = Table.of(RetainedCluster.class, "retained_cluster", "account",
            "region", "id");

    public static @Nullable RetainedCluster find(Handle handle, ResourceKey cluster) {
        return TABLE.find(handle, cluster.account(), cluster.region(), cluster.id()).orElse(null);
    }

    /** Has the cluster keep what its group has, on the wire and on the disk. */
    public static void keep(Handle handle, CacheCluster cluster, ReplicationGroup group) {
        forget(handle, cluster);
        GroupAccess access = group.access();
        TABLE.insert(handle, new RetainedCluster(cluster.key(), TransitEncryption.of(handle, group.key()).mode(),
                access.tokenHash(), access.olderTokenHash(), access.tokenOptional(), access.tokenChangedAtMillis()));
        AtRestEncryption.inherit(handle, cluster.arn(), AtRestEncryption.ofGroup(handle, group.key()));
    }

    public static void forget(Handle handle, CacheCluster cluster) {
        TABLE.delete(handle, cluster.key().account(), cluster.key().region(), cluster.key().id());
        AtRestEncryption.delete(handle, cluster.arn());
    }

    public GroupAccess access() {
        return new GroupAccess(null, null, null, tokenHash, olderTokenHash, tokenOptional, null, tokenChangedAtMillis);
    }
}
