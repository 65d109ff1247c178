package dev.cistern.control.resource;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.state.Table;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A replication group: node groups that are one cache to its clients.
 *
 * <p>What it shares with its members (version, node type, windows) lies with the members alone, as AWS describes it there
 * too; the primary's word counts.
 *
 * @param automaticFailover  AWS's word: enabled, disabled, enabling or disabling
 * @param clusterMode        AWS's word: disabled, compatible or enabled
 * @param access             who may come in
 * @param snapshottingClusterId  the member that somebody wishes automatic snapshots to be taken of; null when any will do
 */
public record ReplicationGroup(
        ResourceKey key,
        long version,
        ReplicationGroupStatus status,
        String description,
        EngineType engine,
        String hash,
        String automaticFailover,
        boolean multiAz,
        String clusterMode,
        long createdAtMillis,
        GroupAccess access,
        @Nullable String snapshottingClusterId) {

    /** Its part of an Amazon Resource Name. */
    public static final String ARN_TYPE = "replicationgroup";

    /** AWS's words for what is on or off. */
    public static final String ENABLED = "enabled";
    public static final String DISABLED = "disabled";

    /** Its word for a cluster mode between the two. */
    public static final String COMPATIBLE = "compatible";

    public static final Table<ReplicationGroup> TABLE = Table.of(ReplicationGroup.class, "replication_group", "account",
            "region", "id");

    public static @Nullable ReplicationGroup find(Handle handle, ResourceKey key) {
        return TABLE.find(handle, key.account(), key.region(), key.id()).orElse(null);
    }

    /** The group of that key, which a workflow is about and which therefore is there. */
    public static ReplicationGroup named(Handle handle, ResourceKey key) {
        ReplicationGroup group = find(handle, key);
        if (group == null) {
            throw new IllegalStateException("replication group " + key.id() + " is gone");
        }
        return group;
    }

    public String id() {
        return key.id();
    }

    public String arn() {
        return key.arn(ARN_TYPE);
    }

    public boolean is(ReplicationGroupStatus wanted) {
        return status == wanted;
    }

    public ReplicationGroup withStatus(ReplicationGroupStatus value) {
        return new ReplicationGroup(key, version, value, description, engine, hash, automaticFailover, multiAz,
                clusterMode, createdAtMillis, access, snapshottingClusterId);
    }

    public ReplicationGroup withAccess(GroupAccess value) {
        return new ReplicationGroup(key, version, status, description, engine, hash, automaticFailover, multiAz,
                clusterMode, createdAtMillis, value, snapshottingClusterId);
    }

    public ReplicationGroup withAutomaticFailover(boolean value) {
        return new ReplicationGroup(key, version, status, description, engine, hash, value ? ENABLED : DISABLED,
                multiAz,
                clusterMode, createdAtMillis, access, snapshottingClusterId);
    }

    public ReplicationGroup withMultiAz(boolean value) {
        return new ReplicationGroup(key, version, status, description, engine, hash, automaticFailover, value,
                clusterMode, createdAtMillis, access, snapshottingClusterId);
    }

    public boolean hasAutomaticFailover() {
        return automaticFailover.equals(ENABLED);
    }

    /** Whether its keys are spread over slots, and clients have to know how. */
    public boolean isClustered() {
        return clusterMode.equals(ENABLED);
    }

    /** Whether clients that know of slots are served, and others too. */
    public boolean isCompatible() {
        return clusterMode.equals(COMPATIBLE);
    }

    /** Whether its nodes know of slots. */
    public boolean hasSlots() {
        return !clusterMode.equals(DISABLED);
    }

    public ReplicationGroup withClusterMode(String value) {
        return new ReplicationGroup(key, version, status, description, engine, hash, automaticFailover, multiAz, value,
                createdAtMillis, access, snapshottingClusterId);
    }

    public ReplicationGroup withEngine(EngineType value) {
        return new ReplicationGroup(key, version, status, description, value, hash, automaticFailover, multiAz,
                clusterMode, createdAtMillis, access, snapshottingClusterId);
    }

    public ReplicationGroup withDescription(String value) {
        return new ReplicationGroup(key, version, status, value, engine, hash, automaticFailover, multiAz, clusterMode,
                createdAtMillis, access, snapshottingClusterId);
    }

    public ReplicationGroup withSnapshottingCluster(@Nullable String clusterId) {
        return new ReplicationGroup(key, version, status, description, engine, hash, automaticFailover, multiAz,
                clusterMode, createdAtMillis, access, clusterId);
    }
}
