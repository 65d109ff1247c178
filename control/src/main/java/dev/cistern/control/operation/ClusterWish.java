package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.ClusterSettings;
import dev.cistern.control.resource.EngineVersion;
import dev.cistern.control.resource.MaintenanceWindow;
import dev.cistern.control.resource.NodeType;
import dev.cistern.control.resource.ParameterGroup;
import dev.cistern.control.resource.SnapshotWindow;
import dev.cistern.control.resource.SubnetGroup;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CreateCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;

/** What the two operations that make clusters have in common: the wishes for a new cluster, as they came. */
record ClusterWish(
        EngineType engine,
        @Nullable String engineVersion,
        @Nullable String cacheNodeType,
        @Nullable String parameterGroup,
        @Nullable String maintenanceWindow,
        @Nullable String snapshotWindow,
        @Nullable Integer snapshotRetentionLimit,
        @Nullable Boolean autoMinorVersionUpgrade,
        @Nullable String availabilityZone,
        @Nullable String subnetGroup,
        @Nullable Integer port) {

    private static final String ZONES = "abcdef";

    static ClusterWish of(CreateCacheClusterRequest request) {
        // AWS takes Memcached when a single cluster names no engine.
        String engine = request.engine() == null ? EngineType.MEMCACHED.wireName() : request.engine();
        String zone = request.hasPreferredAvailabilityZones() && !request.preferredAvailabilityZones().isEmpty()
                ? request.preferredAvailabilityZones().getFirst()
                : request.preferredAvailabilityZone();
        EngineType type = EngineType.of(engine).orElseThrow(() -> Faults.invalidParameterValue(
                "Invalid engine: %s. Valid engines are: memcached, redis, valkey", engine));
        return new ClusterWish(type, request.engineVersion(), request.cacheNodeType(),
                request.cacheParameterGroupName(), request.preferredMaintenanceWindow(), request.snapshotWindow(),
                request.snapshotRetentionLimit(), request.autoMinorVersionUpgrade(), zone,
                request.cacheSubnetGroupName(), request.port());
    }

    static ClusterWish of(CreateReplicationGroupRequest request) {
        String engine = request.engine() == null ? EngineType.REDIS.wireName() : request.engine();
        String zone = request.hasPreferredCacheClusterAZs() && !request.preferredCacheClusterAZs().isEmpty()
                ? request.preferredCacheClusterAZs().getFirst()
                : null;
        return new ClusterWish(groupEngine(engine), request.engineVersion(), request.cacheNodeType(),
                request.cacheParameterGroupName(), request.preferredMaintenanceWindow(), request.snapshotWindow(),
                request.snapshotRetentionLimit(), request.autoMinorVersionUpgrade(), zone,
                request.cacheSubnetGroupName(), request.port());
    }

    /** The same with AWS's own parameter group for cluster mode, unless another one was wished. */
    ClusterWish clustered() {
        if (parameterGroup != null) {
            return this;
        }
        EngineVersion version = engineVersion == null
                ? EngineVersion.defaultOf(engine)
                : version(engine, engineVersion);
        return new ClusterWish(engine, engineVersion, cacheNodeType, ParameterGroup.defaultFor(version, true),
                maintenanceWindow, snapshotWindow, snapshotRetentionLimit, autoMinorVersionUpgrade, availabilityZone,
                subnetGroup, port);
    }

    /** The settings of the new cluster; what was not wished is AWS's default or chosen by chance, once. */
    ClusterSettings settings(Context context) {
        RandomGenerator random = context.options().random();
        EngineVersion version = engineVersion == null
                ? EngineVersion.defaultOf(engine)
                : version(engine, engineVersion);
        String nodeType = nodeType(Checks.required("CacheNodeType", cacheNodeType)).name();
        String group = parameterGroup == null
                ? ParameterGroup.defaultFor(version)
                : ParameterGroups.requireFitting(context, parameterGroup, version.family()).id();
        SnapshotWindow snapshots = snapshotWindow == null
                ? SnapshotWindow.any(random)
                : Checks.snapshotWindow(snapshotWindow);
        MaintenanceWindow maintenance = maintenanceWindow == null
                ? MaintenanceWindow.any(random, snapshots)
                : Checks.maintenanceWindow(maintenanceWindow);
        if (snapshotWindow == null && maintenance.overlaps(snapshots)) {
            snapshots = new SnapshotWindow((maintenance.startMinute() + maintenance.lengthMinutes()) % (24 * 60),
                    SnapshotWindow.MIN_MINUTES);
        }
        int retention = snapshotRetentionLimit == null ? 0 : Checks.snapshotRetentionLimit(snapshotRetentionLimit);
        if (snapshotWindow != null) {
            Checks.apart(maintenance, snapshots);
        }
        return new ClusterSettings(version.full(), nodeType, group, maintenance.toString(), snapshots.toString(),
                retention, autoMinorVersionUpgrade == null || autoMinorVersionUpgrade);
    }

    /** The zone that was wished, or any of the subnet group's. */
    String zone(String region, SubnetGroup subnets, RandomGenerator random) {
        return availabilityZone == null ? anyZone(subnets, random) : knownZone(availabilityZone, region, subnets);
    }

    static String anyZone(SubnetGroup subnets, RandomGenerator random) {
        List<String> few = fewZones(subnets);
        return few.get(random.nextInt(few.size()));
    }

    /** Three zones are enough to be spread over, and what most regions have. */
    static List<String> fewZones(SubnetGroup subnets) {
        return SubnetGroupOperations.zones(subnets).stream().sorted().limit(3).toList();
    }

    /** The zone, when it is one of the region's and the subnet group lies in it. */
    static String knownZone(String zone, String region, SubnetGroup subnets) {
        boolean known = zone.length() == region.length() + 1 && zone.startsWith(region)
                && ZONES.indexOf(zone.charAt(region.length())) >= 0;
        if (!known) {
            throw Faults.invalidParameterValue("%s is not a valid availability zone.", zone);
        }
        if (!SubnetGroupOperations.zones(subnets).contains(zone)) {
            throw Faults.invalidParameterCombination("Cache subnet group %s has no subnet in availability zone %s.",
                    subnets.id(), zone);
        }
        return zone;
    }

    /** The engine of a replication group. */
    private static EngineType groupEngine(String name) {
        return EngineType.of(name).filter(engine -> engine != EngineType.MEMCACHED).orElseThrow(
                () -> Faults.invalidParameterValue("Invalid engine: %s. Valid engines are: redis, valkey", name));
    }

    static NodeType nodeType(String name) {
        NodeType type = NodeType.find(name.toLowerCase(Locale.ROOT));
        if (type == null) {
            throw Faults.invalidParameterValue("Invalid cache node type: %s", name);
        }
        if (type.isDataTiering()) {
            throw Faults.notOffered("data tiering", "CacheNodeType must not be of the family r6gd");
        }
        return type;
    }

    /** A version by what a caller may say: major.minor from Redis 6 on, {@code 6.x}, or three parts before. */
    static EngineVersion version(EngineType engine, String wanted) {
        for (EngineVersion version : EngineVersion.ALL) {
            if (version.engine() == engine && version.name().equals(wanted)) {
                return version;
            }
        }
        if (engine == EngineType.REDIS && wanted.equals("6.x")) {
            return version(engine, "6.2");
        }
        for (EngineVersion version : EngineVersion.ALL) {
            if (version.engine() == engine && wanted.startsWith(version.name() + ".")) {
                throw Faults.invalidParameterValue(
                        "Specific version selection is not allowed for '%s', please use '%s'",
                        wanted, version.name());
            }
        }
        throw Faults.invalidParameterCombination("Cannot find version %s for %s", wanted, engine.wireName());
    }
}
