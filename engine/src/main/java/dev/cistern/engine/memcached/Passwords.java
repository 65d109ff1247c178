package dev.cistern.engine.memcached;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

/**
 * Who may come in: the {@code user:password} lines of a file, read once. Empty when everybody may. Immutable.
 *
 * <p>Kept and compared as digests, all of them each time, so that the time that a refusal takes tells nothing.
 */
final class Passwords {
    /** As many as the original reads. */
    private static final int MOST = 8;

    private final List<byte[]> digests;

    private Passwords(List<byte[]> digests) {
        this.digests = List.copyOf(digests);
    }

    static Passwords none() {
        return new Passwords(List.of());
    }

    /** Throws IllegalArgumentException when the file cannot be read or a line has no colon. */
    static Passwords read(Path file) {
        try {
            List<byte[]> digests = new ArrayList<>();
            for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
                int colon = line.indexOf(':');
                if (colon < 0) {
                    throw new IllegalArgumentException("a line of the authentication file has no colon");
                }
                if (digests.size() < MOST) {
                    digests.add(digest(line.substring(0, colon), line.substring(colon + 1)));
                }
            }
            return new Passwords(digests);
        } catch (IOException e) {
            throw new IllegalArgumentException("the authentication file cannot be read: " + e.getMessage(), e);
        }
    }

    boolean areRequired() {
        return !digests.isEmpty();
    }

    boolean match(String user, String password) {
        byte[] given = digest(user, password);
        boolean found = false;
        for (byte[] known : digests) {
            found |= MessageDigest.isEqual(known, given);
        }
        return found;
    }

    private static byte[] digest(String user, String password) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            sha.update(user.getBytes(StandardCharsets.ISO_8859_1));
            sha.update((byte) 0);
            return sha.digest(password.getBytes(StandardCharsets.ISO_8859_1));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
