package dev.cistern.toolkit;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * How keys are spelled on the servers: {@code prefix + name + ':' + key}.
 *
 * <p>Memcached takes 250 bytes of printable text, so a key that is longer, or holds anything else, is replaced by its
 * SHA-256 behind a '#'; the same on every server, so that moving from one to another changes nothing. Names that begin
 * with '~' are the toolkit's own.
 */
final class Keys {

    private static final int MAX_LENGTH = 200;
    private static final char HASHED = '#';

    private Keys() {}

    /** The key on the server for {@code key} of the cache {@code name}. */
    static String text(String prefix, String name, String key) {
        int room = MAX_LENGTH - prefix.length() - name.length() - 1;
        boolean asIs = key.length() <= room && isPlain(key) && (key.isEmpty() || key.charAt(0) != HASHED);
        return prefix + name + ":" + (asIs ? key : HASHED + sha256(key));
    }

    /** Checks a prefix or a cache's name. */
    static String requireName(String name) {
        if (name.length() > 60 || !isPlain(name) || name.startsWith("~")) {
            throw new IllegalArgumentException(
                    "a name has at most 60 printable ASCII characters, no space, and no ~ in front: " + name);
        }
        return name;
    }

    static String sha256(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static boolean isPlain(String text) {
        for (int at = 0; at < text.length(); at++) {
            if (text.charAt(at) <= ' ' || text.charAt(at) >= 0x7F) {
                return false;
            }
        }
        return true;
    }
}
