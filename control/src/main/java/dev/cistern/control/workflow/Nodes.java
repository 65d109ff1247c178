package dev.cistern.control.workflow;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeState;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.NodeType;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.state.Database;
import dev.cistern.control.state.StateDirectory;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Starts, stops and asks nodes, as the rows of the database say.
 *
 * <p>A lock for each node keeps workflow and keeper from handling it at once, and within it the row is read again: a node
 * that was unwanted meanwhile is not started. Lock before transaction, never the other way round.
 */
final class Nodes {

    private final Database database;
    private final NodeRuntime runtime;
    private final StateDirectory directory;
    private final Map<String, ReentrantLock> locks = new ConcurrentHashMap<>();
    private final Map<String, NodeAddress> addresses = new ConcurrentHashMap<>();

    Nodes(Database database, NodeRuntime runtime, StateDirectory directory) {
        this.database = database;
        this.runtime = runtime;
        this.directory = directory;
    }

    /** The nodes of a cluster, by number. */
    List<CacheNode> of(ResourceKey cluster) {
        return database.read(handle -> CacheNode.of(handle, cluster));
    }

    /** Has the node running, if it is still wanted. */
    void start(CacheNode node) {
        locked(node, (current, spec) -> {
            if (current.wanted()) {
                addresses.put(spec.nodeId(), runtime.start(spec));
            }
            return true;
        });
    }

    /** Whether the runtime has the node running; a node that is not wanted any more counts as running. */
    boolean isRunning(CacheNode node) {
        return locked(node, (current, spec) -> !current.wanted() || runtime.inspect(spec) == NodeState.RUNNING);
    }

    /** Stops the node; its data stays. */
    void stop(CacheNode node) {
        locked(node, (current, spec) -> {
            addresses.remove(spec.nodeId());
            runtime.stop(spec);
            return true;
        });
    }

    /** Stops the node and deletes its data. */
    void remove(CacheNode node) {
        locked(node, (current, spec) -> {
            addresses.remove(spec.nodeId());
            runtime.remove(spec);
            return true;
        });
        locks.remove(node.nodeId());
    }

    /** The node's admin connection. A node that was not started by this process is adopted first. */
    NodeAdmin admin(CacheNode node) {
        NodeAddress address = addresses.get(node.nodeId());
        if (address == null) {
            start(node);
            address = addresses.get(node.nodeId());
        }
        if (address == null) {
            throw new IllegalStateException("node " + node.nodeId() + " is not to run");
        }
        return new NodeAdmin(address, node.admin());
    }

    private boolean locked(CacheNode node, BiFunction<CacheNode, NodeSpec, Boolean> work) {
        ReentrantLock lock = locks.computeIfAbsent(node.nodeId(), id -> new ReentrantLock());
        lock.lock();
        try {
            CacheNode current = find(node);
            // A node whose rows are gone is one that was removed: there is nothing left to do with it.
            return current == null || work.apply(current, specOf(current));
        } finally {
            lock.unlock();
        }
    }

    private @Nullable CacheNode find(CacheNode node) {
        return of(node.key()).stream().filter(other -> other.nodeId().equals(node.nodeId())).findFirst().orElse(null);
    }

    private NodeSpec specOf(CacheNode node) {
        CacheCluster cluster = database.read(handle -> CacheCluster.find(handle, node.key()));
        if (cluster == null) {
            throw new IllegalStateException("node " + node.nodeId() + " has no cluster");
        }
        return new NodeSpec(
                node.nodeId(),
                cluster.engine(),
                cluster.settings().engineVersion(),
                node.bindAddress(),
                node.port(),
                NodeType.named(cluster.effectiveNodeType()).maxMemoryBytes(),
                Map.of(),
                node.admin(),
                directory.nodeDirectory(node.nodeId()));
    }
}
