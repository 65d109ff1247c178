package dev.cistern.control.resource;

import dev.cistern.control.EndpointOptions;
import dev.cistern.control.state.Table;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * What a Memcached cluster has beside its row as a cluster: the list of nodes that its clients follow, the nodes that are
 * to come or to go, and the version that it is to have. All its nodes listen on the configuration port too, so it answers
 * as long as one of them does.
 *
 * @param configurationVersion   rises with each change of the list; clients take only a higher one
 * @param pendingAdd             nodes to come, as {@link NewNode} writes them
 * @param pendingRemove          numbers of the nodes to go, one a line
 * @param encrypted              whether its connections are, all of them
 * @param pendingEngineVersion   the engine version to come; empty for none
 * @param pendingParameterGroup  the parameter group that comes with it
 */
public record MemcachedCluster(
        ResourceKey key,
        long version,
        int configurationPort,
        long configurationVersion,
        String pendingAdd,
        String pendingRemove,
        boolean encrypted,
        String pendingEngineVersion,
        String pendingParameterGroup) {

    public static final Table<MemcachedCluster> TABLE = Table.of(MemcachedCluster.class, "memcached_cluster", "account",
            "region", "id");

    /** What a node is told at its start, in the engine's words. */
    public static final String PORT_SETTING = "configuration_port";
    public static final String LIST_SETTING = "cluster_configuration";

    private static final String LINE = "\n";

    /** The row of a Memcached cluster; null for a cluster of another engine. */
    public static @Nullable MemcachedCluster find(Handle handle, ResourceKey key) {
        return TABLE.find(handle, key.account(), key.region(), key.id()).orElse(null);
    }

    /** The row of a cluster that is known to be one of Memcached. */
    public static MemcachedCluster named(Handle handle, ResourceKey key) {
        MemcachedCluster found = find(handle, key);
        if (found == null) {
            throw new IllegalStateException(key.id() + " is no Memcached cluster");
        }
        return found;
    }

    /** Deletes what a cluster of any engine may have here; its nodes are gone. */
    public static void forget(Handle handle, CacheCluster cluster) {
        handle.execute("delete from port_lease where node_id = ?", leaseHolder(cluster));
        TABLE.delete(handle, cluster.key().account(), cluster.key().region(), cluster.key().id());
    }

    /** Who holds the lease of the configuration port. */
    public static String leaseHolder(CacheCluster cluster) {
        return cluster.id() + "-" + cluster.hash() + "-cfg";
    }

    public List<NewNode> toAdd() {
        return NewNode.decode(pendingAdd);
    }

    public List<String> toRemove() {
        return pendingRemove.lines().toList();
    }

    public boolean isChanging() {
        return !pendingAdd.isEmpty() || !pendingRemove.isEmpty();
    }

    public boolean isUpgrading() {
        return !pendingEngineVersion.isEmpty();
    }

    /** One that listens on this port, with its first list. */
    public static MemcachedCluster created(ResourceKey key, int configurationPort, boolean encrypted) {
        return new MemcachedCluster(key, 0, configurationPort, 1, "", "", encrypted, "", "");
    }

    public MemcachedCluster adding(List<NewNode> nodes) {
        return changing(NewNode.encode(nodes), "");
    }

    public MemcachedCluster removing(List<String> cacheNodeIds) {
        return changing("", String.join(LINE, cacheNodeIds));
    }

    public MemcachedCluster settled() {
        return changing("", "");
    }

    private MemcachedCluster changing(String add, String remove) {
        return new MemcachedCluster(key, version, configurationPort, configurationVersion, add, remove, encrypted,
                pendingEngineVersion, pendingParameterGroup);
    }

    /** With a list that clients take for newer. */
    public MemcachedCluster withNewList() {
        return new MemcachedCluster(key, version, configurationPort, configurationVersion + 1, pendingAdd,
                pendingRemove, encrypted, pendingEngineVersion, pendingParameterGroup);
    }

    /** With an engine version to come and its parameter group; two empty texts take it back. */
    public MemcachedCluster upgradingTo(String engineVersion, String parameterGroup) {
        return new MemcachedCluster(key, version, configurationPort, configurationVersion, pendingAdd, pendingRemove,
                encrypted, engineVersion, parameterGroup);
    }

    /**
     * The list as clients read it: its version, then the members by name.
     *
     * <p>A node that is still to come or already to go is no member; while the cluster is being created all are.
     */
    public String list(CacheCluster cluster, List<CacheNode> nodes, EndpointOptions endpoints) {
        EndpointNames names = new EndpointNames(endpoints);
        return nodes.stream().filter(node -> cluster.is(CacheClusterStatus.CREATING) || node.isMember())
                .sorted(Comparator.comparing(CacheNode::cacheNodeId))
                .map(node -> names.node(cluster, node) + "|" + endpoints.advertisedIp() + "|" + node.port())
                .collect(Collectors.joining(" ", configurationVersion + LINE, LINE));
    }
}
