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
 * @param primaryPort       the primary endpoint's port. It belongs to the node group for ever; whoever is primary listens on
 *                          it beside its own
 * @param readerPort        the reader endpoint's port, on which all replicas listen beside their own
 * @param epoch             raised before anything is done that changes who leads: nodes refuse orders of lower ones
 * @param leased            whether its primary is known to write under a lease alone
 * @param history           the history in which its primary was last seen writing, which tells its replicas' data from older
 *                          ones; empty before
 */
public record NodeGroup(
        ResourceKey key,
        String nodeGroupId,
        long version,
        @Nullable String slots,
        String primaryClusterId,
        int primaryPort,
        int readerPort,
        long epoch,
        boolean leased,
        String history) {

    /** The number of a group's first one, and of its only one outside cluster mode. */
    public static final String FIRST = "0001";

    public static final Table<NodeGroup> TABLE = Table.of(NodeGroup.class, "node_group", "account", "region", "id",
            "node_group_id");

    private static final long FIRST_EPOCH = 1;

    /** One that nobody has led yet. */
    public static NodeGroup fresh(ResourceKey key, String nodeGroupId, @Nullable String slots, String primaryClusterId,
            int primaryPort, int readerPort) {
        return new NodeGroup(key, nodeGroupId, 0, slots, primaryClusterId, primaryPort, readerPort, FIRST_EPOCH, false,
                "");
    }

    /** The node groups of a replication group, by number. */
    public static List<NodeGroup> of(Handle handle, ResourceKey group) {
        return TABLE.select(handle, "where account = ? and region = ? and id = ? order by node_group_id",
                group.account(), group.region(), group.id());
    }

    /** The one that the cluster is a member of; null for a cluster on its own. */
    public static @Nullable NodeGroup of(Handle handle, CacheCluster member) {
        String group = member.replicationGroupId();
        String number = member.nodeGroupId();
        return group == null || number == null
                ? null
                : TABLE.find(handle, member.key().account(), member.key().region(), group, number).orElse(null);
    }

    /** Under which name its ports are leased; that of no node. */
    public static String portHolder(ResourceKey group, String nodeGroupId) {
        return "group " + group.account() + " " + group.region() + " " + group.id() + " " + nodeGroupId;
    }

    public boolean hasPrimary(CacheCluster member) {
        return member.id().equals(primaryClusterId);
    }

    public boolean has(CacheCluster member) {
        return nodeGroupId.equals(member.nodeGroupId());
    }

    public NodeGroup withPrimary(String clusterId) {
        return new NodeGroup(key, nodeGroupId, version, slots, clusterId, primaryPort, readerPort, epoch, leased,
                history);
    }

    public NodeGroup withPrimaryPort(int value) {
        return new NodeGroup(key, nodeGroupId, version, slots, primaryClusterId, value, readerPort, epoch, leased,
                history);
    }

    public NodeGroup withSlots(@Nullable String value) {
        return new NodeGroup(key, nodeGroupId, version, value, primaryClusterId, primaryPort, readerPort, epoch,
                leased, history);
    }

    public NodeGroup withNextEpoch() {
        return withEpoch(epoch + 1);
    }

    public NodeGroup withEpoch(long value) {
        return new NodeGroup(key, nodeGroupId, version, slots, primaryClusterId, primaryPort, readerPort, value, leased,
                history);
    }

    public NodeGroup withLeased(boolean value) {
        return new NodeGroup(key, nodeGroupId, version, slots, primaryClusterId, primaryPort, readerPort, epoch, value,
                history);
    }

    public NodeGroup withHistory(String value) {
        return new NodeGroup(key, nodeGroupId, version, slots, primaryClusterId, primaryPort, readerPort, epoch, leased,
                value);
    }
}
