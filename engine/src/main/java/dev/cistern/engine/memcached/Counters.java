package dev.cistern.engine.memcached;

import java.util.Arrays;

/**
 * One event loop's counts. Written by its thread, read by any, which sees a figure that is a moment old; several loops'
 * are added up.
 */
@SuppressWarnings("EnumOrdinal") // as in an EnumMap, without its boxes
final class Counters {
    private static final int CLASSES = SizeClasses.MAX_CLASSES;

    private final long[] counts = new long[Count.values().length];
    /** Of some counts, what each class of items has of them. */
    private final long[] ofClasses = new long[Count.values().length * CLASSES];

    void add(Count count) {
        counts[count.ordinal()]++;
    }

    /** Counts it for the node and for a class of items. */
    void add(Count count, int sizeClass) {
        counts[count.ordinal()]++;
        ofClasses[count.ordinal() * CLASSES + sizeClass]++;
    }

    void addBytes(Count count, long bytes) {
        counts[count.ordinal()] += bytes;
    }

    long of(Count count, int sizeClass) {
        return ofClasses[count.ordinal() * CLASSES + sizeClass];
    }

    long of(Count count) {
        return counts[count.ordinal()];
    }

    void addAll(Counters other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
        for (int i = 0; i < ofClasses.length; i++) {
            ofClasses[i] += other.ofClasses[i];
        }
    }

    void reset() {
        Arrays.fill(counts, 0);
        Arrays.fill(ofClasses, 0);
    }
}
