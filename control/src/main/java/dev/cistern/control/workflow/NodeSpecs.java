package dev.cistern.control.workflow;

import dev.cistern.control.EndpointOptions;
import dev.cistern.control.key.KeyVault;
import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeUser;
import dev.cistern.control.resource.AtRestEncryption;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.ClusterSecurityGroups;
import dev.cistern.control.resource.EndpointNames;
import dev.cistern.control.resource.Leadership;
import dev.cistern.control.resource.MemcachedCluster;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.NodeParameters;
import dev.cistern.control.resource.NodeRole;
import dev.cistern.control.resource.NodeUsers;
import dev.cistern.control.resource.ParameterGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.RetainedCluster;
import dev.cistern.control.resource.TransitEncryption;
import dev.cistern.control.resource.TransitEncryption.Mode;
import dev.cistern.control.state.Database;
import dev.cistern.control.state.StateDirectory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jdbi.v3.core.Handle;

/**
 * What a node is to be, as the rows of the database say: how it is started, what it is called, whom it knows.
 *
 * <p>Only reads, but for the certificate that a node needs in its folder before it can be what it is to be. Any thread.
 */
record NodeSpecs(Database database, StateDirectory directory, EndpointOptions endpoints, NodeCertificates certificates,
        KeyVault keys) {

    /** Whether a node that knows of slots serves clients that do not. */
    static final String COMPATIBLE = "cluster-compatible";
    static final String OFF = "no";

    /** Whom it follows, or that it leads. */
    NodeRole roleOf(CacheCluster cluster) {
        return database.read(handle -> NodeRole.of(handle, cluster));
    }

    /** Whether it is on its own after it was in a group: started anew, its node waits for the word that it leads. */
    boolean wasMember(CacheCluster cluster) {
        return cluster.replicationGroupId() == null
                && database.read(handle -> RetainedCluster.find(handle, cluster.key())) != null;
    }

    /** Who is in its Memcached cluster. */
    String list(CacheCluster cluster) {
        return database.read(handle -> list(handle, cluster));
    }

    private String list(Handle handle, CacheCluster cluster) {
        return MemcachedCluster.named(handle, cluster.key()).list(cluster, CacheNode.of(handle, cluster.key()),
                endpoints);
    }

    /** The ranges of addresses that the rules of its security groups let in, in one word for each protocol's sake. */
    private static String peers(Handle handle, CacheNode node, CacheCluster cluster) {
        List<Integer> ports = new ArrayList<>(List.of(node.port()));
        NodeGroup group = NodeGroup.of(handle, cluster);
        if (group != null) {
            ports.add(group.primaryPort());
            ports.add(group.readerPort());
        }
        if (cluster.engine() == EngineType.MEMCACHED) {
            ports.add(MemcachedCluster.named(handle, cluster.key()).configurationPort());
        }
        return ClusterSecurityGroups.peers(handle, cluster, ports).replace(' ', ',');
    }

    /** Whose certificate it shows, if the operator has one for it. */
    static String ownerOf(CacheCluster cluster) {
        String group = cluster.replicationGroupId();
        return group == null ? cluster.id() : group;
    }

    /** Has a certificate lie in the node's folder; answers whether it is one that the node has not been told of. */
    boolean provideCertificate(NodeSpec spec, CacheNode node, CacheCluster cluster) {
        return certificates.provide(spec.dataDirectory(), ownerOf(cluster), spec.bindAddress(), names(node, cluster));
    }

    /** What a node's certificate names beside the addresses. */
    List<String> names(CacheNode node, CacheCluster cluster) {
        EndpointNames known = new EndpointNames(endpoints);
        String id = cluster.replicationGroupId();
        if (id == null) {
            return known.of(cluster, node);
        }
        ReplicationGroup group = database.read(handle -> ReplicationGroup.named(handle, cluster.key().sibling(id)));
        List<String> names = new ArrayList<>(known.of(group));
        names.addAll(known.of(group, node));
        return names;
    }

    /** How its connections are encrypted, or are about to be. */
    Mode modeOf(CacheCluster cluster) {
        return database.read(handle -> TransitEncryption.of(handle, cluster)).wanted();
    }

    /** The values of its parameter group. */
    SortedMap<String, String> wanted(CacheCluster cluster) {
        return database.read(handle -> ParameterGroup
                .named(handle, cluster.key().sibling(cluster.settings().parameterGroup())).values(handle));
    }

    /** Who may come in, as far as engines do not differ in it. */
    List<NodeUser> users(CacheCluster cluster) {
        return database.read(handle -> NodeUsers.of(handle, cluster));
    }

    /** What the node was last told of its parameter group. */
    static NodeParameters parameters(CacheNode node, CacheCluster cluster) {
        return NodeParameters.of(cluster, cluster.effectiveNodeType(), node.parameters());
    }

    /** Nodes know of slots before the clients of their group have to. */
    private static boolean sendsNobodyAway(Handle handle, CacheCluster cluster, Map<String, String> settings) {
        String group = cluster.replicationGroupId();
        return group != null && "yes".equals(settings.get("cluster-enabled"))
                && !ReplicationGroup.named(handle, cluster.key().sibling(group)).isClustered();
    }

    /** How it is started, as of one moment; {@link GoneException} when its cluster was deleted since it was read. */
    NodeSpec of(CacheNode node, CacheCluster cluster) {
        return database.read(handle -> {
            CacheCluster current = CacheCluster.find(handle, cluster.key());
            if (current == null) {
                throw new GoneException("cache cluster " + cluster.id() + " is gone");
            }
            return of(handle, node, current);
        });
    }

    private NodeSpec of(Handle handle, CacheNode node, CacheCluster cluster) {
        NodeParameters parameters = parameters(node, cluster);
        Map<String, String> settings = new HashMap<>(parameters.settings());
        settings.remove(NodeParameters.MAXMEMORY);
        settings.put(NodeSpec.peersSetting(cluster.engine()), peers(handle, node, cluster));
        if (cluster.engine() == EngineType.MEMCACHED) {
            settings.put(MemcachedCluster.LIST_SETTING, list(handle, cluster));
            settings.put(MemcachedCluster.PORT_SETTING,
                    Integer.toString(MemcachedCluster.named(handle, cluster.key()).configurationPort()));
        }
        if (!node.bindAddress().equals(endpoints.bindAddress())) {
            settings.put(NodeSpec.ROLE_BIND, endpoints.bindAddress());
            // Its primary sees from where it calls, which is not where it listens.
            settings.put("replica-announce-ip", node.bindAddress());
        }
        if (sendsNobodyAway(handle, cluster, settings)) {
            settings.put(COMPATIBLE, "yes");
        }
        Leadership leadership = NodeRole.of(handle, cluster).leadership();
        if (leadership.isLeased()) {
            settings.put(NodeSpec.EPOCH, Long.toString(leadership.epoch()));
        }
        Mode mode = TransitEncryption.of(handle, cluster).wanted();
        if (mode != Mode.DISABLED) {
            Path folder = directory.nodeDirectory(node.nodeId());
            settings.putAll(cluster.engine() == EngineType.MEMCACHED
                    ? NodeCertificates.memcachedSettings(folder)
                    : certificates.settings(folder, node.port(), mode));
        }
        if (cluster.engine() != EngineType.MEMCACHED) {
            settings.putAll(keys.nodeSettings(AtRestEncryption.keyOf(AtRestEncryption.of(handle, cluster))));
        }
        return new NodeSpec(
                node.nodeId(),
                cluster.engine(),
                cluster.settings().engineVersion(),
                node.bindAddress(),
                node.port(),
                parameters.maxMemoryBytes(),
                settings,
                NodeUsers.isOpen(NodeUsers.of(handle, cluster)),
                node.admin(),
                directory.nodeDirectory(node.nodeId()));
    }
}
