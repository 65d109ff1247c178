package dev.cistern.store;

import java.util.function.LongSupplier;

/**
 * The members of one large sorted set, encoding {@link Encoding#SKIPLIST}: found by name in an {@link ElementTable}, and
 * in order of score and then of bytes in leaves that a {@link CountedTree} numbers.
 *
 * <pre>
 *   root                                     leaf: 512 bytes
 *   offset  size  field                      offset  size  field
 *        0    72  table of members                0    32  leaf of the tree
 *       72    24  tree                           32   ...  addresses of members, 8 bytes each, in order
 *
 *   member: an element of the table, its value the 8 bytes of the score
 * </pre>
 *
 * A member of 16 bytes is a slot of 32 bytes, 12 in the table and 8 to 12 in a leaf. The tree's order keys are scores, so
 * that a search on its way down looks at members only among equal scores.
 *
 * <p>
 * An object belongs to a thread's handle, and is opened on one set after another and saved after changes. Its cursor is a
 * place in the order, which the seeking methods choose. Whatever changes the set makes it leave.
 */
final class SortedTable {

    static final int TREE = ElementTable.ROOT_BYTES;
    static final int ROOT_BYTES = TREE + CountedTree.ROOT_BYTES;

    static final int LEAF_BYTES = 512;
    private static final int MEMBERS = CountedTree.LEAF_HEAD_BYTES;
    static final int LEAF_CAPACITY = (LEAF_BYTES - MEMBERS) / Long.BYTES;
    private static final int SMALL_LEAF = LEAF_CAPACITY / 4;
    private static final int JOINED_MAX = LEAF_CAPACITY / 4 * 3;

    /** To look at a leaf costs about as much as so many members. */
    private static final int LEAVES_COST = 4;

    private static final long NONE = CountedTree.NONE;

    /** What a place is searched by. */
    private enum Bound {
        /** A score and a name: before the first member that is not less. */
        MEMBER,
        /** A score alone. */
        SCORE,
        /** A name alone, among members that all have one score. */
        NAME
    }

    private final ElementTable table;
    private final CountedTree tree = new CountedTree();
    private final Bytes name = new Bytes();
    private final SlotMoved memberMoved = this::memberMoved;

    private long leaf = NONE;
    private int place;

    private Bound bound = Bound.MEMBER;
    private double boundScore;
    private long boundName;
    private int boundLength;
    /** Whether what is equal to a score or name comes before the bound. */
    private boolean boundIsBehindEqual;

    SortedTable(HashFunction hashFunction) {
        table = new ElementTable(hashFunction);
    }

    // ---------------------------------------------------------------------------------------------- the root

    /** Begins an empty set. Throws before anything changed. */
    void create(Arena elements) {
        table.create(elements);
        tree.create(elements);
        leaf = NONE;
    }

    void open(Arena elements, long root) {
        table.open(elements, root);
        tree.open(elements, root + TREE);
        leaf = NONE;
    }

    void save(long root) {
        table.addBytes(tree.takeAddedBytes());
        table.save(root);
        tree.save(root + TREE);
    }

    long size() {
        return table.size();
    }

    /** Bytes that the value took when it was saved. */
    long bytes() {
        return table.bytes();
    }

    // -------------------------------------------------------------------------------------------- one member

    /** Returns the element of this member, or {@link Index#ABSENT}; it is then the one found last. */
    long find(Bytes member) {
        return table.find(member);
    }

    static double score(long element) {
        return Double.longBitsToDouble(Memory.getLong(EntryLayout.valueAddress(element, EntryLayout.header(element))));
    }

    private static void putScore(long element, double score) {
        Memory.putLong(EntryLayout.valueAddress(element, EntryLayout.header(element)),
                Double.doubleToRawLongBits(score));
    }

    /** Points {@code target} at the member's bytes. */
    static Bytes readMember(long element, Bytes target) {
        long header = EntryLayout.header(element);
        return target.set(element + EntryLayout.keyOffset(header), EntryLayout.keyLength(element, header));
    }

    /** Adds a member that is not here. Throws before anything changed. */
    void insert(Bytes member, double score) {
        long element = table.insert(member, Double.BYTES, Keyspace.NO_DEADLINE);
        putScore(element, score);
        try {
            insertInOrder(element);
        } catch (OutOfNativeMemoryException e) {
            table.remove(table.find(member));
            throw e;
        }
    }

    /** Takes out the element found last. */
    void remove(long element) {
        locate(element);
        removeFromLeaf(1);
        table.remove(element);
    }

    /** Gives an element another score. Throws before anything changed. */
    void setScore(long element, double score) {
        locate(element);
        long oldLeaf = leaf;
        int oldPlace = place;
        descend(element, score);
        if (leaf == oldLeaf) {
            moveInLeaf(oldPlace, place > oldPlace ? place - 1 : place, element);
            putScore(element, score);
            leaf = NONE;
            return;
        }
        if (CountedTree.count(leaf) == LEAF_CAPACITY) {
            split(LEAF_CAPACITY / 2);
            descend(element, score);
        }
        // From here on nothing needs memory.
        insertAtCursor(element);
        putScore(element, score);
        leaf = oldLeaf;
        place = oldPlace;
        removeFromLeaf(1);
    }

    private void moveInLeaf(int from, int to, long element) {
        long at = leaf + MEMBERS;
        if (to < from) {
            Memory.copy(at + ((long) to << 3), at + (((long) to + 1) << 3), (long) (from - to) << 3);
        } else {
            Memory.copy(at + (((long) from + 1) << 3), at + ((long) from << 3), (long) (to - from) << 3);
        }
        putMember(leaf, to, element);
    }

    /** The element's number in the order. */
    long rank(long element) {
        locate(element);
        return cursorRank();
    }

    // -------------------------------------------------------------------------------------------- the cursor

    /** Goes to the element with this number; says whether there is one. */
    boolean seek(long rank) {
        if (rank < 0 || rank >= size()) {
            leaf = NONE;
            return false;
        }
        leaf = tree.leafAt(rank);
        place = (int) tree.restRank();
        return true;
    }

    /** The number of the first element whose score is not less than this one, or that is greater. */
    long rankOfScore(double score, boolean behindEqual) {
        bound = Bound.SCORE;
        boundScore = score;
        boundIsBehindEqual = behindEqual;
        return rankOfBound();
    }

    /** The number of the first element whose name is not less than this one, or that is greater. */
    long rankOfName(Bytes wanted, boolean behindEqual) {
        bound = Bound.NAME;
        boundName = wanted.address();
        boundLength = wanted.length();
        boundIsBehindEqual = behindEqual;
        return rankOfBound();
    }

    private long rankOfBound() {
        if (tree.firstLeaf() == NONE) {
            return 0;
        }
        descend();
        return cursorRank();
    }

    private long cursorRank() {
        return tree.rankOf(leaf) + place;
    }

    long element() {
        return memberAt(leaf, place);
    }

    /** Goes to the next element; says whether there is one. */
    boolean next() {
        place++;
        if (place == CountedTree.count(leaf)) {
            leaf = CountedTree.next(leaf);
            place = 0;
        }
        return leaf != NONE;
    }

    boolean previous() {
        if (place == 0) {
            leaf = CountedTree.previous(leaf);
            place = leaf == NONE ? 0 : CountedTree.count(leaf);
        }
        place--;
        return leaf != NONE;
    }

    private static long memberAt(long leaf, int place) {
        return Memory.getLong(leaf + MEMBERS + ((long) place << 3));
    }

    private static void putMember(long leaf, int place, long element) {
        Memory.putLong(leaf + MEMBERS + ((long) place << 3), element);
    }

    // -------------------------------------------------------------------------------------------- searching

    /** Goes to an element that is here. In its leaf its address tells it from the others, so none of those is read. */
    private void locate(long element) {
        boundAt(element, score(element));
        descendToLeaf();
        findInLeaf(element);
        if (place == CountedTree.count(leaf)) {
            leaf = CountedTree.next(leaf);
            place = 0;
        }
    }

    private void findInLeaf(long element) {
        int count = CountedTree.count(leaf);
        int at = 0;
        while (at < count && memberAt(leaf, at) != element) {
            at++;
        }
        place = at;
    }

    private void descend(long element, double score) {
        boundAt(element, score);
        descend();
    }

    private void boundAt(long element, double score) {
        long header = EntryLayout.header(element);
        bound = Bound.MEMBER;
        boundScore = score;
        boundName = element + EntryLayout.keyOffset(header);
        boundLength = EntryLayout.keyLength(element, header);
    }

    /** Goes to the first element behind the bound, or behind the last one of the leaf before it. */
    private void descend() {
        descendToLeaf();
        int low = 0;
        int high = CountedTree.count(leaf);
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (isBefore(memberAt(leaf, middle))) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        place = low;
    }

    /** Goes to the leaf with the first element behind the bound, or to the one before it. */
    private void descendToLeaf() {
        long node = tree.top();
        while (!CountedTree.isLeaf(node)) {
            int low = 0;
            int high = CountedTree.size(node) - 1;
            while (low < high) {
                int middle = (low + high + 1) >>> 1;
                if (beginsBefore(node, middle)) {
                    low = middle;
                } else {
                    high = middle - 1;
                }
            }
            node = CountedTree.child(node, low);
        }
        leaf = node;
    }

    /** Whether all that is left of this child comes before the bound. */
    private boolean beginsBefore(long node, int index) {
        if (bound != Bound.NAME) {
            double key = Double.longBitsToDouble(CountedTree.key(node, index));
            if (key < boundScore) {
                return true;
            }
            if (key > boundScore) {
                return false;
            }
            if (bound == Bound.SCORE) {
                return boundIsBehindEqual;
            }
        }
        long child = CountedTree.child(node, index);
        while (!CountedTree.isLeaf(child)) {
            child = CountedTree.child(child, 0);
        }
        return isBefore(memberAt(child, 0));
    }

    private boolean isBefore(long element) {
        if (bound != Bound.NAME) {
            double score = score(element);
            if (score < boundScore) {
                return true;
            }
            if (score > boundScore) {
                return false;
            }
            if (bound == Bound.SCORE) {
                return boundIsBehindEqual;
            }
        }
        long header = EntryLayout.header(element);
        int order = Memory.compare(element + EntryLayout.keyOffset(header), EntryLayout.keyLength(element, header),
                boundName, boundLength);
        return order < 0 || (order == 0 && bound == Bound.NAME && boundIsBehindEqual);
    }

    // ---------------------------------------------------------------------------------------------- leaves

    private void insertInOrder(long element) {
        if (tree.firstLeaf() == NONE) {
            leaf = addLeaf(NONE, 0, 0);
            place = 0;
        } else {
            descend(element, score(element));
            if (CountedTree.count(leaf) == LEAF_CAPACITY) {
                splitAtCursor(element);
            }
        }
        insertAtCursor(element);
        leaf = NONE;
    }

    private void insertAtCursor(long element) {
        long at = leaf + MEMBERS + ((long) place << 3);
        Memory.copy(at, at + Long.BYTES, (long) (CountedTree.count(leaf) - place) << 3);
        Memory.putLong(at, element);
        tree.add(leaf, 1);
    }

    private long addLeaf(long behind, int count, double firstScore) {
        long added = tree.allocate(LEAF_BYTES);
        try {
            tree.insertAfter(behind, added, count, Double.doubleToRawLongBits(firstScore));
        } catch (OutOfNativeMemoryException e) {
            tree.free(added);
            throw e;
        }
        return added;
    }

    /** Makes room at the cursor. Where sets grow at an end, what is not touched any more stays full. */
    private void splitAtCursor(long element) {
        if (place == LEAF_CAPACITY && CountedTree.next(leaf) == NONE) {
            leaf = addLeaf(leaf, 0, score(element));
            place = 0;
            return;
        }
        int at = place == 0 && CountedTree.previous(leaf) == NONE ? 1 : LEAF_CAPACITY / 2;
        long left = leaf;
        int wanted = place;
        split(at);
        leaf = left;
        place = wanted;
        if (wanted > at) {
            leaf = CountedTree.next(left);
            place = wanted - at;
        }
    }

    /** Moves the members from {@code at} on to a new leaf behind this one. */
    private void split(int at) {
        int moved = LEAF_CAPACITY - at;
        long right = addLeaf(leaf, moved, score(memberAt(leaf, at)));
        Memory.copy(leaf + MEMBERS + ((long) at << 3), right + MEMBERS, (long) moved << 3);
        tree.add(leaf, -moved);
    }

    /** Takes so many places from the cursor on out of its leaf, which may go with them, or join a neighbour. */
    private void removeFromLeaf(int removed) {
        long at = leaf + MEMBERS + ((long) place << 3);
        int behind = CountedTree.count(leaf) - place - removed;
        Memory.copy(at + ((long) removed << 3), at, (long) behind << 3);
        tree.add(leaf, -removed);
        int left = CountedTree.count(leaf);
        if (left == 0) {
            tree.remove(leaf);
            tree.free(leaf);
        } else if (left <= SMALL_LEAF) {
            joinWithNeighbour();
        }
        leaf = NONE;
    }

    private void joinWithNeighbour() {
        long next = CountedTree.next(leaf);
        long before = CountedTree.previous(leaf);
        if (next != NONE && CountedTree.count(leaf) + CountedTree.count(next) <= JOINED_MAX) {
            join(leaf, next);
        } else if (before != NONE && CountedTree.count(before) + CountedTree.count(leaf) <= JOINED_MAX) {
            join(before, leaf);
        }
    }

    private void join(long left, long right) {
        int moved = CountedTree.count(right);
        Memory.copy(right + MEMBERS, left + MEMBERS + ((long) CountedTree.count(left) << 3), (long) moved << 3);
        tree.add(left, moved);
        tree.remove(right);
        tree.free(right);
    }

    /** Takes out elements from the one with number {@code from} on. */
    void removeRange(long from, long wanted) {
        long left = wanted;
        while (left > 0) {
            seek(from);
            int here = (int) Math.min(left, CountedTree.count(leaf) - place);
            for (int i = 0; i < here; i++) {
                long element = memberAt(leaf, place + i);
                table.find(readMember(element, name));
                table.remove(element);
            }
            removeFromLeaf(here);
            left -= here;
        }
    }

    // ------------------------------------------------------------------------------------- in any order

    /** Shows the elements of the bucket at {@code cursor}, as {@link ElementTable#beginBucket} does. */
    void beginBucket(long cursor) {
        table.beginBucket(cursor);
    }

    long nextInBucket() {
        return table.nextInBucket();
    }

    long cursorAfter(long cursor) {
        return table.cursorAfter(cursor);
    }

    /** An element by chance, each as likely as another; there must be one. */
    long random(LongSupplier random) {
        return table.random(random);
    }

    /** Frees the open set at once: one that could not be finished. */
    void discard() {
        boolean more = true;
        while (more) {
            more = tree.releaseFirst();
        }
        table.discard();
    }

    /**
     * Moves what lies in spans that are being emptied, from {@code position} on, until about {@code budget} members were
     * looked at; returns the position to go on from, or 0 when that was all. Members and their table come first, then, at
     * negative positions, the leaves.
     */
    long evacuate(long position, int budget) {
        long next = position;
        if (position >= 0) {
            next = table.evacuate(position, budget, memberMoved);
            next = next == 0 ? -1 : next;
        } else {
            long rank = tree.evacuate(-1 - position, Math.max(1, budget / LEAVES_COST));
            next = rank == 0 ? 0 : -1 - rank;
        }
        leaf = NONE;
        return next;
    }

    private void memberMoved(long from, long to) {
        locate(from);
        putMember(leaf, place, to);
    }

    // ------------------------------------------------------------------------------------ for LargeValue

    static int release(HashFunction hashFunction, Arena elements, long root, int budget) {
        CountedTree tree = new CountedTree();
        tree.open(elements, root + TREE);
        int freed = 0;
        while (freed < budget && tree.releaseFirst()) {
            freed++;
        }
        tree.save(root + TREE);
        Memory.putLong(root + LargeValue.BYTES, LargeValue.bytes(root) + tree.takeAddedBytes());
        return freed == budget ? freed : freed + ElementTable.release(hashFunction, elements, root, budget - freed);
    }

    /** Finds in {@code to}, which has {@linkplain Arena#copyAll copied} {@code from}, what the root at {@code target} means. */
    static void moveToCopy(HashFunction hashFunction, Arena from, Arena to, long target) {
        ElementTable.moveToCopy(hashFunction, from, to, target);
        CountedTree.moveToCopy(from, target + TREE);
        CountedTree tree = new CountedTree();
        tree.open(to, target + TREE);
        for (long leaf = tree.firstLeaf(); leaf != NONE; leaf = CountedTree.next(leaf)) {
            for (int place = 0; place < CountedTree.count(leaf); place++) {
                putMember(leaf, place, from.copyOf(memberAt(leaf, place)));
            }
        }
    }

    /** Writes to {@code target} the root of a copy in another arena. Throws with nothing taken. */
    static void copy(HashFunction hashFunction, Arena from, long root, Arena to, long target) {
        SortedTable source = new SortedTable(hashFunction);
        SortedTable copy = new SortedTable(hashFunction);
        source.open(from, root);
        copy.create(to);
        Bytes member = new Bytes();
        try {
            for (boolean more = source.seek(0); more; more = source.next()) {
                copy.insert(readMember(source.element(), member), score(source.element()));
            }
        } catch (OutOfNativeMemoryException e) {
            copy.discard();
            throw e;
        }
        copy.save(target);
    }
}
