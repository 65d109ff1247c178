package dev.cistern.store;

import java.util.function.LongSupplier;

/**
 * Finds entries by key: linear hashing over buckets of one cache line, for one database in one stripe, or for the
 * elements of one large hash or set.
 *
 * <p>
 * Bucket {@code n} is added by splitting one old bucket, whenever there are more than {@link #SPLIT_LOAD} entries to a
 * bucket, and the last bucket is merged back when there are fewer than {@link #MERGE_LOAD}. So no operation ever does
 * more than a bucket or two of extra work, and the bytes per entry do not depend on the size. Buckets lie in areas that
 * double, each taken from the arena when its first bucket is needed; the large ones are paid for page by page. A table
 * says where each area's bucket 0 would be, were it in the area, so that a bucket's number leads straight to it:
 *
 * <pre>
 *   area 0: bucket 0    area 1: 1    area 2: 2 .. 3    area 3: 4 .. 7    ...    area 7: 64 .. 127    ...
 * </pre>
 *
 * The index of a database begins with {@link #FIRST_BUCKETS} buckets at once, as one page: its areas 0 to 6 are one.
 *
 * An entry's bucket is the lower bits of its hash: one bit more for the buckets that this round has split already. A
 * bucket that overflows has a chain of further lines.
 *
 * <p>
 * The last entry found stays known (where its lane is), so that finding and then replacing or removing it costs one
 * search. Used under the stripe's lock.
 *
 * <p>
 * The index of a value has no object of its own. Its state lies in the value's root, and one object is opened on the
 * root it is to work with, and saved to it after a change:
 *
 * <pre>
 *   root, as in every {@link LargeValue}
 *   offset  size  field
 *        0     8  bytes    slots of elements, areas, lines and table
 *        8     8  entries
 *       16     8  home     where all these lie
 *       24     8  table    its address
 *       32     4  buckets
 *       36     4  areas    how many
 * </pre>
 */
final class Index {

    static final long ABSENT = 0;

    /** Entries per bucket above which the index grows: 80 % of the lanes of the first lines. */
    private static final double SPLIT_LOAD = 6.4;
    /** Entries per bucket below which it shrinks: well under the other, so that it does not swing. */
    private static final double MERGE_LOAD = 4.0;

    /** Fixed point, to compare without a multiplication of doubles: loads in 1/16 entries. */
    private static final int LOAD_SHIFT = 4;
    private static final long SPLIT_LOAD_FIXED = Math.round(SPLIT_LOAD * (1 << LOAD_SHIFT));
    private static final long MERGE_LOAD_FIXED = Math.round(MERGE_LOAD * (1 << LOAD_SHIFT));

    /** An entry's part of the index at the usual load: its lane, and its share of what is empty. */
    static final int BYTES_PER_ENTRY = (int) Math.ceil(Bucket.BYTES * 1.2 / SPLIT_LOAD);

    static final int TABLE = LargeValue.HEAD_BYTES;
    static final int BUCKETS = TABLE + Long.BYTES;
    static final int AREAS = BUCKETS + Integer.BYTES;
    static final int ROOT_BYTES = AREAS + Integer.BYTES;

    /** Buckets with which the index of a database begins: a page of them. */
    private static final int FIRST_BUCKETS = Memory.PAGE_BYTES / Bucket.BYTES;
    private static final int MAX_BUCKETS = 1 << 30;
    private static final int MAX_AREAS = 1 + 30;
    private static final int FIRST_TABLE_AREAS = 4;
    /** The first bucket of the first area that is too large for a slot. */
    private static final int FIRST_PAGED_BUCKET = 2 * SizeClass.MAX_BYTES / Bucket.BYTES;

    private static final int RANDOM_PLACES = 2 * Bucket.LANES;
    private static final int RANDOM_TRIES = 64;

    private static final int TAG_SHIFT = 40;

    private final HashFunction hashFunction;
    /** Whether the arena counts what this takes: it does not for a database, whose figures are kept apart. */
    private final boolean isOfValue;
    private Arena arena;
    /** Per area the address at which bucket 0 would be. */
    private long table;
    private int areaCount;
    /** Bytes that a value's elements and index take; of a value only. */
    private long bytes;

    private int buckets;
    /** The lower bits that number a bucket, counting those of this round's split ones. */
    private int mask;
    private long entries;
    /** Overflow lines in hand, linked: what a split or merge will need is taken before it starts. */
    private long spareLines;
    private int spareCount;

    private long merges;

    /** Of a database: what the table says, on the heap, where it may be read without the stripe's lock. */
    private final long[] readableTable;

    private long foundBucket;
    private int foundLane;

    @SuppressWarnings("NullAway.Init") // the arena comes with the value that is opened
    private Index(HashFunction hashFunction, boolean isOfValue) {
        this.hashFunction = hashFunction;
        this.isOfValue = isOfValue;
        this.readableTable = new long[isOfValue ? 0 : MAX_AREAS];
    }

    /** The index of a database; {@link #close} gives its table back, and the arena's closing all else. */
    static Index ofDatabase(HashFunction hashFunction, Arena arena) {
        Index index = new Index(hashFunction, false);
        index.arena = arena;
        long address = arena.allocateArea((long) FIRST_BUCKETS << Bucket.BYTES_SHIFT);
        index.table = Memory.allocate(MemoryTag.INDEX, (long) MAX_AREAS * Long.BYTES);
        while (areaStart(index.areaCount) < FIRST_BUCKETS) {
            index.putArea(address);
        }
        index.begin();
        return index;
    }

    /** An object to open on the index of one value after another. */
    static Index ofValues(HashFunction hashFunction) {
        return new Index(hashFunction, true);
    }

    private void begin() {
        entries = 0;
        setBuckets(1);
        Bucket.clear(bucket(0));
    }

    /** Begins the empty index of a new value. Throws before anything changed. */
    void create(Arena elements) {
        arena = elements;
        bytes = 0;
        areaCount = 0;
        table = allocate((long) FIRST_TABLE_AREAS * Long.BYTES);
        try {
            addArea();
        } catch (OutOfNativeMemoryException e) {
            arena.free(table);
            throw e;
        }
        begin();
    }

    /** Works from now on with the index whose state is at {@code root}. */
    void open(Arena elements, long root) {
        arena = elements;
        bytes = Memory.getLong(root + LargeValue.BYTES);
        entries = Memory.getLong(root + LargeValue.COUNT);
        table = Memory.getLong(root + TABLE);
        areaCount = Memory.getInt(root + AREAS);
        setBuckets(Memory.getInt(root + BUCKETS));
    }

    void save(long root) {
        Memory.putLong(root + LargeValue.BYTES, bytes);
        Memory.putLong(root + LargeValue.COUNT, entries);
        Memory.putLong(root + TABLE, table);
        Memory.putInt(root + AREAS, areaCount);
        Memory.putInt(root + BUCKETS, buckets);
    }

    /** Counts what the value has taken besides. */
    void addBytes(long taken) {
        bytes += taken;
    }

    /** A slot that this value pays for. */
    long allocate(long wanted) {
        long address = arena.allocate(wanted);
        bytes += arena.slotBytes(address);
        return address;
    }

    long slotBytes(long address) {
        return arena.slotBytes(address);
    }

    void free(long address) {
        bytes -= arena.slotBytes(address);
        arena.free(address);
    }

    /** Returns the entry of the key, or {@link #ABSENT}; expired or not. */
    long find(long hash, long keyAddress, int keyLength) {
        long bucket = bucketOf(hash);
        long pattern = Bucket.pattern(tagOf(hash));
        do {
            long matches = Bucket.matches(Bucket.tags(bucket), pattern);
            while (matches != 0) {
                int lane = Bucket.lane(matches);
                long entry = Bucket.entry(bucket, lane);
                if (EntryLayout.keyEquals(entry, keyAddress, keyLength)) {
                    foundBucket = bucket;
                    foundLane = lane;
                    return entry;
                }
                matches &= matches - 1;
            }
            bucket = Bucket.link(bucket);
        } while (bucket != 0);
        return ABSENT;
    }

    /** Returns the entry whose key has this hash, or {@link #ABSENT}; of two, which no one will ever see, one. */
    long findHash(long hash) {
        long pattern = Bucket.pattern(tagOf(hash));
        for (long bucket = bucketOf(hash); bucket != 0; bucket = Bucket.link(bucket)) {
            long matches = Bucket.matches(Bucket.tags(bucket), pattern);
            for (; matches != 0; matches &= matches - 1) {
                int lane = Bucket.lane(matches);
                if (hashOf(Bucket.entry(bucket, lane)) == hash) {
                    return foundAt(bucket, lane);
                }
            }
        }
        return ABSENT;
    }

    /**
     * The bucket of a key, or {@link #ABSENT} if it cannot be told: a hint for {@link #likelyEntry}. Of a database's
     * index; needs no lock. What it sees may be in the middle of a change: any address may come of it, but only those are
     * read that are readable for good.
     */
    long likelyBucket(long hash) {
        int number = bucketNumber((int) hash);
        long bucket = readableTable[Math.min(areaOf(number), MAX_AREAS - 1)] + ((long) number << Bucket.BYTES_SHIFT);
        return arena.isReadable(bucket) ? bucket : ABSENT;
    }

    /** The entry in this bucket that is likely the key's, or {@link #ABSENT}. Without a lock, as {@link #likelyBucket}. */
    long likelyEntry(long bucket, long hash) {
        long matches = Bucket.matches(Bucket.tags(bucket), Bucket.pattern(tagOf(hash)));
        long entry = matches == 0 ? Bucket.link(bucket) : Bucket.entry(bucket, Bucket.lane(matches));
        return arena.isReadable(entry) ? entry : ABSENT;
    }

    /** The root in this entry if it is likely a large hash or set, or {@link #ABSENT}. Without a lock likewise. */
    long likelyRoot(long entry) {
        long header = EntryLayout.header(entry);
        if (EntryLayout.encodingCodeIn(header) != Encoding.HASHTABLE.code() || EntryLayout.isLong(header)) {
            return ABSENT;
        }
        long root = EntryLayout.valueAddress(entry, header);
        return arena.isReadable(root) ? root : ABSENT;
    }

    /** The bucket of an element of the value with this root, or {@link #ABSENT}. Without a lock likewise. */
    long likelyBucket(long root, long hash) {
        int count = Memory.getInt(root + BUCKETS);
        int number = bucketNumber((int) hash, count, maskOf(count));
        long origin = Memory.getLong(root + TABLE) + ((long) areaOf(number) << 3);
        if (!arena.isReadable(origin)) {
            return ABSENT;
        }
        long bucket = Memory.getLong(origin) + ((long) number << Bucket.BYTES_SHIFT);
        return arena.isReadable(bucket) ? bucket : ABSENT;
    }

    /** One of 255: zero marks an empty lane. */
    static int tagOf(long hash) {
        int tag = (int) (hash >>> TAG_SHIFT) & 0xFF;
        return tag == 0 ? 1 : tag;
    }

    private long bucketOf(long hash) {
        return bucket(bucketNumber((int) hash));
    }

    private int bucketNumber(int bits) {
        return bucketNumber(bits, buckets, mask);
    }

    private static int bucketNumber(int bits, int buckets, int mask) {
        int number = bits & mask;
        return number < buckets ? number : number & mask >>> 1;
    }

    private long bucket(int number) {
        return Memory.getLong(table + ((long) areaOf(number) << 3)) + ((long) number << Bucket.BYTES_SHIFT);
    }

    private static int areaOf(int number) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(number);
    }

    private static int areaStart(int area) {
        return area == 0 ? 0 : 1 << (area - 1);
    }

    private static long areaBytes(int area) {
        return (long) (area == 0 ? 1 : areaStart(area)) << Bucket.BYTES_SHIFT;
    }

    private boolean isPaged(int area) {
        return !isOfValue || areaStart(area) >= FIRST_PAGED_BUCKET;
    }

    private void addArea() {
        if (isOfValue && areaCount >= FIRST_TABLE_AREAS && Integer.bitCount(areaCount) == 1) {
            growTable();
        }
        long size = areaBytes(areaCount);
        long address = isPaged(areaCount) ? arena.allocateArea(size) : allocate(size);
        putArea(address - ((long) areaStart(areaCount) << Bucket.BYTES_SHIFT));
    }

    /** Says where bucket 0 would be, were it in the next area. */
    private void putArea(long origin) {
        Memory.putLong(table + ((long) areaCount << 3), origin);
        if (!isOfValue) {
            readableTable[areaCount] = origin;
        }
        areaCount++;
    }

    /** The table is full whenever its areas are a power of two. */
    private void growTable() {
        long grown = allocate(2L * areaCount * Long.BYTES);
        Memory.copy(table, grown, (long) areaCount * Long.BYTES);
        free(table);
        table = grown;
    }

    private void dropArea() {
        areaCount--;
        long start = (long) areaStart(areaCount) << Bucket.BYTES_SHIFT;
        long address = Memory.getLong(table + ((long) areaCount << 3)) + start;
        if (isPaged(areaCount)) {
            arena.freeArea(address);
        } else {
            free(address);
        }
    }

    /** A value pays for the pages of its large areas one by one, as a database does. */
    private void countPage(int number, int sign) {
        if (isOfValue && number >= FIRST_PAGED_BUCKET && (number & FIRST_BUCKETS - 1) == 0) {
            arena.count((long) sign * Memory.PAGE_BYTES);
            bytes += (long) sign * Memory.PAGE_BYTES;
        }
    }

    /** Adds an entry whose key is not here yet. Throws before anything changed when there is no memory. */
    void insert(long hash, long entry) {
        // A snapshot that is going on does not need it: it was not there at the cut.
        append(bucketOf(hash), tagOf(hash), entry, true);
        entries++;
        if (entries << LOAD_SHIFT > buckets * SPLIT_LOAD_FIXED && buckets < MAX_BUCKETS) {
            split();
        }
    }

    private void append(long first, int tag, long entry, boolean isWritten) {
        long last = first;
        for (long next = Bucket.link(last); next != 0; next = Bucket.link(last)) {
            last = next;
        }
        int lane = Bucket.count(last);
        if (lane == Bucket.LANES) {
            long line = takeLine();
            Bucket.setLink(last, line);
            last = line;
            lane = 0;
        }
        Bucket.set(last, lane, tag, entry);
        Bucket.setWritten(last, lane, isWritten);
    }

    /** Makes the entry of this lane the one found last. */
    long foundAt(long line, int lane) {
        foundBucket = line;
        foundLane = lane;
        return Bucket.entry(line, lane);
    }

    /** The entry found last lies at another address now. */
    void replaceFound(long entry) {
        Bucket.setEntry(foundBucket, foundLane, entry);
    }

    /** Takes the entry found last out; {@code hash} is its key's. Its memory is the caller's. */
    void removeFound(long hash) {
        removeAt(bucketOf(hash), foundBucket, foundLane);
        trimSpareLines();
        entries--;
    }

    /** Shrinks by a step or two when there is too much room. Moves entries between buckets, so no walk may be on. */
    void shrink() {
        for (int i = 0; i < 2 && buckets > 1 && entries << LOAD_SHIFT < buckets * MERGE_LOAD_FIXED; i++) {
            if (!merge()) {
                return;
            }
        }
    }

    /** The chain's last entry fills the lane that became free. */
    private void removeAt(long first, long bucket, int lane) {
        long previous = 0;
        long last = first;
        for (long next = Bucket.link(last); next != 0; next = Bucket.link(last)) {
            previous = last;
            last = next;
        }
        int lastLane = Bucket.count(last) - 1;
        Bucket.set(bucket, lane, Bucket.tag(last, lastLane), Bucket.entry(last, lastLane));
        Bucket.setWritten(bucket, lane, Bucket.isWritten(last, lastLane));
        Bucket.clear(last, lastLane);
        if (lastLane == 0 && previous != 0) {
            Bucket.setLink(previous, 0);
            giveLine(last);
        }
    }

    /** Deals the entries of one bucket between it and the new last one, by one more bit of their hashes. */
    private void split() {
        int bit = Integer.highestOneBit(buckets);
        long source = bucket(buckets - bit);
        if (!prepareSplit(source)) {
            return;
        }
        long target = bucket(buckets);
        Bucket.clear(target);
        Bucket.setVolatile(target, Bucket.hasVolatile(source));
        Bucket.setVersion(target, Bucket.version(source), Bucket.isPartlyWritten(source));
        long line = source;
        while (line != 0) {
            line = dealLine(source, line, target, bit);
        }
        countPage(buckets, 1);
        setBuckets(buckets + 1);
        trimSpareLines();
    }

    /** Moves what belongs to {@code target} out of one line of a chain; returns the chain's next line. */
    private long dealLine(long source, long line, long target, int bit) {
        int lane = 0;
        while (lane < Bucket.count(line)) {
            long entry = Bucket.entry(line, lane);
            if ((hashOf(entry) & bit) == 0) {
                lane++;
                continue;
            }
            append(target, Bucket.tag(line, lane), entry, Bucket.isWritten(line, lane));
            boolean lineGoes = line != source && Bucket.count(line) == 1;
            removeAt(source, line, lane);
            if (lineGoes) {
                return 0;
            }
        }
        return Bucket.link(line);
    }

    private boolean prepareSplit(long source) {
        try {
            for (long line = Bucket.link(source); line != 0; line = Bucket.link(line)) {
                addSpareLine();
            }
            if (areaOf(buckets) == areaCount) {
                addArea();
            }
            return true;
        } catch (OutOfNativeMemoryException e) {
            // The index works with longer chains too; the next insertion tries again.
            trimSpareLines();
            return false;
        }
    }

    /** Moves the entries of the last bucket to the one that it was split from. */
    private boolean merge() {
        int number = buckets - 1;
        long source = bucket(number);
        long target = bucket(number - Integer.highestOneBit(number));
        if (Bucket.version(source) != Bucket.version(target)
                || Bucket.isPartlyWritten(source) != Bucket.isPartlyWritten(target)) {
            // A snapshot has written more of one of them than of the other: later, when it has both.
            return false;
        }
        try {
            addSpareLine();
        } catch (OutOfNativeMemoryException e) {
            return false;
        }
        merges++;
        if (Bucket.hasVolatile(source)) {
            Bucket.setVolatile(target, true);
        }
        while (Bucket.count(source) > 0) {
            append(target, Bucket.tag(source, 0), Bucket.entry(source, 0), Bucket.isWritten(source, 0));
            removeAt(source, source, 0);
        }
        Bucket.clear(source);
        setBuckets(number);
        trimSpareLines();
        releaseBuckets(number);
        return true;
    }

    private void setBuckets(int count) {
        buckets = count;
        mask = maskOf(count);
    }

    private static int maskOf(int count) {
        return count == 1 ? 0 : (Integer.highestOneBit(count - 1) << 1) - 1;
    }

    /** Bucket {@code number} and those above are not needed any more: gives back an area or a page that began there. */
    private void releaseBuckets(int number) {
        countPage(number, -1);
        boolean beginsArea = areaStart(areaCount - 1) == number;
        if (beginsArea && (isOfValue || number >= FIRST_BUCKETS)) {
            dropArea();
        } else if (isPaged(areaCount - 1) && number >= FIRST_BUCKETS && (number & FIRST_BUCKETS - 1) == 0) {
            Memory.discard(bucket(number), Memory.PAGE_BYTES);
        }
    }

    /**
     * Frees {@code budget} elements of the value that is open, or some more, and what is not needed then of its index;
     * returns how many: fewer than that when nothing is left.
     */
    int release(int budget) {
        int freed = 0;
        while (freed < budget && buckets > 0) {
            freed += releaseChain(bucket(buckets - 1));
            buckets--;
            releaseBuckets(buckets);
        }
        if (buckets == 0 && table != 0) {
            free(table);
            table = 0;
        }
        return freed;
    }

    private int releaseChain(long first) {
        int freed = 0;
        long line = first;
        while (line != 0) {
            int count = Bucket.count(line);
            for (int lane = 0; lane < count; lane++) {
                free(Bucket.entry(line, lane));
            }
            long next = Bucket.link(line);
            if (line != first) {
                freeLine(line);
            }
            freed += count;
            entries -= count;
            line = next;
        }
        return Math.max(1, freed);
    }

    long hashOf(long entry) {
        long header = EntryLayout.header(entry);
        return hashFunction.hash(entry + EntryLayout.keyOffset(header), EntryLayout.keyLength(entry, header));
    }

    private void addSpareLine() {
        giveLine(arena.allocateLine());
        bytes += Bucket.BYTES;
    }

    private void freeLine(long line) {
        bytes -= Bucket.BYTES;
        arena.free(line);
    }

    private long takeLine() {
        if (spareCount == 0) {
            addSpareLine();
        }
        long line = spareLines;
        spareLines = Bucket.link(line);
        spareCount--;
        Bucket.clear(line);
        return line;
    }

    private void giveLine(long line) {
        Memory.putLong(line + Bucket.META_OFFSET, spareLines);
        spareLines = line;
        spareCount++;
    }

    private void trimSpareLines() {
        while (spareCount > 0) {
            long line = spareLines;
            spareLines = Bucket.link(line);
            spareCount--;
            freeLine(line);
        }
    }

    /** Of a value: moves its table and the areas that are slots out of spans that are being emptied. */
    void evacuateTables() {
        if (arena.isEvacuating(table)) {
            table = arena.moveSlot(table);
        }
        for (int area = 0; area < areaCount && !isPaged(area); area++) {
            long start = (long) areaStart(area) << Bucket.BYTES_SHIFT;
            long address = Memory.getLong(table + ((long) area << 3)) + start;
            if (arena.isEvacuating(address)) {
                Memory.putLong(table + ((long) area << 3), arena.moveSlot(address) - start);
            }
        }
    }

    /**
     * Of a value: moves the elements and overflow lines of the bucket at {@code cursor} out of spans that are being
     * emptied, each told while both places hold it; returns how many elements there are.
     */
    int evacuateBucket(long cursor, SlotMoved listener) {
        int elements = 0;
        for (long line = bucketOf(cursor); line != 0; line = evacuateLink(line)) {
            int count = Bucket.count(line);
            for (int lane = 0; lane < count; lane++) {
                long element = Bucket.entry(line, lane);
                if (arena.isEvacuating(element)) {
                    long to = arena.copySlot(element);
                    listener.moved(element, to);
                    Bucket.setEntry(line, lane, to);
                    arena.free(element);
                }
            }
            elements += count;
        }
        return elements;
    }

    private long evacuateLink(long line) {
        long next = Bucket.link(line);
        if (next != 0 && arena.isEvacuating(next)) {
            next = arena.moveSlot(next);
            Bucket.setLink(line, next);
        }
        return next;
    }

    /**
     * Of a value whose arena was {@linkplain Arena#copyAll copied}, open as it was in {@code from}: makes this the index of
     * the copy.
     */
    void moveToCopy(Arena from) {
        table = from.copyOf(table);
        for (int area = 0; area < areaCount; area++) {
            long start = (long) areaStart(area) << Bucket.BYTES_SHIFT;
            long address = Memory.getLong(table + ((long) area << 3)) + start;
            long copy = from.copyOf(address);
            if (isPaged(area)) {
                long used = ((long) buckets << Bucket.BYTES_SHIFT) - start;
                Memory.copy(address, copy, Math.min(areaBytes(area), used));
            }
            Memory.putLong(table + ((long) area << 3), copy - start);
        }
        for (int number = 0; number < buckets; number++) {
            for (long line = bucket(number); line != 0; line = Bucket.link(line)) {
                Bucket.setLink(line, from.copyOf(Bucket.link(line)));
                int count = Bucket.count(line);
                for (int lane = 0; lane < count; lane++) {
                    Bucket.setEntry(line, lane, from.copyOf(Bucket.entry(line, lane)));
                }
            }
        }
    }

    /** The bucket that holds all entries whose hash has the lower bits of {@code cursor}, to walk by its links. */
    long bucketAt(long cursor) {
        return bucketOf(cursor);
    }

    /**
     * The cursor after the bucket of {@code cursor}, or 0 after the last one.
     *
     * <p>
     * A cursor is a number of lower hash bits, and cursors are ordered by those bits reversed. In that order a bucket's
     * entries are neighbours however often it was split or merged since, so whatever lies before the cursor was walked.
     */
    long cursorAfter(long cursor) {
        int number = bucketNumber((int) cursor);
        int round = Integer.highestOneBit(Math.max(1, buckets - 1));
        boolean split = number >= round || number + round < buckets;
        int bits = buckets == 1 ? 0 : split ? mask : mask >>> 1;
        return Long.reverse(Long.reverse(cursor | ~(long) bits) + 1);
    }

    /**
     * An entry by chance; there must be one. Draws a bucket and a place in its chain until the place is taken, so every
     * entry is equally likely; chains beyond {@link #RANDOM_PLACES} lose a little. At the loads that this index keeps, a
     * draw hits with a chance of a quarter or more.
     */
    long random(LongSupplier random) {
        for (int tries = 0; tries < RANDOM_TRIES; tries++) {
            long bits = random.getAsLong();
            long line = bucket((int) (((bits >>> 32) * buckets) >>> 32));
            int place = (int) bits & RANDOM_PLACES - 1;
            while (place >= Bucket.LANES && Bucket.link(line) != 0) {
                line = Bucket.link(line);
                place -= Bucket.LANES;
            }
            if (place < Bucket.count(line)) {
                return Bucket.entry(line, place);
            }
        }
        return firstEntryFrom((int) (((random.getAsLong() >>> 32) * buckets) >>> 32));
    }

    /** Only after bad luck that will not happen twice in a lifetime, or in an index of a few buckets. */
    private long firstEntryFrom(int number) {
        int at = number;
        while (Bucket.count(bucket(at)) == 0) {
            at = at + 1 == buckets ? 0 : at + 1;
        }
        return Bucket.entry(bucket(at), 0);
    }

    /** The first line of bucket {@code number}, for walks that need no order. */
    long bucketNumbered(int number) {
        return bucket(number);
    }

    /** Remembers in the key's bucket that an entry there has a deadline. */
    void markVolatile(long hash) {
        Bucket.setVolatile(bucketOf(hash), true);
    }

    long entries() {
        return entries;
    }

    /** How many buckets were ever merged away. */
    long merges() {
        return merges;
    }

    int buckets() {
        return buckets;
    }

    /** Bytes that the value pays for: elements and index. */
    long bytes() {
        return bytes;
    }

    /** Bytes of all buckets, in whole pages. Overflow lines are the arena's. */
    long bucketBytes() {
        return (long) buckets * Bucket.BYTES + Memory.PAGE_BYTES - 1 & -Memory.PAGE_BYTES;
    }

    /** Gives back the table of a database's index. */
    void close() {
        Memory.free(MemoryTag.INDEX, table, (long) MAX_AREAS * Long.BYTES);
        table = 0;
    }
}
