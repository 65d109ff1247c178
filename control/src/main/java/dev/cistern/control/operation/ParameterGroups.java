package dev.cistern.control.operation;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.ParameterFamily;
import dev.cistern.control.resource.ParameterGroup;
import java.util.Locale;
import java.util.Objects;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** Finds parameter groups, and says which one a cluster may have. */
final class ParameterGroups {

    private static final String PARAMETER = "CacheParameterGroupName";

    private ParameterGroups() {}

    /** The group of that name in any letter case. */
    static ParameterGroup require(Context context, @Nullable String name) {
        String wanted = Checks.notBlank(PARAMETER, name).toLowerCase(Locale.ROOT);
        ParameterGroup group = ParameterGroup.find(context.handle(), context.key(wanted));
        if (group == null) {
            throw Faults.parameterGroupNotFound(wanted);
        }
        return group;
    }

    /** The group of that name, when a cluster of {@code family} may have it. */
    static ParameterGroup requireFitting(Context context, String name, String family) {
        ParameterGroup group = require(context, name);
        if (!group.family().equals(family)) {
            throw Faults.invalidParameterCombination(
                    "Expected a parameter group of family %s but found one of family %s", family, group.family());
        }
        return group;
    }

    /** Whether clusters with the group of that name, which is there, are in cluster mode. */
    static boolean isClustered(Context context, String name) {
        return ParameterGroup.named(context.handle(), context.key(name)).isClusterMode(context.handle());
    }

    /** The group of that name, when {@code cluster} may change to it: what is fixed at creation must be the same. */
    static ParameterGroup requireChangeable(Context context, CacheCluster cluster, String name) {
        ParameterGroup old = ParameterGroup.named(context.handle(), context.key(cluster.settings().parameterGroup()));
        ParameterGroup group = requireFitting(context, name, old.family());
        SortedMap<String, String> before = old.values(context.handle());
        SortedMap<String, String> after = group.values(context.handle());
        ParameterFamily.named(old.family()).parameters().values().forEach(parameter -> {
            String was = before.getOrDefault(parameter.name(), parameter.defaultValue());
            String becomes = after.getOrDefault(parameter.name(), parameter.defaultValue());
            if (parameter.isFixedAtCreation() && !Objects.equals(was, becomes)) {
                throw Faults.invalidParameterCombination("Parameter %s is %s in parameter group %s and %s in parameter "
                        + "group %s, and cannot be changed on an existing cache cluster.", parameter.name(), was,
                        old.id(), becomes, group.id());
            }
        });
        return group;
    }
}
