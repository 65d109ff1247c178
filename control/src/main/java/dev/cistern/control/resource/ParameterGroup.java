package dev.cistern.control.resource;

import dev.cistern.control.state.Table;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * A cache parameter group: a family, and values that differ from the family's defaults.
 *
 * <p>Every account has the default groups, one for each family and one more with cluster mode on. They are no rows: they
 * are what the catalogue says, in every release.
 */
public record ParameterGroup(ResourceKey key, long version, String family, String description) {

    /** Its part of an Amazon Resource Name. */
    public static final String ARN_TYPE = "parametergroup";

    public static final Table<ParameterGroup> TABLE = Table.of(ParameterGroup.class, "parameter_group", "account",
            "region", "id");

    private static final String DEFAULT_PREFIX = "default.";
    private static final String CLUSTER_ON = ".cluster.on";
    private static final String CLUSTER_ENABLED = "cluster-enabled";
    private static final String YES = "yes";

    /** The group of that name in lower case, a default one or one of the caller's. */
    public static @Nullable ParameterGroup find(Handle handle, ResourceKey key) {
        if (key.id().startsWith(DEFAULT_PREFIX)) {
            return defaults(key).stream().filter(group -> group.id().equals(key.id())).findFirst().orElse(null);
        }
        return TABLE.find(handle, key.account(), key.region(), key.id()).orElse(null);
    }

    /** The group of that name, which somebody refers to and which therefore is there. */
    public static ParameterGroup named(Handle handle, ResourceKey key) {
        ParameterGroup group = find(handle, key);
        if (group == null) {
            throw new IllegalStateException("no parameter group is called " + key.id());
        }
        return group;
    }

    /** The default groups of the account and region of {@code place}, by family. */
    public static List<ParameterGroup> defaults(ResourceKey place) {
        List<ParameterGroup> groups = new ArrayList<>();
        for (ParameterFamily family : ParameterFamily.ALL) {
            String name = DEFAULT_PREFIX + family.name();
            groups.add(new ParameterGroup(place.sibling(name), 0, family.name(),
                    "Default parameter group for " + family.name()));
            if (family.hasClusterMode()) {
                groups.add(new ParameterGroup(place.sibling(name + CLUSTER_ON), 0, family.name(),
                        "Customized default parameter group for " + family.name() + " with cluster mode on"));
            }
        }
        return groups;
    }

    /** The name of the group that a cluster of this version gets when none is asked for. */
    public static String defaultFor(EngineVersion version) {
        return DEFAULT_PREFIX + version.family();
    }

    /** The same, for cluster mode or not. */
    public static String defaultFor(EngineVersion version, boolean isClustered) {
        return isClustered ? defaultFor(version) + CLUSTER_ON : defaultFor(version);
    }

    public String id() {
        return key.id();
    }

    public String arn() {
        return key.arn(ARN_TYPE);
    }

    /** Whether it belongs to everybody and cannot be changed. */
    public boolean isDefault() {
        return key.id().startsWith(DEFAULT_PREFIX);
    }

    /** The values that differ from the family's defaults, by parameter. */
    public SortedMap<String, String> values(Handle handle) {
        if (isDefault()) {
            return key.id().endsWith(CLUSTER_ON)
                    ? new TreeMap<>(Collections.singletonMap(CLUSTER_ENABLED, YES))
                    : new TreeMap<>();
        }
        SortedMap<String, String> values = new TreeMap<>();
        ParameterValue.of(handle, key).forEach(row -> values.put(row.parameterName(), row.parameterValue()));
        return values;
    }

    /** Whether clusters with this group are in cluster mode. */
    public boolean isClusterMode(Handle handle) {
        return YES.equals(values(handle).get(CLUSTER_ENABLED));
    }

    /** The clusters that have it, by id. */
    public List<CacheCluster> users(Handle handle) {
        return CacheCluster.TABLE.select(handle,
                "where account = ? and region = ? and parameter_group = ? order by id", key.account(), key.region(),
                key.id());
    }
}
