package dev.cistern.store;

/**
 * Large values that were deleted or overwritten and are not freed yet: one queue per database and stripe, worked off in
 * slices, so that no single delete takes long.
 *
 * <pre>
 *   a value in the queue, among the elements
 *   offset  size  field
 *        0     8  next      ; 0 = none
 *        8     8  encoding
 *       16   ...  root      a copy of the entry's
 * </pre>
 *
 * Their bytes count as used until they are freed. Used under the stripe's lock; the number of values in all queues of a
 * store may be read without.
 */
final class ReleaseQueue {

    /** Values of so many elements are freed at once: that takes a few microseconds. */
    private static final int SMALL = 64;

    private static final int NEXT = 0;
    private static final int ENCODING = NEXT + Long.BYTES;
    private static final int ROOT = ENCODING + Long.BYTES;
    private static final int LINK_BYTES = ROOT + LargeValue.MAX_ROOT_BYTES;

    private final HashFunction hashFunction;
    private final Arena elements;
    private final Homes homes;
    private final ReleaseCounts countsOfStore;
    private long first;
    private long last;
    private int queued;

    ReleaseQueue(HashFunction hashFunction, Arena elements, Homes homes, ReleaseCounts countsOfStore) {
        this.hashFunction = hashFunction;
        this.elements = elements;
        this.homes = homes;
        this.countsOfStore = countsOfStore;
    }

    boolean isEmpty() {
        return first == 0;
    }

    /**
     * Makes a place in the queue for the large value of this entry, which {@link #add} or {@link #cancel} must follow.
     * Throws before anything changed.
     */
    long prepare(long entry) {
        long header = EntryLayout.header(entry);
        long link = elements.allocate(LINK_BYTES);
        Memory.putLong(link + NEXT, 0);
        Memory.putLong(link + ENCODING, EntryLayout.encodingCode(entry));
        Memory.copy(EntryLayout.valueAddress(entry, header), link + ROOT, EntryLayout.valueLength(entry, header));
        return link;
    }

    void cancel(long link) {
        elements.free(link);
    }

    /** From now on nobody but this queue has the value. */
    void add(long link) {
        if (LargeValue.count(link + ROOT) <= SMALL) {
            release(link, Integer.MAX_VALUE);
            homes.leave(link + ROOT);
            elements.free(link);
            return;
        }
        if (first == 0) {
            first = link;
        } else {
            Memory.putLong(last + NEXT, link);
        }
        last = link;
        queued++;
        countsOfStore.queued();
    }

    /** Takes over the large value of an entry that is to go. Cannot fail: without memory for a link it frees at once. */
    void take(long entry) {
        long link;
        try {
            link = prepare(entry);
        } catch (OutOfNativeMemoryException e) {
            long root = EntryLayout.valueAddress(entry, EntryLayout.header(entry));
            Encoding encoding = Encoding.of(EntryLayout.encodingCode(entry));
            LargeValue.release(encoding, hashFunction, homes.of(root), root, Integer.MAX_VALUE);
            homes.leave(root);
            return;
        }
        add(link);
    }

    private int release(long link, int budget) {
        Encoding encoding = Encoding.of((int) Memory.getLong(link + ENCODING));
        return LargeValue.release(encoding, hashFunction, homes.of(link + ROOT), link + ROOT, budget);
    }

    /** Frees {@code budget} elements or a few more; returns how many. */
    int step(int budget) {
        int freed = 0;
        while (first != 0 && freed < budget) {
            int wanted = budget - freed;
            int now = release(first, wanted);
            freed += now;
            if (now < wanted) {
                dropFirst();
            }
        }
        return freed;
    }

    private void dropFirst() {
        long link = first;
        first = Memory.getLong(link + NEXT);
        homes.leave(link + ROOT);
        elements.free(link);
        queued--;
        countsOfStore.released(1);
    }

    /** The arena goes as a whole, and what is queued with it. */
    void close() {
        countsOfStore.released(queued);
        queued = 0;
        first = 0;
        last = 0;
    }
}
