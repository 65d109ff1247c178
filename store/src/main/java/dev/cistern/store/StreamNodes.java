package dev.cistern.store;

/**
 * The entries of a stream: listpacks of about a hundred, found by their first ids in an {@link IdTree}.
 *
 * <pre>
 *   a listpack, in the original's format
 *     master entry   count      entries that are not deleted
 *                    deleted    entries that are
 *                    n          fields
 *                    field x n  of the first entry: most entries of a stream have the same ones
 *                    0
 *     entry          flags      1 = deleted, 2 = has the master's fields
 *                    millis     less those of the node's first id
 *                    sequence   less that of the node's first id
 *                    value x n                   with the master's fields, or
 *                    n, (field, value) x n       with its own
 *                    elements   of this entry before this one, to walk backwards
 * </pre>
 *
 * A deleted entry keeps its bytes until all of its node's entries are deleted. So snapshots and dumps take the nodes as
 * they are, and what an original marks as deleted is so here.
 *
 * <p>
 * Knows the root's length and its tree of nodes, but neither groups nor what was deleted when. Opened on one stream after
 * another; used under the stripe's lock.
 */
final class StreamNodes {

    static final int DELETED = 1;
    static final int SAME_FIELDS = 2;

    /** Flags, two differences, the elements. */
    private static final int FRAME_ELEMENTS = 3;

    /** A node that has to grow gets an eighth as room: it will have to again. */
    private static final int HEADROOM_SHIFT = 3;
    /** A node's two counts may get longer by so much. */
    private static final int COUNTS_ROOM_BYTES = 16;

    private final ValueSlots slots;
    private final IdTree tree;
    private final StreamWalk inner;
    private long root;

    StreamNodes(ValueSlots slots, IdTree tree, StreamWalk inner) {
        this.slots = slots;
        this.tree = tree;
        this.inner = inner;
    }

    void open(long streamRoot) {
        root = streamRoot;
        tree.open(root + StreamRoot.NODES);
    }

    static long listpack(long record) {
        return Memory.getLong(record + IdTree.PAYLOAD);
    }

    private static void setListpack(long record, long listpack) {
        Memory.putLong(record + IdTree.PAYLOAD, listpack);
    }

    /** Behind the master entry; it is the end mark's place when there is no entry. */
    static long firstEntry(long firstMasterField, int fields) {
        long at = firstMasterField;
        for (int i = 0; i < fields; i++) {
            at = Listpack.next(at);
        }
        return at + Listpack.sizeAt(at);
    }

    private static long count(long listpack) {
        return Listpack.integer(Listpack.first(listpack));
    }

    private static long deleted(long listpack) {
        return Listpack.integer(Listpack.next(Listpack.first(listpack)));
    }

    // ----------------------------------------------------------------------------------------- appending

    /**
     * Adds an entry behind all others: the fields and values at {@code from} and on. Begins a node when the last one has
     * as many bytes or entries as it may; 0 is no limit. Throws before anything changed.
     */
    void append(long millis, long sequence, FieldSource source, int from, int fields, long nodeMaxBytes,
            long nodeMaxEntries) {
        long record = tree.last();
        if (record == IdTree.NONE || isFull(listpack(record), textBytes(source, from, fields), nodeMaxBytes,
                nodeMaxEntries)) {
            fitLast(record);
            begin(millis, sequence, source, from, fields);
        } else {
            extend(record, millis, sequence, source, from, fields);
        }
        StreamRoot.add(root, StreamRoot.LENGTH, 1);
    }

    private static long textBytes(FieldSource source, int from, int fields) {
        long sum = 0;
        for (int i = 0; i < 2 * fields; i++) {
            sum += source.argument(from + i).length();
        }
        return sum;
    }

    private static boolean isFull(long listpack, long textBytes, long nodeMaxBytes, long nodeMaxEntries) {
        long maxBytes = nodeMaxBytes == 0 ? Listpack.MAX_BYTES : Math.min(nodeMaxBytes, Listpack.MAX_BYTES);
        return Listpack.bytes(listpack) + textBytes >= maxBytes
                || (nodeMaxEntries > 0 && count(listpack) + deleted(listpack) >= nodeMaxEntries);
    }

    /** Gives back the room of a node that is to grow no more. */
    private void fitLast(long record) {
        if (record == IdTree.NONE) {
            return;
        }
        long listpack = listpack(record);
        long capacity = slots.capacity(listpack);
        if (capacity - Listpack.bytes(listpack) > capacity >>> (HEADROOM_SHIFT + 1)) {
            move(record, Listpack.bytes(listpack));
        }
    }

    private long move(long record, long bytes) {
        long old = listpack(record);
        long moved = slots.allocate(bytes);
        Memory.copy(old, moved, Listpack.bytes(old));
        slots.free(old);
        setListpack(record, moved);
        return moved;
    }

    private void begin(long millis, long sequence, FieldSource source, int from, int fields) {
        int bytes = Listpack.EMPTY_BYTES + masterBytes(source, from, fields)
                + entryBytes(0, 0, source, from, fields, true);
        long listpack = slots.allocate(bytes);
        long record;
        try {
            record = tree.insert(millis, sequence);
        } catch (OutOfNativeMemoryException e) {
            slots.free(listpack);
            throw e;
        }
        setListpack(record, listpack);
        StreamRoot.add(root, StreamRoot.NODE_COUNT, 1);
        Listpack.create(listpack);
        Listpack.append(listpack, 1);
        Listpack.append(listpack, 0);
        Listpack.append(listpack, fields);
        for (int i = 0; i < fields; i++) {
            Listpack.append(listpack, source.argument(from + 2 * i));
        }
        Listpack.append(listpack, 0);
        writeEntry(listpack, 0, 0, source, from, fields, true);
    }

    private static int masterBytes(FieldSource source, int from, int fields) {
        int bytes = Listpack.elementBytes(1) + 2 * Listpack.elementBytes(0) + Listpack.elementBytes(fields);
        for (int i = 0; i < fields; i++) {
            bytes += Listpack.elementBytes(source.argument(from + 2 * i));
        }
        return bytes;
    }

    private void extend(long record, long millis, long sequence, FieldSource source, int from, int fields) {
        long listpack = listpack(record);
        long millisDelta = millis - IdTree.millis(record);
        long sequenceDelta = sequence - IdTree.sequence(record);
        boolean same = hasMasterFields(listpack, source, from, fields);
        long bytes = (long) Listpack.bytes(listpack) + COUNTS_ROOM_BYTES
                + entryBytes(millisDelta, sequenceDelta, source, from, fields, same);
        if (bytes > slots.capacity(listpack)) {
            listpack = move(record, bytes + (bytes >>> HEADROOM_SHIFT));
        }
        long first = Listpack.first(listpack);
        Listpack.replace(listpack, first, Listpack.integer(first) + 1);
        writeEntry(listpack, millisDelta, sequenceDelta, source, from, fields, same);
    }

    private static boolean hasMasterFields(long listpack, FieldSource source, int from, int fields) {
        long at = Listpack.next(Listpack.next(Listpack.first(listpack)));
        if (Listpack.integer(at) != fields) {
            return false;
        }
        for (int i = 0; i < fields; i++) {
            at = Listpack.next(at);
            if (!Listpack.equal(at, source.argument(from + 2 * i))) {
                return false;
            }
        }
        return true;
    }

    private static int entryBytes(long millisDelta, long sequenceDelta, FieldSource source, int from, int fields,
            boolean same) {
        int bytes = Listpack.elementBytes(0) + Listpack.elementBytes(millisDelta)
                + Listpack.elementBytes(sequenceDelta) + Listpack.elementBytes(elements(fields, same));
        bytes += same ? 0 : Listpack.elementBytes(fields);
        for (int i = 0; i < fields; i++) {
            bytes += same ? 0 : Listpack.elementBytes(source.argument(from + 2 * i));
            bytes += Listpack.elementBytes(source.argument(from + 2 * i + 1));
        }
        return bytes;
    }

    private static int elements(int fields, boolean same) {
        return FRAME_ELEMENTS + (same ? fields : 2 * fields + 1);
    }

    private static void writeEntry(long listpack, long millisDelta, long sequenceDelta, FieldSource source, int from,
            int fields, boolean same) {
        Listpack.append(listpack, same ? SAME_FIELDS : 0);
        Listpack.append(listpack, millisDelta);
        Listpack.append(listpack, sequenceDelta);
        if (!same) {
            Listpack.append(listpack, fields);
        }
        for (int i = 0; i < fields; i++) {
            if (!same) {
                Listpack.append(listpack, source.argument(from + 2 * i));
            }
            Listpack.append(listpack, source.argument(from + 2 * i + 1));
        }
        Listpack.append(listpack, elements(fields, same));
    }

    // ------------------------------------------------------------------------------------------ deleting

    /** Deletes the entry with this id; says whether there was one. Throws before anything changed. */
    boolean delete(long millis, long sequence) {
        long record = tree.floor(millis, sequence);
        if (record == IdTree.NONE) {
            return false;
        }
        long listpack = withRoomForCounts(record);
        inner.beginAt(millis, sequence);
        if (!inner.next()) {
            return false;
        }
        if (count(listpack) == 1) {
            drop(record);
        } else {
            inner.markDeleted();
            recount(listpack, 1);
        }
        StreamRoot.add(root, StreamRoot.LENGTH, -1);
        return true;
    }

    /** Moves the listpack if it could not hold longer counts where it is. */
    private long withRoomForCounts(long record) {
        long listpack = listpack(record);
        int bytes = Listpack.bytes(listpack) + COUNTS_ROOM_BYTES;
        return bytes > slots.capacity(listpack) ? move(record, bytes) : listpack;
    }

    private static void recount(long listpack, long marked) {
        long at = Listpack.first(listpack);
        Listpack.replace(listpack, at, Listpack.integer(at) - marked);
        at = Listpack.next(at);
        Listpack.replace(listpack, at, Listpack.integer(at) + marked);
    }

    private void drop(long record) {
        slots.free(listpack(record));
        tree.remove(IdTree.millis(record), IdTree.sequence(record));
        StreamRoot.add(root, StreamRoot.NODE_COUNT, -1);
    }

    // ------------------------------------------------------------------------------------------ trimming

    /**
     * Deletes entries from the oldest on while there are more than {@code maxLength}; returns how many. If it is but to be
     * approximate, whole nodes only. A {@code limit} but 0 stops before so many are exceeded.
     */
    long trimToLength(long maxLength, boolean approximate, long limit) {
        return trim(maxLength, 0, 0, true, approximate, limit);
    }

    /** Likewise the entries before this id. */
    long trimToId(long millis, long sequence, boolean approximate, long limit) {
        return trim(0, millis, sequence, false, approximate, limit);
    }

    private long trim(long maxLength, long millis, long sequence, boolean byLength, boolean approximate, long limit) {
        long trimmed = 0;
        for (long record = tree.first(); record != IdTree.NONE; record = tree.first()) {
            long length = StreamRoot.get(root, StreamRoot.LENGTH);
            long entries = count(listpack(record));
            if ((byLength && length <= maxLength) || (limit > 0 && trimmed + entries > limit)) {
                break;
            }
            if (byLength ? length - entries >= maxLength : isBefore(record, millis, sequence)) {
                drop(record);
                StreamRoot.set(root, StreamRoot.LENGTH, length - entries);
                trimmed += entries;
            } else {
                trimmed += approximate ? 0 : trimNode(record, maxLength, millis, sequence, byLength);
                break;
            }
        }
        return trimmed;
    }

    /** Whether all of a node's entries, deleted ones too, are before this id. */
    private boolean isBefore(long record, long millis, long sequence) {
        long listpack = listpack(record);
        long at = Listpack.last(listpack);
        for (long left = Listpack.integer(at); left > 0; left--) {
            at = Listpack.before(listpack, at);
        }
        long millisAt = Listpack.next(at);
        long lastMillis = IdTree.millis(record) + Listpack.integer(millisAt);
        long lastSequence = IdTree.sequence(record) + Listpack.integer(Listpack.next(millisAt));
        return IdTree.compare(lastMillis, lastSequence, millis, sequence) < 0;
    }

    /** Marks the oldest entries of the first node, as many as have to go. */
    private long trimNode(long record, long maxLength, long millis, long sequence, boolean byLength) {
        long length = StreamRoot.get(root, StreamRoot.LENGTH);
        long listpack = withRoomForCounts(record);
        long marked = 0;
        inner.begin(0, 0, -1, -1, false);
        while (inner.next() && inner.listpack() == listpack) {
            boolean stays = byLength
                    ? length - marked <= maxLength
                    : IdTree.compare(inner.millis(), inner.sequence(), millis, sequence) >= 0;
            if (stays) {
                break;
            }
            inner.markDeleted();
            marked++;
        }
        if (marked > 0) {
            recount(listpack, marked);
            StreamRoot.set(root, StreamRoot.LENGTH, length - marked);
        }
        return marked;
    }

    // ------------------------------------------------------------------------------------------- the whole

    /** Blocks and nodes together. */
    long indexNodes() {
        return tree.blocks() + StreamRoot.get(root, StreamRoot.NODE_COUNT);
    }

    /** Frees the nodes of one leaf, and says how many slots that were. There must be one. */
    int releaseSome() {
        long leaf = tree.lastLeaf();
        int count = IdTree.count(leaf);
        for (int i = 0; i < count; i++) {
            slots.free(listpack(tree.record(leaf, i)));
        }
        tree.dropLastLeaf();
        return count + 1;
    }

    boolean isReleased() {
        return tree.isEmpty();
    }

    /** Adds copies of all nodes of another stream to this one, which has none. */
    void copyFrom(IdTree source) {
        for (long from = source.first(); from != IdTree.NONE; from = after(source, from)) {
            long listpack = listpack(from);
            long copy = slots.allocate(Listpack.bytes(listpack));
            Memory.copy(listpack, copy, Listpack.bytes(listpack));
            try {
                setListpack(tree.insert(IdTree.millis(from), IdTree.sequence(from)), copy);
            } catch (OutOfNativeMemoryException e) {
                slots.free(copy);
                throw e;
            }
        }
    }

    /** The node with this record's successor in the order of ids, or {@link IdTree#NONE}; with NONE, the first one. */
    long after(long record) {
        return record == IdTree.NONE ? tree.first() : after(tree, record);
    }

    private static long after(IdTree source, long record) {
        long sequence = IdTree.sequence(record) + 1;
        long millis = sequence == 0 ? IdTree.millis(record) + 1 : IdTree.millis(record);
        return sequence == 0 && millis == 0 ? IdTree.NONE : source.ceiling(millis, sequence);
    }
}
