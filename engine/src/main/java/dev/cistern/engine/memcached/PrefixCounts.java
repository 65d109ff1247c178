package dev.cistern.engine.memcached;

import dev.cistern.store.Bytes;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code stats detail} counts for each prefix: the part of a key before its first colon. Used by all loops, and only
 * while somebody switched it on.
 */
final class PrefixCounts {
    private static final char DELIMITER = ':';
    /** A flood of different prefixes may not fill the heap. */
    private static final int MOST_PREFIXES = 100_000;

    private static final class Counts {
        private long gets;
        private long hits;
        private long sets;
        private long deletes;
    }

    private final Map<String, Counts> counts = new TreeMap<>();

    synchronized void get(Bytes key, boolean hit) {
        Counts of = of(key);
        of.gets++;
        of.hits += hit ? 1 : 0;
    }

    synchronized void set(Bytes key) {
        of(key).sets++;
    }

    synchronized void delete(Bytes key) {
        of(key).deletes++;
    }

    synchronized void clear() {
        counts.clear();
    }

    private Counts of(Bytes key) {
        String text = key.toString();
        int end = text.indexOf(DELIMITER);
        // A key without a prefix is counted nowhere.
        if (end < 0 || counts.size() >= MOST_PREFIXES) {
            return new Counts();
        }
        return counts.computeIfAbsent(text.substring(0, end), _ -> new Counts());
    }

    /** A line for each prefix, and the end. */
    synchronized String dump() {
        StringBuilder text = new StringBuilder();
        counts.forEach(
                (prefix, of) -> text.append("PREFIX %s get %d hit %d set %d del %d\r\n".formatted(prefix, of.gets,
                        of.hits, of.sets, of.deletes)));
        return text.append("END\r\n").toString();
    }
}
