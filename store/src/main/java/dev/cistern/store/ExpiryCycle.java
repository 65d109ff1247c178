package dev.cistern.store;

/**
 * Deletes keys and fields of hashes whose time is over and that nobody asks for: walks over all buckets in small steps.
 *
 * <p>
 * A stripe's part of a database knows a deadline that none of its keys is before, so an idle store costs a comparison a
 * part; a bucket knows whether it holds a key with a deadline at all. Where something is due, every key is looked at:
 * nothing is sampled, and at the end of a walk no expired key is left.
 *
 * <p>
 * Not a clock and not a thread: one thread calls {@link #step} with a time and with how much to do. Holds a stripe for
 * {@link #BUCKETS_AT_ONCE} buckets at most, so ten million keys that expire in one second are many short steps.
 */
public final class ExpiryCycle implements AutoCloseable {

    /** About 100 keys: some ten microseconds when all of them are deleted. */
    private static final int BUCKETS_AT_ONCE = 16;

    /** Buckets of one hash's fields for one look at it: a hundred microseconds if all are over their time. */
    private static final int FIELD_BUCKETS_AT_ONCE = 256;

    /** The weight of a new observation in the share of stale keys, as in the original. */
    private static final double STALE_WEIGHT = 0.05;

    private final Store store;
    private final Keyspace[] keyspaces;
    private int database;
    private int stripe;
    private long seen;
    private long deleted;
    private double staleShare;

    public ExpiryCycle(Store store) {
        this.store = store;
        this.keyspaces = new Keyspace[store.databases()];
        for (int i = 0; i < keyspaces.length; i++) {
            keyspaces[i] = store.openKeyspace(i);
        }
    }

    /**
     * Looks at up to {@code buckets} buckets, from where the step before ended, and deletes what expired before
     * {@code nowMillis}. Ends early when it has been everywhere. Returns how many keys it deleted: as long as that is
     * many, the next step should come soon.
     */
    public long step(int buckets, long nowMillis) {
        seen = 0;
        deleted = 0;
        int left = store.expiresByItself() ? buckets : 0;
        int untouchedParts = store.stripes() * keyspaces.length;
        while (left > 0 && untouchedParts > 0) {
            keyspaces[database].setNowMillis(nowMillis);
            int looked = walk(keyspaces[database], Math.min(left, BUCKETS_AT_ONCE));
            left -= looked;
            if (looked == 0) {
                untouchedParts--;
                nextPart();
            }
        }
        if (seen > 0) {
            staleShare += STALE_WEIGHT * ((double) deleted / seen - staleShare);
        }
        return deleted;
    }

    /** Keys with a deadline that the last {@link #step} looked at, the deleted ones among them. */
    public long seen() {
        return seen;
    }

    /** Whether some key may have expired by {@code nowMillis} that no walk has met yet. */
    public boolean isDue(long nowMillis) {
        for (Keyspace keyspace : keyspaces) {
            for (int i = 0; i < store.stripes(); i++) {
                StripeKeys keys = keyspace.part(i);
                if (keys != null && keys.mayHaveExpired(nowMillis)) {
                    return store.expiresByItself();
                }
            }
        }
        return false;
    }

    private void nextPart() {
        stripe++;
        if (stripe == store.stripes()) {
            stripe = 0;
            database = (database + 1) % keyspaces.length;
        }
    }

    /** Looks at up to {@code buckets} buckets of the current part; 0 when nothing is due there. */
    private int walk(Keyspace keyspace, int buckets) {
        StripeKeys glance = keyspace.part(stripe);
        if (glance == null || !glance.mayHaveExpired(keyspace.nowMillis())) {
            return 0;
        }
        if (!store.lockUnlessBusy(stripe)) {
            return 0;
        }
        try {
            StripeKeys keys = keyspace.part(stripe);
            int looked = 0;
            while (keys != null && looked < buckets && keys.mayHaveExpired(keyspace.nowMillis())) {
                walkBucket(keyspace, keys, keys.index.bucketNumbered(keys.nextWalkBucket()));
                looked++;
                keys.endWalkAfterLast();
            }
            if (keys != null) {
                keys.index.shrink();
            }
            return looked;
        } finally {
            store.unlock(stripe);
        }
    }

    private void walkBucket(Keyspace keyspace, StripeKeys keys, long first) {
        if (!Bucket.hasVolatile(first)) {
            return;
        }
        boolean someLeft = false;
        long line = first;
        int lane = 0;
        while (line != 0) {
            if (lane == Bucket.count(line)) {
                line = Bucket.link(line);
                lane = 0;
                continue;
            }
            long entry = keys.index.foundAt(line, lane);
            if (stays(keyspace, keys, entry)) {
                someLeft |= isVolatile(keyspace, entry);
                lane++;
                continue;
            }
            // The chain's last entry comes into this lane; an overflow line that thereby empties is gone.
            boolean lineGoes = line != first && Bucket.count(line) == 1;
            if (keyspace.isExpired(entry)) {
                deleted++;
                keyspace.expireFound(keys, entry);
            } else {
                keyspace.deleteFound(keys, entry);
            }
            if (lineGoes) {
                line = 0;
            }
        }
        Bucket.setVolatile(first, someLeft);
    }

    private static boolean isVolatile(Keyspace keyspace, long entry) {
        return keyspace.deadlineMillis(entry) != Keyspace.NO_DEADLINE || StripeKeys.hasVolatileElements(entry);
    }

    /** Whether the entry stays, which is not expired nor a hash of which no field is left after the expired ones go. */
    private boolean stays(Keyspace keyspace, StripeKeys keys, long entry) {
        long deadline = keyspace.deadlineMillis(entry);
        if (deadline != Keyspace.NO_DEADLINE) {
            seen++;
            if (keyspace.isExpired(entry)) {
                return false;
            }
            keys.noteDeadline(deadline);
        }
        return !StripeKeys.hasVolatileElements(entry) || fieldsStay(keyspace, keys, entry);
    }

    private boolean fieldsStay(Keyspace keyspace, StripeKeys keys, long entry) {
        keyspace.beforeChange(keys, entry);
        Hashes hashes = keyspace.hashes();
        int expired = hashes.expireSome(entry, FIELD_BUCKETS_AT_ONCE);
        seen += expired;
        deleted += expired;
        if (hashes.size() == 0) {
            return false;
        }
        keys.noteDeadline(hashes.earliestDeadline());
        return true;
    }

    /** Estimated share of keys that have expired but are still there, among those that have a deadline: 0 to 1. */
    public double staleShare() {
        return staleShare;
    }

    @Override
    public void close() {
        for (Keyspace keyspace : keyspaces) {
            keyspace.close();
        }
    }
}
