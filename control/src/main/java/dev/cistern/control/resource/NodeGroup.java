package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A primary and its replicas.
 *
 * @param key               the replication group's key
 * @param nodeGroupId       AWS's number, such as {@code 0001}
 * @param slots             slot ranges in cluster mode
 * @param primaryClusterId  the member that is primary
 * @param primaryPort       the primary endpoint's port. It belongs to the group for ever; the only node of a group listens on
 *                          it itself
 */
public record NodeGroup(
        ResourceKey key,
        String nodeGroupId,
        long version,
        @Nullable String slots,
        String primaryClusterId,
        int primaryPort) {

    public static final Table<NodeGroup> TABLE = Table.of(NodeGroup.class, "node_group", "account", "region", "id",
            "node_group_id");

    /** The node groups of a replication group, by number. */
    public static List<NodeGroup> of(Handle handle, ResourceKey group) {
        return TABLE.select(handle, "where account = ? and region = ? and id = ? order by node_group_id",
                group.account(), group.region(), group.id());
    }
}
