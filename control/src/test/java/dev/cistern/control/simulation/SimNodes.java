package dev.cistern.control.simulation;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeDialer;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeState;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Runs simulated nodes, which outlive every control plane; the one that each plane has is {@link #door}. */
final class SimNodes {

    private static final int START_MILLIS = 150;
    private static final int STOP_MILLIS = 40;
    private static final Duration KIND_WORDS = Duration.ofSeconds(10);

    /** How the machine of the nodes is reached. */
    enum Where {
        /** They are processes beside the control plane: it always knows, and can always end them. */
        NEAR,
        /** They are behind the network: what cannot be reached may run. */
        FAR
    }

    private final World world;
    private final Network network;
    private final Where where;
    private final Map<String, SimNode> running = new TreeMap<>();
    private final Map<String, SimTalk> talks = new HashMap<>();
    private final Map<String, Long> epochs = new HashMap<>();
    private final Map<String, NodeSpec> known = new HashMap<>();
    private final Invariants invariants;
    private int histories;
    private int failingStarts;
    private Predicate<String> leaving = _ -> false;

    SimNodes(World world, Network network, Where where, Invariants invariants) {
        this.world = world;
        this.network = network;
        this.where = where;
        this.invariants = invariants;
    }

    Collection<SimNode> running() {
        return running.values();
    }

    @Nullable
    SimNode at(NodeAddress address) {
        return running.values().stream().filter(node -> node.address().equals(address)).findFirst().orElse(null);
    }

    SimTalk talk(SimNode node) {
        return talks.computeIfAbsent(node.id(), _ -> new SimTalk(node));
    }

    String newHistory() {
        return "history" + ++histories;
    }

    void obeyed(String nodeId, long epoch) {
        invariants.obeys(nodeId, epochs.getOrDefault(nodeId, 0L), epoch);
        epochs.put(nodeId, epoch);
    }

    void acknowledged(SimNode node, int write, boolean byAll) {
        invariants.acknowledged(node, write, byAll);
    }

    void leads(SimNode node) {
        invariants.leads(node, running.values());
    }

    /** Whether somebody wished that the node should go. */
    void leaving(Predicate<String> value) {
        leaving = value;
    }

    private boolean isLeaving(SimNode node) {
        return leaving.test(node.id());
    }

    void failNextStart() {
        failingStarts++;
    }

    /** A process ends, and what it had in memory is gone. */
    void crash(SimNode node) {
        end(node, false);
    }

    private void end(SimNode node, boolean isWished) {
        running.remove(node.id());
        invariants.tell(node.id() + " ends");
        invariants.ends(node, running.values(), isWished);
        talks.remove(node.id());
        node.die();
    }

    /** What one control plane calls. */
    NodeRuntime door() {
        return new Door();
    }

    private final class Door implements NodeRuntime {

        @Override
        public NodeAddress start(NodeSpec spec) {
            require(spec);
            world.rest(world.upTo(START_MILLIS));
            require(spec);
            if (failingStarts > 0) {
                failingStarts--;
                throw new NodeRuntimeException("this start was told to fail");
            }
            if (!running.containsKey(spec.nodeId())) {
                long startedBy = Long.parseLong(spec.parameters().getOrDefault(NodeSpec.EPOCH, "0"));
                long epoch = Math.max(startedBy, epochs.getOrDefault(spec.nodeId(), 0L));
                running.put(spec.nodeId(), new SimNode(world, network, SimNodes.this, spec, epoch));
            }
            known.put(spec.nodeId(), spec);
            return new NodeAddress(spec.bindAddress(), spec.port());
        }

        private boolean isSeen(NodeSpec spec) {
            return where == Where.NEAR || !(network.isCut(Network.CONTROL, spec.nodeId())
                    || network.isCut(spec.nodeId(), Network.CONTROL));
        }

        private void require(NodeSpec spec) {
            if (!isSeen(spec)) {
                world.rest(world.upTo(1_000));
                throw new NodeRuntimeException("the machine of " + spec.nodeId() + " cannot be reached");
            }
        }

        @Override
        public NodeState inspect(NodeSpec spec) {
            boolean runs = isSeen(spec) ? running.containsKey(spec.nodeId()) : known.containsKey(spec.nodeId());
            return runs ? NodeState.RUNNING : NodeState.STOPPED;
        }

        @Override
        public void stop(NodeSpec spec) {
            require(spec);
            SimNode node = running.get(spec.nodeId());
            if (node != null) {
                world.rest(node.isStopped() ? KIND_WORDS : world.upTo(STOP_MILLIS));
                endIfThere(node);
            }
        }

        private void endIfThere(SimNode node) {
            if (running.containsValue(node)) {
                end(node, !node.isStopped() && !isLeaving(node));
            }
        }

        @Override
        public boolean kill(NodeSpec spec) {
            world.rest(world.upTo(STOP_MILLIS));
            if (!isSeen(spec)) {
                return false;
            }
            SimNode node = running.get(spec.nodeId());
            if (node != null) {
                endIfThere(node);
            }
            return true;
        }

        @Override
        public void remove(NodeSpec spec) {
            stop(spec);
            known.remove(spec.nodeId());
            epochs.remove(spec.nodeId());
        }

        @Override
        public void onExit(Consumer<String> listener) {
            // The sentry looks by itself.
        }

        @Override
        public List<String> lastRules(NodeSpec spec) {
            return List.of();
        }

        @Override
        public NodeDialer dialer() {
            return (address, limit) -> SimSocket.connect(world, network, SimNodes.this, address, limit);
        }

        @Override
        public void close() {
            // They go on.
        }
    }
}
