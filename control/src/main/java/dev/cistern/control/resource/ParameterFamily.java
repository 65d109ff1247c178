package dev.cistern.control.resource;

import dev.cistern.control.node.EngineType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A line of engine versions that share their parameters, such as {@code redis7}.
 *
 * @param firstVersion    its oldest version, in three parts
 * @param hasClusterMode  whether there is a default group with cluster mode on
 * @param parameters      all of them, by name
 */
public record ParameterFamily(
        String name, EngineType engine, String firstVersion, boolean hasClusterMode,
        SortedMap<String, Parameter> parameters) {

    private static final String ABSENT = "-";
    private static final String SAME = "=";

    /** All families, an engine's oldest first. */
    public static final List<ParameterFamily> ALL = read();

    /** The family of that name; letter case does not count. */
    public static @Nullable ParameterFamily find(String name) {
        return ALL.stream().filter(family -> family.name.equalsIgnoreCase(name)).findFirst().orElse(null);
    }

    /** The family of that name, which was checked when it was stored. */
    public static ParameterFamily named(String name) {
        ParameterFamily family = find(name);
        if (family == null) {
            throw new IllegalStateException("no parameter group family is called " + name);
        }
        return family;
    }

    public @Nullable Parameter parameter(String parameterName) {
        return parameters.get(parameterName);
    }

    private static List<ParameterFamily> read() {
        List<String[]> families = Tsv.rows(ParameterFamily.class, "parameter-families.tsv");
        List<String> order = families.stream().map(row -> row[0]).toList();
        List<String[]> rows = Tsv.rows(ParameterFamily.class, "parameters.tsv");
        List<ParameterFamily> all = new ArrayList<>();
        for (String[] family : families) {
            SortedMap<String, Parameter> parameters = new TreeMap<>();
            for (String[] row : rows) {
                if (covers(order, row[1], family[0]) && parameters.put(row[0], parameter(row, family[2])) != null) {
                    throw new IllegalStateException(row[0] + " stands twice for " + family[0]);
                }
            }
            all.add(new ParameterFamily(family[0], EngineType.of(family[1]).orElseThrow(), family[2],
                    !family[3].equals(ABSENT), Collections.unmodifiableSortedMap(parameters)));
        }
        return List.copyOf(all);
    }

    /** Whether the span, {@code first..last} or one family, holds the family. */
    private static boolean covers(List<String> order, String span, String family) {
        int dots = span.indexOf("..");
        int first = order.indexOf(dots < 0 ? span : span.substring(0, dots));
        int last = dots < 0 ? first : order.indexOf(span.substring(dots + 2));
        if (first < 0 || last < first) {
            throw new IllegalStateException("not a span of families: " + span);
        }
        int at = order.indexOf(family);
        return at >= first && at <= last;
    }

    private static Parameter parameter(String[] row, String firstVersion) {
        String since = row[7].equals(ABSENT) || EngineVersion.compare(row[7], firstVersion) < 0 ? firstVersion : row[7];
        return new Parameter(row[0], row[2], row[3], row[4], row[5].equals("yes"), change(row[6]), since,
                row[8].equals(SAME) ? row[0] : row[8], row[9]);
    }

    private static Parameter.Change change(String word) {
        return switch (word) {
            case "immediate" -> Parameter.Change.IMMEDIATE;
            case "reboot" -> Parameter.Change.REBOOT;
            case "creation" -> Parameter.Change.CREATION;
            default -> throw new IllegalStateException("not a kind of change: " + word);
        };
    }
}
