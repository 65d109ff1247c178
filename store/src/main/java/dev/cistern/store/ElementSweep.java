package dev.cistern.store;

import java.util.Arrays;

/**
 * Empties sparse spans of one stripe's elements, so that they go back to the region: one walk over all large values of
 * the stripe, in slices, that moves what lies in such spans.
 *
 * <p>
 * A slot does not say whose it is, so the walk asks each value, and values say where their elements lie without their
 * memory being read. What came, went or moved between buckets meanwhile may be missed; a span that did not get empty
 * takes part again after the walk. A value with a home of its own is walked by itself, when that is worth it. Streams
 * stay where they are.
 *
 * <p>
 * One per database and stripe, made when first needed. Used under the stripe's lock.
 */
final class ElementSweep {

    /** A walk is worth it when so much could be won: one in sixteen of the bytes, half a span, a byte for each key. */
    private static final int WORTH_SHIFT = 4;
    private static final int WORTH_BYTES = Region.SPAN_BYTES / 2;
    /** To look at a list's chunk costs about as much as so many elements. */
    private static final int CHUNK_COST = 4;

    private final Index keys;
    private final Arena elements;
    private final Homes homes;
    private final ElementTable table;
    private final SortedTable sorted;
    private final ListChunks list = new ListChunks();

    private boolean on;
    private long cursor;
    private boolean isLastBucketSeen;
    /** Hashes of keys with large values that the walk has come to; the last one is under way at {@link #position}. */
    private long[] waiting = new long[2 * Bucket.LANES];
    private int waitingCount;
    private long position;
    /** Free bytes that the last walk could not win. */
    private long stuckBytes;
    /** The home whose value is being walked; 0 = none. */
    private int home;

    ElementSweep(HashFunction hashFunction, Index keys, Arena elements, Homes homes) {
        this.keys = keys;
        this.elements = elements;
        this.homes = homes;
        this.table = new ElementTable(hashFunction);
        this.sorted = new SortedTable(hashFunction);
    }

    /** Looks at up to {@code budget} elements, or a few more; returns at how many, 0 when there is nothing to win. */
    int step(int budget) {
        int looked = 0;
        try {
            while (looked < budget && (home != 0 || on || begin() || beginHome())) {
                looked += home != 0
                        ? sweepHome(budget - looked)
                        : waitingCount == 0 ? nextBucket() : sweepValue(budget - looked);
            }
        } catch (OutOfNativeMemoryException e) {
            // Nothing is half moved. Where there is no memory to move to, there will be no span to win either.
            end();
        }
        return looked;
    }

    private boolean begin() {
        long free = elements.touchedBytes() - elements.usedBytes();
        stuckBytes = Math.min(stuckBytes, free);
        long worth = Math.max(elements.touchedBytes() >>> WORTH_SHIFT, Math.max(WORTH_BYTES, keys.entries()));
        on = free - stuckBytes >= worth && elements.beginSweep();
        cursor = 0;
        isLastBucketSeen = false;
        return on;
    }

    private boolean beginHome() {
        for (int next = homes.nextSparse(0, WORTH_BYTES); next != 0; next = homes.nextSparse(next, WORTH_BYTES)) {
            if (homes.beginSweep(next)) {
                home = next;
                return true;
            }
            homes.endSweep(next);
        }
        return false;
    }

    /** The value may have another key since, or be gone. */
    private int sweepHome(int budget) {
        long entry = homes.isTaken(home) ? keys.findHash(homes.hash(home)) : Index.ABSENT;
        int looked = 1;
        long left = 0;
        if (entry != Index.ABSENT && StripeKeys.isLarge(entry)) {
            long root = EntryLayout.valueAddress(entry, EntryLayout.header(entry));
            if (LargeValue.home(root) == home) {
                looked = (int) Math.min(budget, 1 + LargeValue.count(root));
                left = sweep(Encoding.of(EntryLayout.encodingCode(entry)), homes.at(home), root, budget);
            }
        }
        position = left;
        if (left == 0) {
            homes.endSweep(home);
            home = 0;
        }
        return looked;
    }

    private void end() {
        if (home != 0) {
            homes.endSweep(home);
            home = 0;
        }
        if (!on) {
            position = 0;
            return;
        }
        elements.endSweep();
        on = false;
        waitingCount = 0;
        position = 0;
        stuckBytes = elements.touchedBytes() - elements.usedBytes();
    }

    /** Notes the large values of the next bucket, or ends the walk after the last. */
    private int nextBucket() {
        if (isLastBucketSeen) {
            end();
            return 1;
        }
        int seen = 0;
        for (long line = keys.bucketAt(cursor); line != 0; line = Bucket.link(line)) {
            for (int lane = 0; lane < Bucket.count(line); lane++) {
                long entry = Bucket.entry(line, lane);
                if (StripeKeys.isLarge(entry)) {
                    await(keys.hashOf(entry));
                }
                seen++;
            }
        }
        cursor = keys.cursorAfter(cursor);
        isLastBucketSeen = cursor == 0;
        return 1 + seen;
    }

    private void await(long hash) {
        if (waitingCount == waiting.length) {
            waiting = Arrays.copyOf(waiting, 2 * waitingCount);
        }
        waiting[waitingCount++] = hash;
    }

    private int sweepValue(int budget) {
        long entry = keys.findHash(waiting[waitingCount - 1]);
        int looked = 1;
        long left = 0;
        if (entry != Index.ABSENT && StripeKeys.isLarge(entry)) {
            long root = EntryLayout.valueAddress(entry, EntryLayout.header(entry));
            if (LargeValue.home(root) == 0) {
                looked = (int) Math.min(budget, 1 + LargeValue.count(root));
                left = sweep(Encoding.of(EntryLayout.encodingCode(entry)), elements, root, budget);
            }
        }
        position = left;
        if (position == 0) {
            waitingCount--;
        }
        return looked;
    }

    /** Answers the position to go on from, or 0 after the last element. The position may be of another value. */
    private long sweep(Encoding encoding, Arena arena, long root, int budget) {
        return switch (encoding) {
            case HASHTABLE -> sweepTable(arena, root, budget);
            case QUICKLIST -> sweepList(arena, root, budget);
            case SKIPLIST -> sweepSorted(arena, root, budget);
            default -> 0;
        };
    }

    private long sweepTable(Arena arena, long root, int budget) {
        table.open(arena, root);
        try {
            return table.evacuate(Math.max(0, position), budget, SlotMoved.NOBODY);
        } finally {
            table.save(root);
        }
    }

    private long sweepList(Arena arena, long root, int budget) {
        list.open(arena, root);
        try {
            return list.evacuate(Math.max(0, position), Math.max(1, budget / CHUNK_COST));
        } finally {
            list.save(root);
        }
    }

    private long sweepSorted(Arena arena, long root, int budget) {
        sorted.open(arena, root);
        try {
            return sorted.evacuate(position, budget);
        } finally {
            sorted.save(root);
        }
    }
}
