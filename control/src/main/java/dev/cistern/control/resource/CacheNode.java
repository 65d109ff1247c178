package dev.cistern.control.resource;

import dev.cistern.control.node.AdminCredential;
import dev.cistern.control.node.Secret;
import dev.cistern.control.state.Table;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * A node of a cache cluster: where it listens and whether it should run.
 *
 * @param key          the cluster's key
 * @param cacheNodeId  AWS's number within the cluster, such as {@code 0001}
 * @param nodeId       name towards the node runtime, never used twice
 * @param wanted       whether it should run; what a restart of the control plane goes by
 * @param parameters   values of its parameter group that it was told, as {@link NodeParameters} writes them
 */
public record CacheNode(
        ResourceKey key,
        String cacheNodeId,
        long version,
        String nodeId,
        CacheNodeStatus status,
        boolean wanted,
        String availabilityZone,
        String bindAddress,
        int port,
        Secret adminPassword,
        long createdAtMillis,
        String parameters) {

    public static final Table<CacheNode> TABLE = Table.of(CacheNode.class, "cache_node", "account", "region", "id",
            "cache_node_id");

    /** The nodes of a cluster, by number. */
    public static List<CacheNode> of(Handle handle, ResourceKey cluster) {
        return TABLE.select(handle, "where account = ? and region = ? and id = ? order by cache_node_id",
                cluster.account(), cluster.region(), cluster.id());
    }

    public AdminCredential admin() {
        return new AdminCredential(AdminCredential.USER, adminPassword);
    }

    public CacheNode withStatus(CacheNodeStatus value) {
        return new CacheNode(key, cacheNodeId, version, nodeId, value, wanted, availabilityZone, bindAddress, port,
                adminPassword, createdAtMillis, parameters);
    }

    public CacheNode withParameters(String value) {
        return new CacheNode(key, cacheNodeId, version, nodeId, status, wanted, availabilityZone, bindAddress, port,
                adminPassword, createdAtMillis, value);
    }

    /** Whether clients are to use it: it was seen answering, and it is not to go. */
    public boolean isMember() {
        return status != CacheNodeStatus.CREATING && status != CacheNodeStatus.DELETING;
    }

    /** The node as one that should not run any more. */
    public CacheNode leaving() {
        return new CacheNode(key, cacheNodeId, version, nodeId, CacheNodeStatus.DELETING, false, availabilityZone,
                bindAddress, port, adminPassword, createdAtMillis, parameters);
    }
}
