package dev.cistern.benchmarks.ring;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.TreeMap;

/**
 * The ring that Memcached clients share: each node has 160 points, four from each MD5 of its name and a number, and a key
 * belongs to the first point at or after its own hash.
 */
final class Ketama implements Placement {
    private static final int DIGESTS_A_NODE = 40;
    private static final int POINTS_A_DIGEST = 4;

    @Override
    public String name() {
        return "ketama";
    }

    @Override
    public Choice among(int nodes) {
        MessageDigest md5 = md5();
        TreeMap<Long, Integer> ring = new TreeMap<>();
        for (int node = 0; node < nodes; node++) {
            for (int i = 0; i < DIGESTS_A_NODE; i++) {
                byte[] digest = md5.digest("node%02d:11211-%d".formatted(node, i).getBytes(StandardCharsets.US_ASCII));
                for (int point = 0; point < POINTS_A_DIGEST; point++) {
                    ring.put(pointOf(digest, point), node);
                }
            }
        }
        return key -> {
            Map.Entry<Long, Integer> next = ring.ceilingEntry(pointOf(md5.digest(key), 0));
            return (next == null ? ring.firstEntry() : next).getValue();
        };
    }

    /** Four bytes of the digest, the last one highest. */
    private static long pointOf(byte[] digest, int point) {
        long value = 0;
        for (int i = 3; i >= 0; i--) {
            value = value << 8 | (digest[point * 4 + i] & 0xFF);
        }
        return value;
    }

    private static MessageDigest md5() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has MD5", e);
        }
    }
}
