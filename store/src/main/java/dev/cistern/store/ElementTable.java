package dev.cistern.store;

import java.util.function.LongSupplier;

/**
 * The elements of one large hash or set, encoding {@link Encoding#HASHTABLE}: fields or members in an {@link Index} of
 * their own.
 *
 * <pre>
 *   root
 *   offset  size  field
 *        0    32  state of the index ({@link Index}), which begins as every {@link LargeValue}
 *       32     8  volatile elements: how many have a deadline
 *       40     8  earliestDeadline: none of theirs is before
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
    static final int ROOT_BYTES = EARLIEST + Long.BYTES;

    /** Elements are all alike, so their type and encoding say nothing. */
    private static final int FORM = 0;

    private final HashFunction hashFunction;
    private final Index index;
    private Arena elements;
    private long volatileElements;
    private long earliestDeadline = Long.MAX_VALUE;

    private int walkBucket;
    private long walkLine;
    private int walkLane;

    ElementTable(HashFunction hashFunction, Arena elements) {
        this.hashFunction = hashFunction;
        this.elements = elements;
        this.index = Index.ofValues(hashFunction, elements);
    }

    /** Begins an empty value. Throws before anything changed. */
    void create(Arena arena) {
        index.create(arena);
        elements = arena;
        volatileElements = 0;
        earliestDeadline = Long.MAX_VALUE;
    }

    void open(Arena arena, long root) {
        elements = arena;
        index.open(arena, root);
        volatileElements = Memory.getLong(root + VOLATILE);
        earliestDeadline = Memory.getLong(root + EARLIEST);
    }

    /** Returns the bytes that the value takes. */
    long save(long root) {
        index.save(root);
        Memory.putLong(root + VOLATILE, volatileElements);
        Memory.putLong(root + EARLIEST, earliestDeadline);
        return index.bytes();
    }

    /** The value's bytes include these, which somebody else has taken for it. */
    void addBytes(long taken) {
        index.addBytes(taken);
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

    /** What the elements with deadlines have as the earliest one, when somebody has seen them all. */
    void setEarliestDeadline(long deadlineMillis) {
        earliestDeadline = deadlineMillis;
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
        addDeadline(deadlineMillis);
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
        long slotBytes = elements.slotBytes(element);
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
        removeDeadline(oldDeadline);
        addDeadline(deadlineMillis);
        return result;
    }

    private void addDeadline(long deadlineMillis) {
        if (deadlineMillis != Keyspace.NO_DEADLINE) {
            volatileElements++;
            earliestDeadline = Math.min(earliestDeadline, deadlineMillis);
        }
    }

    private void removeDeadline(long deadlineMillis) {
        if (deadlineMillis != Keyspace.NO_DEADLINE) {
            volatileElements--;
        }
    }

    /** Takes out the element found last. May merge buckets, so no walk may be on. */
    void remove(long element) {
        removeInWalk(element);
        shrink();
    }

    /** Takes out the element found last, of whose chain the last one comes into its place. */
    void removeInWalk(long element) {
        removeDeadline(EntryLayout.deadlineMillis(element, EntryLayout.header(element)));
        index.removeFound(index.hashOf(element));
        index.free(element);
    }

    /** Gives back room in the index, after a walk that removed elements. */
    void shrink() {
        index.shrink();
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

    // ------------------------------------------------------------------------------------ for LargeValue

    static int release(HashFunction hashFunction, Arena elements, long root, int budget) {
        Index index = Index.ofValues(hashFunction, elements);
        index.open(elements, root);
        int freed = index.release(budget);
        index.save(root);
        return freed;
    }

    static void copy(HashFunction hashFunction, Arena from, long root, Arena to, long target) {
        ElementTable source = new ElementTable(hashFunction, from);
        ElementTable copy = new ElementTable(hashFunction, to);
        source.open(from, root);
        copy.create(to);
        try {
            source.copyTo(copy);
        } catch (OutOfNativeMemoryException e) {
            copy.index.release(Integer.MAX_VALUE);
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
