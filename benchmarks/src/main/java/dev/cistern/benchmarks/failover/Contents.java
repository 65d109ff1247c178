package dev.cistern.benchmarks.failover;

import io.lettuce.core.cluster.SlotHash;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.Response;
import redis.clients.jedis.resps.Tuple;

/** What lies in a cluster while nobody changes it: strings of random letters, and collections of such. */
final class Contents {

    private static final int KEYS_AT_A_TIME = 1_000;
    private static final int ELEMENT_LETTERS = 20;
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/";

    /**
     * How much.
     *
     * @param keys          strings
     * @param valueBytes    of each
     * @param collections   hashes, lists, sets and sorted sets in turn
     * @param elements      of each
     */
    record Size(int keys, int valueBytes, int collections, int elements) {}

    private enum Kind {
        HASH, LIST, SET, SORTED_SET;

        static Kind of(int number) {
            return values()[number % values().length];
        }
    }

    private final Size size;
    private final int[] keysOfSlot = new int[SlotHash.SLOT_COUNT];
    private final long[] bytesOfSlot = new long[SlotHash.SLOT_COUNT];

    Contents(Size size) {
        this.size = size;
    }

    private static String letters(long seed, int count) {
        SplittableRandom random = new SplittableRandom(seed);
        StringBuilder text = new StringBuilder(count);
        for (int i = 0; i < count; i++) {
            text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return text.toString();
    }

    private static String key(int number) {
        return "key:" + number;
    }

    private String value(int number) {
        return letters(number, size.valueBytes);
    }

    private static String collection(int number) {
        return "collection:" + number;
    }

    /** Names and values; only a hash has use for both. */
    private Map<String, String> elements(int number) {
        Map<String, String> elements = new LinkedHashMap<>();
        for (int i = 0; i < size.elements; i++) {
            elements.put("field:" + i, letters(-1L - number - (long) i * size.collections, ELEMENT_LETTERS));
        }
        return elements;
    }

    // --- writing ---

    void fill(RedisClusterClient cluster) {
        for (int from = 0; from < size.keys; from += KEYS_AT_A_TIME) {
            try (AbstractPipeline some = cluster.pipelined()) {
                for (int i = from; i < Math.min(size.keys, from + KEYS_AT_A_TIME); i++) {
                    some.set(key(i), value(i));
                    count(key(i), size.valueBytes);
                }
            }
        }
        for (int i = 0; i < size.collections; i++) {
            put(cluster, i);
        }
    }

    private void put(RedisClusterClient cluster, int number) {
        String key = collection(number);
        long bytes = 0;
        try (AbstractPipeline some = cluster.pipelined()) {
            int rank = 0;
            for (Map.Entry<String, String> element : elements(number).entrySet()) {
                switch (Kind.of(number)) {
                    case HASH -> some.hset(key, element.getKey(), element.getValue());
                    case LIST -> some.rpush(key, element.getValue());
                    case SET -> some.sadd(key, element.getValue());
                    case SORTED_SET -> some.zadd(key, rank++, element.getValue());
                }
                bytes += ELEMENT_LETTERS + (Kind.of(number) == Kind.HASH ? element.getKey().length() : 0);
            }
        }
        count(key, bytes);
    }

    private void count(String key, long valueBytes) {
        int slot = SlotHash.getSlot(key);
        keysOfSlot[slot]++;
        bytesOfSlot[slot] += key.length() + valueBytes;
    }

    /** How many keys there are. */
    long keys() {
        return size.keys + (long) size.collections;
    }

    /** How many keys there are in these slots. */
    long keys(BitSet slots) {
        return slots.stream().mapToLong(slot -> keysOfSlot[slot]).sum();
    }

    /** How many bytes users see there: of keys, values and elements. */
    long bytes(BitSet slots) {
        return slots.stream().mapToLong(slot -> bytesOfSlot[slot]).sum();
    }

    // --- looking for it ---

    /** The keys that are gone or have another value. */
    List<String> damaged(RedisClusterClient cluster) {
        List<String> damaged = new ArrayList<>();
        for (int from = 0; from < size.keys; from += KEYS_AT_A_TIME) {
            List<Response<String>> found = new ArrayList<>();
            try (AbstractPipeline some = cluster.pipelined()) {
                for (int i = from; i < Math.min(size.keys, from + KEYS_AT_A_TIME); i++) {
                    found.add(some.get(key(i)));
                }
            }
            for (int i = 0; i < found.size(); i++) {
                if (!value(from + i).equals(found.get(i).get())) {
                    damaged.add(key(from + i));
                }
            }
        }
        for (int i = 0; i < size.collections; i++) {
            if (!isAsItWas(cluster, i)) {
                damaged.add(collection(i));
            }
        }
        return damaged;
    }

    private boolean isAsItWas(RedisClusterClient cluster, int number) {
        String key = collection(number);
        Map<String, String> elements = elements(number);
        return switch (Kind.of(number)) {
            case HASH -> cluster.hgetAll(key).equals(elements);
            case LIST -> cluster.lrange(key, 0, -1).equals(List.copyOf(elements.values()));
            case SET -> cluster.smembers(key).equals(Set.copyOf(elements.values()));
            case SORTED_SET -> ranks(cluster.zrangeWithScores(key, 0, -1)).equals(ranks(elements));
        };
    }

    private static Map<String, Double> ranks(List<Tuple> members) {
        Map<String, Double> ranks = new HashMap<>();
        members.forEach(member -> ranks.put(member.getElement(), member.getScore()));
        return ranks;
    }

    private static Map<String, Double> ranks(Map<String, String> elements) {
        Map<String, Double> ranks = new HashMap<>();
        elements.values().forEach(member -> ranks.put(member, (double) ranks.size()));
        return ranks;
    }
}
