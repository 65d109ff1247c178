package dev.cistern.app;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeState;
import dev.cistern.control.node.Secret;
import dev.cistern.engine.CacheNode;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.dispatch.CommandView;
import dev.cistern.engine.memcached.MemcachedNode;
import dev.cistern.engine.memcached.MemcachedOptions;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.settings.Settings;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs nodes in this JVM, all on the same event loops: the way of a laptop and of tests. A node ends with the process and
 * is started again from its spec; none is ever adopted. Any thread may call; the control plane never makes two calls for
 * one node at once.
 */
final class InJvmRuntime implements NodeRuntime {

    /** What INFO shows on AWS; tools that look for a managed cache look here. */
    private static final String OPERATING_SYSTEM = "Amazon ElastiCache";

    /** What the engine has a use for; AWS has more. */
    private static final Settings KNOWN = new Settings();

    private static final SecureRandom SECRETS = new SecureRandom();

    private final EventLoops eventLoops;
    private final Map<String, RunningNode> running = new ConcurrentHashMap<>();

    /** A node of either kind. */
    private record RunningNode(int port, Runnable end) {}

    /** Takes the loops over: they end with this runtime. */
    InJvmRuntime(EventLoops eventLoops) {
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
                MemcachedNode node = MemcachedNode.start(memcachedOptions(spec), eventLoops);
                return new RunningNode(node.port(), node::close);
            }
            CacheNode node = CacheNode.start(options(spec), eventLoops);
            node.onShutdown(() -> stop(spec));
            return new RunningNode(node.port(), node::close);
        } catch (IOException | IllegalArgumentException e) {
            throw new NodeRuntimeException("node " + spec.nodeId() + " cannot start: " + e.getMessage(), e);
        }
    }

    private static NodeOptions options(NodeSpec spec) {
        NodeOptions options = NodeOptions.onPort(spec.nodeId(), spec.port())
                .withOperatingSystem(OPERATING_SYSTEM)
                .withInternalUser(spec.admin().user(), spec.admin().password().reveal())
                .withCustomerView(
                        CommandView.ELASTICACHE.renaming(spec.parameters().getOrDefault("rename-commands", "")));
        for (Map.Entry<String, String> parameter : spec.parameters().entrySet()) {
            if (KNOWN.find(parameter.getKey()) != null) {
                options = options.with(parameter.getKey(), parameter.getValue());
            }
        }
        if (!spec.open()) {
            options = options.with("requirepass", Secret.generate(SECRETS).reveal());
        }
        return options.with("bind", spec.bindAddress())
                .with("maxmemory", Long.toString(spec.maxMemoryBytes()))
                .with("dir", spec.dataDirectory().toString())
                .with("dbfilename", NodeSpec.SNAPSHOT_FILE)
                .with("save", "")
                // Who may reach a node is the business of its security groups and users, as on AWS.
                .with("protected-mode", "no");
    }

    private static MemcachedOptions memcachedOptions(NodeSpec spec) {
        MemcachedOptions options = MemcachedOptions.onPort(spec.nodeId(), spec.port());
        for (Map.Entry<String, String> parameter : spec.parameters().entrySet()) {
            options = options.with(parameter.getKey(), parameter.getValue());
        }
        return options.with("bind", spec.bindAddress()).with("version", spec.engineVersion())
                .with("manager_password", spec.admin().password().reveal())
                // AWS took these commands away from its customers with one version.
                .with("admin_commands", MemcachedOptions.isAtLeast(spec.engineVersion(), 1, 6, 17) ? "0" : "1");
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

    @Override
    public void remove(NodeSpec spec) {
        stop(spec);
    }

    @Override
    public void close() {
        running.values().forEach(node -> node.end().run());
        running.clear();
        eventLoops.close();
    }
}
