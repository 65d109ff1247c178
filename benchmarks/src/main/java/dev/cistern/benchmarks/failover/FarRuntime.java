package dev.cistern.benchmarks.failover;

import dev.cistern.app.process.ProcessRuntime;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeState;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/**
 * Runs each node in a network of its own, and knows no more of it than one that ran it on another machine: not whether it
 * still runs, and it cannot end it when another one is to take its place. So only its lease can.
 */
final class FarRuntime implements NodeRuntime {

    private final ProcessRuntime near;
    private final Set<String> started = ConcurrentHashMap.newKeySet();

    /** @param places in which network each node is */
    FarRuntime(ToIntFunction<NodeSpec> places) {
        this.near = ProcessRuntime.ofOwnEngine(spec -> Networks.at(places.applyAsInt(spec)));
    }

    @Override
    public NodeAddress start(NodeSpec spec) {
        NodeAddress address = started.contains(spec.nodeId())
                ? new NodeAddress(spec.bindAddress(), spec.port())
                : near.start(open(spec));
        started.add(spec.nodeId());
        return address;
    }

    /** Security groups know nothing of these networks. */
    private static NodeSpec open(NodeSpec spec) {
        Map<String, String> parameters = new HashMap<>(spec.parameters());
        parameters.put("allow-from", "0.0.0.0/0");
        return spec.withParameters(parameters);
    }

    @Override
    public NodeState inspect(NodeSpec spec) {
        return started.contains(spec.nodeId()) ? NodeState.RUNNING : NodeState.STOPPED;
    }

    @Override
    public void stop(NodeSpec spec) {
        started.remove(spec.nodeId());
        near.stop(spec);
    }

    @Override
    public boolean kill(NodeSpec spec) {
        return false;
    }

    @Override
    public void remove(NodeSpec spec) {
        stop(spec);
    }

    @Override
    public void onExit(Consumer<String> listener) {
        near.onExit(listener);
    }

    @Override
    public List<String> lastRules(NodeSpec spec) {
        return near.lastRules(spec);
    }

    @Override
    public void close() {
        near.close();
    }
}
