package dev.cistern.store;

/**
 * The elements of one large list, encoding {@link Encoding#QUICKLIST}: listpacks of some kilobytes in a row, numbered by
 * a {@link CountedTree}.
 *
 * <pre>
 *   root                                     chunk
 *   offset  size  field                      offset  size  field
 *        0    24  as every {@link LargeValue}     0    32  leaf of the tree
 *       24    24  tree                           32   ...  listpack
 * </pre>
 *
 * Pushing and popping at an end touches the chunk there; the element with any number is found by a walk down the tree
 * and a walk in one chunk. A chunk's slot grows with it up to {@link #CHUNK_BYTES}; an element that is longer has a chunk
 * to itself, whose slot is as long as it needs. Neighbours that have become small are joined.
 *
 * <p>
 * An object belongs to a thread's handle, and is opened on one list after another and saved after changes. It has a
 * cursor: one element, which {@link #seek}, {@link #next} and {@link #previous} choose and changes happen at.
 */
final class ListChunks {

    static final int TREE = LargeValue.HEAD_BYTES;
    static final int ROOT_BYTES = TREE + CountedTree.ROOT_BYTES;

    /** A chunk's slot: a walk through half of it is a microsecond, and its own head a hundredth. */
    static final int CHUNK_BYTES = 4096;
    private static final int FIRST_CHUNK_BYTES = 512;
    private static final int LISTPACK = CountedTree.LEAF_HEAD_BYTES;
    private static final int CHUNK_OVERHEAD_BYTES = LISTPACK + Listpack.EMPTY_BYTES;
    /** Neighbours are joined when a quarter of the room is left. */
    private static final int JOINED_BYTES = CHUNK_BYTES / 4 * 3;

    private static final long NONE = CountedTree.NONE;

    private final CountedTree tree = new CountedTree();
    private long bytes;
    private long count;

    private long chunk = NONE;
    private long element = Listpack.NONE;

    // ---------------------------------------------------------------------------------------------- the root

    /** Begins an empty list. */
    void create(Arena elements) {
        tree.create(elements);
        bytes = 0;
        count = 0;
        leave();
    }

    void open(Arena elements, long root) {
        tree.open(elements, root + TREE);
        bytes = LargeValue.bytes(root);
        count = LargeValue.count(root);
        leave();
    }

    /** Bytes that the value took when it was saved. */
    long bytes() {
        return bytes;
    }

    void save(long root) {
        bytes += tree.takeAddedBytes();
        Memory.putLong(root + LargeValue.BYTES, bytes);
        Memory.putLong(root + LargeValue.COUNT, count);
        tree.save(root + TREE);
    }

    long size() {
        return count;
    }

    /**
     * Bytes of a listpack that holds all elements, or {@link Integer#MAX_VALUE} if it is obviously longer than
     * {@code interesting}.
     */
    int packedBytes(int interesting) {
        long sum = Listpack.EMPTY_BYTES;
        for (long at = tree.firstLeaf(); at != NONE; at = CountedTree.next(at)) {
            sum += elementBytes(at);
            if (sum > interesting) {
                return Integer.MAX_VALUE;
            }
        }
        return (int) sum;
    }

    /** Writes all elements as one listpack, {@link #packedBytes} long. */
    void copyTo(long listpack) {
        Listpack.create(listpack);
        for (long at = tree.firstLeaf(); at != NONE; at = CountedTree.next(at)) {
            Listpack.insertElements(listpack, Listpack.end(listpack), firstOf(at), elementBytes(at),
                    CountedTree.count(at));
        }
    }

    /** Appends all elements of a listpack. */
    void append(long listpack) {
        for (long at = Listpack.first(listpack); at != Listpack.NONE; at = Listpack.next(at)) {
            long target = roomAtEnd(tree.lastLeaf(), Listpack.sizeAt(at));
            long pack = target + LISTPACK;
            Listpack.insertElements(pack, Listpack.end(pack), at, Listpack.sizeAt(at), 1);
            counted(target, 1);
        }
    }

    // ---------------------------------------------------------------------------------------------- the ends

    void push(boolean atFront, Bytes value) {
        int size = Listpack.elementBytes(value);
        if (atFront) {
            long target = roomAtStart(tree.firstLeaf(), size);
            Listpack.prepend(target + LISTPACK, value);
            counted(target, 1);
        } else {
            long target = roomAtEnd(tree.lastLeaf(), size);
            Listpack.append(target + LISTPACK, value);
            counted(target, 1);
        }
        leave();
    }

    private void counted(long target, int delta) {
        tree.add(target, delta);
        count += delta;
    }

    /** The chunk, or a new one behind it, with room for so many bytes more. */
    private long roomAtEnd(long target, int size) {
        return target != NONE && fits(target, size) ? grow(target, size) : newChunk(target, size);
    }

    private long roomAtStart(long target, int size) {
        return target != NONE && fits(target, size) ? grow(target, size) : newChunk(previousOrNone(target), size);
    }

    private static long previousOrNone(long target) {
        return target == NONE ? NONE : CountedTree.previous(target);
    }

    private static boolean fits(long target, int size) {
        return LISTPACK + Listpack.bytes(target + LISTPACK) + size <= CHUNK_BYTES;
    }

    /** A chunk without elements behind another, with room for so many bytes. */
    private long newChunk(long behind, int size) {
        long added = tree.allocate(Math.max((long) CHUNK_OVERHEAD_BYTES + size, FIRST_CHUNK_BYTES));
        try {
            tree.insertAfter(behind, added, 0, 0);
        } catch (OutOfNativeMemoryException e) {
            tree.free(added);
            throw e;
        }
        Listpack.create(added + LISTPACK);
        return added;
    }

    /** Makes the slot of a chunk large enough for so many bytes more; answers where the chunk is then. */
    private long grow(long target, int size) {
        int needed = LISTPACK + Listpack.bytes(target + LISTPACK) + size;
        return needed <= tree.slotBytes(target)
                ? target
                : move(target, Math.min(CHUNK_BYTES, Math.max(needed, 2 * tree.slotBytes(target))));
    }

    private long move(long target, long slotBytes) {
        long moved = tree.allocate(slotBytes);
        Memory.copy(target, moved, (long) LISTPACK + Listpack.bytes(target + LISTPACK));
        tree.moved(target, moved);
        tree.free(target);
        return moved;
    }

    // -------------------------------------------------------------------------------------------- the cursor

    /** Chooses the element with this number, from 0; says whether there is one. */
    boolean seek(long index) {
        leave();
        if (index < 0 || index >= count) {
            return false;
        }
        chunk = index == 0 ? tree.firstLeaf() : tree.leafAt(index);
        element = Listpack.seek(chunk + LISTPACK, index == 0 ? 0 : (int) tree.restRank());
        return true;
    }

    private void leave() {
        chunk = NONE;
        element = Listpack.NONE;
    }

    /** The chosen element, for {@link Listpack} to read; {@link Listpack#NONE} behind the last one. */
    long element() {
        return element;
    }

    /** Chooses the next one; says whether there is one. */
    boolean next() {
        element = Listpack.next(element);
        if (element == Listpack.NONE) {
            chunk = CountedTree.next(chunk);
            element = chunk == NONE ? Listpack.NONE : Listpack.first(chunk + LISTPACK);
        }
        return element != Listpack.NONE;
    }

    boolean previous() {
        element = Listpack.before(chunk + LISTPACK, element);
        if (element == Listpack.NONE) {
            chunk = CountedTree.previous(chunk);
            element = chunk == NONE ? Listpack.NONE : Listpack.last(chunk + LISTPACK);
        }
        return element != Listpack.NONE;
    }

    // ------------------------------------------------------------------------------------ changes at the cursor

    /** Gives the chosen element another value. The cursor leaves. */
    void replace(Bytes value) {
        int growth = Listpack.elementBytes(value) - Listpack.sizeAt(element);
        if (growth <= 0 || fits(chunk, growth)) {
            growAtCursor(Math.max(0, growth));
            Listpack.replace(chunk + LISTPACK, element, value);
        } else {
            insert(value, false);
            removeAtCursor();
        }
        leave();
    }

    private void growAtCursor(int size) {
        long offset = element - chunk;
        chunk = grow(chunk, size);
        element = chunk + offset;
    }

    /** Puts an element before the chosen one or behind it. The cursor is at the one that was chosen. */
    void insert(Bytes value, boolean behind) {
        int size = Listpack.elementBytes(value);
        if (behind) {
            element += Listpack.sizeAt(element);
        }
        if (!fits(chunk, size)) {
            insertIntoFull(value, size, behind);
            return;
        }
        growAtCursor(size);
        Listpack.insert(chunk + LISTPACK, element, value);
        counted(chunk, 1);
        if (behind) {
            element = Listpack.before(chunk + LISTPACK, element);
        } else {
            element += size;
        }
    }

    /** The cursor is where the element should stand, which may be the end of the chunk. */
    private void insertIntoFull(Bytes value, int size, boolean behind) {
        long left = chunk;
        boolean atStart = element == firstOf(left);
        long right = NONE;
        if (element != Listpack.end(left + LISTPACK) && !atStart) {
            right = split(left);
        }
        long target = roomAtEnd(atStart ? CountedTree.previous(left) : left, size);
        Listpack.append(target + LISTPACK, value);
        counted(target, 1);
        if (behind) {
            chunk = target;
            element = Listpack.last(target + LISTPACK);
            previous();
        } else {
            chunk = atStart ? left : right;
            element = firstOf(chunk);
        }
    }

    /** Moves the elements from the cursor on to a new chunk behind this one, which it returns. */
    private long split(long left) {
        int before = 0;
        for (long at = firstOf(left); at != element; at = Listpack.next(at)) {
            before++;
        }
        int moved = CountedTree.count(left) - before;
        long end = Listpack.end(left + LISTPACK);
        int size = (int) (end - element);
        long right = newChunk(left, size);
        Listpack.insertElements(right + LISTPACK, firstOf(right), element, size, moved);
        Listpack.deleteRange(left + LISTPACK, element, end, moved);
        tree.add(right, moved);
        tree.add(left, -moved);
        return right;
    }

    /** Takes the chosen element out and chooses the next one, or the previous one; says whether there is such a one. */
    boolean remove(boolean forward) {
        removeAtCursor();
        if (chunk == NONE) {
            return !forward && seek(count - 1);
        }
        return forward || previous();
    }

    /** The cursor is at the next element afterwards. */
    private void removeAtCursor() {
        Listpack.delete(chunk + LISTPACK, element, 1);
        counted(chunk, -1);
        tidyAtCursor();
    }

    /** Takes out elements from the one with number {@code from} on. */
    void removeRange(long from, long wanted) {
        long left = wanted;
        seek(from);
        while (left > 0) {
            left -= removeInChunk((int) Math.min(left, Integer.MAX_VALUE));
        }
        leave();
    }

    private int removeInChunk(int most) {
        int held = CountedTree.count(chunk);
        if (element == firstOf(chunk) && held <= most) {
            long next = CountedTree.next(chunk);
            count -= held;
            drop(chunk);
            chunk = next;
            element = next == NONE ? Listpack.NONE : firstOf(next);
            return held;
        }
        int removed = 0;
        long behind = element;
        long end = Listpack.end(chunk + LISTPACK);
        while (removed < most && behind != end) {
            behind += Listpack.sizeAt(behind);
            removed++;
        }
        Listpack.deleteRange(chunk + LISTPACK, element, behind, removed);
        counted(chunk, -removed);
        tidyAtCursor();
        return removed;
    }

    private void drop(long dropped) {
        tree.remove(dropped);
        tree.free(dropped);
    }

    /**
     * Drops the chunk at the cursor if it is empty, or joins it with a small neighbour; then the cursor, which may be at
     * its end, is at the next element.
     */
    private void tidyAtCursor() {
        if (CountedTree.count(chunk) == 0) {
            long next = CountedTree.next(chunk);
            drop(chunk);
            chunk = next;
            element = next == NONE ? Listpack.NONE : firstOf(next);
            return;
        }
        try {
            joinAtCursor(CountedTree.previous(chunk), CountedTree.next(chunk));
        } catch (OutOfNativeMemoryException e) {
            // The neighbours stay apart, which is no worse than it was.
        }
        if (element == Listpack.end(chunk + LISTPACK)) {
            chunk = CountedTree.next(chunk);
            element = chunk == NONE ? Listpack.NONE : firstOf(chunk);
        }
    }

    private void joinAtCursor(long before, long next) {
        if (next != NONE && joinedBytes(chunk, next) <= JOINED_BYTES) {
            long offset = element - chunk;
            chunk = join(chunk, next);
            element = chunk + offset;
        } else if (before != NONE && joinedBytes(before, chunk) <= JOINED_BYTES) {
            long offset = element - firstOf(chunk) + elementBytes(before);
            chunk = join(before, chunk);
            element = firstOf(chunk) + offset;
        }
    }

    private static int joinedBytes(long left, long right) {
        return CHUNK_OVERHEAD_BYTES + elementBytes(left) + elementBytes(right);
    }

    private long join(long left, long right) {
        int moved = CountedTree.count(right);
        long target = grow(left, elementBytes(right));
        Listpack.insertElements(target + LISTPACK, Listpack.end(target + LISTPACK), firstOf(right), elementBytes(right),
                moved);
        tree.add(target, moved);
        drop(right);
        return target;
    }

    private static long firstOf(long target) {
        return target + LISTPACK + Listpack.HEADER_BYTES;
    }

    /** Bytes of all elements of a chunk. */
    private static int elementBytes(long target) {
        return Listpack.bytes(target + LISTPACK) - Listpack.EMPTY_BYTES;
    }

    /**
     * Moves chunks and nodes that lie in spans that are being emptied, from the element with number {@code from} on;
     * returns the number to go on with, or 0 when that was all.
     */
    long evacuate(long from, int chunks) {
        leave();
        return tree.evacuate(from, chunks);
    }

    // ------------------------------------------------------------------------------------ for LargeValue

    static int release(Arena elements, long root, int budget) {
        ListChunks list = new ListChunks();
        list.open(elements, root);
        int freed = 0;
        while (freed < budget && list.tree.releaseFirst()) {
            freed++;
        }
        list.save(root);
        return freed;
    }

    /** Writes to {@code target} the root of a copy in another arena. Throws with nothing taken. */
    static void copy(Arena from, long root, Arena to, long target) {
        ListChunks source = new ListChunks();
        ListChunks copy = new ListChunks();
        source.open(from, root);
        copy.create(to);
        try {
            for (long at = source.tree.firstLeaf(); at != NONE; at = CountedTree.next(at)) {
                copy.appendChunk(at);
            }
        } catch (OutOfNativeMemoryException e) {
            copy.discard();
            throw e;
        }
        copy.save(target);
    }

    private void appendChunk(long from) {
        int held = CountedTree.count(from);
        long added = newChunk(tree.lastLeaf(), elementBytes(from));
        Listpack.insertElements(added + LISTPACK, firstOf(added), firstOf(from), elementBytes(from), held);
        counted(added, held);
    }

    /** Frees the open list at once: one that could not be finished. */
    void discard() {
        boolean more = true;
        while (more) {
            more = tree.releaseFirst();
        }
    }
}
