package dev.cistern.control.workflow;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeState;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.NodeParameters;
import dev.cistern.control.resource.NodeType;
import dev.cistern.control.resource.TransitEncryption.Mode;
import dev.cistern.control.state.Database;
import java.util.HashMap;
import java.util.Map;

/**
 * Tells nodes that serve what has changed in the rows: they take it over without being started anew.
 *
 * <p>Whom to tell is for workflows and keepers. The node's lock is held, as {@link Nodes} says.
 */
record NodeChanges(Database database, Nodes nodes, NodeRuntime runtime, NodeSpecs specs, NodeTeller teller,
        NodeCertificates certificates, EventLog events) {

    /** Tells a node of a group whether it sends clients to where their keys lie, or serves all. */
    void tellClusterMode(CacheNode node) {
        nodes.locked(node, (current, cluster) -> {
            if (current.wanted()) {
                String value = specs.of(current, cluster).parameters().getOrDefault(NodeSpecs.COMPATIBLE,
                        NodeSpecs.OFF);
                teller.settings(nodes.started(current), current, Map.of(NodeSpecs.COMPATIBLE, value));
            }
            return true;
        });
    }

    /** Tells the node the values of its parameter group, without those that need a reboot. One that is to go is left. */
    void configure(CacheNode node) {
        nodes.locked(node, (current, cluster) -> {
            NodeParameters before = NodeSpecs.parameters(current, cluster);
            NodeParameters now = before.changedTo(specs.wanted(cluster));
            if (current.wanted() && !cluster.parametersWait() && !before.values().equals(now.values())) {
                teller.settings(nodes.started(current), current, now.settingsUnlike(before));
                teller.remember(current, before, now);
            }
            return true;
        });
    }

    /** Tells the node who is in its cluster. One that does not run is told when it is started. */
    void announce(CacheNode node) {
        nodes.locked(node, (current, cluster) -> {
            if (current.wanted() && runtime.inspect(specs.of(current, cluster)) == NodeState.RUNNING) {
                teller.memcached(nodes.started(current)).setList(specs.list(cluster));
            }
            return true;
        });
    }

    /** Tells the node who may come in. One that is to go is left. */
    void secure(CacheNode node) {
        nodes.locked(node, (current, cluster) -> {
            if (current.wanted()) {
                teller.users(nodes.started(current), current, cluster);
            }
            return true;
        });
    }

    /** Tells a node that runs by which keys it judges who logs in by a signed token. */
    void tellLogins(CacheNode node) {
        nodes.locked(node, (current, cluster) -> {
            if (current.wanted() && nodes.isRunning(current)) {
                teller.logins(nodes.started(current), current, cluster);
            }
            return true;
        });
    }

    /**
     * Tells the node from where connections may come. One that does not run yet is told when it is started, one that is to go
     * is left.
     */
    void admit(CacheNode node) {
        nodes.locked(node, (current, cluster) -> {
            StartedNode before = nodes.ifStarted(current);
            NodeSpec spec = specs.of(current, cluster);
            String setting = NodeSpec.peersSetting(spec.engine());
            String wanted = spec.peers();
            // What one that outlived the process before was last told is not known.
            boolean outlived = before == null && runtime.inspect(spec) == NodeState.RUNNING;
            if (current.wanted() && (outlived
                    || (before != null && !wanted.equals(before.spec().peers())))) {
                StartedNode known = nodes.started(current);
                teller.settings(known, current, Map.of(setting, wanted));
                Map<String, String> told = new HashMap<>(known.spec().parameters());
                told.put(setting, wanted);
                StartedNode after = known.withParameters(told);
                runtime.admit(after.spec());
                nodes.isNow(after);
                database.run(handle -> events.clusterEvent(handle, cluster.key(), "Applied change to security group"));
            }
            return true;
        });
    }

    /** Tells the node how its connections are to be encrypted. One that is to go is left. */
    void encrypt(CacheNode node) {
        nodes.locked(node, (current, cluster) -> {
            if (current.wanted()) {
                StartedNode before = nodes.started(current);
                NodeSpec spec = specs.of(current, cluster);
                Mode mode = specs.modeOf(cluster);
                if (mode != Mode.DISABLED) {
                    specs.provideCertificate(spec, current, cluster);
                }
                NodeAdmin known = teller.admin(before);
                StartedNode after = new StartedNode(spec, before.address());
                // A node that was told already, by a try that did not end, is reached in the new way alone.
                NodeAdmin admin = known.answers() ? known : teller.admin(after);
                admin.setTogether(certificates.settings(spec.dataDirectory(), spec.port(), mode));
                certificates.isShown(spec.dataDirectory());
                nodes.isNow(after);
                nodes.listenByRole(after, specs.roleOf(cluster));
            }
            return true;
        });
    }

    /** Gives the node another certificate if its own ends soon, or in any case; its connections go on. */
    void renewCertificate(CacheNode node, boolean always) {
        nodes.locked(node, (current, cluster) -> {
            StartedNode known = nodes.ifStarted(current);
            if (current.wanted() && known != null && known.isEncrypted()) {
                NodeSpec spec = known.spec();
                if (always) {
                    certificates.replace(spec.dataDirectory(), NodeSpecs.ownerOf(cluster), spec.bindAddress(),
                            specs.names(current, cluster));
                }
                if (always || specs.provideCertificate(spec, current, cluster)) {
                    takeCertificate(known);
                }
            }
            return true;
        });
    }

    /** Equal as long as the operator has the nodes show the same certificates. */
    Object certificateWishes() {
        return certificates.wishes();
    }

    private void takeCertificate(StartedNode node) {
        tellCertificate(node);
        certificates.isShown(node.spec().dataDirectory());
    }

    private void tellCertificate(StartedNode node) {
        if (node.spec().engine() == EngineType.MEMCACHED) {
            teller.memcached(node).readCertificates();
        } else {
            teller.admin(node).setTogether(certificates.files(node.spec().dataDirectory()));
        }
    }

    /** Gives the node the limits of another type; {@link HopelessException} when its data has no room there. */
    void resize(CacheNode node, String nodeType) {
        nodes.locked(node, (current, cluster) -> {
            NodeParameters now = NodeSpecs.parameters(current, cluster).withNodeType(NodeType.named(nodeType));
            long used = nodes.admin(current).usedMemoryBytes();
            if (used > now.maxMemoryBytes()) {
                // A smaller limit would make the node evict, and a change of size must not lose data.
                throw new HopelessException("node " + node.cacheNodeId() + " uses " + used + " bytes, " + nodeType
                        + " has room for " + now.maxMemoryBytes());
            }
            NodeParameters before = NodeParameters.of(cluster, cluster.settings().cacheNodeType(),
                    current.parameters());
            teller.settings(nodes.started(current), current, now.settingsUnlike(before));
            return true;
        });
    }
}
