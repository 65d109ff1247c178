package dev.cistern.control.resource;

import dev.cistern.control.state.Table;

/**
 * When the next automatic snapshot of a cluster or a group is due.
 *
 * @param key                the cluster's key, or the group's
 * @param sourceType         {@link CacheCluster#ARN_TYPE} or {@link ReplicationGroup#ARN_TYPE}
 * @param snapshotWindow     the window by which {@code dueAtMillis} was reckoned; another window means to reckon anew
 * @param createdAtMillis    tells the source from a later one of the same id
 */
public record SnapshotSchedule(
        ResourceKey key, String sourceType, long version, String snapshotWindow, long createdAtMillis,
        long dueAtMillis) {

    public static final Table<SnapshotSchedule> TABLE = Table.of(SnapshotSchedule.class, "snapshot_schedule", "account",
            "region", "id", "source_type");
}
