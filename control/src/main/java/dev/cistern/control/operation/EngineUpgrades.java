package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.EngineChange;
import dev.cistern.control.resource.EngineVersion;
import dev.cistern.control.resource.ParameterGroup;
import org.jspecify.annotations.Nullable;

/**
 * What callers say of the engine of a Redis or Valkey cluster and of its version, by AWS's rules: never an older one, from
 * Redis to Valkey but not back, and with another family another parameter group.
 */
record EngineUpgrades(Context context) {

    /** From this version of Redis on Valkey can take over. */
    private static final String VALKEY_SINCE = "5.0.6";

    /** What the two modifying operations say of it; null where nothing is said. */
    record Wish(@Nullable String engine, @Nullable String version, @Nullable String parameterGroup) {

        boolean saysSomething() {
            return engine != null || version != null;
        }
    }

    /**
     * Stores what the cluster is to become, or takes back what waits when it is what it has that is wished; null when
     * nothing is said or nothing is to change.
     */
    @Nullable
    EngineChange store(CacheCluster cluster, Wish wish) {
        if (!wish.saysSomething()) {
            return null;
        }
        EngineType engine = wish.engine == null ? cluster.engine() : requireEngine(cluster, wish.engine);
        EngineVersion version = version(cluster, engine, wish.version);
        boolean isSame = engine == cluster.engine() && version.full().equals(cluster.settings().engineVersion());
        if (isSame) {
            EngineChange.delete(context.handle(), cluster.key());
            return null;
        }
        EngineChange change = new EngineChange(cluster.key(), 0, engine, version.full(),
                groupAfter(cluster, version, wish.parameterGroup));
        change.store(context.handle());
        return change;
    }

    private static EngineType requireEngine(CacheCluster cluster, String name) {
        EngineType wanted = EngineType.of(name).orElseThrow(() -> Faults
                .invalidParameterValue("Invalid engine: %s. Valid engines are: memcached, redis, valkey", name));
        boolean isAllowed = wanted == cluster.engine()
                || (cluster.engine() == EngineType.REDIS && wanted == EngineType.VALKEY);
        if (!isAllowed) {
            throw Faults.invalidParameterCombination("The engine of cache cluster %s cannot be changed from %s to %s.",
                    cluster.id(), cluster.engine().wireName(), wanted.wireName());
        }
        return wanted;
    }

    private static EngineVersion version(CacheCluster cluster, EngineType engine, @Nullable String wanted) {
        String present = cluster.settings().engineVersion();
        EngineVersion version = wanted == null ? EngineVersion.defaultOf(engine) : ClusterWish.version(engine, wanted);
        if (engine != cluster.engine()) {
            if (EngineVersion.compare(present, VALKEY_SINCE) < 0) {
                throw Faults.invalidParameterCombination(
                        "The engine can be changed to %s from %s version %s on; it is %s.", engine.wireName(),
                        cluster.engine().wireName(), VALKEY_SINCE, present);
            }
            return version;
        }
        if (wanted == null) {
            // Only the engine was named, and it has that.
            return EngineVersion.ofFull(engine, present);
        }
        if (EngineVersion.compare(version.full(), present) < 0) {
            throw Faults.invalidParameterCombination("The engine version cannot be changed from %s to %s: a cache "
                    + "cluster cannot be downgraded.", present, version.full());
        }
        return version;
    }

    /** The group that is named; else a default group becomes the new family's, and any other has to fit. */
    private String groupAfter(CacheCluster cluster, EngineVersion version, @Nullable String named) {
        ParameterGroup present = ParameterGroup.named(context.handle(),
                context.key(cluster.settings().parameterGroup()));
        boolean isClustered = present.isClusterMode(context.handle());
        String wanted = named != null
                ? named
                : present.isDefault()
                        ? ParameterGroup.defaultFor(version, isClustered)
                        : present.id();
        ParameterGroup group = ParameterGroups.requireFitting(context, wanted, version.family());
        if (group.isClusterMode(context.handle()) != isClustered) {
            throw Faults
                    .invalidParameterCombination("Parameter cluster-enabled of cache parameter group %s is not that "
                            + "of %s, and cannot be changed with the engine version.", group.id(), present.id());
        }
        return group.id();
    }
}
