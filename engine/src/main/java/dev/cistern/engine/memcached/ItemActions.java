package dev.cistern.engine.memcached;

import dev.cistern.engine.dispatch.MemoryGauge;
import dev.cistern.store.Bytes;
import dev.cistern.store.Decimal;
import dev.cistern.store.Items;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import dev.cistern.store.Store;

/**
 * What the three dialects can do to an item, whatever they call it: find, store, count, touch and delete, and what is
 * counted and told to watchers with it.
 *
 * <p>All but {@link #makeRoom} are called between {@link #lock} and {@link #unlock} of the key. One per event loop; its
 * own thread only; nothing here allocates on the heap unless somebody watches.
 */
final class ItemActions implements AutoCloseable {
    private static final long SECONDS_IN_30_DAYS = 60 * 60 * 24 * 30;
    private static final long MILLIS = 1000;
    /** Room for the text of a number. */
    private static final int SCRATCH_BYTES = 32;

    private final Rooms rooms;
    private final Store store;
    private final Keyspace keyspace;
    private final Items items;
    private final MemoryGauge gauge;
    private final Counters counters;
    private final Numbers numbers = new Numbers();
    private final Bytes data = new Bytes();
    private final long scratch = Memory.allocate(MemoryTag.SESSION, SCRATCH_BYTES);
    private int stripe;
    private long nowMillis;
    private long nowNanos;

    /** What the last action left: the item, if it is there, its number and, of a sum, the value. */
    private long item;
    private long unique;
    private long sum;
    private int descriptor;

    ItemActions(Rooms rooms, Counters counters) {
        this.rooms = rooms;
        this.store = rooms.store();
        this.counters = counters;
        this.keyspace = store.openKeyspace(0);
        this.items = new Items(keyspace, rooms.uniqueNumbers());
        this.gauge = new MemoryGauge(store, rooms.memoryRules());
    }

    /** A new turn begins, of the session with this descriptor. */
    void beginTurn(long millis, long nanos, int sessionDescriptor) {
        nowMillis = millis;
        nowNanos = nanos;
        descriptor = sessionDescriptor;
        keyspace.setNowMillis(millis);
    }

    Keyspace keyspace() {
        return keyspace;
    }

    long nowSeconds() {
        return nowMillis / MILLIS;
    }

    // --- time ---

    /** The deadline that an exptime means: seconds from now, a Unix time if it is long, past if it is negative. */
    long deadline(long exptime) {
        if (exptime == 0) {
            return Keyspace.NO_DEADLINE;
        }
        if (exptime < 0) {
            return 0;
        }
        // An item is gone when its second begins, so its last millisecond is the one before.
        long second = exptime > SECONDS_IN_30_DAYS ? exptime : nowSeconds() + exptime;
        return second * MILLIS - 1;
    }

    /** Seconds that the item found has left; -1 if it stays. */
    long secondsLeft() {
        long deadline = keyspace.deadlineMillis(item);
        return deadline == Keyspace.NO_DEADLINE ? -1 : (deadline + 1) / MILLIS - nowSeconds();
    }

    /** The Unix time at which the item found expires; 0 for never. */
    long expirySecond() {
        long deadline = keyspace.deadlineMillis(item);
        return deadline == Keyspace.NO_DEADLINE ? 0 : (deadline + 1) / MILLIS;
    }

    long secondsSinceAccess() {
        return keyspace.idleSeconds(item);
    }

    // --- room and locks ---

    /**
     * Makes room for what is to be stored, as far as one command's budget goes; says whether it may be stored. The caller
     * holds no stripe.
     */
    boolean makeRoom() {
        return !gauge.isOver(counters.of(Count.BYTES_READ), nowNanos) || gauge.makeRoom(nowMillis);
    }

    void lock(Bytes key) {
        stripe = store.stripeOf(key);
        store.lock(stripe);
    }

    void unlock() {
        store.unlock(stripe);
    }

    // --- what the last action left ---

    long item() {
        return item;
    }

    /** The number of the item found or changed; 0 when numbers are switched off. */
    long unique() {
        return rooms.settings().hasUniqueNumbers ? unique : 0;
    }

    /** What an {@link #add} came to. */
    long sum() {
        return sum;
    }

    /** The class that the original would keep the item found in. */
    int sizeClass() {
        return rooms.sizeClassOf(item);
    }

    // --- actions ---

    /** Looks for the item; says whether it is there. Counts and notes nothing. */
    boolean find(Bytes key) {
        item = items.find(key);
        boolean found = item != Items.ABSENT;
        unique = found ? Items.unique(item) : 0;
        if (rooms.watchers().wants(Watchers.FETCHERS)) {
            tellFetch(key, found);
        }
        return found;
    }

    /** Looks for the item to give it to a client, and counts that. */
    boolean fetch(Bytes key) {
        boolean found = find(key);
        counters.add(Count.CMD_GET);
        if (found) {
            items.noteFetch(item);
            counters.add(Count.GET_HITS, sizeClass());
        } else {
            counters.add(Count.GET_MISSES);
        }
        return found;
    }

    /** Notes that the item found is given to a client. */
    void noteFetch() {
        items.noteFetch(item);
    }

    /** Gives the item another deadline, and counts that; says whether there is one. */
    boolean touch(Bytes key, long deadlineMillis) {
        boolean found = find(key);
        counters.add(Count.CMD_TOUCH);
        if (found) {
            items.noteFetch(item);
            setDeadline(key, deadlineMillis);
            counters.add(Count.TOUCH_HITS, sizeClass());
        } else {
            counters.add(Count.TOUCH_MISSES);
        }
        return found;
    }

    /** Gives the item found another deadline. */
    void setDeadline(Bytes key, long deadlineMillis) {
        item = items.setDeadline(key, item, deadlineMillis);
    }

    /** Gives the item found, which was changed in place, a new number. */
    void renumber(Bytes key) {
        items.renumber(key, item);
        unique = Items.unique(item);
    }

    /**
     * Stores data under a key.
     *
     * @param expected the number that the item must have, 0 for any: binding for CAS, append and prepend
     * @param staleOk for CAS with an older number: store it all the same, as stale, and leave the deadline
     */
    Outcome store(StoreMode mode, Bytes key, int flags, long deadlineMillis, Bytes value, long expected,
            boolean staleOk) {
        counters.add(Count.CMD_SET, rooms.sizeClasses().classOf(
                rooms.sizeClasses().itemBytes(key.length(), flags, value.length())));
        Outcome outcome = find(key)
                ? storeOver(mode, key, flags, deadlineMillis, value, expected, staleOk)
                : storeNew(mode, key, flags, deadlineMillis, value);
        if (outcome == Outcome.DONE) {
            counters.add(Count.TOTAL_ITEMS);
        }
        tellStore(key, outcome, mode, value.length());
        return outcome;
    }

    private Outcome storeNew(StoreMode mode, Bytes key, int flags, long deadlineMillis, Bytes value) {
        return switch (mode) {
            case ADD, SET -> put(key, flags, deadlineMillis, value);
            case CAS -> {
                counters.add(Count.CAS_MISSES);
                yield Outcome.NOT_FOUND;
            }
            case REPLACE, APPEND, PREPEND -> Outcome.NOT_STORED;
        };
    }

    private Outcome storeOver(StoreMode mode, Bytes key, int flags, long deadlineMillis, Bytes value, long expected,
            boolean staleOk) {
        return switch (mode) {
            case SET, REPLACE -> put(key, flags, deadlineMillis, value);
            case ADD -> {
                items.noteAccess(item);
                yield Outcome.NOT_STORED;
            }
            case APPEND, PREPEND -> expected != 0 && expected != unique() ? Outcome.EXISTS : extend(mode, key, value);
            case CAS -> storeIfUnchanged(key, flags, deadlineMillis, value, expected, staleOk);
        };
    }

    private Outcome storeIfUnchanged(Bytes key, int flags, long deadlineMillis, Bytes value, long expected,
            boolean staleOk) {
        if (expected != 0 && expected == unique()) {
            counters.add(Count.CAS_HITS, sizeClass());
            return put(key, flags, deadlineMillis, value);
        }
        if (expected == 0 || !staleOk || Long.compareUnsigned(expected, unique()) > 0) {
            counters.add(Count.CAS_BADVAL, sizeClass());
            return Outcome.EXISTS;
        }
        counters.add(Count.CAS_HITS, sizeClass());
        long states = Items.STALE | (Items.is(item, Items.WON) ? Items.WON : 0);
        Outcome outcome = put(key, flags, keyspace.deadlineMillis(item), value);
        if (outcome == Outcome.DONE) {
            Items.set(item, states);
        }
        return outcome;
    }

    private Outcome put(Bytes key, int flags, long deadlineMillis, Bytes value) {
        item = items.put(key, flags, value.length(), deadlineMillis);
        value.copyTo(Items.dataAddress(item));
        unique = Items.unique(item);
        return Outcome.DONE;
    }

    private Outcome extend(StoreMode mode, Bytes key, Bytes value) {
        int length = Items.dataLength(item);
        int added = value.length();
        SizeClasses sizes = rooms.sizeClasses();
        if (sizes.classOf(sizes.itemBytes(key.length(), Items.flags(item), (long) length + added)) == 0) {
            return Outcome.NOT_STORED;
        }
        item = items.resize(key, item, length + added);
        Items.clear(item, Items.FETCHED | Items.ACTIVE | Items.STALE | Items.WON | Items.BINARY_KEY);
        long address = Items.dataAddress(item);
        if (mode == StoreMode.APPEND) {
            value.copyTo(address + length);
        } else {
            Memory.copy(address, address + added, length);
            value.copyTo(address);
        }
        unique = Items.unique(item);
        return Outcome.DONE;
    }

    /**
     * Adds to the number in the item, or subtracts down to 0. Sums pass 2^64 and begin at 0 again. The text keeps its
     * length, filled up with spaces, unless it grows.
     */
    Outcome add(Bytes key, boolean increments, long delta, long expected) {
        if (!find(key)) {
            return Outcome.NOT_FOUND;
        }
        Items.readData(item, data);
        if (data.length() == 0) {
            return Outcome.NON_NUMERIC;
        }
        if (expected != 0 && expected != unique()) {
            return Outcome.EXISTS;
        }
        long old = numbers.unsigned(data.address(), data.length());
        if (!numbers.isValid()) {
            return Outcome.NON_NUMERIC;
        }
        counters.add(increments ? Count.INCR_HITS : Count.DECR_HITS, sizeClass());
        if (increments) {
            sum = old + delta;
        } else {
            sum = Long.compareUnsigned(delta, old) > 0 ? 0 : old - delta;
        }
        writeSum(key, writeUnsigned(sum));
        return Outcome.DONE;
    }

    private void writeSum(Bytes key, int length) {
        if (length <= data.length()) {
            Memory.copy(scratch, data.address(), length);
            for (int i = length; i < data.length(); i++) {
                Memory.putByte(data.address() + i, (byte) ' ');
            }
            items.noteAccess(item);
            renumber(key);
        } else {
            put(key, Items.flags(item), keyspace.deadlineMillis(item), data.set(scratch, length));
            counters.add(Count.TOTAL_ITEMS);
        }
    }

    /** Makes an empty item of a key that is not there. */
    void create(Bytes key) {
        put(key, 0, Keyspace.NO_DEADLINE, data.set(scratch, 0));
        counters.add(Count.TOTAL_ITEMS);
    }

    /** Stores the text of an unsigned number under a key that is not there. */
    void create(Bytes key, long number, long deadlineMillis) {
        sum = number;
        put(key, 0, deadlineMillis, data.set(scratch, writeUnsigned(number)));
        counters.add(Count.TOTAL_ITEMS);
        tellStore(key, Outcome.DONE, StoreMode.ADD, data.length());
    }

    private int writeUnsigned(long value) {
        if (value >= 0) {
            return Decimal.write(value, scratch);
        }
        long tens = Long.divideUnsigned(value, 10);
        int length = Decimal.write(tens, scratch);
        Memory.putByte(scratch + length, (byte) ('0' + (value - tens * 10)));
        return length + 1;
    }

    /** Deletes the item, if its number is as expected (0 for any), and counts that. */
    Outcome delete(Bytes key, long expected) {
        if (!find(key)) {
            counters.add(Count.DELETE_MISSES);
            return Outcome.NOT_FOUND;
        }
        if (expected != 0 && expected != unique()) {
            return Outcome.EXISTS;
        }
        counters.add(Count.DELETE_HITS, sizeClass());
        items.delete(key);
        item = Items.ABSENT;
        return Outcome.DONE;
    }

    /** Deletes what is there without counting: a failed store must not leave old data. */
    void drop(Bytes key) {
        items.delete(key);
        item = Items.ABSENT;
    }

    // --- watchers ---

    private void tellFetch(Bytes key, boolean found) {
        rooms.watchers().tellFetch(key, found, found ? sizeClass() : 0, descriptor, found ? Items.dataLength(item) : 0);
    }

    private void tellStore(Bytes key, Outcome outcome, StoreMode mode, int length) {
        if (rooms.watchers().wants(Watchers.MUTATIONS)) {
            int sizeClass = item == Items.ABSENT ? 0 : sizeClass();
            long secondsLeft = item == Items.ABSENT ? 0 : secondsLeft();
            rooms.watchers().tellStore(key, outcome, mode, secondsLeft, sizeClass, descriptor, length);
        }
    }

    @Override
    public void close() {
        gauge.close();
        keyspace.close();
        Memory.free(MemoryTag.SESSION, scratch, SCRATCH_BYTES);
    }
}
