package dev.cistern.control.resource;

import dev.cistern.control.node.EngineType;
import java.util.List;

/**
 * A version of an engine that can be asked for.
 *
 * @param engine     the engine
 * @param name       what a caller asks for: major.minor from Redis 6 on, three parts before
 * @param full       the version with its patch, which a cluster shows
 * @param family     the parameter group family
 * @param isDefault  whether a caller who names no version gets this one
 */
public record EngineVersion(EngineType engine, String name, String full, String family, boolean isDefault) {

    /** All versions, oldest first within an engine. */
    public static final List<EngineVersion> ALL = Tsv.rows(EngineVersion.class, "engine-versions.tsv").stream()
            .map(row -> new EngineVersion(
                    EngineType.of(row[0]).orElseThrow(), row[1], row[2], row[3], row[4].equals("default")))
            .toList();

    public static EngineVersion defaultOf(EngineType engine) {
        return ALL.stream().filter(version -> version.engine == engine && version.isDefault).findFirst().orElseThrow();
    }

    /** Such as {@code 8} of 8.1: what {@code DefaultOnly} counts as one line of versions. */
    public String major() {
        return name.substring(0, name.indexOf('.'));
    }

    /** The version of that full name, which was checked when it was stored. */
    public static EngineVersion ofFull(EngineType engine, String full) {
        return ALL.stream().filter(version -> version.engine == engine && version.full.equals(full)).findFirst()
                .orElseThrow();
    }

    /** The family of a full version, which was checked when it was stored. */
    public static String familyOf(EngineType engine, String full) {
        return ofFull(engine, full).family;
    }

    /** Orders versions in parts by their numbers: negative when {@code one} is older. */
    public static int compare(String one, String other) {
        String[] left = one.split("\\.", -1);
        String[] right = other.split("\\.", -1);
        for (int i = 0; i < Math.min(left.length, right.length); i++) {
            int order = Integer.compare(Integer.parseInt(left[i]), Integer.parseInt(right[i]));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(left.length, right.length);
    }
}
