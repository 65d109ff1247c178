package dev.cistern.store;

/**
 * What is common to the values of large collections: a fixed root in the entry, elements in the stripe's second arena.
 *
 * <pre>
 *   entry in StripeKeys' entries            slots in StripeKeys' elements
 *   ┌────────┬─────┬──────────────┐         ┌──────────┐   ┌──────────┐
 *   │ header │ key │ root         │────────▶│ element  │──▶│ element  │ ...
 *   └────────┴─────┴──────────────┘         └──────────┘   └──────────┘
 *
 *   root
 *   offset  size  field
 *        0     8  bytes   that the value takes among the elements: what their slots measure
 *        8     8  count   of its elements
 *       16     8  home    number of the arena that is this value's alone ({@link Homes}); 0 = the elements
 *       24   ...          what the encoding needs to find them
 * </pre>
 *
 * Only roots point down: an entry moves when it is resized or renamed, and its root is copied like any value, so no
 * element may hold an address of the entry. The elements move never but by their own value's doing, or where an
 * {@link ElementSweep} asks each encoding to move what lies in sparse spans.
 *
 * <p>
 * Not a value itself: this class knows the head of a root, and which encoding's methods free and copy what is below.
 */
final class LargeValue {

    static final int BYTES = 0;
    static final int COUNT = BYTES + Long.BYTES;
    private static final int HOME = COUNT + Long.BYTES;
    static final int HEAD_BYTES = HOME + Long.BYTES;

    /** No root is longer. */
    static final int MAX_ROOT_BYTES = 128;

    private LargeValue() {}

    static long bytes(long root) {
        return Memory.getLong(root + BYTES);
    }

    static long count(long root) {
        return Memory.getLong(root + COUNT);
    }

    static int home(long root) {
        return (int) Memory.getLong(root + HOME);
    }

    static void setHome(long root, int home) {
        Memory.putLong(root + HOME, home);
    }

    /**
     * Frees {@code budget} elements of a value that nobody can find any more, or some more, and with the last one all
     * that is left. Keeps the root, where the next call goes on. Returns how many: fewer than {@code budget} when
     * nothing is left.
     */
    static int release(Encoding encoding, HashFunction hashFunction, Arena elements, long root, int budget) {
        return switch (encoding) {
            case HASHTABLE -> ElementTable.release(hashFunction, elements, root, budget);
            case QUICKLIST -> ListChunks.release(elements, root, budget);
            case SKIPLIST -> SortedTable.release(hashFunction, elements, root, budget);
            case STREAM -> Streams.release(elements, root, budget);
            default -> throw new IllegalArgumentException(encoding.name());
        };
    }

    /**
     * Writes to {@code target} the root of a copy, whose elements lie in another arena or the same. Throws with nothing
     * taken when there is no memory.
     */
    static void copy(Encoding encoding, HashFunction hashFunction, Arena elements, long root, Arena targetElements,
            long target) {
        switch (encoding) {
            case HASHTABLE -> ElementTable.copy(hashFunction, elements, root, targetElements, target);
            case QUICKLIST -> ListChunks.copy(elements, root, targetElements, target);
            case SKIPLIST -> SortedTable.copy(hashFunction, elements, root, targetElements, target);
            case STREAM -> Streams.copy(elements, root, targetElements, target);
            default -> throw new IllegalArgumentException(encoding.name());
        }
        setHome(target, 0);
    }

    /**
     * As {@link #copy}, to an arena that is empty and will be the copy's home. A value that has a home itself is copied
     * with all of that at once, which costs less than looking for its elements. What was taken goes with the arena.
     */
    static void copyToHome(Encoding encoding, HashFunction hashFunction, Arena elements, long root, int rootBytes,
            Arena home, long target) {
        if (home(root) == 0 || encoding == Encoding.STREAM) {
            copy(encoding, hashFunction, elements, root, home, target);
            return;
        }
        home.copyAll(elements);
        Memory.copy(root, target, rootBytes);
        setHome(target, 0);
        switch (encoding) {
            case HASHTABLE -> ElementTable.moveToCopy(hashFunction, elements, home, target);
            case QUICKLIST -> CountedTree.moveToCopy(elements, target + ListChunks.TREE);
            case SKIPLIST -> SortedTable.moveToCopy(hashFunction, elements, home, target);
            default -> throw new IllegalArgumentException(encoding.name());
        }
    }
}
