package dev.cistern.store;

/**
 * Records that are found by their names, in the order of the names' bytes: the groups of a stream, the consumers of a
 * group.
 *
 * <pre>
 *   table                             record
 *   offset  size  field               offset       size  field
 *        0     4  count                    0        ...  what the owner keeps
 *        4     4  capacity            nameAt          4  nameLength
 *        8   8 n  records             nameAt+4        n  name
 * </pre>
 *
 * A sorted array of addresses: there are few groups and some consumers, and moving the tail of thousands costs less than
 * a tree would in memory. Records stay where they are while they live, so others may point to them.
 *
 * <p>
 * Opened on one table after another, by the cell that holds its address; 0 there is an empty one.
 */
final class NameTable {

    static final long NONE = 0;

    private static final int COUNT = 0;
    private static final int CAPACITY = COUNT + Integer.BYTES;
    private static final int RECORDS = CAPACITY + Integer.BYTES;

    private static final int FIRST_CAPACITY = 1;

    private final ValueSlots slots;
    private final int nameAt;
    private long cell;

    NameTable(ValueSlots slots, int nameAt) {
        this.slots = slots;
        this.nameAt = nameAt;
    }

    NameTable open(long tableCell) {
        cell = tableCell;
        return this;
    }

    private long table() {
        return Memory.getLong(cell);
    }

    int count() {
        long table = table();
        return table == NONE ? 0 : Memory.getInt(table + COUNT);
    }

    long at(int index) {
        return Memory.getLong(table() + RECORDS + (long) index * Long.BYTES);
    }

    Bytes name(long record, Bytes target) {
        return target.set(record + nameAt + Integer.BYTES, Memory.getInt(record + nameAt));
    }

    /** The record of this name, or {@link #NONE}. */
    long find(Bytes name) {
        int index = countBefore(name);
        return index < count() && compare(index, name) == 0 ? at(index) : NONE;
    }

    private int countBefore(Bytes name) {
        int from = 0;
        int to = count();
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (compare(middle, name) < 0) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }

    private int compare(int index, Bytes name) {
        long record = at(index);
        return Memory.compare(record + nameAt + Integer.BYTES, Memory.getInt(record + nameAt), name.address(),
                name.length());
    }

    /** Adds a record of zeros but for its name, which is not here. Throws before anything changed. */
    long insert(Bytes name) {
        makeRoom();
        long record = slots.allocate((long) nameAt + Integer.BYTES + name.length());
        Memory.fill(record, nameAt, (byte) 0);
        Memory.putInt(record + nameAt, name.length());
        name.copyTo(record + nameAt + Integer.BYTES);
        int index = countBefore(name);
        int count = count();
        long place = table() + RECORDS + (long) index * Long.BYTES;
        Memory.copy(place, place + Long.BYTES, (long) (count - index) * Long.BYTES);
        Memory.putLong(place, record);
        Memory.putInt(table() + COUNT, count + 1);
        return record;
    }

    private void makeRoom() {
        long table = table();
        int capacity = table == NONE ? 0 : Memory.getInt(table + CAPACITY);
        int count = count();
        if (count < capacity) {
            return;
        }
        int larger = Math.max(FIRST_CAPACITY, capacity + (capacity >>> 1) + 1);
        long moved = slots.allocate(RECORDS + (long) larger * Long.BYTES);
        Memory.putInt(moved + COUNT, count);
        Memory.putInt(moved + CAPACITY, larger);
        if (table != NONE) {
            Memory.copy(table + RECORDS, moved + RECORDS, (long) count * Long.BYTES);
            slots.free(table);
        }
        Memory.putLong(cell, moved);
    }

    /** Takes out and frees a record that is here; the owner has freed what it held. */
    void remove(long record) {
        long table = table();
        int count = count();
        int index = 0;
        while (at(index) != record) {
            index++;
        }
        long place = table + RECORDS + (long) index * Long.BYTES;
        Memory.copy(place + Long.BYTES, place, (long) (count - index - 1) * Long.BYTES);
        Memory.putInt(table + COUNT, count - 1);
        slots.free(record);
        if (count == 1) {
            slots.free(table);
            Memory.putLong(cell, NONE);
        }
    }
}
