package dev.cistern.store;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A handle on the entry of one collection after another, for the class of its type: find it, create it, resize its
 * value, give it another encoding, delete it.
 *
 * <p>
 * Knows bytes and not what they mean. Owns nothing; a type's class holds as many as it looks at keys at once. Found under
 * its stripe, it is good until the stripe is given back. The address of a value is good until this entry is resized; a
 * change of one entry does not move another.
 *
 * <p>
 * Tells nobody by itself: {@link #changed} does, after the change.
 */
final class CollectionEntry {

    /** A packed value that had to move gets a sixteenth as room: moving costs less than the memory would. */
    private static final int HEADROOM_SHIFT = 4;

    private final Keyspace keyspace;
    private final ValueType type;
    private final HashFunction hashFunction;
    private final long homeBytes;
    private final Bytes key = new Bytes();
    private @Nullable StripeKeys keys;
    private long entry = Keyspace.ABSENT;
    private boolean replaces;

    CollectionEntry(Keyspace keyspace, ValueType type) {
        this.keyspace = keyspace;
        this.type = type;
        this.hashFunction = keyspace.store().hashFunction();
        this.homeBytes = keyspace.store().homeBytes();
    }

    // ------------------------------------------------------------------------------------ finding, reading

    /** Finds the key for reading, as {@link Keyspace#find} does; says whether it is there. Throws WRONG_TYPE. */
    boolean find(Bytes wanted) {
        return open(wanted, keyspace.find(wanted));
    }

    /** Finds the key for a change: counts neither hit nor miss. Throws WRONG_TYPE. */
    boolean findForWrite(Bytes wanted) {
        return open(wanted, keyspace.findForWrite(wanted));
    }

    /** Takes the key as absent: creating it will overwrite whatever is there. */
    void replace(Bytes wanted) {
        open(wanted, Keyspace.ABSENT);
        replaces = true;
    }

    private boolean open(Bytes wanted, long found) {
        key.set(wanted);
        entry = found;
        replaces = false;
        if (found == Keyspace.ABSENT) {
            return false;
        }
        if (EntryLayout.typeCode(found) != type.code()) {
            entry = Keyspace.ABSENT;
            throw StoreException.WRONG_TYPE;
        }
        keys = keyspace.keysToFill(wanted);
        return true;
    }

    /** Makes this the handle of an entry that a walk came to, under its stripe. */
    void show(long found) {
        keyspace.readKey(found, key);
        entry = found;
        keys = keyspace.keysToFill(key);
    }

    boolean isThere() {
        return entry != Keyspace.ABSENT;
    }

    Bytes key() {
        return key;
    }

    long address() {
        return entry;
    }

    boolean is(Encoding encoding) {
        return EntryLayout.encodingCode(entry) == encoding.code();
    }

    Encoding encoding() {
        return Encoding.of(EntryLayout.encodingCode(entry));
    }

    /** Where the value lies: a packed collection itself, or a large one's root. */
    long value() {
        return EntryLayout.valueAddress(entry, EntryLayout.header(entry));
    }

    int length() {
        return EntryLayout.valueLength(entry, EntryLayout.header(entry));
    }

    /** Where the elements of a large value of this key lie, or will lie. */
    Arena elements() {
        return StripeKeys.isLarge(entry) ? keys().homes.of(value()) : keys().elements;
    }

    /** The same for a key that may not be there yet. */
    Arena elementsOfKey() {
        return keyspace.keysToFill(key).elements;
    }

    private StripeKeys keys() {
        return Objects.requireNonNull(keys);
    }

    // -------------------------------------------------------------------------------------------- changing

    /**
     * Gives the large value memory of its own if it has grown enough; asked before it grows further, while nothing below
     * its root is looked at. Says whether all of that lies elsewhere now.
     */
    boolean giveHome(long bytes) {
        return bytes >= homeBytes && keys().giveHome(key.hash(hashFunction), entry, keyspace.scratch());
    }

    /** Creates the key that was looked for and not found, its value yet to be written; returns the value's address. */
    long create(Encoding encoding, int length) {
        StripeKeys filled = keyspace.keysToFill(key);
        keys = filled;
        int form = EntryLayout.form(type, encoding);
        entry = replaces
                ? keyspace.write(key, form, length, Keyspace.NO_DEADLINE)
                : keyspace.create(filled, key, form, length, Keyspace.NO_DEADLINE);
        return begun(encoding);
    }

    /**
     * Gives the value another length, as much of it kept as fits, and returns its address. Throws before anything
     * changed when there is no memory.
     */
    long resize(int length) {
        int old = length();
        int headroom = length > old ? Math.max(1, length >>> HEADROOM_SHIFT) : 0;
        StripeKeys held = keys();
        long hash = key.hash(hashFunction);
        long deadline = keyspace.deadlineMillis(entry);
        if (!held.staysInSlot(entry, length, headroom)) {
            held.find(hash, key);
        }
        entry = held.reshape(hash, entry, EntryLayout.form(entry), length, Math.min(old, length), deadline, headroom);
        return value();
    }

    /**
     * Gives a value that has become shorter its new length and returns its address. Cannot fail: without memory to move
     * to, it stays longer than it need be.
     */
    long shrink(int length) {
        try {
            return resize(length);
        } catch (OutOfNativeMemoryException e) {
            return value();
        }
    }

    /**
     * Gives the value another encoding and length; returns its address, where it is yet to be written. A large value
     * that was there is freed; one that is to be there must have its elements already, as a root cannot fail any more.
     */
    long become(Encoding encoding, int length) {
        StripeKeys held = keys();
        long hash = key.hash(hashFunction);
        held.find(hash, key);
        entry = held.overwrite(hash, entry, EntryLayout.form(type, encoding), length, keyspace.deadlineMillis(entry));
        return begun(encoding);
    }

    private long begun(Encoding encoding) {
        long value = value();
        if (Encoding.isLarge(encoding.code())) {
            LargeValue.setHome(value, 0);
        }
        return value;
    }

    /** The root says since a moment how many fields have deadlines and when the first ends. */
    void fieldDeadlinesChanged(boolean hadSome) {
        long root = value();
        keys().fieldDeadlinesChanged(key.hash(hashFunction), hadSome, ElementTable.volatileElements(root) > 0,
                ElementTable.earliestDeadline(root));
    }

    /** Deletes the key. */
    void delete() {
        StripeKeys held = keys();
        long hash = key.hash(hashFunction);
        held.find(hash, key);
        held.remove(hash, entry);
        entry = Keyspace.ABSENT;
    }

    /** Deletes the key of an emptied collection, and says so. */
    void deleteEmptied() {
        delete();
        keyspace.tell(key, KeyEvent.DEL);
    }

    /** Tells what happened to the key, and how many changes it was as the original counts them. */
    void changed(KeyEvent event, long changes) {
        keyspace.changed(key, event, changes);
    }
}
