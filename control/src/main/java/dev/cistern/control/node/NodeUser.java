package dev.cistern.control.node;

import java.util.ArrayList;
import java.util.List;

/**
 * A user as a node knows it.
 *
 * @param rules  what ACL SETUSER takes, from {@code reset} on; passwords only as hashes
 */
public record NodeUser(String name, List<String> rules) {

    public NodeUser {
        rules = List.copyOf(rules);
    }

    /** The user with these rules after all others, also within each selector: what they forbid, nothing allows again. */
    public NodeUser endingWith(List<String> last) {
        List<String> all = new ArrayList<>();
        for (String rule : rules) {
            all.add(rule.startsWith("(")
                    ? rule.substring(0, rule.length() - 1) + " " + String.join(" ", last) + ")"
                    : rule);
        }
        all.addAll(last);
        return new NodeUser(name, all);
    }
}
