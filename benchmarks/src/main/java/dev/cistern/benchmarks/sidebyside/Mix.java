package dev.cistern.benchmarks.sidebyside;

import java.util.Random;

/** Requests of all types over random keys: values of 1 byte to 8 KB, small and growing collections, expiry, deletion. */
final class Mix {

    private static final int MOST_VALUE_BITS = 13;
    private static final String LETTERS = "x".repeat(1 << MOST_VALUE_BITS);

    private final Random random;
    private final int keys;

    Mix(Random random, int keys) {
        this.random = random;
        this.keys = keys;
    }

    /** The next one; the number that a loader counts by has no part in it. */
    String[] request(int number) {
        int which = random.nextInt(100);
        if (which < 40) {
            return words("SET", key("str:"), value());
        } else if (which < 48) {
            return words("SET", key("str:"), value(), "EX", Integer.toString(1 + random.nextInt(60)));
        } else if (which < 58) {
            return words("HSET", key("hash"), "field:" + random.nextInt(500), value());
        } else if (which < 66) {
            return words("RPUSH", key("list"), value());
        } else if (which < 74) {
            return words("SADD", key("set:"), "member:" + random.nextInt(100_000));
        } else if (which < 82) {
            return words("ZADD", key("zset"), Integer.toString(random.nextInt()), "member:" + random.nextInt(100_000));
        } else if (which < 86) {
            return words("XADD", key("strm"), "*", "field", value());
        } else if (which < 90) {
            return words("APPEND", key("str:"), value());
        }
        return words("UNLINK", key(PREFIXES[random.nextInt(PREFIXES.length)]));
    }

    private static final String[] PREFIXES = {"str:", "hash", "list", "set:", "zset", "strm"};

    /** Collections have few keys and grow large, strings have many. */
    private String key(String prefix) {
        return PeerConnection.key(prefix, random.nextInt(prefix.equals("str:") ? keys : Math.max(1, keys / 1000)));
    }

    /** Each doubling of the size is as likely as the next. */
    private String value() {
        int bits = random.nextInt(MOST_VALUE_BITS + 1);
        return LETTERS.substring(0, 1 + random.nextInt(1 << bits));
    }

    private static String[] words(String... words) {
        return words;
    }
}
