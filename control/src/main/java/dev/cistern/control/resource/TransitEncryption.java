package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import java.util.Locale;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Whether connections to a replication group are encrypted; {@code key} is the group's. A group without a row is plain.
 *
 * @param pending what the nodes are being told; null when they know
 */
public record TransitEncryption(ResourceKey key, long version, Mode mode, @Nullable Mode pending) {

    /** How. The constants' names are persisted: they never change. */
    public enum Mode {

        /** Not at all. */
        DISABLED,

        /** Encrypted and plain connections on the same port. */
        PREFERRED,

        /** Encrypted connections alone. */
        REQUIRED;

        /** AWS's word. */
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public static final Table<TransitEncryption> TABLE = Table.of(TransitEncryption.class, "transit_encryption",
            "account", "region", "id");

    /** Of the group, as it is for clients who ask. */
    public static TransitEncryption of(Handle handle, ResourceKey group) {
        return TABLE.find(handle, group.account(), group.region(), group.id())
                .orElseGet(() -> new TransitEncryption(group, 0, Mode.DISABLED, null));
    }

    /**
     * Of the group that the cluster is a member of, or was; of a Memcached cluster what was decided when it was made.
     */
    public static TransitEncryption of(Handle handle, CacheCluster cluster) {
        String group = cluster.replicationGroupId();
        if (group != null) {
            return of(handle, cluster.key().sibling(group));
        }
        RetainedCluster retained = RetainedCluster.find(handle, cluster.key());
        if (retained != null) {
            return new TransitEncryption(cluster.key(), 0, retained.mode(), null);
        }
        MemcachedCluster memcached = MemcachedCluster.find(handle, cluster.key());
        return new TransitEncryption(cluster.key(), 0,
                memcached != null && memcached.encrypted() ? Mode.REQUIRED : Mode.DISABLED, null);
    }

    public static void delete(Handle handle, ResourceKey group) {
        TABLE.delete(handle, group.account(), group.region(), group.id());
    }

    public boolean isOn() {
        return mode != Mode.DISABLED;
    }

    /** Of a new group, whose nodes are started with it. */
    public static void create(Handle handle, ResourceKey group, Mode mode) {
        if (mode != Mode.DISABLED) {
            TABLE.insert(handle, new TransitEncryption(group, 1, mode, null));
        }
    }

    /** What the nodes are to do. */
    public Mode wanted() {
        return pending == null ? mode : pending;
    }

    /** Stores what it is to become. */
    public void store(Handle handle, Mode wanted) {
        if (version == 0) {
            TABLE.insert(handle, new TransitEncryption(key, 1, mode, wanted));
        } else {
            TABLE.update(handle, new TransitEncryption(key, version, mode, wanted));
        }
    }

    /** The nodes have been told. */
    public void settle(Handle handle) {
        if (pending == null) {
            return;
        }
        if (pending == Mode.DISABLED) {
            delete(handle, key);
        } else {
            TABLE.update(handle, new TransitEncryption(key, version, pending, null));
        }
    }
}
