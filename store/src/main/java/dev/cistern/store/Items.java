package dev.cistern.store;

/**
 * A thread's handle on entries as Memcached has them: data with client flags and a number that changes with every write.
 *
 * <p>
 * To the rest of the store an item is a string, which expires and is evicted like any other; what a Memcached client does
 * not see of it stands before its data. So expiry, eviction, iteration and accounting know nothing of items.
 *
 * <pre>
 *   value  offset   size  field
 *               0      8  mark
 *               8      4  client flags   only if they are not 0
 *             ...      n  data
 *
 *   mark     bits
 *      0 .. 57   58  unique    number of the last change; differs from that of every other change in this node
 *           58    1  fetched   it was read since it was written
 *           59    1  active    it was read twice
 *           60    1  stale     it was invalidated, and may be served until somebody renews it
 *           61    1  won       somebody was told to renew it
 *           62    1  binary    the key came in base64
 *           63    1  flags     client flags follow
 * </pre>
 *
 * With a key of 16 bytes, data of 16, 64 and 300 bytes are entries of 48, 96 and 332 bytes. Used like a {@link Keyspace},
 * under the key's stripe; an entry's address is valid as long. Nothing here allocates on the heap.
 */
public final class Items {

    static final int MARK_BYTES = Long.BYTES;
    static final int FLAGS_BYTES = Integer.BYTES;
    static final int UNIQUE_BITS = 58;
    static final long UNIQUE_MASK = (1L << UNIQUE_BITS) - 1;

    public static final long FETCHED = 1L << UNIQUE_BITS;
    public static final long ACTIVE = FETCHED << 1;
    public static final long STALE = ACTIVE << 1;
    public static final long WON = STALE << 1;
    public static final long BINARY_KEY = WON << 1;
    private static final long HAS_FLAGS = BINARY_KEY << 1;

    /** No entry. */
    public static final long ABSENT = Keyspace.ABSENT;

    private final Keyspace keyspace;
    private final Store store;
    private final UniqueNumbers numbers;

    /**
     * The numbers of one store's changes. Each stripe counts by itself, under its lock, and has its own number in the
     * lower bits: so they rise for each key and differ for all, and no counter is shared.
     */
    public static final class UniqueNumbers {

        /** Eight words apart: counters of two stripes share no cache line. */
        private static final int SPACING_SHIFT = 3;

        private final long[] counters;
        private final int stripeBits;

        public UniqueNumbers(Store store) {
            counters = new long[store.stripes() << SPACING_SHIFT];
            stripeBits = Integer.numberOfTrailingZeros(store.stripes());
        }

        long next(int stripe) {
            return ++counters[stripe << SPACING_SHIFT] << stripeBits | stripe;
        }
    }

    public Items(Keyspace keyspace, UniqueNumbers numbers) {
        this.keyspace = keyspace;
        this.store = keyspace.store();
        this.numbers = numbers;
    }

    // ------------------------------------------------------------------------------------------------ finding

    /** The live item of this key, or {@link #ABSENT}. Notes nothing. */
    public long find(Bytes key) {
        StripeKeys keys = keyspace.keysOf(key);
        return keys == null ? ABSENT : keyspace.live(keys, key, keys.find(keyspace.hashOf(key), key));
    }

    /** Notes that the item was fetched. */
    public void noteFetch(long item) {
        keyspace.touch(item);
        long value = value(item);
        long mark = Memory.getLong(value);
        if ((mark & (FETCHED | ACTIVE)) != (FETCHED | ACTIVE)) {
            Memory.putLong(value, mark | ((mark & FETCHED) == 0 ? FETCHED : ACTIVE));
        }
    }

    /** Notes an access that is no fetch. */
    public void noteAccess(long item) {
        keyspace.touch(item);
    }

    // ------------------------------------------------------------------------------------------------ reading

    private static long value(long item) {
        return EntryLayout.valueAddress(item, EntryLayout.header(item));
    }

    /** Says which of {@link #FETCHED}, {@link #ACTIVE}, {@link #STALE}, {@link #WON}, {@link #BINARY_KEY} hold. */
    public static boolean is(long item, long state) {
        return (Memory.getLong(value(item)) & state) != 0;
    }

    public static void set(long item, long states) {
        long value = value(item);
        Memory.putLong(value, Memory.getLong(value) | states);
    }

    public static void clear(long item, long states) {
        long value = value(item);
        Memory.putLong(value, Memory.getLong(value) & ~states);
    }

    /** The number of the item's last change. */
    public static long unique(long item) {
        return Memory.getLong(value(item)) & UNIQUE_MASK;
    }

    public static int flags(long item) {
        long value = value(item);
        return Memory.getLong(value) < 0 ? Memory.getInt(value + MARK_BYTES) : 0;
    }

    /** Points {@code target} at the item's data. */
    public static Bytes readData(long item, Bytes target) {
        long header = EntryLayout.header(item);
        long value = EntryLayout.valueAddress(item, header);
        int prefix = prefixBytes(Memory.getLong(value));
        return target.set(value + prefix, EntryLayout.valueLength(item, header) - prefix);
    }

    public static long dataAddress(long item) {
        long value = value(item);
        return value + prefixBytes(Memory.getLong(value));
    }

    public static int dataLength(long item) {
        long header = EntryLayout.header(item);
        long mark = Memory.getLong(EntryLayout.valueAddress(item, header));
        return EntryLayout.valueLength(item, header) - prefixBytes(mark);
    }

    public static int keyLength(long item) {
        return EntryLayout.keyLength(item, EntryLayout.header(item));
    }

    /** The sign bit says whether flags follow. */
    private static int prefixBytes(long mark) {
        return mark < 0 ? MARK_BYTES + FLAGS_BYTES : MARK_BYTES;
    }

    // ----------------------------------------------------------------------------------------------- changing

    /**
     * Makes the key an item with a new number and no state, whatever it was; its data is yet to be written.
     *
     * @param deadlineMillis
     *            Unix time, or {@link Keyspace#NO_DEADLINE}
     */
    public long put(Bytes key, int flags, int dataLength, long deadlineMillis) {
        int prefix = flags == 0 ? MARK_BYTES : MARK_BYTES + FLAGS_BYTES;
        long item = keyspace.write(key, Keyspace.RAW_FORM, prefix + dataLength, deadlineMillis);
        long value = value(item);
        long unique = numbers.next(store.stripeOf(key));
        if (flags == 0) {
            Memory.putLong(value, unique);
        } else {
            Memory.putLong(value, unique | HAS_FLAGS);
            Memory.putInt(value + MARK_BYTES, flags);
        }
        keyspace.changed(key, KeyEvent.SET);
        return item;
    }

    /** Gives the key's item a new number and length: what it held so far stays, as far as it fits. Returns its new place. */
    public long resize(Bytes key, long item, int dataLength) {
        long header = EntryLayout.header(item);
        int length = EntryLayout.valueLength(item, header);
        int newLength = length - dataLength(item) + dataLength;
        long deadline = EntryLayout.deadlineMillis(item, header);
        long resized = keysOfFound(key).reshape(keyspace.hashOf(key), item, Keyspace.RAW_FORM, newLength,
                Math.min(length, newLength), deadline,
                newLength > length ? StripeKeys.stringHeadroom(newLength) : 0);
        renumber(key, resized);
        return resized;
    }

    /** Gives the item, which was changed in place, a new number. */
    public void renumber(Bytes key, long item) {
        long value = value(item);
        Memory.putLong(value, (Memory.getLong(value) & ~UNIQUE_MASK) | numbers.next(store.stripeOf(key)));
        keyspace.changed(key, KeyEvent.SET);
    }

    /** Gives the key's item another deadline, {@link Keyspace#NO_DEADLINE} for none. Returns its new place. */
    public long setDeadline(Bytes key, long item, long deadlineMillis) {
        long header = EntryLayout.header(item);
        int length = EntryLayout.valueLength(item, header);
        return keysOfFound(key).reshape(keyspace.hashOf(key), item, Keyspace.RAW_FORM, length, length,
                deadlineMillis, 0);
    }

    /** The keys of this stripe, this one found last: what is reshaped may have been created or moved since it was found. */
    private StripeKeys keysOfFound(Bytes key) {
        StripeKeys keys = keyspace.keysToFill(key);
        keys.find(keyspace.hashOf(key), key);
        return keys;
    }

    /** Deletes the key; says whether it was there. */
    public boolean delete(Bytes key) {
        return keyspace.delete(key);
    }
}
