package dev.cistern.store;

import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The elements of one large hash or set, encoding {@link Encoding#HASHTABLE}: fields or members in an {@link Index} of
 * their own.
 *
 * <pre>
 *   root
 *   offset  size  field
 *        0    40  state of the index ({@link Index}), which begins as every {@link LargeValue}
 *       40     8  volatile elements: how many have a deadline
 *       48     8  earliest  none of their deadlines is before
 *       56     8  walked    the earliest deadline that the walk for expired ones left behind so far
 *       64     8  bucket    where that walk goes on; 0 = at the beginning
 *
 *   element: as an entry ({@link EntryLayout}), with the field or member as key and the field's value as value
 * </pre>
 *
 * An object of this class belongs to a thread's handle and is opened on one value after another: {@link #open} reads a
 * root, {@link #save} writes it after changes, and between the two no other object may change the same value. The
 * address of an element is valid until the value's next change.
 */
final class ElementTable {

    private static final int VOLATILE = Index.ROOT_BYTES;
    private static final int EARLIEST = VOLATILE + Long.BYTES;
    private static final int WALKED = EARLIEST + Long.BYTES;
    private static final int BUCKET = WALKED + Long.BYTES;
    static final int ROOT_BYTES = BUCKET + Long.BYTES;

    /** Elements are all alike, so their type and encoding say nothing. */
    private static final int FORM = 0;

    private final HashFunction hashFunction;
    private final Index index;
    private long volatileElements;
    private long earliestDeadline = Long.MAX_VALUE;
    private long walkedEarliest = Long.MAX_VALUE;
    private int expiryBucket;

    private int walkBucket;
    private long walkLine;
    private int walkLane;

    ElementTable(HashFunction hashFunction) {
        this.hashFunction = hashFunction;
        this.index = Index.ofValues(hashFunction);
    }

    /** Begins an empty value. Throws before anything changed. */
    void create(Arena arena) {
        index.create(arena);
        volatileElements = 0;
        earliestDeadline = Long.MAX_VALUE;
        walkedEarliest = Long.MAX_VALUE;
        expiryBucket = 0;
    }

    void open(Arena arena, long root) {
        index.open(arena, root);
        volatileElements = Memory.getLong(root + VOLATILE);
        earliestDeadline = Memory.getLong(root + EARLIEST);
        walkedEarliest = Memory.getLong(root + WALKED);
        expiryBucket = (int) Memory.getLong(root + BUCKET);
    }

    /** Returns the bytes that the value takes. */
    long save(long root) {
        index.save(root);
        Memory.putLong(root + VOLATILE, volatileElements);
        Memory.putLong(root + EARLIEST, earliestDeadline);
        Memory.putLong(root + WALKED, walkedEarliest);
        Memory.putLong(root + BUCKET, expiryBucket);
        return index.bytes();
    }

    /** Bytes that the value takes. */
    long bytes() {
        return index.bytes();
    }

    /** The value's bytes include these, which somebody else has taken for it. */
    void addBytes(long taken) {
        index.addBytes(taken);
    }

    /** Frees the open value at once: one that could not be finished. */
    void discard() {
        index.release(Integer.MAX_VALUE);
    }

    long size() {
        return index.entries();
    }

    /** How many elements have a deadline. */
    long volatileElements() {
        return volatileElements;
    }

    /** No element's deadline is before. */
    long earliestDeadline() {
        return earliestDeadline;
    }

    static long volatileElements(long root) {
        return Memory.getLong(root + VOLATILE);
    }

    static long earliestDeadline(long root) {
        return Memory.getLong(root + EARLIEST);
    }

    // ------------------------------------------------------------------------------------------ one element

    /** Returns the element of this name, or {@link Index#ABSENT}; it is then the one found last. */
    long find(Bytes name) {
        return index.find(name.hash(hashFunction), name.address(), name.length());
    }

    /** Adds an element whose name is not here, its value yet to be written. Throws before anything changed. */
    long insert(Bytes name, int valueLength, long deadlineMillis) {
        long element = index.allocate(
                EntryLayout.bytes(name.length(), valueLength, deadlineMillis != Keyspace.NO_DEADLINE));
        EntryLayout.writeHeader(element, FORM, 0, name.length(), valueLength, deadlineMillis);
        name.copyTo(EntryLayout.keyAddress(element));
        try {
            index.insert(name.hash(hashFunction), element);
        } catch (OutOfNativeMemoryException e) {
            index.free(element);
            throw e;
        }
        addDeadline(name.hash(hashFunction), deadlineMillis);
        return element;
    }

    /**
     * Gives the element found last another length of value, of which {@code kept} bytes stay, and another deadline;
     * returns where it is now.
     */
    long reshape(long element, int valueLength, int kept, long deadlineMillis) {
        long header = EntryLayout.header(element);
        long oldDeadline = EntryLayout.deadlineMillis(element, header);
        int nameLength = EntryLayout.keyLength(element, header);
        long bytes = EntryLayout.bytes(nameLength, valueLength, deadlineMillis != Keyspace.NO_DEADLINE);
        long slotBytes = index.slotBytes(element);
        boolean moves = bytes > slotBytes || bytes < slotBytes >>> 1;
        long result = moves ? index.allocate(bytes) : element;
        long keyOffset = bytes - nameLength - valueLength;
        if (moves || keyOffset != EntryLayout.keyOffset(header)) {
            Memory.copy(element + EntryLayout.keyOffset(header), result + keyOffset, (long) nameLength + kept);
        }
        EntryLayout.writeHeader(result, FORM, 0, nameLength, valueLength, deadlineMillis);
        if (moves) {
            index.replaceFound(result);
            index.free(element);
        }
        if (deadlineMillis != oldDeadline) {
            removeDeadline(oldDeadline);
            addDeadline(index.hashOf(result), deadlineMillis);
        }
        return result;
    }

    private void addDeadline(long hash, long deadlineMillis) {
        if (deadlineMillis != Keyspace.NO_DEADLINE) {
            volatileElements++;
            earliestDeadline = Math.min(earliestDeadline, deadlineMillis);
            walkedEarliest = Math.min(walkedEarliest, deadlineMillis);
            index.markVolatile(hash);
        }
    }

    private void removeDeadline(long deadlineMillis) {
        if (deadlineMillis != Keyspace.NO_DEADLINE) {
            volatileElements--;
        }
    }

    /** Takes out the element found last. May merge buckets, so no walk over all may be on. */
    void remove(long element) {
        removeInWalk(element);
        shrink();
    }

    private void removeInWalk(long element) {
        removeDeadline(EntryLayout.deadlineMillis(element, EntryLayout.header(element)));
        index.removeFound(index.hashOf(element));
        index.free(element);
    }

    private void shrink() {
        long merges = index.merges();
        index.shrink();
        if (merges != index.merges()) {
            // An element may have gone from before the walk for expired ones to behind it: it has to walk once more.
            walkedEarliest = Long.MIN_VALUE;
        }
    }

    /**
     * Takes out elements whose time is over, from up to {@code buckets} buckets from where the last call ended; returns
     * how many. {@code expiring} sees each before it goes. After the last bucket the earliest deadline is exact.
     */
    int expire(int buckets, long nowMillis, @Nullable LongConsumer expiring) {
        int expired = 0;
        for (int looked = 0; looked < buckets && nowMillis > earliestDeadline; looked++) {
            if (expiryBucket == 0) {
                walkedEarliest = Long.MAX_VALUE;
            }
            expired += expireChain(index.bucketNumbered(expiryBucket), nowMillis, expiring);
            expiryBucket++;
            if (expiryBucket >= index.buckets()) {
                expiryBucket = 0;
                earliestDeadline = volatileElements == 0 ? Long.MAX_VALUE : walkedEarliest;
            }
        }
        for (int i = 0; i < expired; i += 2) {
            shrink();
        }
        expiryBucket = expiryBucket < index.buckets() ? expiryBucket : 0;
        return expired;
    }

    private int expireChain(long first, long nowMillis, @Nullable LongConsumer expiring) {
        if (!Bucket.hasVolatile(first)) {
            return 0;
        }
        int expired = 0;
        boolean someLeft = false;
        long line = first;
        int lane = 0;
        while (line != 0) {
            if (lane == Bucket.count(line)) {
                line = Bucket.link(line);
                lane = 0;
                continue;
            }
            long element = index.foundAt(line, lane);
            long header = EntryLayout.header(element);
            if (!EntryLayout.isExpired(element, header, nowMillis)) {
                if (EntryLayout.hasDeadline(header)) {
                    walkedEarliest = Math.min(walkedEarliest, EntryLayout.deadlineMillis(element, header));
                    someLeft = true;
                }
                lane++;
                continue;
            }
            expired++;
            if (expiring != null) {
                expiring.accept(element);
            }
            // The chain's last element comes into this lane; an overflow line that thereby empties is gone.
            boolean lineGoes = line != first && Bucket.count(line) == 1;
            removeInWalk(element);
            line = lineGoes ? 0 : line;
        }
        Bucket.setVolatile(first, someLeft);
        return expired;
    }

    // -------------------------------------------------------------------------------------------------- all

    /** Begins a walk over all elements, in any order. The value must not change until it ends. */
    void beginWalk() {
        walkBucket = 0;
        beginChain(index.bucketNumbered(0));
    }

    /** The next element of the walk, or {@link Index#ABSENT} after the last. */
    long next() {
        while (walkBucket < index.buckets()) {
            long element = nextInBucket();
            if (element != Index.ABSENT) {
                return element;
            }
            walkBucket++;
            if (walkBucket < index.buckets()) {
                beginChain(index.bucketNumbered(walkBucket));
            }
        }
        return Index.ABSENT;
    }

    private void beginChain(long firstLine) {
        walkLine = firstLine;
        walkLane = 0;
    }

    /**
     * Begins to show the elements of the bucket at {@code cursor}; {@link #nextInBucket} gives them, and
     * {@link #cursorAfter} leads on. As for a database, an element that is there during the whole scan is shown.
     */
    void beginBucket(long cursor) {
        beginChain(index.bucketAt(cursor));
    }

    long nextInBucket() {
        while (walkLine != 0) {
            if (walkLane < Bucket.count(walkLine)) {
                return Bucket.entry(walkLine, walkLane++);
            }
            walkLane = 0;
            walkLine = Bucket.link(walkLine);
        }
        return Index.ABSENT;
    }

    /** The cursor after the bucket of {@code cursor}, or 0 after the last one. */
    long cursorAfter(long cursor) {
        return index.cursorAfter(cursor);
    }

    /** An element by chance, each as likely as another; there must be one. */
    long random(LongSupplier random) {
        return index.random(random);
    }

    /**
     * Moves what lies in spans that are being emptied, from the bucket at {@code cursor} on, until about {@code budget}
     * elements were looked at; returns the cursor to go on from, or 0 when that was all.
     */
    long evacuate(long cursor, int budget, SlotMoved listener) {
        if (cursor == 0) {
            index.evacuateTables();
        }
        long at = cursor;
        int left = budget;
        do {
            left -= 1 + index.evacuateBucket(at, listener);
            at = index.cursorAfter(at);
        } while (at != 0 && left > 0);
        return at;
    }

    // ------------------------------------------------------------------------------------ for LargeValue

    static int release(HashFunction hashFunction, Arena elements, long root, int budget) {
        Index index = Index.ofValues(hashFunction);
        index.open(elements, root);
        int freed = index.release(budget);
        index.save(root);
        return freed;
    }

    /** Finds in {@code to}, which has {@linkplain Arena#copyAll copied} {@code from}, what the root at {@code target} means. */
    static void moveToCopy(HashFunction hashFunction, Arena from, Arena to, long target) {
        Index index = Index.ofValues(hashFunction);
        index.open(to, target);
        index.moveToCopy(from);
        index.save(target);
    }

    static void copy(HashFunction hashFunction, Arena from, long root, Arena to, long target) {
        ElementTable source = new ElementTable(hashFunction);
        ElementTable copy = new ElementTable(hashFunction);
        source.open(from, root);
        copy.create(to);
        try {
            source.copyTo(copy);
        } catch (OutOfNativeMemoryException e) {
            copy.discard();
            throw e;
        }
        copy.save(target);
    }

    private void copyTo(ElementTable copy) {
        Bytes name = new Bytes();
        beginWalk();
        for (long element = next(); element != Index.ABSENT; element = next()) {
            long header = EntryLayout.header(element);
            int valueLength = EntryLayout.valueLength(element, header);
            name.set(element + EntryLayout.keyOffset(header), EntryLayout.keyLength(element, header));
            long made = copy.insert(name, valueLength, EntryLayout.deadlineMillis(element, header));
            Memory.copy(EntryLayout.valueAddress(element, header),
                    EntryLayout.valueAddress(made, EntryLayout.header(made)), valueLength);
        }
    }
}
