package dev.cistern.samples.web;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The tokens of pages that gave the password. They live in memory; of more than a few, the oldest goes. Any thread. */
public final class Tokens {

    private static final int MOST = 16;
    private static final int BYTES = 32;

    private final SecureRandom random = new SecureRandom();
    private final Deque<byte[]> given = new ArrayDeque<>();

    /** A new token. */
    public synchronized String give() {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        String token = HexFormat.of().formatHex(bytes);
        if (given.size() == MOST) {
            given.removeFirst();
        }
        given.addLast(token.getBytes(StandardCharsets.US_ASCII));
        return token;
    }

    /** Whether it was given and is not too old. */
    synchronized boolean isValid(@Nullable String token) {
        if (token == null) {
            return false;
        }
        byte[] asked = token.getBytes(StandardCharsets.UTF_8);
        boolean isValid = false;
        for (byte[] one : given) {
            isValid |= MessageDigest.isEqual(one, asked);
        }
        return isValid;
    }

    /** Nobody has given the password any more: another database was connected. */
    public synchronized void forgetAll() {
        given.clear();
    }
}
