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
    private final Map<String, Started> started = new ConcurrentHashMap<>();

    Nodes(Database database, NodeRuntime runtime, StateDirectory directory) {
        this.database = database;
        this.runtime = runtime;
        this.directory = directory;
    }

    /** The nodes of a cluster, by number. */
    List<CacheNode> of(ResourceKey cluster) {
        return database.read(handle -> CacheNode.of(handle, cluster));
    }

    /** Has the node running, if it is still wanted; answers whether it is. */
    boolean start(CacheNode node) {
        return locked(node, (current, spec) -> {
            if (current.wanted()) {
                started.put(spec.nodeId(), new Started(spec, runtime.start(spec)));
            }
            return current.wanted();
        });
    }

    /** Whether the runtime has the node running. Reads no rows for a node that this process started: it is asked often. */
    boolean isRunning(CacheNode node) {
        Started known = started.get(node.nodeId());
        return known != null
                ? runtime.inspect(known.spec) == NodeState.RUNNING
                : locked(node, (current, spec) -> runtime.inspect(spec) == NodeState.RUNNING);
    }

    /** Stops the node; its data stays. */
    void stop(CacheNode node) {
        locked(node, (current, spec) -> {
            started.remove(spec.nodeId());
            runtime.stop(spec);
            return true;
        });
    }

    /** Stops the node and deletes its data. */
    void remove(CacheNode node) {
        locked(node, (current, spec) -> {
            started.remove(spec.nodeId());
            runtime.remove(spec);
            return true;
        });
        locks.remove(node.nodeId());
    }

    /** The node's admin connection. A node that was not started by this process is adopted first. */
    NodeAdmin admin(CacheNode node) {
        Started known = started.get(node.nodeId());
        if (known == null && start(node)) {
            known = started.get(node.nodeId());
        }
        if (known == null) {
            throw new IllegalStateException("node " + node.nodeId() + " is not to run");
        }
        return new NodeAdmin(known.address, node.admin());
    }

    /** A node that this process had started or adopted, as it was then. */
    private record Started(NodeSpec spec, NodeAddress address) {}

    private boolean locked(CacheNode node, BiFunction<CacheNode, NodeSpec, Boolean> work) {
        ReentrantLock lock = locks.computeIfAbsent(node.nodeId(), id -> new ReentrantLock());
        lock.lock();
        try {
            CacheNode current = find(node);
            // A node whose rows are gone is one that was removed: there is nothing left to do with it.
            return current != null && work.apply(current, specOf(current));
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
