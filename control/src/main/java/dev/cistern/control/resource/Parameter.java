package dev.cistern.control.resource;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A parameter of a family, as AWS publishes it.
 *
 * @param defaultValue    its value when nobody changed it; begins with {@code @} when it depends on the node type
 * @param type            {@code string}, {@code integer}, {@code float}, or {@code bytes}: an integer that may exceed 31 bits
 * @param allowedValues   AWS's form: {@code yes,no}, {@code 0-}, {@code 1-100}, {@code 0,20-}; empty when any text is
 * @param modifiable      whether a caller may set it
 * @param minimumVersion  first engine version that has it
 * @param setting         the node's own name for it; behind a {@code +} when its value is one part of that setting's;
 *                        {@code -} when nodes have nothing like it
 */
public record Parameter(
        String name,
        String defaultValue,
        String type,
        String allowedValues,
        boolean modifiable,
        Change change,
        String minimumVersion,
        String setting,
        String description) {

    /** What it takes for a new value to be in force. */
    public enum Change {

        /** Nodes take it while they serve. */
        IMMEDIATE,

        /** Nodes take it when they are started. */
        REBOOT,

        /** It is fixed when a cluster is made; a group in use cannot change it. */
        CREATION
    }

    private static final String PART = "+";
    private static final String NONE = "-";
    private static final String NODE_SPECIFIC = "@";
    private static final Pattern RANGE = Pattern.compile("(-?\\d+)(?:(-)(-?\\d+)?)?");

    /** Rules that AWS's form of allowed values cannot say. */
    private static final Map<String, Pattern> FORMS = Map.of(
            "notify-keyspace-events", Pattern.compile("[KEg$lshztxedmnA]*"),
            "rename-commands", Pattern.compile("(\\S+ \\S+( \\S+ \\S+)*)?"));

    private static final Map<String, List<String>> MEMCACHED = Tsv.rows(Parameter.class, "memcached-node-types.tsv")
            .stream().collect(Collectors.toUnmodifiableMap(row -> row[0], row -> List.of(row[1], row[2])));

    /** The node's setting that follows from it alone, or null. */
    public @Nullable String ownSetting() {
        return setting.startsWith(PART) || setting.equals(NONE) ? null : setting;
    }

    /** The node's setting in which it has a part, or null. */
    public @Nullable String anySetting() {
        return setting.startsWith(PART) ? setting.substring(PART.length()) : ownSetting();
    }

    public boolean isNodeSpecific() {
        return defaultValue.startsWith(NODE_SPECIFIC);
    }

    /** Whether an existing cluster keeps its value for good. */
    public boolean isFixedAtCreation() {
        return change == Change.CREATION;
    }

    /** Whether nodes of this type have it: AWS publishes no Memcached values for some types. */
    public boolean isKnownOn(NodeType nodeType) {
        return !isMemcachedSize() || MEMCACHED.containsKey(nodeType.name());
    }

    /** The default on nodes of that type. */
    public String defaultOn(NodeType nodeType) {
        return switch (defaultValue) {
            case "@maxmemory" -> Long.toString(nodeType.publishedMaxMemory());
            case "@replica-buffer" -> Long.toString(nodeType.publishedMaxMemory() / 10);
            case "@max_cache_memory" -> memcached(nodeType, 0);
            case "@num_threads" -> memcached(nodeType, 1);
            default -> defaultValue;
        };
    }

    /** Whether a caller may set it to {@code value}. */
    public boolean allows(String value) {
        Pattern form = FORMS.get(name);
        if (form != null) {
            return form.matcher(value).matches();
        }
        return switch (type) {
            case "string" -> List.of(allowedValues.split(",", -1)).contains(value);
            case "float" -> isFloatWithin(value);
            default -> isIntegerWithin(value);
        };
    }

    /** AWS knows no bytes, only integers. */
    public String wireType() {
        return type.equals("bytes") ? "integer" : type;
    }

    private boolean isMemcachedSize() {
        return defaultValue.equals("@max_cache_memory") || defaultValue.equals("@num_threads");
    }

    /** AWS's value; for a type of which none is published, one by the same measure. */
    private static String memcached(NodeType nodeType, int column) {
        List<String> published = MEMCACHED.get(nodeType.name());
        if (published != null) {
            return published.get(column);
        }
        return column == 0
                ? Long.toString(nodeType.publishedMaxMemory() >> 20)
                : Integer.toString(nodeType.virtualProcessors());
    }

    private boolean isFloatWithin(String value) {
        String[] ends = allowedValues.split("-", -1);
        return value.matches("\\d{1,3}(\\.\\d{1,6})?") && Double.parseDouble(value) > Double.parseDouble(ends[0])
                && Double.parseDouble(value) <= Double.parseDouble(ends[1]);
    }

    private boolean isIntegerWithin(String value) {
        if (!value.matches("-?\\d{1,18}")) {
            return false;
        }
        long number = Long.parseLong(value);
        long most = type.equals("bytes") ? Long.MAX_VALUE : Integer.MAX_VALUE;
        for (String range : allowedValues.split(",", -1)) {
            Matcher ends = RANGE.matcher(range);
            if (!ends.matches()) {
                throw new IllegalStateException(name + ": not a range: " + range);
            }
            long first = Long.parseLong(ends.group(1));
            String end = ends.group(3);
            long last = ends.group(2) == null ? first : end == null ? most : Long.parseLong(end);
            if (number >= first && number <= last) {
                return true;
            }
        }
        return false;
    }
}
