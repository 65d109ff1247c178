package dev.cistern.control.resource;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.state.Table;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The engine and version that a Redis or Valkey cluster is to have, now when it is modifying, else in the maintenance
 * window; {@code key} is the cluster's. A cluster without a row keeps what it has.
 *
 * @param engineVersion   full version, such as {@code 8.2.0}
 * @param parameterGroup  what it has from then on
 */
public record EngineChange(ResourceKey key, long version, EngineType engine, String engineVersion,
        String parameterGroup) {

    public static final Table<EngineChange> TABLE = Table.of(EngineChange.class, "engine_change", "account", "region",
            "id");

    public static @Nullable EngineChange find(Handle handle, ResourceKey cluster) {
        return TABLE.find(handle, cluster.account(), cluster.region(), cluster.id()).orElse(null);
    }

    public static void delete(Handle handle, ResourceKey cluster) {
        TABLE.delete(handle, cluster.account(), cluster.region(), cluster.id());
    }

    /** Takes the place of what was to be before. */
    public void store(Handle handle) {
        delete(handle, key);
        TABLE.insert(handle, this);
    }

    /** The same for another member of the group. */
    public EngineChange of(CacheCluster member) {
        return new EngineChange(member.key(), 0, engine, engineVersion, parameterGroup);
    }

    /** The cluster as it is then. */
    public CacheCluster applied(CacheCluster cluster) {
        return cluster.withEngine(engine, cluster.settings().withEngineVersion(engineVersion, parameterGroup));
    }
}
