package dev.cistern.control.node;

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
}
