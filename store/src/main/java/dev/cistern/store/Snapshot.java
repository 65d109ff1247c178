package dev.cistern.store;

import java.util.Arrays;

/**
 * One moment of all databases, written down entry by entry while they go on changing.
 *
 * <pre>
 *   the cut        bucket   A  B  C  D  E  F      none is written
 *   a walk         writes   A, B                  A  B │ C  D  E  F
 *   SET in E       writes   E first, then sets    A  B │ C  D [E] F
 *   the walk       writes   C, D, passes E, F     all are written, each as it was at the cut
 * </pre>
 *
 * The cut takes the exclusive gate for a moment and copies nothing: each snapshot has a number, and a bucket whose number
 * is another is not written yet ({@link Bucket#version}). Whoever is about to change a bucket that is not, writes it
 * first; a bucket that is split hands its number on, and two of different numbers are not merged. So an entry is
 * written exactly once, and what this costs in memory is what the writer keeps.
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

    /** Writes what is to be changed next, unless it was written before. The bucket's stripe is held. */
    void preserve(int databaseOfBucket, long first) {
        if (Bucket.version(first) != version && !aborted) {
            writeChain(databaseOfBucket, first);
        }
    }

    private void writeChain(int databaseOfBucket, long first) {
        for (long line = first; line != 0; line = Bucket.link(line)) {
            int count = Bucket.count(line);
            for (int lane = 0; lane < count; lane++) {
                writer.write(databaseOfBucket, Bucket.entry(line, lane));
            }
        }
        Bucket.setVersion(first, version);
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
            preserve(database, keys.index.bucketNumbered(next[walked]++));
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
