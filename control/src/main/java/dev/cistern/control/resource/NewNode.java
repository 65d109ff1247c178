package dev.cistern.control.resource;

import dev.cistern.control.EndpointOptions;
import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.Secret;
import java.security.SecureRandom;
import java.util.List;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/**
 * A node that a cluster is to get: decided when it is wished, so that what the caller was answered is what comes.
 *
 * @param cacheNodeId  its number within the cluster
 * @param nodeId       its name towards the node runtime, which holds the lease of the port
 */
public record NewNode(String cacheNodeId, String nodeId, String availabilityZone, int port) {

    private static final String BLANK = " ";

    /** Passwords are never taken from the simulation's chance. */
    private static final SecureRandom SECRETS = new SecureRandom();

    /** Stores it as one that is to be started, with all values of its cluster's parameter group. */
    public void insert(Handle handle, CacheCluster cluster, EndpointOptions endpoints, long nowMillis) {
        ParameterGroup group = ParameterGroup.named(handle,
                cluster.key().sibling(cluster.settings().parameterGroup()));
        CacheNode.TABLE.insert(handle, new CacheNode(cluster.key(), cacheNodeId, 0, nodeId, CacheNodeStatus.CREATING,
                true, availabilityZone, address(cluster, endpoints), port, Secret.generate(SECRETS), nowMillis,
                NodeParameters.encode(group.values(handle))));
    }

    /** All nodes of a Memcached cluster listen on its configuration port too: they share one address. */
    private String address(CacheCluster cluster, EndpointOptions endpoints) {
        return cluster.engine() == EngineType.MEMCACHED
                ? endpoints.bindAddress()
                : endpoints.bindAddress(availabilityZone);
    }

    /** As it is stored with the cluster: one a line. */
    static String encode(List<NewNode> nodes) {
        return nodes.stream().map(node -> String.join(BLANK, node.cacheNodeId, node.nodeId, node.availabilityZone,
                Integer.toString(node.port))).collect(Collectors.joining("\n"));
    }

    static List<NewNode> decode(String text) {
        return text.lines().map(line -> line.split(BLANK, -1))
                .map(parts -> new NewNode(parts[0], parts[1], parts[2], Integer.parseInt(parts[3]))).toList();
    }
}
