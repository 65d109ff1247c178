package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.EngineVersion;
import dev.cistern.control.resource.MemcachedCluster;
import dev.cistern.control.resource.NewNode;
import dev.cistern.control.resource.ParameterGroup;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.SubnetGroup;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CreateCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheClusterRequest;

/**
 * What actions on cache clusters do otherwise when the engine is Memcached: many nodes, in zones, that come and go.
 *
 * <p>The port that a caller asks for is that of the configuration endpoint: it is what stays, and what AWS's clients and
 * Terraform hold to be the cluster's.
 */
record MemcachedOperations(Context context) {

    /** From this version on the original speaks TLS as AWS offers it. */
    private static final String ENCRYPTABLE_SINCE = "1.6.12";
    private static final String NUM_NODES = "NumCacheNodes";

    /** Stores a cluster that is to be started. */
    CacheCluster create(CreateCacheClusterRequest request, ClusterWish wish, ResourceKey key) {
        int count = checkedCount(request.numCacheNodes() == null ? 1 : request.numCacheNodes());
        boolean encrypted = Boolean.TRUE.equals(request.transitEncryptionEnabled());
        if (encrypted) {
            requireEncryptable(wish.settings(context).engineVersion());
        }
        SubnetGroup subnets = Clusters.subnets(context, wish);
        List<String> zones = zones(request, subnets, count);
        Clusters.requireQuota(context, count);
        CacheCluster cluster = Clusters.insert(context, wish, key, zones.getFirst(), count);
        Ports ports = new Ports(context.options().endpoints());
        int port = ports.lease(context.handle(), wish.port(), MemcachedCluster.leaseHolder(cluster));
        MemcachedCluster.TABLE.insert(context.handle(), MemcachedCluster.created(key, port, encrypted));
        for (NewNode node : newNodes(cluster, List.of(), zones, "")) {
            node.insert(context.handle(), cluster, context.options().endpoints(), cluster.createdAtMillis());
        }
        return cluster;
    }

    /** What only Redis and Valkey clusters have. */
    static void refuseForeign(CreateCacheClusterRequest request) {
        refuse("ReplicationGroupId", request.replicationGroupId());
        refuse("SnapshotWindow", request.snapshotWindow());
        refuse("SnapshotRetentionLimit", positive(request.snapshotRetentionLimit()));
        refuse("SnapshotName", request.snapshotName());
        refuse("SnapshotArns", request.snapshotArns().isEmpty() ? null : request.snapshotArns().getFirst());
        refuse("AuthToken", request.authToken());
    }

    /** What only Redis and Valkey clusters have, or can change. */
    static void refuseForeign(ModifyCacheClusterRequest request) {
        refuse("SnapshotWindow", request.snapshotWindow());
        refuse("SnapshotRetentionLimit", positive(request.snapshotRetentionLimit()));
        refuse("AuthToken", request.authToken());
        refuse("AuthTokenUpdateStrategy", request.authTokenUpdateStrategyAsString());
        if (request.cacheNodeType() != null) {
            throw Faults.invalidParameterCombination("Modifying the cache node type of a %s cache cluster is not "
                    + "supported.", EngineType.MEMCACHED.wireName());
        }
    }

    private static @Nullable String positive(@Nullable Integer value) {
        return value == null || value == 0 ? null : value.toString();
    }

    private static void refuse(String parameter, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            throw Faults.invalidParameterCombination("The parameter %s is not supported for engine %s.", parameter,
                    EngineType.MEMCACHED.wireName());
        }
    }

    private int checkedCount(int count) {
        if (count < 1) {
            throw Faults.invalidParameterValue("Invalid value %d for %s", count, NUM_NODES);
        }
        int quota = context.options().quotas().nodesPerMemcachedCluster();
        if (count > quota) {
            throw Faults.clusterNodeQuotaExceeded(quota);
        }
        return count;
    }

    // --- zones ---

    /** A zone for each of the new cluster's nodes. */
    private List<String> zones(CreateCacheClusterRequest request, SubnetGroup subnets, int count) {
        boolean isCross = isCross(request.azModeAsString());
        if (isCross && count == 1) {
            throw Faults.invalidParameterCombination("The AZMode cross-az needs at least two cache nodes.");
        }
        String one = request.preferredAvailabilityZone();
        List<String> each = request.preferredAvailabilityZones();
        if (one != null && (isCross || !each.isEmpty())) {
            throw Faults.invalidParameterCombination("PreferredAvailabilityZone cannot be used with AZMode cross-az or "
                    + "with PreferredAvailabilityZones.");
        }
        if (one != null) {
            return repeat(List.of(one), count, subnets);
        }
        if (!each.isEmpty()) {
            requireFitting("PreferredAvailabilityZones", each, count, request.azModeAsString(), new HashSet<>());
            return repeat(each, count, subnets);
        }
        return chosen(subnets, count, isCross, List.of());
    }

    /** A zone for each node that an existing cluster gets. */
    private List<String> zones(ModifyCacheClusterRequest request, SubnetGroup subnets, int count,
            List<CacheNode> present) {
        boolean isCross = isCross(request.azModeAsString());
        List<String> taken = present.stream().map(CacheNode::availabilityZone).toList();
        Set<String> used = new HashSet<>(taken);
        if (request.azModeAsString() != null && !isCross && used.size() > 1) {
            throw Faults.invalidParameterCombination("The AZMode cannot be single-az: the cache cluster has nodes in "
                    + "different availability zones.");
        }
        List<String> each = request.newAvailabilityZones();
        if (!each.isEmpty()) {
            requireFitting("NewAvailabilityZones", each, count, request.azModeAsString(), used);
            return repeat(each, count, subnets);
        }
        return isCross || used.size() > 1
                ? chosen(subnets, count, true, taken)
                : repeat(List.of(taken.getFirst()), count, subnets);
    }

    private static boolean isCross(@Nullable String mode) {
        if (mode != null && !mode.equals("cross-az") && !mode.equals("single-az")) {
            throw Faults.invalidParameterValue("Invalid AZMode: %s. Valid values are: single-az, cross-az", mode);
        }
        return "cross-az".equals(mode);
    }

    private static void requireFitting(String parameter, List<String> zones, int count, @Nullable String mode,
            Set<String> used) {
        if (zones.size() != count) {
            throw Faults.invalidParameterCombination("The number of %s must equal the number of new cache nodes, %d.",
                    parameter, count);
        }
        used.addAll(zones);
        if ("single-az".equals(mode) && used.size() > 1) {
            throw Faults.invalidParameterCombination("%s must name one availability zone when AZMode is single-az.",
                    parameter);
        }
        if ("cross-az".equals(mode) && used.size() == 1) {
            throw Faults.invalidParameterCombination("%s must name different availability zones when AZMode is "
                    + "cross-az.", parameter);
        }
    }

    private List<String> repeat(List<String> zones, int count, SubnetGroup subnets) {
        List<String> repeated = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            repeated.add(ClusterWish.knownZone(zones.get(i % zones.size()), context.caller().region(), subnets));
        }
        return repeated;
    }

    /** Any one zone for all, or for each the one that has the fewest nodes. */
    private List<String> chosen(SubnetGroup subnets, int count, boolean isCross, List<String> taken) {
        if (!isCross) {
            return repeat(List.of(ClusterWish.anyZone(subnets, context.options().random())), count, subnets);
        }
        List<String> all = new ArrayList<>(taken);
        for (int i = 0; i < count; i++) {
            String emptiest = ClusterWish.fewZones(subnets).stream().min((one, other) -> Long
                    .compare(countOf(all, one), countOf(all, other))).orElseThrow();
            all.add(emptiest);
        }
        return all.subList(taken.size(), all.size());
    }

    private static long countOf(List<String> zones, String zone) {
        return zones.stream().filter(zone::equals).count();
    }

    // --- versions ---

    private static void requireEncryptable(String version) {
        if (EngineVersion.compare(version, ENCRYPTABLE_SINCE) < 0) {
            throw Faults.invalidParameterCombination("Encryption features are not supported for engine %s version %s. "
                    + "Use version %s or newer.", EngineType.MEMCACHED.wireName(), version, ENCRYPTABLE_SINCE);
        }
    }

    /** What the request says of the cluster's engine; null if nothing. */
    @Nullable
    Upgrade upgrade(ModifyCacheClusterRequest request, CacheCluster cluster) {
        String engine = request.engine();
        if (engine != null && EngineType.of(engine).orElse(null) != EngineType.MEMCACHED) {
            throw Faults.invalidParameterCombination("The engine of cache cluster %s cannot be changed from %s to %s.",
                    cluster.id(), EngineType.MEMCACHED.wireName(), engine);
        }
        if (request.engineVersion() == null) {
            return null;
        }
        EngineVersion wanted = ClusterWish.version(EngineType.MEMCACHED, request.engineVersion());
        String present = cluster.settings().engineVersion();
        if (EngineVersion.compare(wanted.full(), present) < 0) {
            throw Faults.invalidParameterCombination("The engine version cannot be changed from %s to %s: a cache "
                    + "cluster cannot be downgraded.", present, wanted.full());
        }
        return new Upgrade(wanted, !wanted.family().equals(EngineVersion.familyOf(EngineType.MEMCACHED, present)));
    }

    /** @param changesFamily whether another family's parameter group comes with it */
    record Upgrade(EngineVersion version, boolean changesFamily) {}

    /** Stores the version to come, or takes back the one that waits when it is the present one that is wished. */
    private MemcachedCluster upgrading(ModifyCacheClusterRequest request, CacheCluster cluster, Upgrade upgrade,
            MemcachedCluster row) {
        String version = upgrade.version().full();
        if (version.equals(cluster.settings().engineVersion())) {
            return row.upgradingTo("", "");
        }
        String group = upgrade.changesFamily() ? groupAfter(request, cluster, upgrade.version()) : "";
        return row.upgradingTo(version, group);
    }

    /** The group that is named; else a default group becomes the new family's, and any other would not fit. */
    private String groupAfter(ModifyCacheClusterRequest request, CacheCluster cluster, EngineVersion version) {
        String present = cluster.settings().parameterGroup();
        String wanted = request.cacheParameterGroupName();
        if (wanted == null) {
            boolean isDefault = present.equals(ParameterGroup.defaultFor(ClusterWish.version(EngineType.MEMCACHED,
                    cluster.settings().engineVersion())));
            wanted = isDefault ? ParameterGroup.defaultFor(version) : present;
        }
        return ParameterGroups.requireFitting(context, wanted, version.family()).id();
    }

    // --- nodes that come and go ---

    /**
     * Begins what is wished or waits, of the engine's version and of the nodes, now; or has it wait for the maintenance
     * window.
     */
    CacheCluster change(ModifyCacheClusterRequest request, CacheCluster cluster, @Nullable Upgrade upgrade,
            boolean now) {
        MemcachedCluster row = MemcachedCluster.named(context.handle(), cluster.key());
        if (request.numCacheNodes() == null) {
            requireNoPlaces(request);
        } else {
            row = MemcachedCluster.TABLE.update(context.handle(), changed(request, cluster, row));
        }
        if (upgrade != null) {
            row = MemcachedCluster.TABLE.update(context.handle(), upgrading(request, cluster, upgrade, row));
        }
        return now ? context.workflows().changeMemcached(context.handle(), cluster, row) : cluster;
    }

    private static void requireNoPlaces(ModifyCacheClusterRequest request) {
        if (!request.newAvailabilityZones().isEmpty() || !request.cacheNodeIdsToRemove().isEmpty()
                || request.azModeAsString() != null) {
            throw Faults.invalidParameterCombination("AZMode, NewAvailabilityZones and CacheNodeIdsToRemove need "
                    + "NumCacheNodes.");
        }
    }

    private MemcachedCluster changed(ModifyCacheClusterRequest request, CacheCluster cluster, MemcachedCluster row) {
        int wanted = checkedCount(request.numCacheNodes());
        int difference = wanted - cluster.numCacheNodes();
        int waiting = row.toAdd().size();
        if (difference > 0 && difference < waiting) {
            throw Faults.invalidParameterCombination("Adding %d cache nodes is pending. To add fewer, cancel it first "
                    + "with %s %d.", waiting, NUM_NODES, cluster.numCacheNodes());
        }
        if (difference <= 0 && !request.newAvailabilityZones().isEmpty()) {
            throw Faults.invalidParameterCombination("NewAvailabilityZones are for cache nodes that are added.");
        }
        if (difference >= 0 && !request.cacheNodeIdsToRemove().isEmpty()) {
            throw Faults.invalidParameterCombination("CacheNodeIdsToRemove needs a %s less than the number of cache "
                    + "nodes, %d.", NUM_NODES, cluster.numCacheNodes());
        }
        List<CacheNode> present = CacheNode.of(context.handle(), cluster.key());
        if (difference <= 0) {
            release(row.toAdd());
            return difference == 0 ? row.settled() : row.removing(idsToRemove(request, present, -difference));
        }
        return difference == waiting ? row : row.adding(toAdd(request, cluster, row, present, difference));
    }

    private List<NewNode> toAdd(ModifyCacheClusterRequest request, CacheCluster cluster, MemcachedCluster row,
            List<CacheNode> present, int count) {
        Clusters.requireQuota(context, count);
        SubnetGroup subnets = new SubnetGroupOperations(context).require(cluster.subnetGroup());
        // What is pending keeps its places; the zones that are named are those of the nodes beyond it.
        List<NewNode> all = new ArrayList<>(row.toAdd());
        List<String> ids = new ArrayList<>(present.stream().map(CacheNode::cacheNodeId).toList());
        all.forEach(node -> ids.add(node.cacheNodeId()));
        all.addAll(newNodes(cluster, ids, zones(request, subnets, count - all.size(), present),
                "-" + row.configurationVersion()));
        return all;
    }

    /** The nodes that are named, or those of the highest numbers. */
    private static List<String> idsToRemove(ModifyCacheClusterRequest request, List<CacheNode> present, int count) {
        List<String> ids = present.stream().map(CacheNode::cacheNodeId).sorted().toList();
        List<String> named = request.cacheNodeIdsToRemove().stream().distinct().sorted().toList();
        if (named.isEmpty()) {
            return ids.subList(ids.size() - count, ids.size());
        }
        for (String id : named) {
            if (!ids.contains(id)) {
                throw Faults.invalidParameterValue("Cache node %s does not exist in cache cluster %s.", id,
                        present.getFirst().key().id());
            }
        }
        if (named.size() != count) {
            throw Faults.invalidParameterCombination("The number of CacheNodeIdsToRemove, %d, must be the number of "
                    + "cache nodes less %s, %d.", named.size(), NUM_NODES, count);
        }
        return named;
    }

    /** A node in each zone with the lowest free number; each holds its port from now on. */
    private List<NewNode> newNodes(CacheCluster cluster, List<String> takenIds, List<String> zones, String suffix) {
        Ports ports = new Ports(context.options().endpoints());
        Set<String> taken = new HashSet<>(takenIds);
        List<NewNode> nodes = new ArrayList<>();
        for (String zone : zones) {
            int number = 1;
            while (!taken.add("%04d".formatted(number))) {
                number++;
            }
            String id = "%04d".formatted(number);
            // A number may come again, but never the name towards the runtime.
            String nodeId = Clusters.nodeId(cluster, id) + suffix;
            nodes.add(new NewNode(id, nodeId, zone, ports.lease(context.handle(), null, nodeId)));
        }
        return nodes;
    }

    private void release(List<NewNode> nodes) {
        nodes.forEach(node -> context.handle().execute("delete from port_lease where node_id = ?", node.nodeId()));
    }
}
