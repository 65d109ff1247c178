package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * With which key the data of a replication group, or a snapshot's files, are encrypted on the disk. What has no row is not
 * encrypted. Decided when the resource is made, and never changed.
 *
 * @param arn    the resource's
 * @param keyArn the key's
 * @param wish   how the caller named the key, for answers; null if it is the one for who names none
 */
public record AtRestEncryption(String arn, String keyArn, @Nullable String wish) {

    public static final Table<AtRestEncryption> TABLE = Table.of(AtRestEncryption.class, "at_rest_encryption", "arn");

    /** Of a resource; null if it is not encrypted. */
    public static @Nullable AtRestEncryption of(Handle handle, String arn) {
        return TABLE.find(handle, arn).orElse(null);
    }

    public static @Nullable AtRestEncryption ofGroup(Handle handle, ResourceKey group) {
        return of(handle, group.arn(ReplicationGroup.ARN_TYPE));
    }

    /** Of the group that the cluster is a member of, or was: AWS encrypts no others. */
    public static @Nullable AtRestEncryption of(Handle handle, CacheCluster cluster) {
        String group = cluster.replicationGroupId();
        return group == null ? of(handle, cluster.arn()) : ofGroup(handle, cluster.key().sibling(group));
    }

    /** Gives a new resource what another one has; nothing if that has none. */
    public static void inherit(Handle handle, String arn, @Nullable AtRestEncryption from) {
        if (from != null) {
            TABLE.insert(handle, new AtRestEncryption(arn, from.keyArn, from.wish));
        }
    }

    public static void delete(Handle handle, String arn) {
        TABLE.delete(handle, arn);
    }

    /** The key's, or null for no encryption. */
    public static @Nullable String keyOf(@Nullable AtRestEncryption encryption) {
        return encryption == null ? null : encryption.keyArn;
    }

    /** AWS's KmsKeyId: only a key that was named. */
    public static @Nullable String wishOf(@Nullable AtRestEncryption encryption) {
        return encryption == null ? null : encryption.wish;
    }
}
