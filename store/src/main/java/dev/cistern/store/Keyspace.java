package dev.cistern.store;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

import org.jspecify.annotations.Nullable;

/**
 * A handle on one database: what commands call to read and change keys.
 *
 * <p>
 * Belongs to one thread, which holds the stripe of every key that it names ({@link Store#stripeOf}, {@link Store#lock})
 * until it is done with what it got; the methods that walk over many keys lock by themselves and say so. Knows no
 * clock: its thread sets {@link #setNowMillis} at the start of a turn. Nothing here allocates on the heap.
 *
 * <p>
 * An entry is named by its address, a {@code long}; {@link #ABSENT} is none. It is valid while its stripe is held, and
 * until the next change of its key: every change returns the entry's address anew or makes it invalid.
 */
public final class Keyspace implements AutoCloseable {

    /** No entry. */
    public static final long ABSENT = Index.ABSENT;

    /** The deadline of a key that lives until it is deleted. */
    public static final long NO_DEADLINE = -1;

    /** Given to a setter as deadline: leave the one that the key has. */
    public static final long KEEP_DEADLINE = -2;

    /** The longest string, and by far: protocols limit it to 512 MB. */
    public static final int MAX_STRING_BYTES = (1 << 30) - 1;

    /** For {@link #find(Bytes, int)}: do not change the time of the last access. */
    public static final int NO_TOUCH = 1;
    /** For {@link #find(Bytes, int)}: count neither hit nor miss. */
    public static final int NO_STATS = 2;
    /** For {@link #find(Bytes, int)}: answer an expired entry too, and let it stay. */
    public static final int EVEN_EXPIRED = 4;

    private static final int INT_FORM = EntryLayout.form(ValueType.STRING, Encoding.INT);
    static final int RAW_FORM = EntryLayout.form(ValueType.STRING, Encoding.RAW);
    private static final int EMBSTR_FORM = EntryLayout.form(ValueType.STRING, Encoding.EMBSTR);

    /** A number's text, or the root of a value that is being copied. */
    private static final int SCRATCH_BYTES = LargeValue.MAX_ROOT_BYTES;
    private static final int RANDOM_TRIES = 100;

    /** The golden ratio: multiples of it are spread evenly, which is all that counting by chance needs. */
    private static final long CHANCE_MULTIPLIER = 0x9E37_79B9_7F4A_7C15L;

    private final Store store;
    private final int database;
    private final @Nullable StripeKeys[] parts;
    private final StoreListener listener;
    private final HashFunction hashFunction;
    private final KeyspaceStats stats = new KeyspaceStats();
    private final Bytes eventKey = new Bytes();
    private final Bytes otherValue = new Bytes();
    private final long scratch;
    private @Nullable Hashes hashes;
    private @Nullable Lists lists;
    private @Nullable Sets sets;
    private @Nullable Streams streams;
    /** As many as a command looked at at once; the first one is the one that commands on one set use. */
    private final List<SortedSets> sortedSets = new ArrayList<>();
    private boolean closed;
    private boolean touches = true;
    private boolean obeys;
    private boolean isRestoring;

    private long nowMillis;
    /** What a new entry says of its last access: by now, or as a first count. */
    private int access;
    private @Nullable UseCounting useCounting;
    private long randomState;

    Keyspace(Store store, int database) {
        this.store = store;
        this.database = database;
        this.parts = store.keysOf(database);
        this.listener = store.listener();
        this.hashFunction = store.hashFunction();
        this.scratch = Memory.allocate(MemoryTag.SCRATCH, SCRATCH_BYTES);
        this.randomState = store.nextRandomSeed();
        setNowMillis(0);
    }

    public Store store() {
        return store;
    }

    public int database() {
        return database;
    }

    /** The keys that hold streams. */
    public Streams streams() {
        if (streams == null) {
            streams = new Streams(this);
        }
        return streams;
    }

    /** Sets the time for all that follows: once a turn is often enough. */
    public void setNowMillis(long millis) {
        nowMillis = millis;
        useCounting = store.useCounting();
        access = useCounting == null
                ? (int) (millis / 1000) & EntryLayout.ACCESS_MASK
                : useCounting.initial(millis);
    }

    /** Whether finding a key counts as an access to it, for what follows; it does until told otherwise. */
    public void setTouches(boolean value) {
        touches = value;
    }

    public boolean touches() {
        return touches;
    }

    /**
     * Whether what follows was decided elsewhere: then a key is there until it is deleted, whatever its deadline says.
     */
    public void setObeys(boolean value) {
        obeys = value;
    }

    /** Whether a key that is given this deadline is gone at once. */
    public boolean isPast(long deadlineMillis) {
        return deadlineMillis >= 0 && deadlineMillis <= nowMillis && !obeys;
    }

    public long nowMillis() {
        return nowMillis;
    }

    /** The lists of this database. */
    public Lists lists() {
        Lists made = lists;
        if (made == null) {
            made = new Lists(this);
            lists = made;
        }
        return made;
    }

    /** The sorted sets of this database. */
    public SortedSets sortedSets() {
        return sortedSets(0);
    }

    /** The same, for a command that has several open at once: it numbers them from 0. */
    public SortedSets sortedSets(int number) {
        while (sortedSets.size() <= number) {
            sortedSets.add(new SortedSets(this));
        }
        return sortedSets.get(number);
    }

    /** The hashes of this database. */
    public Hashes hashes() {
        Hashes made = hashes;
        if (made == null) {
            made = new Hashes(this);
            hashes = made;
        }
        return made;
    }

    /** The sets of this database. */
    public Sets sets() {
        Sets made = sets;
        if (made == null) {
            made = new Sets(this);
            sets = made;
        }
        return made;
    }

    /** This handle's own counters; {@link Store#stats} sums up all. */
    public KeyspaceStats stats() {
        return stats;
    }

    // ---------------------------------------------------------------------------------------------- finding

    /** Returns the live entry of {@code key} for reading, or {@link #ABSENT}; counts a hit or miss, notes the access. */
    public long find(Bytes key) {
        StripeKeys keys = keysOf(key);
        long entry = keys == null ? ABSENT : findLive(keys, key);
        if (entry == ABSENT) {
            missed(key);
        } else {
            stats.hits++;
        }
        return entry;
    }

    /** Like {@link #find(Bytes)}, with any of {@link #NO_TOUCH}, {@link #NO_STATS}, {@link #EVEN_EXPIRED}. */
    public long find(Bytes key, int flags) {
        StripeKeys keys = keysOf(key);
        long entry = keys == null ? ABSENT : keys.find(key.hash(hashFunction), key);
        if (keys != null && (flags & EVEN_EXPIRED) == 0) {
            entry = live(keys, key, entry);
        }
        if (entry != ABSENT && (flags & NO_TOUCH) == 0) {
            touch(entry);
        }
        if ((flags & NO_STATS) == 0) {
            if (entry == ABSENT) {
                missed(key);
            } else {
                stats.hits++;
            }
        }
        return entry;
    }

    /** Returns the live entry of {@code key}, or {@link #ABSENT}; notes the access and counts nothing. */
    public long findForWrite(Bytes key) {
        StripeKeys keys = keysOf(key);
        if (keys == null) {
            return ABSENT;
        }
        beforeChange(keys, key);
        return findLive(keys, key);
    }

    private long findLive(StripeKeys keys, Bytes key) {
        long entry = live(keys, key, keys.find(key.hash(hashFunction), key));
        if (entry != ABSENT) {
            touch(entry);
        }
        return entry;
    }

    /** Whether the key is there; counts a hit or miss but is no access. */
    public boolean exists(Bytes key) {
        return find(key, NO_TOUCH) != ABSENT;
    }

    @Nullable
    StripeKeys keysOf(Bytes key) {
        int stripe = store.stripeOf(key);
        assert store.isHeldByMe(stripe) : "stripe " + stripe + " is not held";
        return parts[stripe];
    }

    /** The part of this database that the key is in, without asking whether its stripe is held: for hints only. */
    @Nullable
    StripeKeys partOf(Bytes key) {
        return parts[store.stripeOf(key)];
    }

    StripeKeys keysToFill(Bytes key) {
        int stripe = store.stripeOf(key);
        StripeKeys keys = parts[stripe];
        if (keys == null) {
            keys = store.newStripeKeys();
            parts[stripe] = keys;
        }
        return keys;
    }

    /** Something of this key is about to change: a snapshot that still needs it as it was writes it now. */
    private void beforeChange(StripeKeys keys, Bytes key) {
        Snapshot snapshot = store.snapshot();
        if (snapshot != null) {
            snapshot.preserve(database, keys.index, key.hash(hashFunction));
        }
    }

    /** The same for a walk that came to this entry. */
    void beforeChange(StripeKeys keys, long entry) {
        Snapshot snapshot = store.snapshot();
        if (snapshot != null) {
            snapshot.preserve(database, keys.index, keys.index.hashOf(entry));
        }
    }

    /** The entry found last, unless it is expired: then it is deleted, if this node may. */
    long live(StripeKeys keys, Bytes key, long entry) {
        if (entry == ABSENT) {
            return ABSENT;
        }
        long header = EntryLayout.header(entry);
        if (!EntryLayout.isExpired(entry, header, nowMillis) || obeys) {
            return entry;
        }
        if (store.expiresByItself()) {
            expire(keys, key, entry);
        }
        return ABSENT;
    }

    private void expire(StripeKeys keys, Bytes key, long entry) {
        beforeChange(keys, key);
        tellRemoval(entry, KeyEvent.EXPIRED);
        keys.remove(key.hash(hashFunction), entry);
        stats.expired++;
        tell(key, KeyEvent.EXPIRED);
    }

    void touch(long entry) {
        if (!touches) {
            return;
        }
        long header = EntryLayout.header(entry);
        int old = EntryLayout.access(header);
        int updated = useCounting == null
                ? access
                : useCounting.used(old, nowMillis, randomState++ * CHANCE_MULTIPLIER);
        if (old != updated) {
            EntryLayout.setAccess(entry, header, updated);
        }
    }

    /** Room for a root, until the next call of this handle. */
    long scratch() {
        return scratch;
    }

    long hashOf(Bytes key) {
        return key.hash(hashFunction);
    }

    /** This database's keys in one stripe, for walks of this package. */
    @Nullable
    StripeKeys part(int stripe) {
        return parts[stripe];
    }

    /** Deletes the expired entry found last by a walk, which goes on: so no bucket is merged. */
    void expireFound(StripeKeys keys, long entry) {
        beforeChange(keys, entry);
        tellRemoval(entry, KeyEvent.EXPIRED);
        readKey(entry, eventKey);
        keys.unlink(eventKey.hash(hashFunction), entry);
        stats.expired++;
        tell(eventKey, KeyEvent.EXPIRED);
        keys.release(entry);
    }

    /** Deletes the entry found last by a walk, a collection that has become empty; no bucket is merged. */
    void deleteFound(StripeKeys keys, long entry) {
        beforeChange(keys, entry);
        readKey(entry, eventKey);
        keys.unlink(eventKey.hash(hashFunction), entry);
        tell(eventKey, KeyEvent.DEL);
        keys.release(entry);
    }

    /** Deletes the entry found last, to make room; an expired one counts as expired. */
    void evictFound(StripeKeys keys, long entry) {
        if (store.expiresByItself() && isExpired(entry)) {
            expireFound(keys, entry);
        } else {
            beforeChange(keys, entry);
            tellRemoval(entry, KeyEvent.EVICTED);
            readKey(entry, eventKey);
            keys.unlink(eventKey.hash(hashFunction), entry);
            stats.evicted++;
            tell(eventKey, KeyEvent.EVICTED);
            keys.release(entry);
        }
        keys.index.shrink();
    }

    void changed(Bytes key, KeyEvent event) {
        changed(key, event, 1);
    }

    /** {@code event} happened to the key, and it was so many changes as the original counts them. */
    void changed(Bytes key, KeyEvent event, long changes) {
        if (!isRestoring) {
            stats.dirty += changes;
            tell(key, event);
        }
    }

    private void tellRemoval(long entry, KeyEvent event) {
        if (store.listens()) {
            listener.removing(this, entry, event);
        }
    }

    void tell(Bytes key, KeyEvent event) {
        if (store.listens() && !isRestoring) {
            listener.keyChanged(database, key, event);
        }
    }

    /** Whether what is asked is what a primary did, and holds also for what is over its time here. */
    boolean obeys() {
        return obeys;
    }

    boolean listens() {
        return store.listens() && !isRestoring;
    }

    /** A field of the hash is about to go, as its time is over. */
    void tellFieldExpiring(long entry, Bytes field) {
        readKey(entry, eventKey);
        listener.fieldExpiring(database, eventKey, field);
    }

    private void missed(Bytes key) {
        stats.misses++;
        if (store.listens()) {
            listener.keyMissed(database, key);
        }
    }

    // ------------------------------------------------------------------------------- reading a found entry

    public ValueType type(long entry) {
        return ValueType.of(EntryLayout.typeCode(entry));
    }

    public Encoding encoding(long entry) {
        return Encoding.of(EntryLayout.encodingCode(entry));
    }

    /** Points {@code target} at the entry's key. */
    public Bytes readKey(long entry, Bytes target) {
        long header = EntryLayout.header(entry);
        return target.set(entry + EntryLayout.keyOffset(header), EntryLayout.keyLength(entry, header));
    }

    /**
     * Points {@code target} at the string's bytes. A number's text is written to a buffer of this handle and is valid
     * until the next call.
     *
     * @throws StoreException
     *             WRONG_TYPE
     */
    public Bytes readString(long entry, Bytes target) {
        requireString(entry);
        if (isInt(entry)) {
            return target.set(scratch, Decimal.write(intValue(entry), scratch));
        }
        long header = EntryLayout.header(entry);
        return target.set(EntryLayout.valueAddress(entry, header), EntryLayout.valueLength(entry, header));
    }

    /** Points {@code target} at the bytes of a packed collection: a {@link Listpack}, or a sorted set of integers. */
    public Bytes readPacked(long entry, Bytes target) {
        assert !StripeKeys.isLarge(entry);
        long header = EntryLayout.header(entry);
        return target.set(EntryLayout.valueAddress(entry, header), EntryLayout.valueLength(entry, header));
    }

    /** Length of the string's text. Throws WRONG_TYPE. */
    public int stringLength(long entry) {
        requireString(entry);
        return isInt(entry)
                ? Decimal.length(intValue(entry))
                : EntryLayout.valueLength(entry, EntryLayout.header(entry));
    }

    /** Whether the entry is a string held as a number. */
    public boolean isInt(long entry) {
        return EntryLayout.form(entry) == INT_FORM;
    }

    /** The number of an entry that {@link #isInt}. */
    public long intValue(long entry) {
        return Memory.getLong(EntryLayout.valueAddress(entry, EntryLayout.header(entry)));
    }

    private static void requireString(long entry) {
        if (EntryLayout.typeCode(entry) != ValueType.STRING.code()) {
            throw StoreException.WRONG_TYPE;
        }
    }

    /** Unix time at which the entry expires, or {@link #NO_DEADLINE}. */
    public long deadlineMillis(long entry) {
        return EntryLayout.deadlineMillis(entry, EntryLayout.header(entry));
    }

    /** Whether the entry's time is over; only an entry found with {@link #EVEN_EXPIRED} or by a walk can be. */
    public boolean isExpired(long entry) {
        return EntryLayout.isExpired(entry, EntryLayout.header(entry), nowMillis);
    }

    /** How often the entry is used, on a logarithmic scale up to 255; only while entries count their uses. */
    public int useCounter(long entry) {
        return useCounting == null ? 0 : useCounting.counter(accessField(entry), nowMillis);
    }

    /** Minutes since the entry last counted a use; only while entries do. */
    int idleMinutes(long entry) {
        return UseCounting.idleMinutes(accessField(entry), nowMillis);
    }

    /** Seconds since the last access; only while entries note it. */
    public long idleSeconds(long entry) {
        return (long) access - accessField(entry) & EntryLayout.ACCESS_MASK;
    }

    /** Makes the entry's last access so long ago; nothing while entries count their uses. */
    public void setIdleSeconds(long entry, long seconds) {
        if (useCounting == null) {
            setAccessField(entry, (int) (access - Math.min(seconds, EntryLayout.ACCESS_MASK)));
        }
    }

    /** Gives the entry a count of uses as of now; nothing while entries note their last access. */
    public void setUseCounter(long entry, int counter) {
        if (useCounting != null) {
            setAccessField(entry, useCounting.counted(counter, nowMillis));
        }
    }

    /** The 24 bits that eviction keeps in an entry: seconds of the last access modulo 2^24, or {@link UseCounting}. */
    public int accessField(long entry) {
        return EntryLayout.access(EntryLayout.header(entry));
    }

    public void setAccessField(long entry, int value) {
        EntryLayout.setAccess(entry, EntryLayout.header(entry), value & EntryLayout.ACCESS_MASK);
    }

    /** Bytes that this entry costs: its slot, its part of the index, and its elements if they lie elsewhere. */
    public long memoryUsage(Bytes key, long entry) {
        StripeKeys keys = keysOf(key);
        return keys == null ? 0 : keys.memoryUsage(entry);
    }

    // -------------------------------------------------------------------------------------------- strings

    /**
     * Makes {@code key} a string, whatever it was, held as a number if it reads as one.
     *
     * @param deadlineMillis
     *            Unix time, {@link #NO_DEADLINE} or {@link #KEEP_DEADLINE}
     * @return the entry
     */
    public long set(Bytes key, Bytes value, long deadlineMillis) {
        return set(key, value, deadlineMillis, KeyEvent.SET);
    }

    private long set(Bytes key, Bytes value, long deadlineMillis, KeyEvent event) {
        long number = Decimal.parse(value.address(), value.length());
        long entry;
        if (number != Decimal.INVALID || Decimal.isInteger(number, value.address(), value.length())) {
            entry = write(key, INT_FORM, Long.BYTES, deadlineMillis);
            putInt(entry, number);
        } else {
            entry = write(key, textForm(value.length()), value.length(), deadlineMillis);
            value.copyTo(EntryLayout.valueAddress(entry, EntryLayout.header(entry)));
        }
        changed(key, event);
        if (deadlineMillis >= 0) {
            tell(key, KeyEvent.EXPIRE);
        }
        return entry;
    }

    /** Like {@link #set}, but the text stays text even if it reads as a number, and {@code event} is told. */
    public long setText(Bytes key, Bytes value, long deadlineMillis, KeyEvent event) {
        long entry = write(key, textForm(value.length()), value.length(), deadlineMillis);
        value.copyTo(EntryLayout.valueAddress(entry, EntryLayout.header(entry)));
        changed(key, event);
        return entry;
    }

    private static int textForm(int length) {
        return length <= Encoding.EMBEDDED_MAX_BYTES ? EMBSTR_FORM : RAW_FORM;
    }

    private void putInt(long entry, long number) {
        Memory.putLong(EntryLayout.valueAddress(entry, EntryLayout.header(entry)), number);
    }

    /** Creates or reshapes the key's entry, its value yet to be written. */
    long write(Bytes key, int form, int valueLength, long deadlineMillis) {
        StripeKeys keys = keysToFill(key);
        beforeChange(keys, key);
        long hash = key.hash(hashFunction);
        long entry = live(keys, key, keys.find(hash, key));
        if (entry == ABSENT) {
            return create(keys, key, form, valueLength, deadlineMillis == KEEP_DEADLINE ? NO_DEADLINE : deadlineMillis);
        }
        touch(entry);
        long deadline = deadlineMillis == KEEP_DEADLINE ? deadlineMillis(entry) : deadlineMillis;
        return keys.overwrite(hash, entry, form, valueLength, deadline);
    }

    long create(StripeKeys keys, Bytes key, int form, int valueLength, long deadlineMillis) {
        if (valueLength > MAX_STRING_BYTES) {
            throw StoreException.STRING_TOO_LONG;
        }
        beforeChange(keys, key);
        long entry = keys.create(key.hash(hashFunction), key, form, access, valueLength, deadlineMillis);
        tell(key, KeyEvent.NEW);
        return entry;
    }

    /**
     * Appends to the string, or creates it, and returns its new length. Grows in place while its slot has room.
     *
     * @throws StoreException
     *             WRONG_TYPE, STRING_TOO_LONG; nothing changed
     */
    public int append(Bytes key, Bytes suffix) {
        long entry = findForWrite(key);
        if (entry == ABSENT) {
            entry = set(key, suffix, NO_DEADLINE, KeyEvent.APPEND);
            return stringLength(entry);
        }
        int length = stringLength(entry);
        if ((long) length + suffix.length() > MAX_STRING_BYTES) {
            throw StoreException.STRING_TOO_LONG;
        }
        entry = growText(key, entry, length, length + suffix.length());
        suffix.copyTo(EntryLayout.valueAddress(entry, EntryLayout.header(entry)) + length);
        changed(key, KeyEvent.APPEND);
        return length + suffix.length();
    }

    /** Makes the found entry raw text of {@code newLength}, the first {@code length} bytes kept. */
    private long growText(Bytes key, long entry, int length, int newLength) {
        StripeKeys keys = keysToFill(key);
        long hash = key.hash(hashFunction);
        keys.find(hash, key);
        boolean wasInt = isInt(entry);
        long number = wasInt ? intValue(entry) : 0;
        long grown = keys.reshape(hash, entry, RAW_FORM, newLength, wasInt ? 0 : length, deadlineMillis(entry),
                StripeKeys.stringHeadroom(newLength));
        if (wasInt) {
            Decimal.write(number, scratch);
            Memory.copy(scratch, EntryLayout.valueAddress(grown, EntryLayout.header(grown)), length);
        }
        return grown;
    }

    /**
     * Overwrites the string from {@code offset} on, creating it or filling up with zeros as needed, and returns its
     * length. Nothing happens when {@code bytes} is empty.
     *
     * @throws StoreException
     *             WRONG_TYPE, STRING_TOO_LONG; nothing changed
     */
    public int setRange(Bytes key, int offset, Bytes bytes) {
        long entry = findForWrite(key);
        int length = entry == ABSENT ? 0 : stringLength(entry);
        if (bytes.length() == 0) {
            return length;
        }
        if ((long) offset + bytes.length() > MAX_STRING_BYTES) {
            throw StoreException.STRING_TOO_LONG;
        }
        int newLength = Math.max(length, offset + bytes.length());
        if (entry == ABSENT) {
            entry = create(keysToFill(key), key, RAW_FORM, newLength, NO_DEADLINE);
        } else {
            entry = growText(key, entry, length, newLength);
        }
        long value = EntryLayout.valueAddress(entry, EntryLayout.header(entry));
        if (offset > length) {
            Memory.fill(value + length, offset - length, (byte) 0);
        }
        bytes.copyTo(value + offset);
        changed(key, KeyEvent.SETRANGE);
        return newLength;
    }

    /**
     * Makes the key a string of bytes, at least {@code minLength} of them, zeros added at its end, and returns its
     * entry: for changes in place, where {@link #readString} says that it lies. Tells nobody; {@link #stringChanged}
     * does, once the change is made.
     *
     * @throws StoreException
     *             WRONG_TYPE, STRING_TOO_LONG; nothing changed
     */
    public long growString(Bytes key, int minLength) {
        long entry = findForWrite(key);
        int length = entry == ABSENT ? 0 : stringLength(entry);
        int newLength = Math.max(length, minLength);
        if (newLength > MAX_STRING_BYTES) {
            throw StoreException.STRING_TOO_LONG;
        }
        long grown = entry == ABSENT
                ? create(keysToFill(key), key, RAW_FORM, newLength, NO_DEADLINE)
                : growText(key, entry, length, newLength);
        if (newLength > length) {
            long value = EntryLayout.valueAddress(grown, EntryLayout.header(grown));
            Memory.fill(value + length, newLength - length, (byte) 0);
        }
        return grown;
    }

    /** Tells that the string was changed in place. */
    public void stringChanged(Bytes key, KeyEvent event) {
        changed(key, event);
    }

    /**
     * Adds to the number in the string, an absent one counting as 0, and returns the sum.
     *
     * @throws StoreException
     *             WRONG_TYPE, NOT_AN_INTEGER, WOULD_OVERFLOW; nothing changed
     */
    public long add(Bytes key, long delta) {
        long entry = findForWrite(key);
        long old = entry == ABSENT ? 0 : integer(entry);
        long sum = old + delta;
        if (((old ^ sum) & (delta ^ sum)) < 0) {
            throw StoreException.WOULD_OVERFLOW;
        }
        if (entry == ABSENT || !isInt(entry)) {
            entry = write(key, INT_FORM, Long.BYTES, KEEP_DEADLINE);
        }
        putInt(entry, sum);
        changed(key, KeyEvent.INCRBY);
        return sum;
    }

    /** The string as a number. Throws WRONG_TYPE, NOT_AN_INTEGER. */
    public long integer(long entry) {
        if (isInt(entry)) {
            return intValue(entry);
        }
        readString(entry, otherValue);
        long number = Decimal.parse(otherValue.address(), otherValue.length());
        if (!Decimal.isInteger(number, otherValue.address(), otherValue.length())) {
            throw StoreException.NOT_AN_INTEGER;
        }
        return number;
    }

    // ------------------------------------------------------------------------------------------- restoring

    /** Changes are neither told nor counted from now on: values are being built from what was saved. */
    public void beginRestoring() {
        isRestoring = true;
    }

    /** Changes are told and counted again. */
    public void endRestoring() {
        isRestoring = false;
    }

    /** The key was given a whole value at once. */
    public void restored(Bytes key) {
        changed(key, KeyEvent.RESTORE);
    }

    // ----------------------------------------------------------------------------------------------- keys

    /** Deletes the key; says whether it was there. */
    public boolean delete(Bytes key) {
        if (!remove(key)) {
            return false;
        }
        changed(key, KeyEvent.DEL);
        return true;
    }

    /** Deletes the key and tells nobody; says whether it was there. */
    boolean remove(Bytes key) {
        StripeKeys keys = keysOf(key);
        if (keys == null) {
            return false;
        }
        beforeChange(keys, key);
        long hash = key.hash(hashFunction);
        long entry = live(keys, key, keys.find(hash, key));
        if (entry == ABSENT) {
            return false;
        }
        keys.remove(hash, entry);
        return true;
    }

    /**
     * Gives the key a deadline, past ones included, or {@link #NO_DEADLINE}; says whether the key is there. Tells EXPIRE
     * or PERSIST. Whether a past deadline should rather delete the key is the caller's to say.
     */
    public boolean setDeadline(Bytes key, long deadlineMillis) {
        long entry = findForWrite(key);
        if (entry == ABSENT) {
            return false;
        }
        StripeKeys keys = keysToFill(key);
        int length = EntryLayout.valueLength(entry, EntryLayout.header(entry));
        keys.reshape(key.hash(hashFunction), entry, EntryLayout.form(entry), length, length, deadlineMillis, 0);
        changed(key, deadlineMillis == NO_DEADLINE ? KeyEvent.PERSIST : KeyEvent.EXPIRE);
        return true;
    }

    /**
     * Gives the entry of {@code from} the key {@code to}, deadline included; a key that had that name is deleted. Both
     * stripes are held. Says whether {@code from} was there. A key renamed to itself stays untouched.
     */
    public boolean rename(Bytes from, Bytes to) {
        long entry = findForWrite(from);
        if (entry == ABSENT) {
            return false;
        }
        if (!from.contentEquals(to)) {
            transfer(from, this, to, true);
            changed(from, KeyEvent.RENAME_FROM);
            changed(to, KeyEvent.RENAME_TO);
        }
        return true;
    }

    /**
     * Copies a key, deadline included, to {@code to} of {@code target}, which may be this. Both stripes are held.
     *
     * @return whether it was copied: {@code from} is there, and {@code to} is not or {@code replace} is given
     */
    public boolean copy(Bytes from, Keyspace target, Bytes to, boolean replace) {
        if (findForWrite(from) == ABSENT || (!replace && target.findForWrite(to) != ABSENT)) {
            return false;
        }
        transfer(from, target, to, false);
        target.changed(to, KeyEvent.COPY_TO);
        return true;
    }

    /** Moves a key to another database; says whether it did: the key is here, and not there. */
    public boolean move(Bytes key, Keyspace target) {
        if (findForWrite(key) == ABSENT || target.findForWrite(key) != ABSENT) {
            return false;
        }
        transfer(key, target, key, true);
        changed(key, KeyEvent.MOVE_FROM);
        target.changed(key, KeyEvent.MOVE_TO);
        return true;
    }

    /**
     * Writes an entry that is here under a key of {@code target}, and deletes it here if it {@code moves}. The elements
     * of a large value stay where they are if it moves within its stripe and database, or if they have a home, which goes
     * along; else they are copied, because an arena is the business of one lock. A copy that is large has a home at once.
     */
    private void transfer(Bytes from, Keyspace target, Bytes to, boolean moves) {
        long entry = find(from, NO_TOUCH | NO_STATS);
        if (StripeKeys.isLarge(entry)) {
            transferLarge(from, entry, target, target.keysToFill(to), to, moves);
            return;
        }
        long header = EntryLayout.header(entry);
        int length = EntryLayout.valueLength(entry, header);
        long copy = target.write(to, EntryLayout.form(entry), length, EntryLayout.deadlineMillis(entry, header));
        Memory.copy(EntryLayout.valueAddress(entry, header),
                EntryLayout.valueAddress(copy, EntryLayout.header(copy)), length);
        if (moves) {
            remove(from);
        }
    }

    private void transferLarge(Bytes from, long entry, Keyspace target, StripeKeys targetKeys, Bytes to,
            boolean moves) {
        StripeKeys keys = keysToFill(from);
        long header = EntryLayout.header(entry);
        int length = EntryLayout.valueLength(entry, header);
        long root = EntryLayout.valueAddress(entry, header);
        Encoding encoding = encoding(entry);
        int home = LargeValue.home(root);
        boolean keepsElements = moves && (keys == targetKeys || home != 0);
        Arena copied = null;
        if (keepsElements) {
            Memory.copy(root, scratch, length);
        } else {
            copied = keys.copyLarge(entry, targetKeys, scratch);
        }
        try {
            long copy = target.write(to, RAW_FORM, length, EntryLayout.deadlineMillis(entry, header));
            if (copied != null) {
                targetKeys.settle(copied, scratch, to.hash(hashFunction));
            } else if (home != 0) {
                LargeValue.setHome(scratch, movedHome(keys, home, targetKeys, to.hash(hashFunction)));
            }
            Memory.copy(scratch, EntryLayout.valueAddress(copy, EntryLayout.header(copy)), length);
            targetKeys.adopt(to.hash(hashFunction), copy, EntryLayout.form(entry));
        } catch (OutOfNativeMemoryException e) {
            if (copied != null) {
                targetKeys.discardCopy(encoding, copied, scratch);
            }
            throw e;
        }
        if (keepsElements) {
            keys.disown(entry);
        }
        if (moves) {
            remove(from);
        }
    }

    private static int movedHome(StripeKeys keys, int home, StripeKeys targetKeys, long hash) {
        if (keys == targetKeys) {
            keys.homes.rename(home, hash);
            return home;
        }
        return targetKeys.homes.add(keys.homes.remove(home), hash);
    }

    // ------------------------------------------------------------------------------------ the whole database

    /** Number of keys, those included that expired and were not met yet. Needs no lock. */
    public long size() {
        return store.size(database);
    }

    /**
     * One step of a walk over all keys: shows about {@code count} entries to {@code visitor} and returns the cursor for
     * the next step, 0 when the walk is over. The first cursor is 0; any other number that was not returned here does no
     * harm.
     *
     * <p>
     * A key that is there during the whole walk is shown at least once, whatever happens in between. Locks stripe by
     * stripe, so the caller holds no stripe, or all.
     */
    public long scan(long cursor, int count, EntryVisitor visitor) {
        int stripes = store.stripes();
        int stripeShift = Integer.numberOfTrailingZeros(stripes);
        int stripe = (int) (cursor & stripes - 1);
        long position = cursor >>> stripeShift;
        int left = count;
        // An empty stripe is as much work as a bucket; one call passes over all of them at most.
        while (left > 0 && stripe < stripes) {
            boolean held = lockUnlessHeld(stripe);
            try {
                StripeKeys keys = parts[stripe];
                while (left > 0) {
                    if (keys == null) {
                        position = 0;
                    } else {
                        left -= Math.max(1, visitBucket(keys.index.bucketAt(position), visitor));
                        position = keys.index.cursorAfter(position);
                    }
                    if (position == 0) {
                        break;
                    }
                }
            } finally {
                unlockUnlessHeld(stripe, held);
            }
            if (position == 0) {
                stripe++;
            }
        }
        return stripe == stripes ? 0 : position << stripeShift | stripe;
    }

    /** Deletes the key if its time is over, and this node may. Locks by itself, as {@link #scan} does. */
    public void expireIfDue(Bytes key) {
        int stripe = store.stripeOf(key);
        boolean held = lockUnlessHeld(stripe);
        try {
            find(key, NO_TOUCH | NO_STATS);
        } finally {
            unlockUnlessHeld(stripe, held);
        }
    }

    /**
     * A step of the same walk in one stripe only: answers the position for the next step, 0 when all was shown. The first
     * position is 0; any other number that was not returned here does no harm. Locks the stripe unless it is held.
     */
    public long scanStripe(int stripe, long position, int count, EntryVisitor visitor) {
        boolean held = lockUnlessHeld(stripe);
        try {
            StripeKeys keys = parts[stripe];
            long at = position;
            int left = count;
            while (left > 0 && keys != null) {
                left -= Math.max(1, visitBucket(keys.index.bucketAt(at), visitor));
                at = keys.index.cursorAfter(at);
                if (at == 0) {
                    break;
                }
            }
            return keys == null ? 0 : at;
        } finally {
            unlockUnlessHeld(stripe, held);
        }
    }

    /** The hash slot of an entry's key; only in a store whose stripes go by slot. */
    public int slotOf(long entry) {
        long header = EntryLayout.header(entry);
        return KeySlot.of(entry + EntryLayout.keyOffset(header), EntryLayout.keyLength(entry, header));
    }

    /**
     * Shows one key to {@code visitor}, each about as likely as another; {@code random} gives new random bits at every
     * call. Says whether there is a key. Locks by itself, as {@link #scan} does.
     *
     * <p>
     * Tries again when it meets an expired key (which is deleted then, if this node may), as the original does, and after
     * {@link #RANDOM_TRIES} shows such a one: a database may hold nothing else.
     */
    public boolean random(LongSupplier random, EntryVisitor visitor) {
        for (int tries = 1;; tries++) {
            long size = size();
            if (size == 0) {
                return false;
            }
            int stripe = stripeOfOrdinal((random.getAsLong() >>> 1) % size);
            boolean held = lockUnlessHeld(stripe);
            try {
                StripeKeys keys = parts[stripe];
                if (keys == null || keys.entries() == 0) {
                    continue;
                }
                long entry = keys.index.random(random);
                if (!isExpired(entry) || tries >= RANDOM_TRIES) {
                    visitor.visit(this, entry);
                    return true;
                }
                live(keys, readKey(entry, eventKey), keys.find(eventKey.hash(hashFunction), eventKey));
            } finally {
                unlockUnlessHeld(stripe, held);
            }
        }
    }

    /** The stripe of the key with this number, when keys are numbered stripe by stripe. */
    private int stripeOfOrdinal(long ordinal) {
        long left = ordinal;
        for (int stripe = 0; stripe < parts.length; stripe++) {
            StripeKeys keys = parts[stripe];
            left -= keys == null ? 0 : keys.entries();
            if (left < 0) {
                return stripe;
            }
        }
        return 0;
    }

    private boolean lockUnlessHeld(int stripe) {
        boolean held = store.isHeldByMe(stripe);
        if (!held) {
            store.lock(stripe);
        }
        return held;
    }

    private void unlockUnlessHeld(int stripe, boolean held) {
        if (!held) {
            store.unlock(stripe);
        }
    }

    private int visitBucket(long first, EntryVisitor visitor) {
        int visited = 0;
        for (long line = first; line != 0; line = Bucket.link(line)) {
            int count = Bucket.count(line);
            for (int lane = 0; lane < count; lane++) {
                long entry = Bucket.entry(line, lane);
                visited++;
                if (isExpired(entry)) {
                    visitor.visitExpired(this, entry);
                } else {
                    visitor.visit(this, entry);
                }
            }
        }
        return visited;
    }

    /** Gives back the buffers of this handle; the store keeps its counters. */
    @Override
    public void close() {
        if (!closed) {
            closed = true;
            store.closed(this);
            Memory.free(MemoryTag.SCRATCH, scratch, SCRATCH_BYTES);
            if (hashes != null) {
                hashes.close();
            }
            if (lists != null) {
                lists.close();
            }
            if (sets != null) {
                sets.close();
            }
            if (streams != null) {
                streams.close();
            }
            sortedSets.forEach(SortedSets::close);
        }
    }
}
