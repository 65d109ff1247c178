package dev.cistern.store;

import java.util.Arrays;

/**
 * One moment of all databases, written down entry by entry while they go on changing.
 *
 * <pre>
 *   the cut        bucket   A  B  C  D     E     F      none is written
 *   a walk         writes   A, B                        A  B │ C  D   E       F
 *   SET of e2      writes   e2 first, then sets it      A  B │ C  D   E[e2]   F
 *   the walk       writes   C, D, E but for e2, F       all are written, each as it was at the cut
 * </pre>
 *
 * The cut takes the exclusive gate for a moment and copies nothing: each snapshot has a number, and a bucket whose number
 * is another is not written yet ({@link Bucket#version}). Whoever is about to change an entry of such a bucket, writes
 * that entry first, and marks its lane; so are new entries marked, which were not there at the cut. Marks go wherever
 * entries go: a bucket that is split hands its number and its marks on, and two that are not at the same point are not
 * merged. So an entry is written exactly once, a client pays for what it changes and not for its neighbours, and what
 * this costs in memory is what the writer keeps.
 *
 * <p>
 * Made by {@link Store#beginSnapshot}, ended by {@link #end}. Emptying a database or letting two change places ends it
 * early: then {@link #isAborted}, and what was written is worth nothing.
 */
public final class Snapshot {

    /** Takes the entries, in no order. */
    public interface Writer {

        /**
         * Writes down an entry, whose stripe the calling thread holds: whoever walks or is about to change it. So
         * several threads may come at once. Must not throw, nor change anything.
         */
        void write(int database, long entry);

        /** Whether the walk should end its step early; asked after each bucket. */
        default boolean wantsPause() {
            return false;
        }
    }

    private final Store store;
    private final Writer writer;
    private final int version;
    private volatile boolean aborted;

    private int database;
    private int stripe;
    /** Per stripe the bucket that the walk comes to next; beyond all once the stripe is done. */
    private final int[] next;
    private int stripesDone;

    Snapshot(Store store, Writer writer, int version) {
        this.store = store;
        this.writer = writer;
        this.version = version;
        this.next = new int[store.stripes()];
    }

    /**
     * Writes what is to be changed next, unless it was written before: the entry whose key has this hash, or none. The
     * stripe is held.
     */
    void preserve(int databaseOfEntry, Index index, long hash) {
        long first = index.bucketAt(hash);
        if (aborted || isWritten(first)) {
            return;
        }
        if (Bucket.version(first) != version) {
            beginPart(first);
        }
        long pattern = Bucket.pattern(Index.tagOf(hash));
        for (long line = first; line != 0; line = Bucket.link(line)) {
            // A tag that is the same by chance writes an entry early, which does no harm.
            for (long matches = Bucket.matches(Bucket.tags(line), pattern); matches != 0; matches &= matches - 1) {
                writeLane(databaseOfEntry, line, Bucket.lane(matches));
            }
        }
    }

    /** Whether all of the chain is. */
    private boolean isWritten(long first) {
        return Bucket.version(first) == version && !Bucket.isPartlyWritten(first);
    }

    /** What the lanes were marked with was meant for an earlier snapshot. */
    private void beginPart(long first) {
        for (long line = first; line != 0; line = Bucket.link(line)) {
            Bucket.clearWritten(line);
        }
        Bucket.setVersion(first, version, true);
    }

    private void writeLane(int databaseOfEntry, long line, int lane) {
        if (!Bucket.isWritten(line, lane)) {
            writer.write(databaseOfEntry, Bucket.entry(line, lane));
            Bucket.setWritten(line, lane, true);
        }
    }

    private void writeChain(int databaseOfChain, long first) {
        if (isWritten(first)) {
            return;
        }
        if (Bucket.version(first) != version) {
            beginPart(first);
        }
        for (long line = first; line != 0; line = Bucket.link(line)) {
            int count = Bucket.count(line);
            for (int lane = 0; lane < count; lane++) {
                writeLane(databaseOfChain, line, lane);
            }
        }
        Bucket.setVersion(first, version, false);
    }

    /**
     * Goes on with the walk: writes up to {@code buckets} buckets of one stripe under its lock, each time of another one,
     * so that whoever waits for the stripe gets it. Returns false when all are written, or the snapshot was aborted. One
     * thread at a time, which holds no stripe, or all.
     */
    public boolean step(int buckets) {
        if (aborted || database == store.databases()) {
            return false;
        }
        int walked = stripe;
        boolean held = store.isHeldByMe(walked);
        if (!held) {
            store.lock(walked);
        }
        try {
            walk(walked, buckets);
        } finally {
            if (!held) {
                store.unlock(walked);
            }
        }
        nextStripe();
        return true;
    }

    private void walk(int walked, int buckets) {
        StripeKeys keys = store.keysOf(database)[walked];
        for (int i = 0; i < buckets && !aborted && keys != null && next[walked] < keys.index.buckets(); i++) {
            writeChain(database, keys.index.bucketNumbered(next[walked]++));
            if (writer.wantsPause()) {
                break;
            }
        }
        if (keys == null || next[walked] >= keys.index.buckets()) {
            next[walked] = Integer.MAX_VALUE;
            stripesDone++;
        }
    }

    private void nextStripe() {
        if (stripesDone == next.length) {
            Arrays.fill(next, 0);
            stripesDone = 0;
            stripe = 0;
            database++;
            return;
        }
        do {
            stripe = stripe + 1 == next.length ? 0 : stripe + 1;
        } while (next[stripe] == Integer.MAX_VALUE);
    }

    /** All stripes are held. */
    void abort() {
        aborted = true;
    }

    /** Whether something happened after which the snapshot cannot become whole. */
    public boolean isAborted() {
        return aborted;
    }

    /** Ends it: changes need not be written down first any more. Takes the exclusive gate unless this thread has it. */
    public void end() {
        store.endSnapshot(this);
    }
}
