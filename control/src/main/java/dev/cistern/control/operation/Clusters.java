package dev.cistern.control.operation;

import dev.cistern.control.Quotas;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.ClusterSettings;
import dev.cistern.control.resource.NewNode;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.SubnetGroup;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Finds clusters, and makes the rows of new ones. */
final class Clusters {

    static final String FIRST_NODE = "0001";
    private static final String HASH_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
    private static final int HASH_LENGTH = 6;

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

    /** Stores a cluster of one node, on its own, that is to be started. */
    static CacheCluster create(Context context, ClusterWish wish, ResourceKey key) {
        SubnetGroup subnets = subnets(context, wish);
        String zone = wish.zone(context.caller().region(), subnets, context.options().random());
        CacheCluster cluster = insert(context, wish, key, zone, 1);
        String nodeId = nodeId(cluster, FIRST_NODE);
        int port = new Ports(context.options().endpoints()).lease(context.handle(), wish.port(), nodeId, zone);
        new NewNode(FIRST_NODE, nodeId, zone, port).insert(context.handle(), cluster,
                context.options().endpoints(), cluster.createdAtMillis());
        return cluster;
    }

    static SubnetGroup subnets(Context context, ClusterWish wish) {
        return new SubnetGroupOperations(context)
                .require(wish.subnetGroup() == null ? SubnetGroup.DEFAULT : wish.subnetGroup());
    }

    /** Stores a cluster on its own that has no nodes yet. */
    static CacheCluster insert(Context context, ClusterWish wish, ResourceKey key, String zone, int nodes) {
        ClusterSettings settings = wish.settings(context);
        if (ParameterGroups.isClustered(context, settings.parameterGroup())) {
            throw Faults.invalidParameterCombination("Cache parameter group %s with cluster-enabled is only for "
                    + "replication groups.", settings.parameterGroup());
        }
        CacheCluster cluster = new CacheCluster(key, 0, CacheClusterStatus.CREATING, wish.engine(),
                newHash(context.options().random()), zone, nodes, context.options().clock().millis(), null, null,
                settings, null, false, subnets(context, wish).id());
        CacheCluster.TABLE.insert(context.handle(), cluster);
        return cluster;
    }

    /** The name that a node has towards its runtime. */
    static String nodeId(CacheCluster cluster, String cacheNodeId) {
        return cluster.id() + "-" + cluster.hash() + "-" + cacheNodeId;
    }
}
