package dev.cistern.control.workflow;

import dev.cistern.control.EndpointOptions;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.ClusterSettings;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.MemcachedCluster;
import dev.cistern.control.resource.NewNode;
import dev.cistern.control.resource.ResourceKey;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import org.jdbi.v3.core.Handle;

/**
 * The steps by which nodes of a Memcached cluster come and go, and by which the others hear of it.
 *
 * <p>The version of the list rises in the transaction that changes who is on it, so that whatever a node is told, at its
 * start or later, fits together.
 */
record MemcachedSteps(Nodes nodes, NodeChanges changes, ClusterSteps clusters, EventLog events,
        EndpointOptions endpoints, Clock clock,
        Beginning removal) {

    /** Stores the workflow that removes nodes. */
    @FunctionalInterface
    interface Beginning {
        void begin(Handle handle, ResourceKey cluster, List<String> cacheNodeIds);
    }

    /** Stores the nodes that are to come. */
    void reserve(Handle handle, ResourceKey key, List<NewNode> wanted) {
        CacheCluster cluster = require(handle, key);
        wanted.forEach(node -> node.insert(handle, cluster, endpoints, clock.millis()));
    }

    /** The new nodes are on the list from now on. */
    void join(Handle handle, ResourceKey key, List<String> cacheNodeIds) {
        for (CacheNode node : CacheNode.of(handle, key)) {
            if (cacheNodeIds.contains(node.cacheNodeId())) {
                CacheNode.TABLE.update(handle, node.withStatus(CacheNodeStatus.AVAILABLE));
                events.clusterEvent(handle, key, "Added cache node " + node.cacheNodeId() + " in availability zone "
                        + node.availabilityZone());
            }
        }
        renewList(handle, key);
    }

    /** The nodes are on the list no more, though they serve until everybody was told. */
    void part(Handle handle, ResourceKey key, List<String> cacheNodeIds) {
        CacheNode.of(handle, key).stream().filter(node -> cacheNodeIds.contains(node.cacheNodeId()))
                .forEach(node -> CacheNode.TABLE.update(handle, node.withStatus(CacheNodeStatus.DELETING)));
        renewList(handle, key);
    }

    private static void renewList(Handle handle, ResourceKey key) {
        MemcachedCluster.TABLE.update(handle, MemcachedCluster.named(handle, key).withNewList());
    }

    /** Tells every node of the cluster, also those that go, who is on the list. */
    void announce(Steps run, ResourceKey key) {
        for (CacheNode node : nodes.of(key)) {
            run.once("announce " + node.cacheNodeId(), () -> changes.announce(node));
        }
    }

    /** The nodes could not be started: they are taken away like others, and their ports are free again. */
    void takeBack(Handle handle, ResourceKey key, List<NewNode> wanted, String reason) {
        List<String> stored = CacheNode.of(handle, key).stream().map(CacheNode::nodeId).toList();
        wanted.stream().filter(node -> !stored.contains(node.nodeId())).forEach(node -> release(handle, node.nodeId()));
        List<String> ids = wanted.stream().map(NewNode::cacheNodeId).toList();
        events.clusterEvent(handle, key, "Failed to add cache nodes " + String.join(", ", ids) + ": " + reason);
        part(handle, key, ids);
        removal.begin(handle, key, ids);
    }

    /** Deletes the rows of nodes that are gone. */
    void forget(Handle handle, ResourceKey key, List<String> cacheNodeIds) {
        List<CacheNode> gone = CacheNode.of(handle, key).stream()
                .filter(node -> cacheNodeIds.contains(node.cacheNodeId())).toList();
        for (CacheNode node : gone) {
            release(handle, node.nodeId());
            CacheNode.TABLE.delete(handle, key.account(), key.region(), key.id(), node.cacheNodeId());
        }
        if (CacheNode.of(handle, key).size() < require(handle, key).numCacheNodes()) {
            events.clusterEvent(handle, key, "Removed cache nodes " + String.join(", ", cacheNodeIds));
        }
    }

    /** The cluster has the nodes that it has, and can be changed again. */
    void finish(Handle handle, ResourceKey key) {
        CacheCluster cluster = require(handle, key);
        int before = cluster.numCacheNodes();
        int now = CacheNode.of(handle, key).size();
        MemcachedCluster.TABLE.update(handle, MemcachedCluster.named(handle, key).settled());
        CacheCluster.TABLE.update(handle, cluster.withNumCacheNodes(now).withStatus(CacheClusterStatus.AVAILABLE));
        if (before != now) {
            events.clusterEvent(handle, key, "Finished modifying number of nodes from " + before + " to " + now);
        }
    }

    // --- versions ---

    /** The version that is to come is the cluster's: whoever starts a node of it from now on starts that one. */
    void upgrade(Handle handle, ResourceKey key) {
        CacheCluster cluster = require(handle, key);
        MemcachedCluster row = MemcachedCluster.named(handle, key);
        ClusterSettings before = cluster.settings();
        String group = row.pendingParameterGroup().isEmpty() ? before.parameterGroup() : row.pendingParameterGroup();
        CacheCluster.TABLE.update(handle, cluster.withSettings(
                before.withEngineVersion(row.pendingEngineVersion(), group)));
        if (!group.equals(before.parameterGroup())) {
            events.clusterEvent(handle, key, "Updated to use a CacheParameterGroup " + group);
        }
        events.clusterEvent(handle, key, "Cache engine version is being changed from " + before.engineVersion() + " to "
                + row.pendingEngineVersion());
        MemcachedCluster.TABLE.update(handle, row.upgradingTo("", ""));
    }

    /** Nodes of the new version that were not seen answering are the keeper's. */
    void upgradeFailed(Handle handle, ResourceKey key, String reason) {
        MemcachedCluster.TABLE.update(handle, MemcachedCluster.named(handle, key).upgradingTo("", ""));
        events.clusterEvent(handle, key, "Failed to change the cache engine version of all nodes: " + reason);
    }

    /** The cluster can be changed again. */
    CacheCluster becomeUpgraded(Handle handle, ResourceKey key) {
        CacheCluster cluster = CacheCluster.TABLE.update(handle,
                require(handle, key).withStatus(CacheClusterStatus.AVAILABLE));
        events.clusterEvent(handle, key, "Cache engine version is " + cluster.settings().engineVersion());
        return cluster;
    }

    private static void release(Handle handle, String nodeId) {
        handle.execute("delete from port_lease where node_id = ?", nodeId);
    }

    private static CacheCluster require(Handle handle, ResourceKey key) {
        return Objects.requireNonNull(CacheCluster.find(handle, key), () -> "cache cluster " + key.id() + " is gone");
    }
}
