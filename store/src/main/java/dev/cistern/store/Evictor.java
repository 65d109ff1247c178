package dev.cistern.store;

import dev.cistern.store.EvictionPolicy.Measure;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes room: looks at a few keys by chance and deletes the one that the policy can spare best, again and again.
 *
 * <p>
 * Keys are looked at bucket by bucket, because a bucket's tags and addresses are one cache line; a hash spread them, so
 * neighbours there have nothing in common. The best candidates seen so far are kept in a small pool from step to step,
 * so that a few samples come close to an exact order. A candidate is known by its hash alone: whether it is still there,
 * and still as good as when it was seen, is asked again before it goes.
 *
 * <pre>
 *   sample buckets ──▶ pool of 16, best last ──▶ victim: lock its stripe, look again, delete, tell EVICTED
 * </pre>
 *
 * An expired key goes before all others, and counts as expired. Belongs to one thread, which holds no stripe when it
 * calls {@link #step}; there may be several evictors.
 */
public final class Evictor implements AutoCloseable {

    /** As many as the original keeps. */
    private static final int POOL = 16;

    /** Buckets without a candidate that one look passes over, under its lock: some ten microseconds. */
    private static final int PASSED_BUCKETS = 512;

    /** Steps of sampling for which the sizes of the databases are taken as they were. */
    private static final int SIZES_HOLD = 64;

    private final Store store;
    private final LongSupplier random;
    private final Keyspace[] keyspaces;
    private final long[] sizes;
    private long totalSize;
    private int sizesAge;

    /** Of the age of what is evicted, each eviction counts for this part. */
    private static final int AGE_SHARE = 64;

    private EvictionPolicy policy = EvictionPolicy.NO_EVICTION;
    private final long[] scores = new long[POOL];
    private final long[] hashes = new long[POOL];
    private final int[] databases = new int[POOL];
    private final int[] stripes = new int[POOL];
    private int pooled;
    private boolean sparesActive;
    /** How long ago the items that are evicted, and were not spared, were last asked for: in parts of a second. */
    private long tailAge;

    /** {@code random} gives new random bits at every call. */
    public Evictor(Store store, LongSupplier random) {
        this.store = store;
        this.random = random;
        this.keyspaces = new Keyspace[store.databases()];
        for (int i = 0; i < keyspaces.length; i++) {
            keyspaces[i] = store.openKeyspace(i);
        }
        this.sizes = new long[keyspaces.length];
    }

    /**
     * Whether items that were read twice ({@link Items#ACTIVE}) are spared: under a policy that goes by the last use they
     * may be unused for twice as long as others, as in Memcached's warm segment, so that whoever reads everything once
     * does not drive out what is read all the time. The time is that of the others that are evicted: the fewer of those
     * there are, the less the active ones are spared.
     */
    public void spareActiveItems(boolean value) {
        sparesActive = value;
    }

    /**
     * Deletes keys until about {@code bytesToFree} bytes are free or {@code budget} keys were looked at, whichever is
     * first; looks at {@code samples} keys or more for each that it deletes.
     *
     * @return whether there is any key that may go: if not, nothing can be done against the want of memory
     */
    public boolean step(EvictionPolicy wanted, int samples, long bytesToFree, int budget, long nowMillis) {
        if (wanted.measure() == Measure.NOTHING) {
            return false;
        }
        if (wanted != policy) {
            policy = wanted;
            pooled = 0;
            sizesAge = SIZES_HOLD;
        }
        for (Keyspace keyspace : keyspaces) {
            keyspace.setNowMillis(nowMillis);
        }
        long left = bytesToFree;
        int looks = budget;
        if (store.hasToRelease()) {
            // What was deleted before and still counts: it may be enough.
            long before = store.usedBytes();
            looks -= store.releaseSome(looks);
            left -= before - store.usedBytes();
        }
        while (left > 0 && looks > 0) {
            if (!measureSizes()) {
                return false;
            }
            looks -= Math.max(1, sample(samples));
            left -= evictBest();
        }
        if (store.hasToRelease() && looks > 0) {
            store.releaseSome(looks);
        }
        return true;
    }

    /** Says whether there are candidates at all. */
    private boolean measureSizes() {
        if (sizesAge++ < SIZES_HOLD && totalSize > 0) {
            return true;
        }
        sizesAge = 0;
        totalSize = 0;
        for (int database = 0; database < sizes.length; database++) {
            sizes[database] = policy.isVolatileOnly() ? store.volatileSize(database) : store.size(database);
            totalSize += sizes[database];
        }
        return totalSize > 0;
    }

    private long below(long bound) {
        return Math.unsignedMultiplyHigh(random.getAsLong(), bound);
    }

    /** Looks at one or more buckets of one stripe; returns at how many keys and empty-handed buckets. */
    private int sample(int samples) {
        int database = databaseOf(below(totalSize));
        Keyspace keyspace = keyspaces[database];
        int stripe = stripeOf(keyspace);
        if (stripe < 0) {
            sizesAge = SIZES_HOLD;
            return 1;
        }
        store.lock(stripe);
        try {
            StripeKeys keys = keyspace.part(stripe);
            return keys == null ? 1 : sampleBuckets(keyspace, keys, database, stripe, samples);
        } finally {
            store.unlock(stripe);
        }
    }

    private int databaseOf(long ordinal) {
        int database = 0;
        long left = ordinal - sizes[0];
        while (left >= 0) {
            left -= sizes[++database];
        }
        return database;
    }

    /** A stripe by chance, a large one more often; -1 when the database has no candidate any more. */
    private int stripeOf(Keyspace keyspace) {
        long size = 0;
        for (int stripe = 0; stripe < store.stripes(); stripe++) {
            size += candidates(keyspace.part(stripe));
        }
        long left = below(size);
        for (int stripe = 0; stripe < store.stripes(); stripe++) {
            left -= candidates(keyspace.part(stripe));
            if (left < 0) {
                return stripe;
            }
        }
        return -1;
    }

    private long candidates(@Nullable StripeKeys keys) {
        return keys == null ? 0 : policy.isVolatileOnly() ? keys.volatileEntries() : keys.entries();
    }

    private int sampleBuckets(Keyspace keyspace, StripeKeys keys, int database, int stripe, int samples) {
        Index index = keys.index;
        int number = (int) below(index.buckets());
        int seen = 0;
        int passed = 0;
        int most = Math.min(PASSED_BUCKETS, index.buckets());
        while (seen < samples && passed < most) {
            long first = index.bucketNumbered(number);
            number = number + 1 == index.buckets() ? 0 : number + 1;
            passed++;
            if (policy.isVolatileOnly() && !Bucket.hasVolatile(first)) {
                continue;
            }
            for (long line = first; line != 0; line = Bucket.link(line)) {
                seen += sampleLine(keyspace, index, line, database, stripe);
            }
        }
        return seen + passed;
    }

    private int sampleLine(Keyspace keyspace, Index index, long line, int database, int stripe) {
        int seen = 0;
        int count = Bucket.count(line);
        for (int lane = 0; lane < count; lane++) {
            long entry = Bucket.entry(line, lane);
            if (policy.isVolatileOnly() && keyspace.deadlineMillis(entry) == Keyspace.NO_DEADLINE) {
                continue;
            }
            seen++;
            long score = score(keyspace, entry);
            if (pooled < POOL || score > scores[0]) {
                remember(score, index.hashOf(entry), database, stripe);
            }
        }
        return seen;
    }

    /** The higher, the sooner it goes. Does not change with time alone, so that pooled scores stay comparable. */
    private long score(Keyspace keyspace, long entry) {
        if (store.expiresByItself() && keyspace.isExpired(entry)) {
            return Long.MAX_VALUE;
        }
        return switch (policy.measure()) {
            case RECENCY -> keyspace.idleSeconds(entry) - keyspace.nowMillis() / 1000
                    - (isSpared(entry) ? Math.max(1, tailAge / AGE_SHARE) : 0);
            // Of two that are used as rarely, the one whose last use is longer ago.
            case FREQUENCY ->
                ((long) (UseCounting.MAX - keyspace.useCounter(entry)) << 16) + keyspace.idleMinutes(entry);
            case DEADLINE -> -keyspace.deadlineMillis(entry);
            case CHANCE, NOTHING -> random.getAsLong() >> 1;
        };
    }

    private boolean isSpared(long entry) {
        return sparesActive && Items.is(entry, Items.ACTIVE);
    }

    /** Puts a candidate in its place; the worst one has to go when there is no room. */
    private void remember(long score, long hash, int database, int stripe) {
        for (int i = 0; i < pooled; i++) {
            if (hashes[i] == hash && databases[i] == database) {
                return;
            }
        }
        int at;
        if (pooled < POOL) {
            at = pooled++;
            for (; at > 0 && scores[at - 1] > score; at--) {
                copy(at - 1, at);
            }
        } else {
            for (at = 0; at + 1 < POOL && scores[at + 1] < score; at++) {
                copy(at + 1, at);
            }
        }
        scores[at] = score;
        hashes[at] = hash;
        databases[at] = database;
        stripes[at] = stripe;
    }

    private void copy(int from, int to) {
        scores[to] = scores[from];
        hashes[to] = hashes[from];
        databases[to] = databases[from];
        stripes[to] = stripes[from];
    }

    /** Deletes the best candidate that is still one; returns the bytes that are free now. */
    private long evictBest() {
        while (pooled > 0) {
            pooled--;
            int stripe = stripes[pooled];
            Keyspace keyspace = keyspaces[databases[pooled]];
            store.lock(stripe);
            try {
                StripeKeys keys = keyspace.part(stripe);
                long entry = keys == null ? Keyspace.ABSENT : keys.index.findHash(hashes[pooled]);
                if (keys != null && entry != Keyspace.ABSENT && isStillGood(keyspace, entry, scores[pooled])) {
                    long bytes = keys.memoryUsage(entry);
                    if (sparesActive && !isSpared(entry)) {
                        tailAge += keyspace.idleSeconds(entry) - tailAge / AGE_SHARE;
                    }
                    keyspace.evictFound(keys, entry);
                    return bytes;
                }
            } finally {
                store.unlock(stripe);
            }
        }
        return 0;
    }

    /** Whether it may still go, and was not used since it was seen. */
    private boolean isStillGood(Keyspace keyspace, long entry, long pooledScore) {
        if (policy.isVolatileOnly() && keyspace.deadlineMillis(entry) == Keyspace.NO_DEADLINE) {
            return false;
        }
        return policy.measure() == Measure.CHANCE || score(keyspace, entry) >= pooledScore;
    }

    @Override
    public void close() {
        for (Keyspace keyspace : keyspaces) {
            keyspace.close();
        }
    }
}
