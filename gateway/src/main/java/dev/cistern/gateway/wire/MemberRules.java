package dev.cistern.gateway.wire;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What must hold for one member and everything below it: present or not, one of these values or any.
 *
 * <p>The SDK's classes do not say it, so it is read from the table beside this class ({@link ServiceRules}).
 */
final class MemberRules {

    private static final MemberRules NONE = new MemberRules();

    private final Map<String, MemberRules> members = new HashMap<>(4);
    private boolean required;
    private List<String> values = List.of();

    MemberRules member(String name) {
        return members.getOrDefault(name, NONE);
    }

    boolean isRequired() {
        return required;
    }

    /** The values that are allowed; empty when any is. */
    List<String> values() {
        return values;
    }

    /** The names below which there are rules. */
    Map<String, MemberRules> members() {
        return members;
    }

    /**
     * The value as AWS spells it. ElastiCache takes its enums in any case ({@code Disabled} for {@code disabled}).
     *
     * @throws WireFault when there are allowed values and this is none of them
     */
    Object check(Object value, String path) {
        if (values.isEmpty() || !(value instanceof String text)) {
            return value;
        }
        for (String allowed : values) {
            if (allowed.equalsIgnoreCase(text)) {
                return allowed;
            }
        }
        throw WireFault.invalidValue(path, text, String.join(", ", values));
    }

    /** Adds one line of the table: {@code A.B[].C required} or {@code A.B one of x y}. */
    void add(String line) {
        String[] words = line.strip().split(" ", -1);
        MemberRules rule = this;
        for (String step : words[0].replace("[]", "").split("\\.", -1)) {
            rule = rule.members.computeIfAbsent(step, s -> new MemberRules());
        }
        if (words[1].equals("required")) {
            rule.required = true;
        } else {
            rule.values = List.copyOf(new ArrayList<>(List.of(words)).subList(3, words.length));
        }
    }
}
