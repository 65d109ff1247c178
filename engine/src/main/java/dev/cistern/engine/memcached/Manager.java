package dev.cistern.engine.memcached;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * Who manages a node: the one that tells it of its cluster, and what it may change while it serves. A node that nobody
 * manages takes its cluster's configuration from every client. Immutable.
 */
final class Manager {
    private final byte[] password;

    private Manager(String password) {
        this.password = password.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The one who knows this password; none when it is empty. */
    static Manager with(String password) {
        return new Manager(password);
    }

    boolean isThere() {
        return password.length > 0;
    }

    /** Compares all bytes each time, so that the time that a refusal takes tells nothing. */
    boolean is(String given) {
        return isThere() && MessageDigest.isEqual(password, given.getBytes(StandardCharsets.ISO_8859_1));
    }
}
