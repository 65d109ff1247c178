package dev.cistern.gateway.wire;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkField;
import software.amazon.awssdk.core.protocol.MarshallingKnownType;
import software.amazon.awssdk.core.traits.ListTrait;
import software.amazon.awssdk.core.traits.MapTrait;

/**
 * The tree that dotted parameter names spell: {@code Tags.Tag.1.Key} is four steps down.
 *
 * <p>Lists are read as clients really send them: under the modelled item name, under {@code member}, under any other
 * single wrapper, or without one. A list given as an empty value is an empty list: so SDKs say "set it to nothing".
 */
final class ParameterTree implements WireNode {

    /** AWS's deepest request has nine steps. */
    private static final int MAX_DEPTH = 24;

    private static final int MAX_INDEX_DIGITS = 9;

    private final String path;
    private final Map<String, ParameterTree> children = new LinkedHashMap<>(4);
    private @Nullable String value;

    private ParameterTree(String path) {
        this.path = path;
    }

    static ParameterTree of(FormParameters parameters) {
        ParameterTree root = new ParameterTree("");
        parameters.asMap().forEach(root::put);
        return root;
    }

    private void put(String name, String text) {
        String[] steps = name.split("\\.", MAX_DEPTH + 1);
        if (steps.length > MAX_DEPTH) {
            throw WireFault.malformedInput("Start of structure or map found where not expected");
        }
        ParameterTree node = this;
        for (String step : steps) {
            node = node.childOrNew(step);
        }
        node.value = text;
    }

    private ParameterTree childOrNew(String step) {
        return children.computeIfAbsent(step, s -> new ParameterTree(path.isEmpty() ? s : path + "." + s));
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public @Nullable WireNode member(SdkField<?> field) {
        if (value != null && !value.isEmpty()) {
            throw WireFault.malformedInput("Unexpected simple value at " + path);
        }
        return children.get(field.locationName());
    }

    @Override
    public List<ParameterTree> items(ListTrait trait) {
        return inOrder(wrapperOf(itemName(trait)));
    }

    @Override
    public Map<String, ParameterTree> entries(MapTrait trait) {
        Map<String, ParameterTree> entries = new LinkedHashMap<>();
        for (ParameterTree entry : inOrder(wrapperOf("entry"))) {
            ParameterTree key = entry.children.get(trait.keyLocationName());
            ParameterTree mapped = entry.children.get(trait.valueLocationName());
            if (key == null || mapped == null) {
                throw WireFault.malformedInput("Map entry without key or value at " + entry.path);
            }
            entries.put((String) key.scalar(MarshallingKnownType.STRING), mapped);
        }
        return entries;
    }

    @Override
    public Object scalar(MarshallingKnownType type) {
        if (value == null || !children.isEmpty()) {
            throw WireFault.malformedInput("Start of structure or map found where not expected");
        }
        return ScalarText.parse(type, value, path);
    }

    private static String itemName(ListTrait trait) {
        String name = trait.memberLocationName();
        return name != null ? name : trait.memberFieldInfo().locationName();
    }

    /** The node whose children are numbered: below the modelled name, below another one, or this node itself. */
    private ParameterTree wrapperOf(String modelledName) {
        if (value != null && !value.isEmpty()) {
            throw WireFault.malformedInput("Start of list expected at " + path);
        }
        ParameterTree wrapper = children.get(modelledName);
        if (wrapper != null) {
            return wrapper;
        }
        boolean wrapped = children.size() == 1 && !isIndex(children.keySet().iterator().next());
        return wrapped ? children.values().iterator().next() : this;
    }

    private static List<ParameterTree> inOrder(ParameterTree list) {
        TreeMap<Integer, ParameterTree> items = new TreeMap<>();
        list.children.forEach((step, item) -> {
            if (!isIndex(step)) {
                throw WireFault.malformedInput("Key " + step + " is not the number of a list item at " + list.path);
            }
            items.put(Integer.valueOf(step), item);
        });
        return new ArrayList<>(items.values());
    }

    private static boolean isIndex(String step) {
        return !step.isEmpty()
                && step.length() <= MAX_INDEX_DIGITS
                && step.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
