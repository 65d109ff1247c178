package dev.cistern.control.resource;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A size of node as AWS sells it. Here it is a limit for data and nothing more: no memory is taken before data comes.
 *
 * @param name                the name, such as {@code cache.t4g.micro}
 * @param publishedMaxMemory  AWS's {@code maxmemory} for the type, before memory is set aside
 */
public record NodeType(String name, long publishedMaxMemory) {

    /** Family whose nodes keep part of their data on disk; one cannot scale into it or out of it. */
    private static final String DATA_TIERING_FAMILY = "cache.r6gd.";

    private static final Pattern MULTIPLE = Pattern.compile("\\.(\\d*)xlarge$");

    private static final Map<String, NodeType> BY_NAME = read();

    private static Map<String, NodeType> read() {
        Map<String, NodeType> types = new LinkedHashMap<>();
        for (String[] row : Tsv.rows(NodeType.class, "node-types.tsv")) {
            types.put(row[0], new NodeType(row[0], Long.parseLong(row[1])));
        }
        return Collections.unmodifiableMap(types);
    }

    public static @Nullable NodeType find(String name) {
        return BY_NAME.get(name);
    }

    /** The type of that name, which was checked when it was stored. */
    public static NodeType named(String name) {
        NodeType type = find(name);
        if (type == null) {
            throw new IllegalStateException("no node type is called " + name);
        }
        return type;
    }

    /** All types, in the order of the catalogue. */
    public static Collection<NodeType> all() {
        return BY_NAME.values();
    }

    /** Connections that a node of this type accepts: fewer on the smallest. */
    public int maxClients() {
        if (name.startsWith("cache.t2.") || name.equals("cache.t3.micro") || name.equals("cache.t4g.micro")) {
            return 20_000;
        }
        return name.equals("cache.t3.small") || name.equals("cache.t3.medium") ? 46_000 : 65_000;
    }

    /** Two up to {@code large}, four times the number before {@code xlarge} above. */
    public int virtualProcessors() {
        Matcher size = MULTIPLE.matcher(name);
        return size.find() ? 4 * (size.group(1).isEmpty() ? 1 : Integer.parseInt(size.group(1))) : 2;
    }

    /** Types of at least this one's memory that a node of this type can become, by name. */
    public List<String> scaleUps() {
        return BY_NAME.values().stream()
                .filter(other -> canBecome(other) && other.publishedMaxMemory >= publishedMaxMemory)
                .map(NodeType::name).sorted().toList();
    }

    /** Types of less memory that a node of this type can become, by name. */
    public List<String> scaleDowns() {
        return BY_NAME.values().stream()
                .filter(other -> canBecome(other) && other.publishedMaxMemory < publishedMaxMemory)
                .map(NodeType::name).sorted().toList();
    }

    public boolean canBecome(NodeType other) {
        return !other.name.equals(name) && other.isDataTiering() == isDataTiering();
    }

    /** Whether AWS keeps part of such a node's data on disk. */
    public boolean isDataTiering() {
        return name.startsWith(DATA_TIERING_FAMILY);
    }
}
