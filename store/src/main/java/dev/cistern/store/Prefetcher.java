package dev.cistern.store;

import org.jspecify.annotations.Nullable;

/**
 * Brings what lookups of several keys will read into the processor's caches, all of it at once: the misses overlap
 * instead of queueing up. Two lines of memory stand in the way of each key, its bucket and then its entry; and of a large
 * hash or set two more in the way of a field or member.
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

    /** How far from its start an entry is read too, and an element, which is seldom longer than a line. */
    private static final int ENTRY_DISTANCE = Bucket.BYTES;
    private static final int ELEMENT_DISTANCE = Bucket.BYTES / 2;

    private final Bytes[] keys = new Bytes[MOST_KEYS];
    private final Bytes[] members = new Bytes[MOST_KEYS];
    private final @Nullable StripeKeys[] parts = new StripeKeys[MOST_KEYS];
    private final long[] buckets = new long[MOST_KEYS];
    private final long[] entries = new long[MOST_KEYS];
    private int count;
    /** Never read: without it the compiler would leave the reading out. */
    @SuppressWarnings("UnusedVariable")
    private long sink;

    public Prefetcher() {
        for (int i = 0; i < MOST_KEYS; i++) {
            keys[i] = new Bytes();
            members[i] = new Bytes();
        }
    }

    /** Notes a key, whose bytes must stay until {@link #fetch}. Not more than {@link #MOST_KEYS}. */
    public void add(long address, int length) {
        add(address, length, 0, 0);
    }

    /** Likewise with what may be a field or member of it, of no length if there is none. */
    public void add(long address, int length, long memberAddress, int memberLength) {
        members[count].set(memberAddress, memberLength);
        keys[count++].set(address, length);
    }

    /** A key that was noted before the last {@link #fetch}, by its number from 0: its hash may be known already. */
    public Bytes key(int number) {
        return keys[number];
    }

    /** What was noted with it, likewise. */
    public Bytes member(int number) {
        return members[number];
    }

    /** How many keys were noted since the last {@link #fetch}. */
    public int count() {
        return count;
    }

    /** Fetches for all keys that were noted, and forgets them. */
    public void fetch(Keyspace keyspace) {
        if (count >= WORTH_FETCHING) {
            long loaded = findBuckets(keyspace);
            loaded += findEntries(keyspace);
            if (findElementBuckets(keyspace)) {
                loaded += loadBuckets() + loadElements(keyspace);
            }
            sink = loaded;
        }
        count = 0;
    }

    private long findBuckets(Keyspace keyspace) {
        for (int i = 0; i < count; i++) {
            StripeKeys part = keyspace.partOf(keys[i]);
            parts[i] = part;
            buckets[i] = part == null ? Index.ABSENT : part.index.likelyBucket(keyspace.hashOf(keys[i]));
        }
        return loadBuckets();
    }

    private long loadBuckets() {
        long loaded = 0;
        for (int i = 0; i < count; i++) {
            loaded += buckets[i] == Index.ABSENT ? 0 : Bucket.tags(buckets[i]);
        }
        return loaded;
    }

    private long findEntries(Keyspace keyspace) {
        long loaded = 0;
        for (int i = 0; i < count; i++) {
            StripeKeys part = parts[i];
            entries[i] = part == null || buckets[i] == Index.ABSENT
                    ? Index.ABSENT
                    : part.index.likelyEntry(buckets[i], keyspace.hashOf(keys[i]));
            loaded += load(entries[i], ENTRY_DISTANCE);
        }
        return loaded;
    }

    private static long load(long entry, int distance) {
        return entry == Index.ABSENT ? 0 : Memory.getLong(entry) + Memory.getLong(entry + distance);
    }

    /** The same once more, one level below; says whether there is any such level. */
    private boolean findElementBuckets(Keyspace keyspace) {
        boolean some = false;
        for (int i = 0; i < count; i++) {
            buckets[i] = Index.ABSENT;
            StripeKeys part = parts[i];
            if (members[i].length() > 0 && part != null && entries[i] != Index.ABSENT) {
                long root = part.index.likelyRoot(entries[i]);
                if (root != Index.ABSENT) {
                    buckets[i] = part.index.likelyBucket(root, keyspace.hashOf(members[i]));
                    some = true;
                }
            }
        }
        return some;
    }

    private long loadElements(Keyspace keyspace) {
        long loaded = 0;
        for (int i = 0; i < count; i++) {
            StripeKeys part = parts[i];
            if (part != null && buckets[i] != Index.ABSENT) {
                loaded += load(part.index.likelyEntry(buckets[i], keyspace.hashOf(members[i])), ELEMENT_DISTANCE);
            }
        }
        return loaded;
    }
}
