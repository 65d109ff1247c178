package dev.cistern.store;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds a place in a long sequence by its number: a tree of counts over leaves, for the large forms of lists and sorted
 * sets.
 *
 * <p>
 * What a leaf holds is its owner's business: some elements of a list, or members in order. The tree knows how many, links
 * the leaves to one another, and keeps for each an order key that its owner may search by. Walking from a leaf to its
 * neighbour is one step, from an element's number to its leaf and back it is a few.
 *
 * <pre>
 *   root                               leaf: begins with            inner node
 *   offset  size  field                offset  size  field          offset  size  field
 *        0     8  top                       0     8  parent              0     8  parent
 *        8     8  first leaf                8     8  next                8     4  size
 *       16     8  last leaf                16     8  previous           12     4  capacity, and bit 31 set: no leaf has it
 *                                          24     4  count              16   ...  rows of
 *                                          28     4  the owner's                    8  child
 *                                                                                   8  count
 *                                                                                   8  order key
 * </pre>
 *
 * The parent of the top is 0. Of the order keys {@code k} of a node's children all but the first are such that nothing
 * to their left is after {@code k} and nothing under them before it. They need not be exact: taking an element away
 * changes none.
 *
 * <p>
 * An object is opened on one root after another and saved to it after a change, as {@link Index} is. Used under the
 * stripe's lock.
 */
final class CountedTree {

    /** No leaf. */
    static final long NONE = 0;

    private static final int TOP = 0;
    private static final int FIRST = TOP + Long.BYTES;
    private static final int LAST = FIRST + Long.BYTES;
    static final int ROOT_BYTES = LAST + Long.BYTES;

    private static final int PARENT = 0;
    private static final int NEXT = PARENT + Long.BYTES;
    private static final int PREVIOUS = NEXT + Long.BYTES;
    private static final int LEAF_COUNT = PREVIOUS + Long.BYTES;
    /** Four bytes of a leaf that are its owner's. */
    static final int LEAF_OWN = LEAF_COUNT + Integer.BYTES;
    static final int LEAF_HEAD_BYTES = LEAF_OWN + Integer.BYTES;

    private static final int SIZE = PARENT + Long.BYTES;
    private static final int CAPACITY = SIZE + Integer.BYTES;
    private static final int ROWS = CAPACITY + Integer.BYTES;

    private static final int CHILD = 0;
    private static final int COUNT = CHILD + Long.BYTES;
    private static final int KEY = COUNT + Long.BYTES;
    private static final int ROW_BYTES = KEY + Long.BYTES;

    private static final int INNER = 1 << 31;

    /** A first inner node is small, because most large values are just so: 256 bytes; all others are 1,024. */
    static final int SMALL_CAPACITY = 10;
    static final int CAPACITY_MAX = 42;
    /** Two neighbours become one when what they hold fits with so much room left that they will not part at once. */
    private static final int MERGED_MAX = 30;

    private static final int MAX_HEIGHT = 16;

    private @Nullable Arena opened;
    private long top;
    private long first;
    private long last;
    /** What this has taken from the arena and given back since it was opened. */
    private long addedBytes;

    /** Nodes in hand: what an insertion will need is taken before it starts. */
    private final long[] spare = new long[MAX_HEIGHT];
    private int spareCount;

    private long restRank;

    // ---------------------------------------------------------------------------------------------- the root

    /** Begins an empty tree. */
    void create(Arena elements) {
        opened = elements;
        top = NONE;
        first = NONE;
        last = NONE;
        addedBytes = 0;
    }

    /** Works from now on with the tree whose root is at {@code root}. */
    void open(Arena elements, long root) {
        opened = elements;
        top = Memory.getLong(root + TOP);
        first = Memory.getLong(root + FIRST);
        last = Memory.getLong(root + LAST);
        addedBytes = 0;
    }

    void save(long root) {
        Memory.putLong(root + TOP, top);
        Memory.putLong(root + FIRST, first);
        Memory.putLong(root + LAST, last);
    }

    /** Bytes of slots taken, less those given back, since this was opened or last asked. */
    long takeAddedBytes() {
        long result = addedBytes;
        addedBytes = 0;
        return result;
    }

    /** A slot that counts as the value's: the owner's leaves are such. Throws before anything changed. */
    long allocate(long bytes) {
        long address = arena().allocate(bytes);
        addedBytes += arena().slotBytes(address);
        return address;
    }

    void free(long address) {
        addedBytes -= arena().slotBytes(address);
        arena().free(address);
    }

    private Arena arena() {
        return Objects.requireNonNull(opened);
    }

    long slotBytes(long leaf) {
        return arena().slotBytes(leaf);
    }

    // ---------------------------------------------------------------------------------------------- walking

    long firstLeaf() {
        return first;
    }

    long lastLeaf() {
        return last;
    }

    static long next(long leaf) {
        return Memory.getLong(leaf + NEXT);
    }

    static long previous(long leaf) {
        return Memory.getLong(leaf + PREVIOUS);
    }

    /** How many elements the leaf holds. */
    static int count(long leaf) {
        return Memory.getInt(leaf + LEAF_COUNT);
    }

    // ----------------------------------------------------------------------------------------------- numbers

    /** The leaf of the element with this number, which must be; {@link #restRank} is its number in the leaf. */
    long leafAt(long rank) {
        long node = top;
        long rest = rank;
        while (!isLeaf(node)) {
            long row = node + ROWS;
            long count = Memory.getLong(row + COUNT);
            while (rest >= count) {
                rest -= count;
                row += ROW_BYTES;
                count = Memory.getLong(row + COUNT);
            }
            node = Memory.getLong(row + CHILD);
        }
        restRank = rest;
        return node;
    }

    long restRank() {
        return restRank;
    }

    /** How many elements come before those of this leaf. */
    long rankOf(long leaf) {
        long rank = 0;
        long child = leaf;
        for (long node = parent(child); node != 0; node = parent(child)) {
            for (long row = node + ROWS; Memory.getLong(row + CHILD) != child; row += ROW_BYTES) {
                rank += Memory.getLong(row + COUNT);
            }
            child = node;
        }
        return rank;
    }

    /** The leaf holds so many more elements, or fewer. */
    void add(long leaf, int delta) {
        Memory.putInt(leaf + LEAF_COUNT, count(leaf) + delta);
        addAbove(leaf, delta);
    }

    private static void addAbove(long from, long delta) {
        long child = from;
        for (long node = parent(child); node != 0; node = parent(child)) {
            long row = rowOf(node, child);
            Memory.putLong(row + COUNT, Memory.getLong(row + COUNT) + delta);
            child = node;
        }
    }

    // -------------------------------------------------------------------------------------------- order keys

    long top() {
        return top;
    }

    /** Whether a leaf's next one stands where an inner node has its capacity and the mark. */
    static boolean isLeaf(long node) {
        return Memory.getLong(node + NEXT) >= 0;
    }

    static int size(long node) {
        return Memory.getInt(node + SIZE);
    }

    static long child(long node, int index) {
        return Memory.getLong(node + ROWS + (long) index * ROW_BYTES + CHILD);
    }

    static long key(long node, int index) {
        return Memory.getLong(node + ROWS + (long) index * ROW_BYTES + KEY);
    }

    // ---------------------------------------------------------------------------------------------- changing

    /**
     * Puts a leaf behind another, or before all with {@link #NONE}; its order key is {@code key}. Throws before anything
     * changed: the leaf is still its owner's then.
     */
    void insertAfter(long leaf, long added, int count, long key) {
        prepareInsertion(leaf == NONE ? first : leaf);
        Memory.putInt(added + LEAF_COUNT, count);
        link(leaf, added);
        Memory.putLong(added + PARENT, 0);
        if (top == NONE) {
            top = added;
        } else if (leaf == NONE) {
            insertChild(next(added), 0, added, count, key);
        } else {
            insertChild(leaf, 1, added, count, key);
        }
    }

    /** The leaf lies at another address now, its head copied. */
    void moved(long leaf, long to) {
        long before = previous(to);
        long behind = next(to);
        long node = parent(to);
        if (before == NONE) {
            first = to;
        } else {
            Memory.putLong(before + NEXT, to);
        }
        if (behind == NONE) {
            last = to;
        } else {
            Memory.putLong(behind + PREVIOUS, to);
        }
        if (node == 0) {
            top = to;
        } else {
            Memory.putLong(rowOf(node, leaf) + CHILD, to);
        }
    }

    /**
     * Moves nodes that lie in spans that are being emptied, from the leaf of the element with number {@code rank} on,
     * until so many leaves were looked at; returns the number of the first element to go on with, or 0 when that was all.
     */
    long evacuate(long rank, int leaves) {
        if (top == NONE || rank >= countUnder(top)) {
            return 0;
        }
        long leaf = leafAt(rank);
        long reached = rank - restRank;
        for (int i = 0; i < leaves && leaf != NONE; i++) {
            leaf = evacuateLeaf(leaf);
            reached += count(leaf);
            leaf = next(leaf);
        }
        return leaf == NONE ? 0 : reached;
    }

    /** Moves the leaf, and the nodes above of which it is the first one. */
    private long evacuateLeaf(long leaf) {
        long at = leaf;
        if (arena().isEvacuating(leaf)) {
            at = arena().copySlot(leaf);
            moved(leaf, at);
            arena().free(leaf);
        }
        long below = at;
        for (long node = parent(below); node != 0 && child(node, 0) == below; node = parent(below)) {
            below = arena().isEvacuating(node) ? evacuateNode(node) : node;
        }
        return at;
    }

    private long evacuateNode(long node) {
        long to = arena().copySlot(node);
        for (int i = 0; i < size(to); i++) {
            Memory.putLong(child(to, i) + PARENT, to);
        }
        long above = parent(to);
        if (above == 0) {
            top = to;
        } else {
            Memory.putLong(rowOf(above, node) + CHILD, to);
        }
        arena().free(node);
        return to;
    }

    private void link(long before, long added) {
        long behind = before == NONE ? first : next(before);
        Memory.putLong(added + PREVIOUS, before);
        Memory.putLong(added + NEXT, behind);
        if (before == NONE) {
            first = added;
        } else {
            Memory.putLong(before + NEXT, added);
        }
        if (behind == NONE) {
            last = added;
        } else {
            Memory.putLong(behind + PREVIOUS, added);
        }
    }

    /** Takes the nodes that will be needed if every full one above is split. */
    private void prepareInsertion(long neighbour) {
        try {
            long child = neighbour;
            while (child != NONE) {
                long node = parent(child);
                if (node == 0) {
                    spare[spareCount++] = allocate(nodeBytes(isLeaf(child) ? SMALL_CAPACITY : CAPACITY_MAX));
                } else if (size(node) < capacity(node)) {
                    return;
                } else {
                    spare[spareCount++] = allocate(nodeBytes(CAPACITY_MAX));
                }
                child = node;
            }
        } catch (OutOfNativeMemoryException e) {
            dropSpare();
            throw e;
        } finally {
            reverseSpare();
        }
    }

    /** What was taken first, for the lowest level, is used first. */
    private void reverseSpare() {
        for (int i = 0, j = spareCount - 1; i < j; i++, j--) {
            long swapped = spare[i];
            spare[i] = spare[j];
            spare[j] = swapped;
        }
    }

    private void dropSpare() {
        while (spareCount > 0) {
            free(spare[--spareCount]);
        }
    }

    private static long nodeBytes(int capacity) {
        return ROWS + (long) capacity * ROW_BYTES;
    }

    /** Puts a child beside another, {@code distance} behind it. The counts above include the added one afterwards. */
    private void insertChild(long neighbour, int distance, long added, long count, long key) {
        long node = parent(neighbour);
        if (node == 0) {
            node = addTop(neighbour);
        }
        if (size(node) == capacity(node)) {
            insertIntoFull(node, neighbour, distance, added, count, key);
        } else {
            int index = indexOf(node, neighbour) + distance;
            insertRow(node, index, added, count, key);
            addAbove(node, count);
        }
        dropSpare();
    }

    private long addTop(long child) {
        long node = spare[--spareCount];
        initialise(node, isLeaf(child) ? SMALL_CAPACITY : CAPACITY_MAX);
        top = node;
        insertRow(node, 0, child, countUnder(child), 0);
        return node;
    }

    private static long countUnder(long child) {
        if (isLeaf(child)) {
            return count(child);
        }
        long sum = 0;
        for (int i = 0; i < size(child); i++) {
            sum += Memory.getLong(child + ROWS + (long) i * ROW_BYTES + COUNT);
        }
        return sum;
    }

    private static void initialise(long node, int capacity) {
        Memory.putLong(node + PARENT, 0);
        Memory.putInt(node + SIZE, 0);
        Memory.putInt(node + CAPACITY, capacity | INNER);
    }

    private static void insertRow(long node, int index, long child, long count, long key) {
        long row = node + ROWS + (long) index * ROW_BYTES;
        int size = size(node);
        Memory.copy(row, row + ROW_BYTES, (long) (size - index) * ROW_BYTES);
        Memory.putLong(row + CHILD, child);
        Memory.putLong(row + COUNT, count);
        Memory.putLong(row + KEY, key);
        Memory.putInt(node + SIZE, size + 1);
        Memory.putLong(child + PARENT, node);
    }

    private void insertIntoFull(long node, long neighbour, int distance, long added, long count, long key) {
        if (capacity(node) == SMALL_CAPACITY) {
            long grown = grow(node);
            insertRow(grown, indexOf(grown, neighbour) + distance, added, count, key);
            return;
        }
        int index = indexOf(node, neighbour) + distance;
        split(node, index);
        long target = parent(neighbour);
        insertRow(target, indexOf(target, neighbour) + distance, added, count, key);
        addAbove(target, count);
    }

    /** The first inner node, which is the top, becomes a large one. */
    private long grow(long node) {
        long grown = spare[--spareCount];
        initialise(grown, CAPACITY_MAX);
        moveRows(node, 0, grown);
        top = grown;
        free(node);
        return grown;
    }

    /**
     * Cuts a full node in two, before a child is put at {@code index}: where sequences grow, at the ends, so that what
     * is not touched any more stays full.
     */
    private void split(long node, int index) {
        int at = CAPACITY_MAX >>> 1;
        if (index == CAPACITY_MAX) {
            at = CAPACITY_MAX - 1;
        } else if (index == 0) {
            at = 1;
        }
        long right = spare[--spareCount];
        initialise(right, CAPACITY_MAX);
        long key = key(node, at);
        long moved = moveRows(node, at, right);
        addAbove(node, -moved);
        insertHalf(node, right, moved, key);
    }

    private void insertHalf(long node, long right, long moved, long key) {
        long above = parent(node);
        if (above == 0) {
            above = addTop(node);
        }
        if (size(above) == capacity(above)) {
            insertIntoFull(above, node, 1, right, moved, key);
        } else {
            insertRow(above, indexOf(above, node) + 1, right, moved, key);
            addAbove(above, moved);
        }
    }

    /** Appends the rows from {@code from} on to another node; returns how many elements these are. */
    private static long moveRows(long node, int from, long target) {
        int count = size(node) - from;
        int size = size(target);
        long rows = target + ROWS + (long) size * ROW_BYTES;
        Memory.copy(node + ROWS + (long) from * ROW_BYTES, rows, (long) count * ROW_BYTES);
        Memory.putInt(node + SIZE, from);
        Memory.putInt(target + SIZE, size + count);
        long moved = 0;
        for (int i = 0; i < count; i++) {
            long row = rows + (long) i * ROW_BYTES;
            Memory.putLong(Memory.getLong(row + CHILD) + PARENT, target);
            moved += Memory.getLong(row + COUNT);
        }
        return moved;
    }

    /** Takes a leaf out, with the elements that it still counts. Its memory is the owner's. */
    void remove(long leaf) {
        addAbove(leaf, -count(leaf));
        unlink(leaf);
        removeChild(leaf);
        while (top != NONE && !isLeaf(top) && size(top) == 1) {
            long old = top;
            top = child(old, 0);
            Memory.putLong(top + PARENT, 0);
            free(old);
        }
    }

    private void unlink(long leaf) {
        long before = previous(leaf);
        long behind = next(leaf);
        if (before == NONE) {
            first = behind;
        } else {
            Memory.putLong(before + NEXT, behind);
        }
        if (behind == NONE) {
            last = before;
        } else {
            Memory.putLong(behind + PREVIOUS, before);
        }
    }

    private void removeChild(long child) {
        long node = parent(child);
        if (node == 0) {
            top = NONE;
            return;
        }
        int index = indexOf(node, child);
        removeRow(node, index);
        if (index == 0 && size(node) > 0) {
            raiseKey(node);
        }
        if (size(node) == 0) {
            removeChild(node);
            free(node);
        } else if (parent(node) != 0 && size(node) <= MERGED_MAX >>> 2) {
            mergeWithNeighbour(node);
        }
    }

    /**
     * The node lost its first child, whose elements may be with the leaf before now: its order key has to be that of its
     * new first child, or something to its left would be after it.
     */
    private static void raiseKey(long node) {
        long key = key(node, 0);
        long child = node;
        for (long above = parent(child); above != 0; above = parent(child)) {
            long row = rowOf(above, child);
            if (row != above + ROWS) {
                Memory.putLong(row + KEY, key);
                return;
            }
            child = above;
        }
    }

    private static void removeRow(long node, int index) {
        long row = node + ROWS + (long) index * ROW_BYTES;
        int size = size(node) - 1;
        Memory.copy(row + ROW_BYTES, row, (long) (size - index) * ROW_BYTES);
        Memory.putInt(node + SIZE, size);
    }

    private void mergeWithNeighbour(long node) {
        long above = parent(node);
        int index = indexOf(above, node);
        if (index > 0 && size(child(above, index - 1)) + size(node) <= MERGED_MAX) {
            merge(above, index - 1);
        } else if (index + 1 < size(above) && size(node) + size(child(above, index + 1)) <= MERGED_MAX) {
            merge(above, index);
        }
    }

    /** Moves the children of the node at {@code index + 1} to the one before. */
    private void merge(long above, int index) {
        long left = child(above, index);
        long right = child(above, index + 1);
        // The first child's own key was never needed; now it is, and the one of its parent bounds it.
        Memory.putLong(right + ROWS + KEY, key(above, index + 1));
        long moved = moveRows(right, 0, left);
        long row = above + ROWS + (long) index * ROW_BYTES;
        Memory.putLong(row + COUNT, Memory.getLong(row + COUNT) + moved);
        removeChild(right);
        free(right);
    }

    // -------------------------------------------------------------------------------------------- all of it

    /**
     * Frees one leaf of a tree that nobody will search any more, from the first on, and the inner nodes that are done
     * with; says whether there was one. What lies in the leaf is the owner's to free before.
     */
    boolean releaseFirst() {
        long leaf = first;
        if (leaf == NONE) {
            return false;
        }
        long node = parent(leaf);
        first = next(leaf);
        free(leaf);
        while (node != 0) {
            int left = size(node) - 1;
            Memory.putInt(node + SIZE, left);
            if (left > 0) {
                break;
            }
            long above = parent(node);
            free(node);
            node = above;
        }
        return true;
    }

    /** Makes the root at {@code root} and all nodes those of an arena that has {@linkplain Arena#copyAll copied} another. */
    static void moveToCopy(Arena from, long root) {
        for (int field = TOP; field < ROOT_BYTES; field += Long.BYTES) {
            Memory.putLong(root + field, from.copyOf(Memory.getLong(root + field)));
        }
        moveNodeToCopy(from, Memory.getLong(root + TOP));
    }

    private static void moveNodeToCopy(Arena from, long node) {
        Memory.putLong(node + PARENT, from.copyOf(parent(node)));
        if (isLeaf(node)) {
            Memory.putLong(node + NEXT, from.copyOf(next(node)));
            Memory.putLong(node + PREVIOUS, from.copyOf(previous(node)));
            return;
        }
        for (int i = 0; i < size(node); i++) {
            long child = from.copyOf(child(node, i));
            Memory.putLong(node + ROWS + (long) i * ROW_BYTES + CHILD, child);
            moveNodeToCopy(from, child);
        }
    }

    private static long parent(long node) {
        return Memory.getLong(node + PARENT);
    }

    private static int capacity(long node) {
        return Memory.getInt(node + CAPACITY) & ~INNER;
    }

    private static int indexOf(long node, long child) {
        return (int) ((rowOf(node, child) - node - ROWS) / ROW_BYTES);
    }

    /** Where things grow, at the ends, the row is found at once. */
    private static long rowOf(long node, long child) {
        long row = node + ROWS;
        long lastRow = row + (size(node) - 1L) * ROW_BYTES;
        if (Memory.getLong(lastRow + CHILD) == child) {
            return lastRow;
        }
        while (Memory.getLong(row + CHILD) != child) {
            row += ROW_BYTES;
        }
        return row;
    }
}
