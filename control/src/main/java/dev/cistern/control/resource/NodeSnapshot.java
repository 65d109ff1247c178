package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A node group's part of a snapshot: one file.
 *
 * @param key                  the snapshot's key
 * @param nodeGroupId          AWS's number of the node group; a cluster on its own has only 0001
 * @param cacheClusterId       the cluster whose node saved it
 * @param slots                slot ranges in cluster mode
 * @param takenAtMillis        when its node began to save
 * @param usedBytes            memory that the data took on its node
 * @param fileBytes            length of its file
 * @param sha256               digest of its file
 * @param primaryZone          where the node group's primary lay; null when that was not kept, or there was no group
 * @param replicaZones         where its replicas lay, by commas
 */
public record NodeSnapshot(
        ResourceKey key,
        String nodeGroupId,
        long version,
        String cacheClusterId,
        String cacheNodeId,
        @Nullable String slots,
        long nodeCreatedAtMillis,
        @Nullable Long takenAtMillis,
        @Nullable Long usedBytes,
        @Nullable Long fileBytes,
        @Nullable String sha256,
        @Nullable String primaryZone,
        @Nullable String replicaZones) {

    public static final Table<NodeSnapshot> TABLE = Table.of(NodeSnapshot.class, "node_snapshot", "account", "region",
            "id", "node_group_id");

    /** The parts of a snapshot, by node group. */
    public static List<NodeSnapshot> of(Handle handle, ResourceKey snapshot) {
        return TABLE.select(handle, "where account = ? and region = ? and id = ? order by node_group_id",
                snapshot.account(), snapshot.region(), snapshot.id());
    }

    /** Where the replicas of its node group lay, one for each. */
    public List<String> zonesOfReplicas() {
        return replicaZones == null || replicaZones.isEmpty() ? List.of() : List.of(replicaZones.split(",", -1));
    }

    /** The file's name in the snapshot's folder. */
    public String fileName() {
        return nodeGroupId + ".rdb";
    }

    /** The part of a copy of the snapshot. */
    public NodeSnapshot copyAs(ResourceKey snapshot) {
        return new NodeSnapshot(snapshot, nodeGroupId, 0, cacheClusterId, cacheNodeId, slots, nodeCreatedAtMillis,
                takenAtMillis, usedBytes, fileBytes, sha256, primaryZone, replicaZones);
    }

    /** With another file. */
    public NodeSnapshot of(long newFileBytes, String newSha256) {
        return new NodeSnapshot(key, nodeGroupId, version, cacheClusterId, cacheNodeId, slots, nodeCreatedAtMillis,
                takenAtMillis, usedBytes, newFileBytes, newSha256, primaryZone, replicaZones);
    }

    public NodeSnapshot taken(long atMillis, long newUsedBytes, long newFileBytes, String newSha256) {
        return new NodeSnapshot(key, nodeGroupId, version, cacheClusterId, cacheNodeId, slots, nodeCreatedAtMillis,
                atMillis, newUsedBytes, newFileBytes, newSha256, primaryZone, replicaZones);
    }
}
