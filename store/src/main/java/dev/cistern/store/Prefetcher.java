package dev.cistern.store;

import org.jspecify.annotations.Nullable;

/**
 * Brings what lookups of several keys will read into the processor's caches, all of it at once: the misses overlap
 * instead of queueing up. Two lines of memory stand in the way of each key, its bucket and then its entry.
 *
 * <p>
 * Only a hint. It needs no stripe, changes nothing, is no access, and may read what another thread is just changing: it
 * looks at nothing but memory that stays readable. One thread's own. Nothing here allocates.
 */
public final class Prefetcher {

    /** More would push each other out of the nearest cache; Valkey's {@code prefetch-batch-max-size} is the same. */
    public static final int MOST_KEYS = 16;

    /** Fewer are looked up before their memory could have arrived. */
    private static final int WORTH_FETCHING = 4;

    private final Bytes[] keys = new Bytes[MOST_KEYS];
    private final @Nullable StripeKeys[] parts = new StripeKeys[MOST_KEYS];
    private final long[] buckets = new long[MOST_KEYS];
    private int count;
    /** Never read: it makes the loads needed. */
    @SuppressWarnings("UnusedVariable")
    private long sink;

    public Prefetcher() {
        for (int i = 0; i < MOST_KEYS; i++) {
            keys[i] = new Bytes();
        }
    }

    /** Notes a key, whose bytes must stay until {@link #fetch}. Not more than {@link #MOST_KEYS}. */
    public void add(long address, int length) {
        keys[count++].set(address, length);
    }

    /** A key that was noted before the last {@link #fetch}, by its number from 0: its hash may be known already. */
    public Bytes key(int number) {
        return keys[number];
    }

    /** How many keys were noted since the last {@link #fetch}. */
    public int count() {
        return count;
    }

    /** Fetches for all keys that were noted, and forgets them. */
    public void fetch(Keyspace keyspace) {
        if (count < WORTH_FETCHING) {
            count = 0;
            return;
        }
        long loaded = 0;
        for (int i = 0; i < count; i++) {
            StripeKeys part = keyspace.partOf(keys[i]);
            long bucket = part == null ? Index.ABSENT : part.prefetchBucket(keyspace.hashOf(keys[i]));
            parts[i] = part;
            buckets[i] = bucket;
            if (bucket != Index.ABSENT) {
                loaded += Bucket.tags(bucket);
            }
        }
        for (int i = 0; i < count; i++) {
            StripeKeys part = parts[i];
            if (part != null && buckets[i] != Index.ABSENT) {
                loaded += part.prefetchEntry(buckets[i], keyspace.hashOf(keys[i]));
            }
        }
        count = 0;
        sink = loaded;
    }
}
