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
import java.util.Set;
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
        return new ClusterWish(engine(engine), request.engineVersion(), request.cacheNodeType(),
                request.cacheParameterGroupName(), request.preferredMaintenanceWindow(), request.snapshotWindow(),
                request.snapshotRetentionLimit(), request.autoMinorVersionUpgrade(), zone,
                request.cacheSubnetGroupName(), request.port());
    }

    static ClusterWish of(CreateReplicationGroupRequest request) {
        String engine = request.engine() == null ? EngineType.REDIS.wireName() : request.engine();
        String zone = request.hasPreferredCacheClusterAZs() && !request.preferredCacheClusterAZs().isEmpty()
                ? request.preferredCacheClusterAZs().getFirst()
                : null;
        return new ClusterWish(engine(engine), request.engineVersion(), request.cacheNodeType(),
                request.cacheParameterGroupName(), request.preferredMaintenanceWindow(), request.snapshotWindow(),
                request.snapshotRetentionLimit(), request.autoMinorVersionUpgrade(), zone,
                request.cacheSubnetGroupName(), request.port());
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
        Set<String> zones = SubnetGroupOperations.zones(subnets);
        if (availabilityZone == null) {
            // Three zones are enough to be spread over, and what most regions have.
            List<String> few = zones.stream().sorted().limit(3).toList();
            return few.get(random.nextInt(few.size()));
        }
        boolean known = availabilityZone.length() == region.length() + 1 && availabilityZone.startsWith(region)
                && ZONES.indexOf(availabilityZone.charAt(region.length())) >= 0;
        if (!known) {
            throw Faults.invalidParameterValue("%s is not a valid availability zone.", availabilityZone);
        }
        if (!zones.contains(availabilityZone)) {
            throw Faults.invalidParameterCombination("Cache subnet group %s has no subnet in availability zone %s.",
                    subnets.id(), availabilityZone);
        }
        return availabilityZone;
    }

    private static EngineType engine(String name) {
        EngineType engine = EngineType.of(name).orElseThrow(
                () -> Faults.invalidParameterValue("Invalid engine: %s. Valid engines are: redis, valkey", name));
        if (engine == EngineType.MEMCACHED) {
            throw Faults.notOffered("Memcached", "Engine must be redis or valkey");
        }
        return engine;
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
