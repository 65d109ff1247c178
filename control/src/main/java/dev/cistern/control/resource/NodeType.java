package dev.cistern.control.resource;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A size of node as AWS sells it. Here it is a limit for data and nothing more: no memory is taken before data comes.
 *
 * @param name                the name, such as {@code cache.t4g.micro}
 * @param publishedMaxMemory  AWS's {@code maxmemory} for the type, before memory is set aside
 */
public record NodeType(String name, long publishedMaxMemory) {

    /** Default of the parameter {@code reserved-memory-percent}: set aside for buffers, not for data. */
    public static final int RESERVED_MEMORY_PERCENT = 25;

    /** Family whose nodes keep part of their data on disk; one cannot scale into it or out of it. */
    private static final String DATA_TIERING_FAMILY = "cache.r6gd.";

    private static final Map<String, NodeType> BY_NAME = read();

    private static Map<String, NodeType> read() {
        Map<String, NodeType> types = new LinkedHashMap<>();
        for (String[] row : Tsv.rows(NodeType.class, "node-types.tsv")) {
            types.put(row[0], new NodeType(row[0], Long.parseLong(row[1])));
        }
        return types;
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

    /** What a node of this type takes as {@code maxmemory}. */
    public long maxMemoryBytes() {
        return publishedMaxMemory / 100 * (100 - RESERVED_MEMORY_PERCENT);
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
