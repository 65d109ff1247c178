package dev.cistern.samples.web;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * What opens the page's calls: a start token, one for the life of this process, that stands in the address shown in the
 * terminal; and the tokens of pages that gave the password. They live in memory; of more than a few of these, the oldest
 * goes. Any thread.
 */
public final class Tokens {

    private static final int MOST = 16;
    private static final int BYTES = 32;

    private final SecureRandom random = new SecureRandom();
    private final Deque<byte[]> given = new ArrayDeque<>();
    private final String start = fresh();

    /** What proves that one has seen the address in the terminal. */
    public String start() {
        return start;
    }

    /** A new token, for a page that gave the password. */
    public synchronized String give() {
        String token = fresh();
        if (given.size() == MOST) {
            given.removeFirst();
        }
        given.addLast(token.getBytes(StandardCharsets.US_ASCII));
        return token;
    }

    private String fresh() {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    boolean isStart(@Nullable String token) {
        return token != null && MessageDigest.isEqual(start.getBytes(StandardCharsets.US_ASCII), token.getBytes(
                StandardCharsets.UTF_8));
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
