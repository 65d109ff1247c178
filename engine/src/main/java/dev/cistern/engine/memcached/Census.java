package dev.cistern.engine.memcached;

import dev.cistern.store.EntryVisitor;
import dev.cistern.store.Items;
import dev.cistern.store.Keyspace;
import java.util.TreeMap;

/**
 * How many items there are of each of the original's classes, how large and how old: counted by a walk, since entries
 * here do not lie in such classes.
 *
 * <p>The original's segments are told as what they mean: warm is what was read twice, hot what came or was read just now,
 * cold the rest.
 */
final class Census implements EntryVisitor {
    private static final int HISTOGRAM_STEP_BYTES = 32;
    private static final long HOT_SECONDS = 2;

    /** What was counted of one class. */
    static final class OfClass {
        long number;
        long hot;
        long warm;
        long cold;
        long requestedBytes;
        long oldestHotSeconds;
        long oldestWarmSeconds;
        long oldestSeconds;
    }

    private final SizeClasses sizeClasses;
    private final OfClass[] classes = new OfClass[SizeClasses.MAX_CLASSES];
    private final TreeMap<Integer, Long> histogram = new TreeMap<>();

    Census(SizeClasses sizeClasses) {
        this.sizeClasses = sizeClasses;
        for (int i = 0; i < classes.length; i++) {
            classes[i] = new OfClass();
        }
    }

    @Override
    public void visit(Keyspace keyspace, long entry) {
        long bytes = sizeClasses.itemBytes(Items.keyLength(entry), Items.flags(entry), Items.dataLength(entry));
        OfClass of = classes[sizeClasses.classOf(bytes)];
        long idleSeconds = keyspace.idleSeconds(entry);
        of.number++;
        of.requestedBytes += bytes;
        if (Items.is(entry, Items.ACTIVE)) {
            of.warm++;
            of.oldestWarmSeconds = Math.max(of.oldestWarmSeconds, idleSeconds);
        } else if (idleSeconds < HOT_SECONDS) {
            of.hot++;
            of.oldestHotSeconds = Math.max(of.oldestHotSeconds, idleSeconds);
        } else {
            of.cold++;
            of.oldestSeconds = Math.max(of.oldestSeconds, idleSeconds);
        }
        histogram.merge((int) ((bytes + HISTOGRAM_STEP_BYTES - 1) / HISTOGRAM_STEP_BYTES), 1L, Long::sum);
    }

    OfClass of(int sizeClass) {
        return classes[sizeClass];
    }

    /** Number of items by size, each named by the most bytes that it has. */
    void forEachSize(java.util.function.BiConsumer<Integer, Long> each) {
        histogram.forEach((step, number) -> each.accept(step * HISTOGRAM_STEP_BYTES, number));
    }
}
