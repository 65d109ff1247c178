package dev.cistern.store;

/**
 * Records of a fixed length in the order of their 128-bit ids: a B+tree whose blocks are slots of a large value.
 *
 * <pre>
 *   block                                   record of a leaf         record above the leaves
 *   offset  size  field                     offset  size  field      offset  size  field
 *        0     4  level; 0 = leaf                0     8  millis          0     8  millis
 *        4     2  capacity, in records           8     8  sequence        8     8  sequence
 *        6     2  count                         16   ...  payload        16     8  child
 *        8   ...  records
 * </pre>
 *
 * A record above the leaves says the least id that its child may hold; the first of a block stands for all smaller ids
 * as well, so a smaller minimum changes nothing above. Ids compare as unsigned numbers, first the millis.
 *
 * <p>
 * Appending leaves full blocks behind: a stream and what is pending of it mostly grow at the end, and ids in order fill
 * every byte. The root grows from room for one record, because most streams and consumers hold few.
 *
 * <p>
 * A record is named by its address, {@link #NONE} is none; it is valid until the tree's next change. An object of this
 * class is opened on one tree after another; the tree itself is the address of its root block, in a cell that the value
 * owns. Used under the stripe's lock.
 */
final class IdTree {

    /** No record. */
    static final long NONE = 0;

    static final int LEVEL = 0;
    static final int CAPACITY = LEVEL + Integer.BYTES;
    static final int COUNT = CAPACITY + Short.BYTES;
    static final int RECORDS = COUNT + Short.BYTES;

    static final int MILLIS = 0;
    static final int SEQUENCE = MILLIS + Long.BYTES;
    /** Where the payload of a leaf's record begins. */
    static final int PAYLOAD = SEQUENCE + Long.BYTES;
    private static final int CHILD = PAYLOAD;
    private static final int INNER_RECORD_BYTES = CHILD + Long.BYTES;

    /** A full block is a size class of the arena: 31 records of 24 bytes. */
    private static final int MAX_BLOCK_BYTES = 768;

    private final ValueSlots slots;
    private final int leafRecordBytes;
    private final int leafMost;
    private final int innerMost = (MAX_BLOCK_BYTES - RECORDS) / INNER_RECORD_BYTES;
    private long cell;

    IdTree(ValueSlots slots, int payloadBytes) {
        this.slots = slots;
        this.leafRecordBytes = PAYLOAD + payloadBytes;
        this.leafMost = (MAX_BLOCK_BYTES - RECORDS) / leafRecordBytes;
    }

    /** Makes this the handle of the tree whose root's address stands in {@code rootCell}; 0 there is an empty tree. */
    IdTree open(long rootCell) {
        cell = rootCell;
        return this;
    }

    private long root() {
        return Memory.getLong(cell);
    }

    boolean isEmpty() {
        return root() == NONE;
    }

    static long millis(long record) {
        return Memory.getLong(record + MILLIS);
    }

    static long sequence(long record) {
        return Memory.getLong(record + SEQUENCE);
    }

    static int compare(long millis, long sequence, long otherMillis, long otherSequence) {
        return millis != otherMillis
                ? Long.compareUnsigned(millis, otherMillis)
                : Long.compareUnsigned(sequence, otherSequence);
    }

    // -------------------------------------------------------------------------------------------- seeking

    /** The record with this id, or {@link #NONE}. */
    long find(long millis, long sequence) {
        long record = ceiling(millis, sequence);
        return record != NONE && millis(record) == millis && sequence(record) == sequence ? record : NONE;
    }

    /** The first record whose id is not less, or {@link #NONE}. */
    long ceiling(long millis, long sequence) {
        long after = NONE;
        long block = root();
        if (block == NONE) {
            return NONE;
        }
        while (level(block) > 0) {
            int child = childIndex(block, millis, sequence);
            if (child + 1 < count(block)) {
                after = child(block, child + 1);
            }
            block = child(block, child);
        }
        int index = countBelow(block, millis, sequence);
        if (index < count(block)) {
            return record(block, index);
        }
        return after == NONE ? NONE : firstBelow(after);
    }

    /** The last record whose id is not greater, or {@link #NONE}. */
    long floor(long millis, long sequence) {
        long before = NONE;
        long block = root();
        if (block == NONE) {
            return NONE;
        }
        while (level(block) > 0) {
            int child = childIndex(block, millis, sequence);
            if (child > 0) {
                before = child(block, child - 1);
            }
            block = child(block, child);
        }
        int index = countUpTo(block, millis, sequence) - 1;
        if (index >= 0) {
            return record(block, index);
        }
        return before == NONE ? NONE : lastBelow(before);
    }

    long first() {
        return isEmpty() ? NONE : firstBelow(root());
    }

    long last() {
        return isEmpty() ? NONE : lastBelow(root());
    }

    private long firstBelow(long block) {
        long at = block;
        while (level(at) > 0) {
            at = child(at, 0);
        }
        return record(at, 0);
    }

    private long lastBelow(long block) {
        long leaf = lastLeafBelow(block);
        return record(leaf, count(leaf) - 1);
    }

    private long lastLeafBelow(long block) {
        long at = block;
        while (level(at) > 0) {
            at = child(at, count(at) - 1);
        }
        return at;
    }

    /** The child that holds an id, or would. */
    private int childIndex(long block, long millis, long sequence) {
        return Math.max(0, countUpTo(block, millis, sequence) - 1);
    }

    private int countUpTo(long block, long millis, long sequence) {
        int from = 0;
        int to = count(block);
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (compare(block, middle, millis, sequence) <= 0) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }

    private int countBelow(long block, long millis, long sequence) {
        int upTo = countUpTo(block, millis, sequence);
        return upTo > 0 && compare(block, upTo - 1, millis, sequence) == 0 ? upTo - 1 : upTo;
    }

    private int compare(long block, int index, long millis, long sequence) {
        long record = record(block, index);
        return compare(millis(record), sequence(record), millis, sequence);
    }

    // --------------------------------------------------------------------------------------------- blocks

    private static int level(long block) {
        return Memory.getInt(block + LEVEL);
    }

    static int count(long block) {
        return Memory.getShort(block + COUNT);
    }

    private static void setCount(long block, int count) {
        Memory.putShort(block + COUNT, (short) count);
    }

    private static int capacity(long block) {
        return Memory.getShort(block + CAPACITY);
    }

    private int recordBytes(int level) {
        return level == 0 ? leafRecordBytes : INNER_RECORD_BYTES;
    }

    private int most(int level) {
        return level == 0 ? leafMost : innerMost;
    }

    long record(long block, int index) {
        return block + RECORDS + (long) index * recordBytes(level(block));
    }

    private long child(long block, int index) {
        return Memory.getLong(record(block, index) + CHILD);
    }

    private long newBlock(int level, int capacity) {
        long block = slots.allocate(RECORDS + (long) capacity * recordBytes(level));
        Memory.putInt(block + LEVEL, level);
        Memory.putShort(block + CAPACITY, (short) capacity);
        setCount(block, 0);
        return block;
    }

    private static boolean isFull(long block) {
        return count(block) == capacity(block);
    }

    // ------------------------------------------------------------------------------------------- changing

    /** Adds a record with an id that is not here, its payload yet to be written. Throws before anything changed. */
    long insert(long millis, long sequence) {
        makeRoomInRoot(millis, sequence);
        long block = root();
        while (level(block) > 0) {
            int index = childIndex(block, millis, sequence);
            long child = child(block, index);
            if (isFull(child)) {
                child = split(block, index, millis, sequence);
            }
            block = child;
        }
        return insertAt(block, countUpTo(block, millis, sequence), millis, sequence);
    }

    private void makeRoomInRoot(long millis, long sequence) {
        long root = root();
        if (root == NONE) {
            Memory.putLong(cell, newBlock(0, 1));
        } else if (isFull(root) && capacity(root) < most(level(root))) {
            enlargeRoot(root);
        } else if (isFull(root)) {
            long above = newBlock(level(root) + 1, innerMost);
            long only = insertAt(above, 0, millis(record(root, 0)), sequence(record(root, 0)));
            Memory.putLong(only + CHILD, root);
            try {
                split(above, 0, millis, sequence);
            } catch (OutOfNativeMemoryException e) {
                slots.free(above);
                throw e;
            }
            Memory.putLong(cell, above);
        }
    }

    private void enlargeRoot(long root) {
        int level = level(root);
        long larger = newBlock(level, Math.min(2 * capacity(root), most(level)));
        setCount(larger, count(root));
        Memory.copy(root + RECORDS, larger + RECORDS, (long) count(root) * recordBytes(level));
        slots.free(root);
        Memory.putLong(cell, larger);
    }

    /** Divides a full child of a block with room; returns the part in which this id belongs. */
    private long split(long parent, int index, long millis, long sequence) {
        long left = child(parent, index);
        int level = level(left);
        int count = count(left);
        boolean appends = compare(left, count - 1, millis, sequence) < 0;
        int kept = appends ? count - 1 : count >>> 1;
        long right = newBlock(level, most(level));
        long from = record(left, kept);
        Memory.copy(from, right + RECORDS, (long) (count - kept) * recordBytes(level));
        setCount(right, count - kept);
        setCount(left, kept);
        long added = insertAt(parent, index + 1, millis(record(right, 0)), sequence(record(right, 0)));
        Memory.putLong(added + CHILD, right);
        return compare(right, 0, millis, sequence) <= 0 ? right : left;
    }

    private long insertAt(long block, int index, long millis, long sequence) {
        int recordBytes = recordBytes(level(block));
        long record = record(block, index);
        int count = count(block);
        Memory.copy(record, record + recordBytes, (long) (count - index) * recordBytes);
        setCount(block, count + 1);
        Memory.putLong(record + MILLIS, millis);
        Memory.putLong(record + SEQUENCE, sequence);
        return record;
    }

    /** Takes out the record with this id, which is here. */
    void remove(long millis, long sequence) {
        removeBelow(root(), millis, sequence);
        long root = root();
        while (level(root) > 0 && count(root) == 1) {
            long child = child(root, 0);
            slots.free(root);
            root = child;
            Memory.putLong(cell, root);
        }
        if (count(root) == 0) {
            slots.free(root);
            Memory.putLong(cell, NONE);
        }
    }

    private void removeBelow(long block, long millis, long sequence) {
        if (level(block) == 0) {
            removeAt(block, countBelow(block, millis, sequence));
            return;
        }
        int index = childIndex(block, millis, sequence);
        removeBelow(child(block, index), millis, sequence);
        settle(block, index);
    }

    private void removeAt(long block, int index) {
        int recordBytes = recordBytes(level(block));
        long record = record(block, index);
        int count = count(block);
        Memory.copy(record + recordBytes, record, (long) (count - index - 1) * recordBytes);
        setCount(block, count - 1);
    }

    /** Drops an empty child, and joins a sparse one with a neighbour if both leave some room in one block. */
    private void settle(long parent, int index) {
        long child = child(parent, index);
        int count = count(child);
        int most = most(level(child));
        if (count == 0) {
            slots.free(child);
            removeAt(parent, index);
        } else if (count <= most >>> 2) {
            int roomy = most - (most >>> 2);
            if (index + 1 < count(parent) && count + count(child(parent, index + 1)) <= roomy) {
                merge(parent, index);
            } else if (index > 0 && count + count(child(parent, index - 1)) <= roomy) {
                merge(parent, index - 1);
            }
        }
    }

    private void merge(long parent, int index) {
        long left = child(parent, index);
        long right = child(parent, index + 1);
        int level = level(left);
        if (level > 0) {
            // Among others, the first record has to say what until now its block's own record said.
            Memory.copy(record(parent, index + 1), record(right, 0), PAYLOAD);
        }
        Memory.copy(right + RECORDS, record(left, count(left)), (long) count(right) * recordBytes(level));
        setCount(left, count(left) + count(right));
        slots.free(right);
        removeAt(parent, index + 1);
    }

    // -------------------------------------------------------------------------------------------- the whole

    /** The last leaf, for whoever frees what its records name before {@link #dropLastLeaf}. */
    long lastLeaf() {
        return lastLeafBelow(root());
    }

    /** Frees the last leaf and what stands above it alone. The tree must not be empty. */
    void dropLastLeaf() {
        if (dropLastLeafBelow(root())) {
            Memory.putLong(cell, NONE);
        }
    }

    private boolean dropLastLeafBelow(long block) {
        if (level(block) > 0) {
            int last = count(block) - 1;
            if (!dropLastLeafBelow(child(block, last))) {
                return false;
            }
            setCount(block, last);
            if (last > 0) {
                return false;
            }
        }
        slots.free(block);
        return true;
    }

    /** How many blocks there are. */
    long blocks() {
        return isEmpty() ? 0 : blocksBelow(root());
    }

    private long blocksBelow(long block) {
        long sum = 1;
        for (int i = 0; level(block) > 0 && i < count(block); i++) {
            sum += blocksBelow(child(block, i));
        }
        return sum;
    }

    /** Whether all is in order: for tests. */
    boolean isSound() {
        return isEmpty() || isSound(root(), 0, 0, true);
    }

    private boolean isSound(long block, long leastMillis, long leastSequence, boolean isRoot) {
        int count = count(block);
        if (count == 0 || count > capacity(block) || (!isRoot && capacity(block) != most(level(block)))) {
            return false;
        }
        long millis = leastMillis;
        long sequence = leastSequence;
        for (int i = 0; i < count; i++) {
            boolean standsForSmaller = level(block) > 0 && i == 0;
            if (!standsForSmaller && compare(block, i, millis, sequence) < (i == 0 ? 0 : 1)) {
                return false;
            }
            if (!standsForSmaller) {
                millis = millis(record(block, i));
                sequence = sequence(record(block, i));
            }
            if (level(block) > 0 && !isSound(child(block, i), millis, sequence, false)) {
                return false;
            }
        }
        return true;
    }
}
