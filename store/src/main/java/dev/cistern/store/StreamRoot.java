package dev.cistern.store;

/**
 * The fixed part of a stream, which lies in its entry.
 *
 * <pre>
 *   offset  size  field
 *        0    24  head of a {@link LargeValue}; what it counts are slots, of nodes, blocks, groups and consumers
 *       24     8  length         entries that are not deleted
 *       32    16  last           the greatest id ever added, or what XSETID says
 *       48     8  entriesAdded   ever
 *       56    16  maxDeleted     the greatest id that was ever deleted by name
 *       72     8  nodes          cell of an {@link IdTree}: first id to listpack
 *       80     8  nodeCount
 *       88     8  groups         cell of a {@link NameTable}
 * </pre>
 */
final class StreamRoot {

    static final int LENGTH = LargeValue.HEAD_BYTES;
    static final int LAST_MILLIS = LENGTH + Long.BYTES;
    static final int LAST_SEQUENCE = LAST_MILLIS + Long.BYTES;
    static final int ENTRIES_ADDED = LAST_SEQUENCE + Long.BYTES;
    static final int MAX_DELETED_MILLIS = ENTRIES_ADDED + Long.BYTES;
    static final int MAX_DELETED_SEQUENCE = MAX_DELETED_MILLIS + Long.BYTES;
    static final int NODES = MAX_DELETED_SEQUENCE + Long.BYTES;
    static final int NODE_COUNT = NODES + Long.BYTES;
    static final int GROUPS = NODE_COUNT + Long.BYTES;
    static final int BYTES = GROUPS + Long.BYTES;

    private StreamRoot() {}

    static void clear(long root) {
        Memory.fill(root, BYTES, (byte) 0);
    }

    static long get(long root, int field) {
        return Memory.getLong(root + field);
    }

    static void set(long root, int field, long value) {
        Memory.putLong(root + field, value);
    }

    static void add(long root, int field, long delta) {
        Memory.putLong(root + field, Memory.getLong(root + field) + delta);
    }
}
