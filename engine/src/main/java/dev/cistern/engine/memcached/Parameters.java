package dev.cistern.engine.memcached;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Reads named values given as text, each at most once, and knows which were never asked for. Used at a node's start. */
final class Parameters {
    private final Map<String, String> left;

    Parameters(Map<String, String> given) {
        left = new HashMap<>(given);
    }

    String text(String name, String usual) {
        String value = left.remove(name);
        return value == null ? usual : value;
    }

    long number(String name, long usual, long least, long most) {
        String text = text(name, Long.toString(usual));
        try {
            long value = Long.parseLong(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw wrong(name, text, "a number from %d to %d".formatted(least, most));
        }
        throw wrong(name, text, "a number from %d to %d".formatted(least, most));
    }

    double real(String name, double usual, double least, double most) {
        String text = text(name, Double.toString(usual));
        try {
            double value = Double.parseDouble(text);
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw wrong(name, text, "a number from %s to %s".formatted(least, most));
        }
        throw wrong(name, text, "a number from %s to %s".formatted(least, most));
    }

    boolean flag(String name, boolean usual) {
        return switch (text(name, usual ? "1" : "0")) {
            case "1", "yes", "true" -> true;
            case "0", "no", "false" -> false;
            case String other -> throw wrong(name, other, "0 or 1");
        };
    }

    String choice(String name, String usual, Set<String> choices) {
        String value = text(name, usual);
        if (!choices.contains(value)) {
            throw wrong(name, value, "one of " + choices.stream().sorted().toList());
        }
        return value;
    }

    void refuseUnknown(Predicate<String> accepted) {
        for (String name : left.keySet()) {
            if (!accepted.test(name)) {
                throw new IllegalArgumentException("parameter '%s' is unknown".formatted(name));
            }
        }
    }

    private static IllegalArgumentException wrong(String name, String value, String expected) {
        return new IllegalArgumentException("parameter '%s': %s is not %s".formatted(name, value, expected));
    }
}
