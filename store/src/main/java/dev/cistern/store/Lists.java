package dev.cistern.store;

import org.jspecify.annotations.Nullable;

/**
 * Lists of one database.
 *
 * <p>
 * Belongs to a {@link Keyspace} and its thread. A command opens a key, for reading or for a change, then works on the open
 * list by a cursor, which is at one element; after changes it says what happened ({@link #changed}) and ends
 * ({@link #endChange}), which deletes a list that has become empty. Each change is whole when it returns or throws. A list is created by the first value that is pushed.
 *
 * <p>
 * Small lists are a {@link Listpack}, large ones {@link ListChunks}. A list that has become large is packed again when it
 * has shrunk to half of what would make it large, as in the original. Nothing here allocates on the heap.
 */
public final class Lists {

    /** By {@link PackedLimits#listSize} -1 to -5. */
    private static final int[] SIZE_LIMITS = {4096, 8192, 16_384, 32_768, 65_536};
    /** A packed list that is limited by its count is not longer than this nevertheless. */
    private static final int SAFE_BYTES = 8192;

    private static final int MIN_KEPT_BYTES = 256;
    /** A buffer that had to be longer than this once is not kept for ever. */
    private static final int MAX_KEPT_BYTES = 1 << 16;

    private final Keyspace keyspace;
    private final CollectionEntry entry;
    private final ListChunks chunks;
    private final long scratch;
    /** The text of a value that is moved from list to list. */
    private long buffer;
    private int bufferBytes;
    /** The list that a value is moved to, while this is the one it is taken from. */
    private @Nullable Lists target;

    private boolean isLarge;
    /** What is to be put into a key that is not there yet is too much for a packed list. */
    private boolean isToBeLarge;
    private boolean hasShrunk;
    /** The element at the cursor. */
    private long element = Listpack.NONE;

    Lists(Keyspace keyspace) {
        this.keyspace = keyspace;
        this.entry = new CollectionEntry(keyspace, ValueType.LIST);
        this.chunks = new ListChunks();
        this.scratch = Memory.allocate(MemoryTag.SCRATCH, Decimal.MAX_BYTES);
    }

    void close() {
        Memory.free(MemoryTag.SCRATCH, scratch, Decimal.MAX_BYTES);
        freeBuffer();
        if (target != null) {
            target.close();
        }
    }

    // ------------------------------------------------------------------------------------------- opening

    /** Opens the list for reading, which counts a hit or a miss; says whether the key is there. Throws WRONG_TYPE. */
    public boolean open(Bytes key) {
        return opened(entry.find(key));
    }

    /** Opens the list, which may not be there yet, for changes; says whether it is. Throws WRONG_TYPE. */
    public boolean openToChange(Bytes key) {
        return opened(entry.findForWrite(key));
    }

    /** Opens a new list, whose first value will overwrite whatever is at the key. */
    public void openToReplace(Bytes key) {
        entry.replace(key);
        opened(false);
    }

    /** Opens the list of an entry that a walk came to, for reading, which counts nothing. */
    public void openEntry(long found) {
        entry.show(found);
        opened(true);
    }

    private boolean opened(boolean there) {
        isLarge = there && entry.is(Encoding.QUICKLIST);
        isToBeLarge = false;
        hasShrunk = false;
        element = Listpack.NONE;
        if (isLarge) {
            chunks.open(entry.elements(), entry.value());
        }
        return there;
    }

    /** How many elements the open list has; none if the key is not there. */
    public long size() {
        if (!entry.isThere()) {
            return 0;
        }
        return isLarge ? chunks.size() : Listpack.count(entry.value());
    }

    // ---------------------------------------------------------------------------------------- the cursor

    /** Goes to the element with this number, from 0, or from the end with -1; says whether there is one. */
    public boolean seek(long index) {
        long size = size();
        long wanted = index < 0 ? index + size : index;
        boolean found = wanted >= 0 && wanted < size;
        if (!found) {
            element = Listpack.NONE;
        } else if (isLarge) {
            chunks.seek(wanted);
            element = chunks.element();
        } else {
            element = Listpack.seek(entry.value(), (int) wanted);
        }
        return found;
    }

    public boolean next() {
        if (isLarge) {
            chunks.next();
            element = chunks.element();
        } else {
            element = Listpack.next(element);
        }
        return element != Listpack.NONE;
    }

    public boolean previous() {
        if (isLarge) {
            chunks.previous();
            element = chunks.element();
        } else {
            element = Listpack.before(entry.value(), element);
        }
        return element != Listpack.NONE;
    }

    /** Whether the element is held as an integer, which {@link #integer} gives. */
    public boolean isInteger() {
        return Listpack.isInteger(element);
    }

    public long integer() {
        return Listpack.integer(element);
    }

    /** Points {@code view} at the element's text, valid until the next call or change. */
    public Bytes read(Bytes view) {
        return Listpack.read(element, view, scratch);
    }

    public boolean isEqual(Bytes value) {
        return Listpack.equal(element, value);
    }

    // ------------------------------------------------------------------------------------------ changing

    /**
     * Says before values are added how many there will be and how many bytes they have, so that a list that they make
     * large becomes so at once.
     */
    public void expect(long values, long bytes) {
        if (isLarge) {
            return;
        }
        long packed = entry.isThere() ? Listpack.bytes(entry.value()) : Listpack.EMPTY_BYTES;
        if (!isTooLarge(packed + bytes, size() + values)) {
            return;
        }
        if (entry.isThere()) {
            becomeLarge();
        } else {
            isToBeLarge = true;
        }
    }

    private boolean isTooLarge(long bytes, long count) {
        int limit = limit();
        return limit < 0 ? bytes > sizeLimit(limit) : bytes > SAFE_BYTES || count > Math.max(1, limit);
    }

    private int limit() {
        return keyspace.store().packedLimits().listSize();
    }

    private static int sizeLimit(int limit) {
        return SIZE_LIMITS[Math.min(SIZE_LIMITS.length, -limit) - 1];
    }

    /** Adds a value at an end. The cursor leaves. */
    public void push(boolean atFront, Bytes value) {
        if (isLarge) {
            if (entry.giveHome(chunks.bytes())) {
                chunks.open(entry.elements(), entry.value());
            }
            try {
                chunks.push(atFront, value);
            } finally {
                chunks.save(entry.value());
            }
        } else {
            long listpack = grow(Listpack.elementBytes(value));
            Listpack.insert(listpack, atFront ? listpack + Listpack.HEADER_BYTES : Listpack.end(listpack), value);
            if (isToBeLarge) {
                becomeLarge();
            }
        }
        element = Listpack.NONE;
    }

    /** Makes room for an element of so many bytes and returns where the listpack is then. */
    private long grow(int size) {
        if (entry.isThere()) {
            return entry.resize(Listpack.bytes(entry.value()) + size);
        }
        long listpack = entry.create(Encoding.LISTPACK, Listpack.EMPTY_BYTES + size);
        Listpack.create(listpack);
        return listpack;
    }

    /** Gives the element at the cursor another value. The cursor leaves. */
    public void set(Bytes value) {
        long offset = element - entry.value();
        expect(1, value.length());
        if (isLarge) {
            try {
                chunks.replace(value);
            } finally {
                chunks.save(entry.value());
            }
        } else {
            int growth = Listpack.elementBytes(value) - Listpack.sizeAt(element);
            long listpack = growth > 0 ? grow(growth) : entry.value();
            Listpack.replace(listpack, listpack + offset, value);
            if (growth < 0) {
                entry.shrink(Listpack.bytes(listpack));
            }
        }
        hasShrunk = true;
        element = Listpack.NONE;
    }

    /** Puts a value before the element at the cursor or behind it. The cursor leaves. */
    public void insert(Bytes value, boolean behind) {
        if (isLarge) {
            try {
                chunks.insert(value, behind);
            } finally {
                chunks.save(entry.value());
            }
        } else {
            long offset = element - entry.value() + (behind ? Listpack.sizeAt(element) : 0);
            long listpack = grow(Listpack.elementBytes(value));
            Listpack.insert(listpack, listpack + offset, value);
        }
        element = Listpack.NONE;
    }

    /** Takes the element at the cursor out and goes to the next one, or the previous; says whether there is one. */
    public boolean remove(boolean forward) {
        hasShrunk = true;
        if (isLarge) {
            try {
                chunks.remove(forward);
            } finally {
                chunks.save(entry.value());
            }
            element = chunks.element();
            return element != Listpack.NONE;
        }
        long listpack = entry.value();
        long before = forward ? Listpack.NONE : Listpack.before(listpack, element);
        long offset = (forward ? element : before) - listpack;
        Listpack.delete(listpack, element, 1);
        long shrunk = entry.shrink(Listpack.bytes(listpack));
        boolean more = forward ? shrunk + offset != Listpack.end(shrunk) : before != Listpack.NONE;
        element = more ? shrunk + offset : Listpack.NONE;
        return more;
    }

    /** Takes out {@code count} elements from the one with number {@code from} on. The cursor leaves. */
    public void removeRange(long from, long count) {
        hasShrunk = true;
        element = Listpack.NONE;
        if (count == 0) {
            return;
        }
        if (isLarge) {
            try {
                chunks.removeRange(from, count);
            } finally {
                chunks.save(entry.value());
            }
        } else {
            long listpack = entry.value();
            Listpack.delete(listpack, Listpack.seek(listpack, (int) from), (int) count);
            entry.shrink(Listpack.bytes(listpack));
        }
    }

    /** Tells what happened to the open list, and how many changes it was as the original counts them. */
    public void changed(KeyEvent event, long changes) {
        entry.changed(event, changes);
    }

    /** Ends the changes of the open list: an empty one is deleted. */
    public void endChange() {
        if (!entry.isThere()) {
            return;
        }
        if (size() == 0) {
            entry.deleteEmptied();
        } else if (isLarge && hasShrunk) {
            packIfSmall();
        }
    }

    private void packIfSmall() {
        int limit = limit();
        long mostElements = limit < 0 ? Long.MAX_VALUE : Math.max(1, limit) / 2;
        int mostBytes = limit < 0 ? sizeLimit(limit) / 2 : SAFE_BYTES;
        if (chunks.size() > mostElements) {
            return;
        }
        int bytes = chunks.packedBytes(mostBytes);
        if (bytes > mostBytes) {
            return;
        }
        long copy = Memory.allocate(MemoryTag.SCRATCH, bytes);
        try {
            chunks.copyTo(copy);
            long listpack = entry.become(Encoding.LISTPACK, bytes);
            Memory.copy(copy, listpack, bytes);
            isLarge = false;
        } finally {
            Memory.free(MemoryTag.SCRATCH, copy, bytes);
        }
    }

    /** Gives the packed list its large encoding; the cursor stays. */
    private void becomeLarge() {
        long index = index();
        chunks.create(entry.elements());
        try {
            chunks.append(entry.value());
            long root = entry.become(Encoding.QUICKLIST, ListChunks.ROOT_BYTES);
            chunks.save(root);
        } catch (OutOfNativeMemoryException e) {
            chunks.discard();
            throw e;
        }
        isLarge = true;
        isToBeLarge = false;
        if (index >= 0) {
            seek(index);
        }
    }

    /** The number of the packed element at the cursor, or -1. */
    private long index() {
        if (element == Listpack.NONE) {
            return -1;
        }
        long index = 0;
        for (long at = Listpack.first(entry.value()); at != element; at = Listpack.next(at)) {
            index++;
        }
        return index;
    }

    // -------------------------------------------------------------------------------------------- moving

    /**
     * Takes an element from an end of one list, which is there, and puts it to an end of another, which may be the same;
     * {@code moved} sees its text until the next call. Both stripes are held. Throws WRONG_TYPE before anything changed.
     */
    public void move(Bytes from, Bytes to, boolean fromFront, boolean toFront, Bytes moved) {
        boolean isSame = from.contentEquals(to);
        Lists other = isSame ? this : target();
        if (!isSame) {
            other.openToChange(to);
        }
        openToChange(from);
        seek(fromFront ? 0 : -1);
        keep(read(moved));
        moved.set(buffer, moved.length());
        // Pushed before it is taken: then it cannot get lost when there is no memory.
        other.expect(1, moved.length());
        other.push(toFront, moved);
        other.changed(toFront ? KeyEvent.LPUSH : KeyEvent.RPUSH, 1);
        if (!isSame) {
            other.endChange();
        }
        int pushedBefore = isSame && fromFront == toFront ? 1 : 0;
        seek(fromFront ? pushedBefore : -1 - pushedBefore);
        remove(true);
        changed(fromFront ? KeyEvent.LPOP : KeyEvent.RPOP, 0);
        endChange();
    }

    /** Copies a text to where no list's change moves it. */
    private void keep(Bytes value) {
        if (value.length() > bufferBytes || bufferBytes > MAX_KEPT_BYTES) {
            int bytes = Math.max(MIN_KEPT_BYTES, value.length());
            long larger = Memory.allocate(MemoryTag.SCRATCH, bytes);
            freeBuffer();
            buffer = larger;
            bufferBytes = bytes;
        }
        value.copyTo(buffer);
    }

    private void freeBuffer() {
        if (bufferBytes > 0) {
            Memory.free(MemoryTag.SCRATCH, buffer, bufferBytes);
            bufferBytes = 0;
        }
    }

    private Lists target() {
        Lists known = target;
        if (known == null) {
            known = new Lists(keyspace);
            target = known;
        }
        return known;
    }
}
