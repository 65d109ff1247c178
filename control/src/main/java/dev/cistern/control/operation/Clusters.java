package dev.cistern.control.operation;

import dev.cistern.control.Quotas;
import dev.cistern.control.node.Secret;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.NodeParameters;
import dev.cistern.control.resource.ParameterGroup;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.SubnetGroup;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Finds clusters, and makes the rows of new ones. */
final class Clusters {

    private static final String ONLY_NODE = "0001";
    private static final String HASH_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
    private static final int HASH_LENGTH = 6;

    /** Passwords are never taken from the simulation's chance. */
    private static final SecureRandom SECRETS = new SecureRandom();

    private Clusters() {}

    /** The cluster of that id in any letter case. */
    static CacheCluster require(Context context, @Nullable String id) {
        String wanted = Checks.notBlank("CacheClusterIdentifier", id).toLowerCase(Locale.ROOT);
        CacheCluster cluster = CacheCluster.find(context.handle(), context.key(wanted));
        if (cluster == null) {
            throw Faults.cacheClusterNotFound(wanted);
        }
        return cluster;
    }

    /** Six letters that nobody can guess from the id. */
    static String newHash(RandomGenerator random) {
        StringBuilder hash = new StringBuilder();
        for (int i = 0; i < HASH_LENGTH; i++) {
            hash.append(HASH_LETTERS.charAt(random.nextInt(HASH_LETTERS.length())));
        }
        return hash.toString();
    }

    static void requireQuota(Context context, int moreNodes) {
        Quotas quotas = context.options().quotas();
        long nodes = CacheNode.TABLE.count(context.handle(), "where account = ? and region = ?",
                context.caller().account(), context.caller().region());
        if (nodes + moreNodes > quotas.nodesPerRegion()) {
            throw Faults.nodeQuotaExceeded(quotas.nodesPerRegion());
        }
    }

    /** Stores a cluster of one node that is to be started; answers it and its port. */
    static Created create(Context context, ClusterWish wish, ResourceKey key, @Nullable String group,
            @Nullable String nodeGroup) {
        Handle handle = context.handle();
        RandomGenerator random = context.options().random();
        String hash = newHash(random);
        SubnetGroup subnets = new SubnetGroupOperations(context)
                .require(wish.subnetGroup() == null ? SubnetGroup.DEFAULT : wish.subnetGroup());
        String zone = wish.zone(context.caller().region(), subnets, random);
        long now = context.options().clock().millis();
        CacheCluster cluster = new CacheCluster(key, 0, CacheClusterStatus.CREATING, wish.engine(), hash, zone, 1, now,
                group, nodeGroup, wish.settings(context), null, false,
                subnets.id());
        String nodeId = key.id() + "-" + hash + "-" + ONLY_NODE;
        int port = new Ports(context.options().endpoints()).lease(handle, wish.port(), nodeId);
        CacheCluster.TABLE.insert(handle, cluster);
        CacheNode.TABLE.insert(handle, new CacheNode(key, ONLY_NODE, 0, nodeId, CacheNodeStatus.CREATING, true, zone,
                context.options().endpoints().bindAddress(), port, Secret.generate(SECRETS), now,
                parametersOf(context, cluster)));
        return new Created(cluster, port);
    }

    /** What a node of the cluster is told at its first start: all of its parameter group. */
    private static String parametersOf(Context context, CacheCluster cluster) {
        return NodeParameters.encode(ParameterGroup
                .named(context.handle(), context.key(cluster.settings().parameterGroup())).values(context.handle()));
    }

    /** A new cluster and the port of its node. */
    record Created(CacheCluster cluster, int port) {}
}
