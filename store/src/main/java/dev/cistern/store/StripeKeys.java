package dev.cistern.store;

import org.jspecify.annotations.Nullable;

import org.jspecify.annotations.Nullable;

/**
 * The keys of one database in one stripe: their index, the arena that holds their entries, the one that holds the
 * elements of large values, and what is counted of them.
 *
 * <p>
 * Knows the shape of entries but not what a value means, but for this: a large value's elements are to be freed when its
 * entry goes or gets another value ({@link LargeValue}). Used under the stripe's lock; the counts may be read without,
 * and are then a moment old.
 */
final class StripeKeys implements AutoCloseable {

    /** A value that grows in place gets half its size again as room, as long as that is less than this. */
    private static final int MAX_HEADROOM_BYTES = 1 << 20;

    /** Elements of deleted values that are freed for each new entry: so that those who write cannot outrun the freeing. */
    private static final int RELEASED_PER_WRITE = 8;

    private static final int LARGE_HASH = EntryLayout.form(ValueType.HASH, Encoding.HASHTABLE);

    private final HashFunction hashFunction;
    private final Arena arena;
    private final Region region;
    /** Slots of what large values consist of; no entry lies here, and only values know what does. */
    final Arena elements;
    final Homes homes;
    final ReleaseQueue released;
    final Index index;
    private long volatileEntries;
    /** Hashes of which some field has a deadline. */
    private long volatileHashes;
    private long deadlineSum;
    /** No deadline here is earlier; so the expiry cycle need not look before. */
    private long earliestDeadline = Long.MAX_VALUE;
    /** The expiry cycle's walk: its next bucket, the earliest deadline it left behind, the merges when it began. */
    private int walkBucket;
    private long walkEarliest = Long.MAX_VALUE;
    private long walkMerges;
    private @Nullable ElementSweep sweep;

    /** Keys by slot, of the slots of this stripe in their order; null when nobody asks by slot. */
    private final int @Nullable [] slotKeys;
    private final int slotShift;

    /** {@code stripesBySlot} is the number of stripes, if they go by slot; else 0. */
    StripeKeys(HashFunction hashFunction, Region region, ReleaseCounts releaseCounts, int stripesBySlot,
            long homeBytes) {
        this.slotShift = Integer.numberOfTrailingZeros(stripesBySlot);
        this.slotKeys = stripesBySlot == 0 ? null : new int[KeySlot.COUNT / stripesBySlot];
        this.hashFunction = hashFunction;
        this.arena = new Arena(region);
        this.elements = new Arena(region);
        this.region = region;
        this.homes = new Homes(elements, homeBytes);
        this.released = new ReleaseQueue(hashFunction, elements, homes, releaseCounts);
        this.index = Index.ofDatabase(hashFunction, arena);
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
        countInSlot(hash, 1);
        releaseSome(RELEASED_PER_WRITE);
        return entry;
    }

    /**
     * Gives the entry found last another value, yet to be written, and returns where it is now; what the old one held
     * elsewhere will be freed.
     */
    long overwrite(long hash, long entry, int form, int valueLength, long deadlineMillis) {
        if (!isLarge(entry)) {
            return reshape(hash, entry, form, valueLength, 0, deadlineMillis, 0);
        }
        long link = released.prepare(entry);
        boolean wasVolatile = hasVolatileElements(entry);
        long result;
        try {
            result = reshape(hash, entry, form, valueLength, 0, deadlineMillis, 0);
        } catch (OutOfNativeMemoryException e) {
            released.cancel(link);
            throw e;
        }
        if (wasVolatile) {
            volatileHashes--;
        }
        released.add(link);
        return result;
    }

    static boolean isLarge(long entry) {
        return Encoding.isLarge(EntryLayout.encodingCode(entry));
    }

    /** Whether the entry is a hash of which some field has a deadline. */
    static boolean hasVolatileElements(long entry) {
        return EntryLayout.form(entry) == LARGE_HASH
                && ElementTable.volatileElements(EntryLayout.valueAddress(entry, EntryLayout.header(entry))) > 0;
    }

    /** Frees elements of values that are gone: about so many, a few microseconds for a hundred. */
    int releaseSome(int budget) {
        return released.isEmpty() ? 0 : released.step(budget);
    }

    /**
     * A hash here, of this key's hash, has fields with deadlines now, none before {@code earliest}, or has none any
     * more.
     */
    void fieldDeadlinesChanged(long hash, boolean hadSome, boolean hasSome, long earliest) {
        if (hadSome != hasSome) {
            volatileHashes += hasSome ? 1 : -1;
        }
        if (hasSome) {
            noteDeadline(earliest);
            earliestDeadline = Math.min(earliestDeadline, earliest);
            index.markVolatile(hash);
        }
    }

    /**
     * Gives the entry found last another form, value length or deadline, and returns where it is now. The key and
     * {@code kept} bytes of the value stay; the rest of the value is undefined.
     *
     * <p>
     * It stays where it is if its slot has room and is not more than twice too large, or it grows: then there is some
     * headroom to be added when it has to move.
     */
    long reshape(long hash, long entry, int form, int valueLength, int kept, long deadlineMillis, int headroomBytes) {
        long header = EntryLayout.header(entry);
        long oldDeadline = EntryLayout.deadlineMillis(entry, header);
        int keyLength = EntryLayout.keyLength(entry, header);
        long bytes = EntryLayout.bytes(keyLength, valueLength, deadlineMillis != Keyspace.NO_DEADLINE);
        int oldKeyOffset = EntryLayout.keyOffset(header);
        int access = EntryLayout.access(header);
        long result = entry;
        if (!fits(bytes, arena.slotBytes(entry), headroomBytes)) {
            result = arena.allocate(bytes + headroomBytes);
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

    private static boolean fits(long bytes, long slotBytes, int headroomBytes) {
        return bytes <= slotBytes && (bytes >= slotBytes >>> 1 || headroomBytes > 0);
    }

    /** Whether {@link #reshape} to this length would leave the entry where it is, so that nobody has to find it. */
    boolean staysInSlot(long entry, int valueLength, int headroomBytes) {
        long header = EntryLayout.header(entry);
        long bytes = EntryLayout.bytes(EntryLayout.keyLength(entry, header), valueLength,
                EntryLayout.hasDeadline(header));
        return fits(bytes, arena.slotBytes(entry), headroomBytes);
    }

    /** The headroom of a string that grows, and may well grow again. */
    static int stringHeadroom(int valueLength) {
        return Math.max(1, Math.min(valueLength >>> 1, MAX_HEADROOM_BYTES));
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
        countInSlot(hash, -1);
    }

    private void countInSlot(long hash, int difference) {
        int[] counts = slotKeys;
        if (counts != null) {
            counts[(int) (hash >>> KeySlot.HASH_SHIFT) >>> slotShift] += difference;
        }
    }

    /** Keys of this slot, which is one of this stripe's. */
    int keysInSlot(int slot) {
        int[] counts = slotKeys;
        return counts == null ? 0 : counts[slot >>> slotShift];
    }

    /** Frees an unlinked entry; a large value's elements now or, if they are many, bit by bit. */
    void release(long entry) {
        if (isLarge(entry)) {
            if (hasVolatileElements(entry)) {
                volatileHashes--;
            }
            released.take(entry);
        }
        arena.free(entry);
    }

    /** The value's bytes of this entry are the root of a large value from now on. */
    void adopt(long hash, long entry, int form) {
        EntryLayout.setForm(entry, form);
        if (hasVolatileElements(entry)) {
            long root = EntryLayout.valueAddress(entry, EntryLayout.header(entry));
            fieldDeadlinesChanged(hash, false, true, ElementTable.earliestDeadline(root));
        }
    }

    /** Another entry has taken the large value of this one over, which holds but bytes from now on. */
    void disown(long entry) {
        if (hasVolatileElements(entry)) {
            volatileHashes--;
        }
        EntryLayout.setForm(entry, EntryLayout.form(ValueType.STRING, Encoding.RAW));
    }

    /**
     * Gives the large value of this entry an arena of its own if it has come to the size for that; says whether its
     * elements have moved. {@code scratch} has room for a root. Without memory all stays as it was.
     */
    boolean giveHome(long hash, long entry, long scratch) {
        long header = EntryLayout.header(entry);
        long root = EntryLayout.valueAddress(entry, header);
        if (!homes.isDue(root)) {
            return false;
        }
        Encoding encoding = Encoding.of(EntryLayout.encodingCode(entry));
        int length = EntryLayout.valueLength(entry, header);
        Arena home;
        try {
            home = copyToHome(encoding, root, length, scratch);
        } catch (OutOfNativeMemoryException e) {
            return false;
        }
        LargeValue.release(encoding, hashFunction, elements, root, Integer.MAX_VALUE);
        Memory.copy(scratch, root, length);
        LargeValue.setHome(root, homes.add(home, hash));
        return true;
    }

    /**
     * Copies the large value of this entry for a key of {@code target}, and writes the root of the copy to
     * {@code targetRoot}; returns where its elements are: among the others there, or in an arena that is to be its home.
     * Throws with nothing taken.
     */
    Arena copyLarge(long entry, StripeKeys target, long targetRoot) {
        long header = EntryLayout.header(entry);
        long root = EntryLayout.valueAddress(entry, header);
        Encoding encoding = Encoding.of(EntryLayout.encodingCode(entry));
        if (homes.deserves(root)) {
            return copyToHome(encoding, root, EntryLayout.valueLength(entry, header), targetRoot);
        }
        LargeValue.copy(encoding, hashFunction, homes.of(root), root, target.elements, targetRoot);
        return target.elements;
    }

    private Arena copyToHome(Encoding encoding, long root, int rootBytes, long target) {
        Arena home = new Arena(region);
        try {
            LargeValue.copyToHome(encoding, hashFunction, homes.of(root), root, rootBytes, home, target);
            return home;
        } catch (OutOfNativeMemoryException e) {
            home.close();
            throw e;
        }
    }

    /** Frees a copy that was made for a key here and cannot be used. */
    void discardCopy(Encoding encoding, Arena copied, long root) {
        if (copied == elements) {
            LargeValue.release(encoding, hashFunction, elements, root, Integer.MAX_VALUE);
        } else {
            copied.close();
        }
    }

    /** The value with this root, copied to an arena of its own, is that of a key here now. */
    void settle(Arena copied, long root, long hash) {
        if (copied != elements) {
            LargeValue.setHome(root, homes.add(copied, hash));
        }
    }

    /** Whether a key or a field may have expired by now; a walk over all keys will tell. */
    boolean mayHaveExpired(long nowMillis) {
        return volatileEntries + volatileHashes > 0 && nowMillis > earliestDeadline;
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
     * Moves entries and elements out of sparsely used spans, so that these go back to the region; looks at up to
     * {@code budget} slots and returns how many it looked at.
     */
    int defragment(int budget) {
        int looked = 0;
        while (looked < budget && arena.beginEvacuation()) {
            for (long slot = arena.nextToEvacuate(); slot != 0 && looked < budget; slot = arena.nextToEvacuate()) {
                move(slot);
                looked++;
            }
        }
        return looked < budget ? looked + sweepElements(budget - looked) : looked;
    }

    private int sweepElements(int budget) {
        if (sweep == null) {
            sweep = new ElementSweep(hashFunction, index, elements, homes);
        }
        return sweep.step(budget);
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

    /** Bytes that this entry costs: its slot, its part of the index, and a large value's elements. */
    long memoryUsage(long entry) {
        long elementBytes = isLarge(entry)
                ? LargeValue.bytes(EntryLayout.valueAddress(entry, EntryLayout.header(entry)))
                : 0;
        return arena.slotBytes(entry) + Index.BYTES_PER_ENTRY + elementBytes;
    }

    long entries() {
        return index.entries();
    }

    long volatileEntries() {
        return volatileEntries;
    }

    /** Hashes of which some field has a deadline. */
    long volatileHashes() {
        return volatileHashes;
    }

    /** Sum of all deadlines, for the average time to live. */
    long deadlineSum() {
        return deadlineSum;
    }

    /** Bytes of all slots, including overflow lines, and of values that are gone but not freed. */
    long usedBytes() {
        return arena.usedBytes() + elements.usedBytes() + homes.usedBytes();
    }

    long indexBytes() {
        return index.bucketBytes();
    }

    long touchedBytes() {
        return arena.touchedBytes() + elements.touchedBytes() + homes.touchedBytes() + index.bucketBytes();
    }

    /** Gives back all memory, entries and elements included. */
    @Override
    public void close() {
        released.close();
        index.close();
        homes.close();
        elements.close();
        arena.close();
    }
}
