package dev.cistern.control.resource;

import dev.cistern.control.node.EngineType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The parameters of one node: its family's defaults for its node type and version, and the values that differ from them.
 *
 * <p>The differing values are stored with the node as it was last told them, in lines of {@code name=value}; comparing
 * them with the group's tells what is still to be done.
 */
public record NodeParameters(
        ParameterFamily family, String engineVersion, NodeType nodeType, SortedMap<String, String> values) {

    /** The setting that a node's memory is limited by. */
    public static final String MAXMEMORY = "maxmemory";
    private static final long MEGABYTE = 1 << 20;
    private static final String MAXCLIENTS = "maxclients";
    private static final String[] BUFFER_PARTS = {"hard-limit", "soft-limit", "soft-seconds"};

    /** The parameters of a node that was last told {@code text}. */
    public static NodeParameters of(CacheCluster cluster, String nodeType, String text) {
        String version = cluster.settings().engineVersion();
        return new NodeParameters(ParameterFamily.named(EngineVersion.familyOf(cluster.engine(), version)), version,
                NodeType.named(nodeType), decode(text));
    }

    public NodeParameters withValues(SortedMap<String, String> others) {
        return new NodeParameters(family, engineVersion, nodeType, others);
    }

    public NodeParameters withNodeType(NodeType other) {
        return new NodeParameters(family, engineVersion, other, values);
    }

    /** {@code wanted} as far as a node that serves can take it; the rest stays as it is. */
    public NodeParameters changedTo(SortedMap<String, String> wanted) {
        SortedMap<String, String> next = new TreeMap<>(values);
        for (String name : differences(wanted)) {
            if (isImmediate(name)) {
                String value = wanted.get(name);
                if (value == null) {
                    next.remove(name);
                } else {
                    next.put(name, value);
                }
            }
        }
        return withValues(next);
    }

    /** Where the node stands towards {@code wanted}, in AWS's word. */
    public ApplyStatus status(SortedMap<String, String> wanted) {
        TreeSet<String> differences = differences(wanted);
        if (differences.isEmpty()) {
            return ApplyStatus.IN_SYNC;
        }
        return differences.stream().anyMatch(this::isImmediate) ? ApplyStatus.APPLYING : ApplyStatus.PENDING_REBOOT;
    }

    /** The parameter's value; empty when the family has none of that name. */
    public String value(String name) {
        String changed = values.get(name);
        if (changed != null) {
            return changed;
        }
        Parameter parameter = family.parameter(name);
        return parameter == null ? "" : parameter.defaultOn(nodeType);
    }

    /** What the node is to be told, by its own names. */
    public Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        for (Parameter parameter : family.parameters().values()) {
            String setting = parameter.ownSetting();
            if (setting != null && EngineVersion.compare(parameter.minimumVersion(), engineVersion) <= 0) {
                settings.put(setting, value(parameter.name()));
            }
        }
        if (family.engine() == EngineType.MEMCACHED) {
            return settings;
        }
        settings.put(MAXCLIENTS, Integer.toString(nodeType.maxClients()));
        settings.put(MAXMEMORY, Long.toString(maxMemoryBytes()));
        settings.put("client-output-buffer-limit", "normal " + buffer("normal") + " slave "
                + buffer(family.parameters().containsKey("replica-allow-chaining") ? "replica" : "slave")
                + " pubsub " + buffer("pubsub"));
        return settings;
    }

    /** Settings by which the node differs from {@code other}, with its own values. */
    public Map<String, String> settingsUnlike(NodeParameters other) {
        Map<String, String> settings = new LinkedHashMap<>(settings());
        Map<String, String> others = other.settings();
        settings.entrySet().removeIf(entry -> entry.getValue().equals(others.get(entry.getKey())));
        return settings;
    }

    /** What is left for data. */
    public long maxMemoryBytes() {
        if (family.engine() == EngineType.MEMCACHED) {
            return Math.max(1, Long.parseLong(value("max_cache_memory"))
                    - Long.parseLong(value("memcached_connections_overhead"))) * MEGABYTE;
        }
        long all = nodeType.publishedMaxMemory();
        long reserved = Long.parseLong(value("reserved-memory"));
        // A node with no room at all could not be told so: a limit of 0 means none to it.
        return Math.max(1, reserved > 0
                ? all - reserved
                : all / 100 * (100 - Integer.parseInt(value("reserved-memory-percent"))));
    }

    /** As it is stored with a node. */
    public static String encode(SortedMap<String, String> values) {
        StringBuilder text = new StringBuilder();
        values.forEach((name, value) -> text.append(name).append('=').append(value).append('\n'));
        return text.toString();
    }

    private static SortedMap<String, String> decode(String text) {
        SortedMap<String, String> values = new TreeMap<>();
        text.lines().forEach(line -> {
            int equals = line.indexOf('=');
            values.put(line.substring(0, equals), line.substring(equals + 1));
        });
        return values;
    }

    private TreeSet<String> differences(SortedMap<String, String> wanted) {
        TreeSet<String> names = new TreeSet<>(values.keySet());
        names.addAll(wanted.keySet());
        // A default that is set by hand is the default all the same.
        names.removeIf(name -> value(name).equals(withValues(wanted).value(name)));
        return names;
    }

    private boolean isImmediate(String name) {
        Parameter parameter = family.parameter(name);
        return parameter == null || parameter.change() == Parameter.Change.IMMEDIATE;
    }

    private String buffer(String clientClass) {
        StringBuilder words = new StringBuilder();
        for (String part : BUFFER_PARTS) {
            words.append(words.isEmpty() ? "" : " ")
                    .append(value("client-output-buffer-limit-" + clientClass + "-" + part));
        }
        return words.toString();
    }
}
