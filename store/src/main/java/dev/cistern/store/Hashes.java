package dev.cistern.store;

import java.util.function.LongSupplier;

/**
 * Hashes of one database: fields with values, of which some may have deadlines of their own.
 *
 * <p>
 * Belongs to a {@link Keyspace} and its thread. A command opens a key, for reading or for a change, then works on the
 * open hash field by field; after changes it says what happened ({@link #changed}) and ends ({@link #endChange}), which
 * deletes a hash that has become empty. A hash is created by the first field that is put into it. A field whose time is
 * over answers absent at once, but counts in {@link #size} until the expiry cycle has come by, as in the original.
 *
 * <p>
 * Small hashes are a {@link Listpack} of fields and values in turn, large ones an {@link ElementTable}, and so are those
 * with deadlines. Nothing here allocates on the heap.
 */
public final class Hashes {

    private static final int NUMBER_BYTES = Decimal.MAX_BYTES;

    private final Keyspace keyspace;
    private final CollectionEntry entry;
    private final ElementTable table;
    private final Bytes name = new Bytes();
    private final Bytes text = new Bytes();
    private final Bytes number = new Bytes();
    /** Texts of numbers: of a field, of a value, of a number to be put. */
    private final long scratch;

    private boolean isLarge;
    private boolean hadVolatile;
    private long knownEarliest;
    private long walked;
    private long shown;

    Hashes(Keyspace keyspace) {
        this.keyspace = keyspace;
        this.entry = new CollectionEntry(keyspace, ValueType.HASH);
        this.table = new ElementTable(keyspace.store().hashFunction());
        this.scratch = Memory.allocate(MemoryTag.SCRATCH, 3L * NUMBER_BYTES);
    }

    void close() {
        Memory.free(MemoryTag.SCRATCH, scratch, 3L * NUMBER_BYTES);
    }

    // ------------------------------------------------------------------------------------------- opening

    /** Opens the hash for reading, which counts a hit or a miss; says whether the key is there. Throws WRONG_TYPE. */
    public boolean open(Bytes key) {
        return opened(entry.find(key));
    }

    /** Opens the hash, which may not be there yet, for changes; says whether it is. Throws WRONG_TYPE. */
    public boolean openToChange(Bytes key) {
        return opened(entry.findForWrite(key));
    }

    /** Opens the hash of an entry that a walk came to, for reading, which counts nothing. */
    public void openEntry(long found) {
        entry.show(found);
        opened(true);
    }

    private boolean opened(boolean there) {
        isLarge = there && entry.is(Encoding.HASHTABLE);
        hadVolatile = false;
        knownEarliest = Long.MAX_VALUE;
        if (isLarge) {
            table.open(entry.elements(), entry.value());
            hadVolatile = table.volatileElements() > 0;
            knownEarliest = table.earliestDeadline();
        }
        return there;
    }

    /** Whether the open key is there. */
    public boolean isThere() {
        return entry.isThere();
    }

    /** Whether the open hash is packed: its texts may then be written to a buffer, so that addresses tell nothing. */
    public boolean isPacked() {
        return !isLarge;
    }

    /** How many fields the open hash has, those included whose time is over. */
    public long size() {
        if (!entry.isThere()) {
            return 0;
        }
        return isLarge ? table.size() : Listpack.count(entry.value()) >>> 1;
    }

    /** Whether fields of the open hash have deadlines. */
    public boolean hasDeadlines() {
        return isLarge && table.volatileElements() > 0;
    }

    /** Unix time at which the field that was shown last by {@link #next} expires, or {@link Keyspace#NO_DEADLINE}. */
    public long shownDeadlineMillis() {
        return isLarge ? EntryLayout.deadlineMillis(shown, EntryLayout.header(shown)) : Keyspace.NO_DEADLINE;
    }

    /** Whether some field of the open hash may be over its time, so that {@link #size} is not what a walk shows. */
    public boolean mayHaveExpired() {
        return isLarge && table.volatileElements() > 0 && keyspace.nowMillis() > table.earliestDeadline();
    }

    // ------------------------------------------------------------------------------------------- reading

    /** Points {@code value} at the field's value; says whether there is such a field. Valid until the next call. */
    public boolean get(Bytes field, Bytes value) {
        if (isLarge) {
            long element = live(field);
            if (element != Index.ABSENT) {
                readValue(element, value);
            }
            return element != Index.ABSENT;
        }
        long at = packedField(field);
        if (at != Listpack.NONE) {
            Listpack.read(Listpack.next(at), value, scratch + NUMBER_BYTES);
        }
        return at != Listpack.NONE;
    }

    public boolean has(Bytes field) {
        return isLarge ? live(field) != Index.ABSENT : packedField(field) != Listpack.NONE;
    }

    private long packedField(Bytes field) {
        return entry.isThere() ? Listpack.find(Listpack.first(entry.value()), field, 1) : Listpack.NONE;
    }

    private long live(Bytes field) {
        long element = table.find(field);
        return element != Index.ABSENT && isExpired(element) ? Index.ABSENT : element;
    }

    private boolean isExpired(long element) {
        return EntryLayout.isExpired(element, EntryLayout.header(element), keyspace.nowMillis());
    }

    private static void readField(long element, Bytes target) {
        long header = EntryLayout.header(element);
        target.set(element + EntryLayout.keyOffset(header), EntryLayout.keyLength(element, header));
    }

    private static void readValue(long element, Bytes target) {
        long header = EntryLayout.header(element);
        target.set(EntryLayout.valueAddress(element, header), EntryLayout.valueLength(element, header));
    }

    /** Unix time at which the field of the open hash expires, {@link Keyspace#NO_DEADLINE}, or -2 if it is not there. */
    public long deadlineMillis(Bytes field) {
        if (!isLarge) {
            return packedField(field) == Listpack.NONE ? ABSENT_FIELD : Keyspace.NO_DEADLINE;
        }
        long element = live(field);
        return element == Index.ABSENT
                ? ABSENT_FIELD
                : EntryLayout.deadlineMillis(element, EntryLayout.header(element));
    }

    /** What {@link #deadlineMillis} answers for a field that is not there. */
    public static final long ABSENT_FIELD = -2;

    // ------------------------------------------------------------------------------------------- walking

    /** Begins a walk over all fields of the open hash, which must not change meanwhile. */
    public void beginWalk() {
        if (isLarge) {
            table.beginWalk();
        } else {
            walked = entry.isThere() ? Listpack.first(entry.value()) : Listpack.NONE;
        }
    }

    /** Points the views at the next field and its value; false after the last. Valid until the next call. */
    public boolean next(Bytes field, Bytes value) {
        if (!isLarge) {
            return nextPacked(field, value);
        }
        for (long element = table.next(); element != Index.ABSENT; element = table.next()) {
            if (show(element, field, value)) {
                return true;
            }
        }
        return false;
    }

    private boolean nextPacked(Bytes field, Bytes value) {
        if (walked == Listpack.NONE) {
            return false;
        }
        readPair(walked, field, value);
        walked = Listpack.next(Listpack.next(walked));
        return true;
    }

    private void readPair(long at, Bytes field, Bytes value) {
        Listpack.read(at, field, scratch);
        Listpack.read(Listpack.next(at), value, scratch + NUMBER_BYTES);
    }

    private boolean show(long element, Bytes field, Bytes value) {
        if (isExpired(element)) {
            return false;
        }
        readField(element, field);
        readValue(element, value);
        shown = element;
        return true;
    }

    /** Begins to show what the cursor of a scan stands for: a few fields of a large hash, all of a packed one. */
    public void beginPart(long cursor) {
        if (isLarge) {
            table.beginBucket(cursor);
        } else {
            beginWalk();
        }
    }

    /** As {@link #next}, of the part that was begun. */
    public boolean nextInPart(Bytes field, Bytes value) {
        if (!isLarge) {
            return nextPacked(field, value);
        }
        for (long element = table.nextInBucket(); element != Index.ABSENT; element = table.nextInBucket()) {
            if (show(element, field, value)) {
                return true;
            }
        }
        return false;
    }

    /** The cursor of the next part, 0 after the last. */
    public long cursorAfter(long cursor) {
        return isLarge ? table.cursorAfter(cursor) : 0;
    }

    /** Shows a field by chance, each as likely as another; false if there is none, or only such as are over. */
    public boolean random(LongSupplier random, Bytes field, Bytes value) {
        if (!entry.isThere()) {
            return false;
        }
        if (!isLarge) {
            int pairs = Listpack.count(entry.value()) >>> 1;
            int chosen = (int) Math.unsignedMultiplyHigh(random.getAsLong(), pairs);
            readPair(Listpack.seek(entry.value(), chosen << 1), field, value);
            return true;
        }
        for (int tries = 0; tries < RANDOM_TRIES; tries++) {
            if (show(table.random(random), field, value)) {
                return true;
            }
        }
        beginWalk();
        return next(field, value);
    }

    private static final int RANDOM_TRIES = 100;

    // ------------------------------------------------------------------------------------------ changing

    /** How {@link #put} found the field. */
    public enum Put {
        /** It was not there. */
        CREATED,
        /** It was there. */
        REPLACED,
        /** It was over its time: created again. */
        REVIVED
    }

    /**
     * Prepares the open hash for so many fields, of which no text is longer than {@code longestText}: what does not fit a
     * packed one makes it large at once.
     */
    public void expect(long fields, int longestText) {
        PackedLimits limits = keyspace.store().packedLimits();
        if (!isLarge && (fields > limits.hashEntries() || longestText > limits.hashValueBytes())) {
            makeLarge();
        }
    }

    /**
     * Puts a value into the open hash, which is created if need be.
     *
     * @param deadlineMillis
     *            of the field: Unix time, {@link Keyspace#NO_DEADLINE} or {@link Keyspace#KEEP_DEADLINE}
     */
    public Put put(Bytes field, Bytes value, long deadlineMillis) {
        PackedLimits limits = keyspace.store().packedLimits();
        if (!isLarge && (deadlineMillis >= 0 || Math.max(field.length(), value.length()) > limits.hashValueBytes())) {
            makeLarge();
        }
        if (isLarge) {
            return putLarge(field, value, deadlineMillis);
        }
        Put put = putPacked(field, value);
        if (put == Put.CREATED && Listpack.count(entry.value()) >>> 1 > limits.hashEntries()) {
            makeLarge();
        }
        return put;
    }

    /** Puts a number's text, keeping the deadline. */
    public Put putNumber(Bytes field, long value) {
        long at = scratch + 2L * NUMBER_BYTES;
        return put(field, number.set(at, Decimal.write(value, at)), Keyspace.KEEP_DEADLINE);
    }

    private Put putPacked(Bytes field, Bytes value) {
        long at = packedField(field);
        if (at != Listpack.NONE) {
            replacePacked(Listpack.next(at), value);
            return Put.REPLACED;
        }
        int added = Listpack.elementBytes(field) + Listpack.elementBytes(value);
        long listpack = growPacked(added);
        Listpack.append(listpack, field);
        Listpack.append(listpack, value);
        return Put.CREATED;
    }

    /** The listpack, with room for {@code added} bytes more. */
    private long growPacked(int added) {
        if (!entry.isThere()) {
            long listpack = entry.create(Encoding.LISTPACK, Listpack.EMPTY_BYTES + added);
            Listpack.create(listpack);
            return listpack;
        }
        return entry.resize(entry.length() + added);
    }

    private void replacePacked(long at, Bytes value) {
        int offset = (int) (at - entry.value());
        int added = Listpack.elementBytes(value) - Listpack.sizeAt(at);
        long listpack = added > 0 ? growPacked(added) : entry.value();
        Listpack.replace(listpack, listpack + offset, value);
        if (added < 0) {
            entry.resize(Listpack.bytes(listpack));
        }
    }

    private Put putLarge(Bytes field, Bytes value, long deadlineMillis) {
        if (entry.giveHome(table.bytes())) {
            table.open(entry.elements(), entry.value());
        }
        long element = table.find(field);
        boolean isRevived = element != Index.ABSENT && isExpired(element);
        long deadline = deadlineMillis;
        if (deadline == Keyspace.KEEP_DEADLINE) {
            deadline = element == Index.ABSENT || isRevived
                    ? Keyspace.NO_DEADLINE
                    : EntryLayout.deadlineMillis(element, EntryLayout.header(element));
        }
        long made = element == Index.ABSENT
                ? table.insert(field, value.length(), deadline)
                : table.reshape(element, value.length(), 0, deadline);
        value.copyTo(EntryLayout.valueAddress(made, EntryLayout.header(made)));
        save();
        return element == Index.ABSENT ? Put.CREATED : isRevived ? Put.REVIVED : Put.REPLACED;
    }

    private void save() {
        long root = entry.value();
        table.save(root);
        boolean hasVolatile = table.volatileElements() > 0;
        if (hasVolatile != hadVolatile || table.earliestDeadline() < knownEarliest) {
            entry.fieldDeadlinesChanged(hadVolatile);
        }
        hadVolatile = hasVolatile;
        knownEarliest = table.earliestDeadline();
    }

    /** Makes the open hash, packed or not there, a large one. */
    private void makeLarge() {
        boolean there = entry.isThere();
        Arena elements = entry.elementsOfKey();
        table.create(elements);
        try {
            if (there) {
                copyToTable();
            }
            long root = there
                    ? entry.become(Encoding.HASHTABLE, ElementTable.ROOT_BYTES)
                    : entry.create(Encoding.HASHTABLE, ElementTable.ROOT_BYTES);
            table.save(root);
            isLarge = true;
        } catch (OutOfNativeMemoryException e) {
            table.discard();
            throw e;
        }
    }

    private void copyToTable() {
        beginWalk();
        while (nextPacked(name, text)) {
            long element = table.insert(name, text.length(), Keyspace.NO_DEADLINE);
            text.copyTo(EntryLayout.valueAddress(element, EntryLayout.header(element)));
        }
    }

    /** Removes a field of the open hash; says whether it was there. */
    public boolean remove(Bytes field) {
        if (isLarge) {
            // A primary says so of fields whose time is over here too: nothing else removes them from a replica.
            long element = keyspace.obeys() ? table.find(field) : live(field);
            if (element != Index.ABSENT) {
                table.remove(element);
                save();
            }
            return element != Index.ABSENT;
        }
        long at = packedField(field);
        if (at == Listpack.NONE) {
            return false;
        }
        Listpack.delete(entry.value(), at, 2);
        entry.resize(Listpack.bytes(entry.value()));
        return true;
    }

    /**
     * Gives a field of the open hash a deadline, or with {@link Keyspace#NO_DEADLINE} none; the field is there. A hash
     * with deadlines is a large one.
     */
    public void setDeadline(Bytes field, long deadlineMillis) {
        if (!isLarge) {
            if (deadlineMillis == Keyspace.NO_DEADLINE) {
                return;
            }
            makeLarge();
        }
        long element = live(field);
        int length = EntryLayout.valueLength(element, EntryLayout.header(element));
        table.reshape(element, length, length, deadlineMillis);
        save();
    }

    /** Tells what happened to the open hash, and how many changes it was. */
    public void changed(KeyEvent event, long changes) {
        entry.changed(event, changes);
    }

    /** Tells that fields were over their time, and counts them; {@code changes} is what is not told otherwise. */
    public void expired(long fields, long changes) {
        keyspace.stats().expiredFields += fields;
        entry.changed(KeyEvent.HEXPIRED, changes);
    }

    /** Ends the change: a hash without fields is deleted, which is told. */
    public void endChange() {
        if (entry.isThere() && size() == 0) {
            isLarge = false;
            entry.deleteEmptied();
        }
    }

    // -------------------------------------------------------------------------------- for the expiry cycle

    /**
     * Removes fields that are over their time from the hash with deadlines that a walk came to, looking at up to
     * {@code buckets} buckets; returns how many. Leaves an empty hash to the caller.
     */
    int expireSome(long found, int buckets) {
        openEntry(found);
        int expired = table.expire(buckets, keyspace.nowMillis(),
                keyspace.listens() ? element -> tellExpiring(found, element) : null);
        save();
        if (expired > 0) {
            expired(expired, expired);
        }
        return expired;
    }

    private void tellExpiring(long hash, long element) {
        readField(element, text);
        keyspace.tellFieldExpiring(hash, text);
    }

    /** The earliest deadline that a field of the open hash may have; {@link Long#MAX_VALUE} if none has one. */
    long earliestDeadline() {
        return hadVolatile ? knownEarliest : Long.MAX_VALUE;
    }
}
