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
        index.markVolatile(hash);
    }

    private void removeDeadline(long deadlineMillis) {
        if (deadlineMillis != Keyspace.NO_DEADLINE) {
            volatileEntries--;
            deadlineSum -= deadlineMillis;
        }
    }

    /** Takes out the entry found last and frees it. No walk over the index may be on. */
    void remove(long hash, long entry) {
        removeKeepingBuckets(hash, entry);
        index.shrink();
    }

    /** Like {@link #remove}, but leaves all buckets where they are, for a walk that goes on; it shrinks afterwards. */
    void removeKeepingBuckets(long hash, long entry) {
        removeDeadline(EntryLayout.deadlineMillis(entry, EntryLayout.header(entry)));
        index.removeFound(hash);
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
        index.close();
        arena.close();
    }
}
