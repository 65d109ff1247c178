package dev.cistern.control.node;

import java.util.List;

/**
 * What a node is told of users who log in by a signed token.
 *
 * @param resource  the name that tokens are signed for
 * @param users     their names
 */
public record LoginTerms(String resource, String region, List<String> users, List<SigningKey> keys) {

    public LoginTerms {
        users = List.copyOf(users);
        keys = List.copyOf(keys);
    }
}
