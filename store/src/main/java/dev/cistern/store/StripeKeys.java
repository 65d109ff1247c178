package dev.cistern.store;

/**
 * The keys of one database in one stripe: their index, the arena that holds their entries, and what is counted of them.
 *
 * <p>
 * Knows the shape of entries but not what a value means. Used under the stripe's lock; the counts may be read without,
 * and are then a moment old.
 */
final class StripeKeys implements AutoCloseable {

    /** A value that grows in place gets half its size again as room, as long as that is less than this. */
    private static final int MAX_HEADROOM_BYTES = 1 << 20;

    private final HashFunction hashFunction;
    private final Arena arena;
    final Index index;
    private long volatileEntries;
    private long deadlineSum;
    /** No deadline here is earlier; so the expiry cycle need not look before. */
    private long earliestDeadline = Long.MAX_VALUE;
    /** The expiry cycle's walk: its next bucket, the earliest deadline it left behind, the merges when it began. */
    private int walkBucket;
    private long walkEarliest = Long.MAX_VALUE;
    private long walkMerges;

    StripeKeys(HashFunction hashFunction, Region region) {
        this.hashFunction = hashFunction;
        this.arena = new Arena(region);
        this.index = new Index(hashFunction, arena);
    }

    long find(long hash, Bytes key) {
        return index.find(hash, key.address(), key.length());
    }

    /** Adds an entry for a key that is not here, its value yet to be written. Throws before anything changed. */
    long create(long hash, Bytes key, int form, int access, int valueLength, long deadlineMillis) {
        boolean hasDeadline = deadlineMillis != Keyspace.NO_DEADLINE;
        long entry = arena.allocate(EntryLayout.bytes(key.length(), valueLength, hasDeadline));
        EntryLayout.writeHeader(entry, form, access, key.length(), valueLength, deadlineMillis);
        key.copyTo(EntryLayout.keyAddress(entry));
        try {
            index.insert(hash, entry);
        } catch (OutOfNativeMemoryException e) {
            arena.free(entry);
            throw e;
        }
        if (hasDeadline) {
            addDeadline(hash, deadlineMillis);
        }
        return entry;
    }

    /**
     * Gives the entry found last another form, value length or deadline, and returns where it is now. The key and
     * {@code kept} bytes of the value stay; the rest of the value is undefined.
     *
     * <p>
     * It stays where it is if its slot has room and is not more than twice too large.
     */
    long reshape(long hash, long entry, int form, int valueLength, int kept, long deadlineMillis, boolean grows) {
        long header = EntryLayout.header(entry);
        long oldDeadline = EntryLayout.deadlineMillis(entry, header);
        int keyLength = EntryLayout.keyLength(entry, header);
        long bytes = EntryLayout.bytes(keyLength, valueLength, deadlineMillis != Keyspace.NO_DEADLINE);
        long slotBytes = arena.slotBytes(entry);
        int oldKeyOffset = EntryLayout.keyOffset(header);
        int access = EntryLayout.access(header);
        long result = entry;
        if (bytes > slotBytes || (bytes < slotBytes >>> 1 && !grows)) {
            result = arena.allocate(grows ? bytes + Math.min(valueLength >>> 1, MAX_HEADROOM_BYTES) : bytes);
        }
        long keyOffset = bytes - keyLength - valueLength;
        if (result != entry || keyOffset != oldKeyOffset) {
            Memory.copy(entry + oldKeyOffset, result + keyOffset, (long) keyLength + kept);
        }
        EntryLayout.writeHeader(result, form, access, keyLength, valueLength, deadlineMillis);
        if (result != entry) {
            index.replaceFound(result);
            arena.free(entry);
        }
        if (oldDeadline != deadlineMillis) {
            changeDeadline(hash, oldDeadline, deadlineMillis);
        }
        return result;
    }

    private void changeDeadline(long hash, long from, long to) {
        removeDeadline(from);
        if (to != Keyspace.NO_DEADLINE) {
            addDeadline(hash, to);
        }
    }

    private void addDeadline(long hash, long deadlineMillis) {
        volatileEntries++;
        deadlineSum += deadlineMillis;
        noteDeadline(deadlineMillis);
        earliestDeadline = Math.min(earliestDeadline, deadlineMillis);
        index.markVolatile(hash);
    }

    /** The walk over deadlines leaves this one behind. */
    void noteDeadline(long deadlineMillis) {
        walkEarliest = Math.min(walkEarliest, deadlineMillis);
    }

    private void removeDeadline(long deadlineMillis) {
        if (deadlineMillis != Keyspace.NO_DEADLINE) {
            volatileEntries--;
            deadlineSum -= deadlineMillis;
        }
    }

    /** Takes out the entry found last and frees it. May merge buckets, so no walk over them may be on. */
    void remove(long hash, long entry) {
        unlink(hash, entry);
        release(entry);
        index.shrink();
    }

    /** Takes the entry found last out of the index. Its bytes stay readable until {@link #release}. */
    void unlink(long hash, long entry) {
        removeDeadline(EntryLayout.deadlineMillis(entry, EntryLayout.header(entry)));
        index.removeFound(hash);
    }

    void release(long entry) {
        arena.free(entry);
    }

    /** Whether a key may have expired by now; a walk over all keys will tell. */
    boolean mayHaveExpired(long nowMillis) {
        return volatileEntries > 0 && nowMillis > earliestDeadline;
    }

    /** The next bucket of the walk over deadlines; the first one again after the last. */
    int nextWalkBucket() {
        if (walkBucket >= index.buckets()) {
            endWalk();
        }
        if (walkBucket == 0) {
            walkEarliest = Long.MAX_VALUE;
            walkMerges = index.merges();
        }
        return walkBucket++;
    }

    /** Ends the walk if it has seen every bucket. */
    void endWalkAfterLast() {
        if (walkBucket >= index.buckets()) {
            endWalk();
        }
    }

    /** What the walk left behind has the earliest deadline there is, if it has seen everything. */
    private void endWalk() {
        walkBucket = 0;
        // A merge may have carried a key from before the walk to behind it: then nothing is certain.
        earliestDeadline = walkMerges == index.merges() ? walkEarliest : Long.MIN_VALUE;
    }

    /**
     * Moves entries out of sparsely used spans, so that these go back to the region; looks at up to {@code budget} slots
     * and returns how many it looked at.
     */
    int defragment(int budget) {
        int looked = 0;
        while (looked < budget && arena.beginEvacuation()) {
            for (long slot = arena.nextToEvacuate(); slot != 0 && looked < budget; slot = arena.nextToEvacuate()) {
                move(slot);
                looked++;
            }
        }
        return looked;
    }

    private void move(long entry) {
        long header = EntryLayout.header(entry);
        long keyAddress = entry + EntryLayout.keyOffset(header);
        int keyLength = EntryLayout.keyLength(entry, header);
        long found = index.find(hashFunction.hash(keyAddress, keyLength), keyAddress, keyLength);
        if (found != entry) {
            throw new IllegalStateException("a slot in use holds no entry of the index");
        }
        long moved = arena.allocate(arena.slotBytes(entry));
        Memory.copy(entry, moved, EntryLayout.bytes(entry));
        index.replaceFound(moved);
        arena.free(entry);
    }

    long hashOf(Bytes key) {
        return key.hash(hashFunction);
    }

    /** Bytes of the slot that holds {@code entry}. */
    long slotBytes(long entry) {
        return arena.slotBytes(entry);
    }

    long entries() {
        return index.entries();
    }

    long volatileEntries() {
        return volatileEntries;
    }

    /** Sum of all deadlines, for the average time to live. */
    long deadlineSum() {
        return deadlineSum;
    }

    /** Bytes of all slots, including overflow lines. */
    long usedBytes() {
        return arena.usedBytes();
    }

    long indexBytes() {
        return index.bucketBytes();
    }

    long touchedBytes() {
        return arena.touchedBytes() + index.bucketBytes();
    }

    /** Gives back all memory, entries included. */
    @Override
    public void close() {
        arena.close();
    }
}
