package dev.cistern.app;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeState;
import dev.cistern.engine.CacheNode;
import dev.cistern.engine.memcached.MemcachedNode;
import dev.cistern.engine.network.EventLoops;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Runs nodes in this JVM, all on the same event loops: the way of a laptop and of tests. A node ends with the process and
 * is started again from its spec; none is ever adopted. Any thread may call; the control plane never makes two calls for
 * one node at once.
 */
public final class InJvmRuntime implements NodeRuntime {

    private final EventLoops eventLoops;
    private final Map<String, RunningNode> running = new ConcurrentHashMap<>();

    private volatile Consumer<String> exitListener = _ -> {};

    /** A node of either kind. */
    private record RunningNode(int port, Runnable end) {}

    /** Takes the loops over: they end with this runtime. */
    public InJvmRuntime(EventLoops eventLoops) {
        this.eventLoops = eventLoops;
    }

    @Override
    public NodeAddress start(NodeSpec spec) {
        RunningNode node = running.computeIfAbsent(spec.nodeId(), _ -> startNode(spec));
        return new NodeAddress(spec.bindAddress(), node.port());
    }

    private RunningNode startNode(NodeSpec spec) {
        try {
            if (spec.engine() == EngineType.MEMCACHED) {
                MemcachedNode node = MemcachedNode.start(NodeSettings.memcached(spec), eventLoops);
                return new RunningNode(node.port(), node::close);
            }
            CacheNode node = CacheNode.start(NodeSettings.of(spec), eventLoops);
            node.onShutdown(() -> {
                stop(spec);
                exitListener.accept(spec.nodeId());
            });
            return new RunningNode(node.port(), node::close);
        } catch (IOException | IllegalArgumentException e) {
            throw new NodeRuntimeException("node " + spec.nodeId() + " cannot start: " + e.getMessage(), e);
        }
    }

    @Override
    public NodeState inspect(NodeSpec spec) {
        return running.containsKey(spec.nodeId()) ? NodeState.RUNNING : NodeState.STOPPED;
    }

    @Override
    public void stop(NodeSpec spec) {
        RunningNode node = running.remove(spec.nodeId());
        if (node != null) {
            node.end().run();
        }
    }

    /** Ends the node of that id as a crash would: unasked. One that does not run is fine. */
    public void crash(String nodeId) {
        RunningNode node = running.remove(nodeId);
        if (node != null) {
            node.end().run();
            exitListener.accept(nodeId);
        }
    }

    @Override
    public void remove(NodeSpec spec) {
        stop(spec);
    }

    /** What ends by itself here is a node whose client said SHUTDOWN; nothing else ends but the whole. */
    @Override
    public void onExit(Consumer<String> listener) {
        exitListener = listener;
    }

    @Override
    public void close() {
        running.values().forEach(node -> node.end().run());
        running.clear();
        eventLoops.close();
    }
}
