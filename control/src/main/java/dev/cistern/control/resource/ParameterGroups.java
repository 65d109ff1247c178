package dev.cistern.control.resource;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The parameter groups that every account has: one for each family, and one with cluster mode on. */
public final class ParameterGroups {

    private static final String PREFIX = "default.";
    private static final String CLUSTER_ON = ".cluster.on";

    /**
     * A default parameter group.
     *
     * @param clusterMode  whether {@code cluster-enabled} is yes in it
     */
    public record Default(String name, String family, String description, boolean clusterMode) {}

    /** All of them, by name. */
    public static final List<Default> ALL = all();

    private ParameterGroups() {}

    public static @Nullable Default find(String name) {
        return ALL.stream().filter(group -> group.name.equals(name)).findFirst().orElse(null);
    }

    /** The name of the group that a cluster of this version gets when none is asked for. */
    public static String defaultFor(EngineVersion version) {
        return PREFIX + version.family();
    }

    private static List<Default> all() {
        List<Default> groups = new ArrayList<>();
        EngineVersion.ALL.stream().map(EngineVersion::family).distinct().sorted().forEach(family -> {
            groups.add(new Default(PREFIX + family, family, "Default parameter group for " + family, false));
            groups.add(new Default(PREFIX + family + CLUSTER_ON, family,
                    "Customized default parameter group for " + family + " with cluster mode on", true));
        });
        return List.copyOf(groups);
    }
}
