package dev.cistern.store;

import java.util.function.LongSupplier;

/**
 * One set that a command has opened, for reading or for changes; {@link Sets} holds a few of them for one command after
 * another.
 *
 * <p>
 * A set is created by its first member. After changes the command says what happened ({@link #changed}) and ends
 * ({@link #endChange}), which deletes a set that has become empty. Sets of integers are an {@link Intset}, other small ones
 * a {@link Listpack} of members, large ones an {@link ElementTable} without values. Nothing here allocates on the heap.
 */
public final class OpenSet {

    private final Keyspace keyspace;
    private final CollectionEntry entry;
    private final ElementTable table;
    private final Bytes text = new Bytes();
    /** The text of a number that is shown, and of one that is moved to another encoding. */
    private final long scratch;

    private Encoding encoding = Encoding.INTSET;
    private long walked;
    private int walkedIndex;

    OpenSet(Keyspace keyspace) {
        this.keyspace = keyspace;
        this.entry = new CollectionEntry(keyspace, ValueType.SET);
        this.table = new ElementTable(keyspace.store().hashFunction());
        this.scratch = Memory.allocate(MemoryTag.SCRATCH, 2L * Decimal.MAX_BYTES);
    }

    void close() {
        Memory.free(MemoryTag.SCRATCH, scratch, 2L * Decimal.MAX_BYTES);
    }

    // ------------------------------------------------------------------------------------------- opening

    /** Opens the set for reading, which counts a hit or a miss; says whether the key is there. Throws WRONG_TYPE. */
    public boolean open(Bytes key) {
        return opened(entry.find(key));
    }

    /** Opens the set, which may not be there yet, for changes; says whether it is. Throws WRONG_TYPE. */
    public boolean openToChange(Bytes key) {
        return opened(entry.findForWrite(key));
    }

    /** Opens a new set, whose first member will overwrite whatever is at the key. */
    public void openToReplace(Bytes key) {
        entry.replace(key);
        opened(false);
    }

    /** Opens the set of an entry that a walk came to, for reading, which counts nothing. */
    public void openEntry(long found) {
        entry.show(found);
        opened(true);
    }

    private boolean opened(boolean there) {
        encoding = there ? entry.encoding() : Encoding.INTSET;
        if (encoding == Encoding.HASHTABLE) {
            table.open(entry.elements(), entry.value());
        }
        return there;
    }

    public boolean isThere() {
        return entry.isThere();
    }

    public long size() {
        if (!entry.isThere()) {
            return 0;
        }
        return switch (encoding) {
            case INTSET -> Intset.count(entry.value());
            case LISTPACK -> Listpack.count(entry.value());
            default -> table.size();
        };
    }

    /** Whether members' texts may be written to a buffer, so that their addresses tell nothing. */
    public boolean isPacked() {
        return encoding != Encoding.HASHTABLE;
    }

    // ------------------------------------------------------------------------------------------- reading

    public boolean has(Bytes member) {
        if (!entry.isThere()) {
            return false;
        }
        return switch (encoding) {
            case INTSET -> {
                long number = Decimal.parse(member.address(), member.length());
                yield Decimal.isInteger(number, member.address(), member.length())
                        && Intset.search(entry.value(), number) >= 0;
            }
            case LISTPACK -> packed(member) != Listpack.NONE;
            default -> table.find(member) != Index.ABSENT;
        };
    }

    private long packed(Bytes member) {
        return Listpack.find(Listpack.first(entry.value()), member, 0);
    }

    /** Begins a walk over all members, which must not change meanwhile. */
    public void beginWalk() {
        walkedIndex = 0;
        walked = Listpack.NONE;
        if (!entry.isThere()) {
            return;
        }
        if (encoding == Encoding.LISTPACK) {
            walked = Listpack.first(entry.value());
        } else if (encoding == Encoding.HASHTABLE) {
            table.beginWalk();
        }
    }

    /** Points the view at the next member; false after the last. Valid until the next call. */
    public boolean next(Bytes member) {
        if (!entry.isThere()) {
            return false;
        }
        return switch (encoding) {
            case INTSET -> nextInteger(member);
            case LISTPACK -> nextPacked(member);
            default -> show(table.next(), member);
        };
    }

    private boolean nextInteger(Bytes member) {
        boolean more = walkedIndex < Intset.count(entry.value());
        if (more) {
            showInteger(walkedIndex++, member);
        }
        return more;
    }

    private void showInteger(int index, Bytes member) {
        member.set(scratch, Decimal.write(Intset.get(entry.value(), index), scratch));
    }

    private boolean nextPacked(Bytes member) {
        if (walked == Listpack.NONE) {
            return false;
        }
        Listpack.read(walked, member, scratch);
        walked = Listpack.next(walked);
        return true;
    }

    private static boolean show(long element, Bytes member) {
        if (element == Index.ABSENT) {
            return false;
        }
        long header = EntryLayout.header(element);
        member.set(element + EntryLayout.keyOffset(header), EntryLayout.keyLength(element, header));
        return true;
    }

    /** Begins to show what the cursor of a scan stands for: a few members of a large set, all of a packed one. */
    public void beginPart(long cursor) {
        if (entry.isThere() && encoding == Encoding.HASHTABLE) {
            table.beginBucket(cursor);
        } else {
            beginWalk();
        }
    }

    /** As {@link #next}, of the part that was begun. */
    public boolean nextInPart(Bytes member) {
        boolean isLarge = entry.isThere() && encoding == Encoding.HASHTABLE;
        return isLarge ? show(table.nextInBucket(), member) : next(member);
    }

    /** The cursor of the next part, 0 after the last. */
    public long cursorAfter(long cursor) {
        boolean isLarge = entry.isThere() && encoding == Encoding.HASHTABLE;
        return isLarge ? table.cursorAfter(cursor) : 0;
    }

    /** Points the view at a member by chance, each as likely as another; there must be one. */
    public void random(LongSupplier random, Bytes member) {
        switch (encoding) {
            case INTSET -> showInteger(chosen(random), member);
            case LISTPACK -> Listpack.read(Listpack.seek(entry.value(), chosen(random)), member, scratch);
            default -> show(table.random(random), member);
        }
    }

    private int chosen(LongSupplier random) {
        return (int) Math.unsignedMultiplyHigh(random.getAsLong(), size());
    }

    // ------------------------------------------------------------------------------------------ changing

    /** Prepares the open set for so many more members: too many for a packed one make it large at once. */
    public void expect(long members, Bytes first) {
        PackedLimits limits = keyspace.store().packedLimits();
        if (!entry.isThere()) {
            boolean isNumber = isInteger(first);
            if (members > limits.setEntries() && !(isNumber && members <= limits.setIntegers())) {
                makeLarge();
            }
        } else if ((encoding == Encoding.LISTPACK && members > limits.setEntries())
                || (encoding == Encoding.INTSET && members > limits.setIntegers())) {
            makeLarge();
        }
    }

    private static boolean isInteger(Bytes member) {
        return Decimal.isInteger(Decimal.parse(member.address(), member.length()), member.address(), member.length());
    }

    /** Adds a member to the open set, which is created if need be; says whether it is new. */
    public boolean add(Bytes member) {
        if (!entry.isThere()) {
            create(member);
        }
        return switch (encoding) {
            case INTSET -> addToIntegers(member);
            case LISTPACK -> addPacked(member);
            default -> addLarge(member);
        };
    }

    private void create(Bytes first) {
        PackedLimits limits = keyspace.store().packedLimits();
        if (isInteger(first) && limits.setIntegers() > 0) {
            encoding = Encoding.INTSET;
            Intset.create(entry.create(encoding, Intset.HEADER_BYTES));
        } else if (limits.setEntries() > 0 && first.length() <= limits.setValueBytes()) {
            encoding = Encoding.LISTPACK;
            Listpack.create(entry.create(encoding, Listpack.EMPTY_BYTES));
        } else {
            makeLarge();
        }
    }

    private boolean addToIntegers(Bytes member) {
        long number = Decimal.parse(member.address(), member.length());
        if (!Decimal.isInteger(number, member.address(), member.length())) {
            leaveIntegers(member);
            return add(member);
        }
        int place = Intset.search(entry.value(), number);
        if (place >= 0) {
            return false;
        }
        int count = Intset.count(entry.value());
        int width = Math.max(Intset.width(entry.value()), Intset.widthOf(number));
        long intset = entry.resize(Intset.bytes(count + 1, width));
        if (width > Intset.width(intset)) {
            Intset.widen(intset, width);
        }
        Intset.insert(intset, ~place, number);
        if (count + 1 > keyspace.store().packedLimits().setIntegers()) {
            makeLarge();
        }
        return true;
    }

    /** What is no integer comes into a set of integers: it becomes a listpack if all of it may, or large. */
    private void leaveIntegers(Bytes member) {
        PackedLimits limits = keyspace.store().packedLimits();
        int count = Intset.count(entry.value());
        int longest = member.length();
        if (count > 0) {
            longest = Math.max(longest, Decimal.length(Intset.get(entry.value(), 0)));
            longest = Math.max(longest, Decimal.length(Intset.get(entry.value(), count - 1)));
        }
        if (count < limits.setEntries() && longest <= limits.setValueBytes()) {
            integersToListpack(count);
        } else {
            makeLarge();
        }
    }

    /** Both are values of the same entry, so the integers wait elsewhere while the listpack is written. */
    private void integersToListpack(int count) {
        int bytes = Listpack.EMPTY_BYTES;
        for (int i = 0; i < count; i++) {
            bytes += Listpack.elementBytes(Intset.get(entry.value(), i));
        }
        int length = entry.length();
        long copy = Memory.allocate(MemoryTag.SCRATCH, length);
        try {
            Memory.copy(entry.value(), copy, length);
            long listpack = entry.become(Encoding.LISTPACK, bytes);
            encoding = Encoding.LISTPACK;
            Listpack.create(listpack);
            for (int i = 0; i < count; i++) {
                Listpack.append(listpack, Intset.get(copy, i));
            }
        } finally {
            Memory.free(MemoryTag.SCRATCH, copy, length);
        }
    }

    private boolean addPacked(Bytes member) {
        if (packed(member) != Listpack.NONE) {
            return false;
        }
        PackedLimits limits = keyspace.store().packedLimits();
        if (Listpack.count(entry.value()) >= limits.setEntries() || member.length() > limits.setValueBytes()) {
            makeLarge();
            return addLarge(member);
        }
        Listpack.append(entry.resize(entry.length() + Listpack.elementBytes(member)), member);
        return true;
    }

    private boolean addLarge(Bytes member) {
        if (entry.giveHome(table.bytes())) {
            table.open(entry.elements(), entry.value());
        }
        if (table.find(member) != Index.ABSENT) {
            return false;
        }
        table.insert(member, 0, Keyspace.NO_DEADLINE);
        table.save(entry.value());
        return true;
    }

    /** Makes the open set, packed or not there, a large one. */
    private void makeLarge() {
        boolean there = entry.isThere();
        table.create(entry.elementsOfKey());
        try {
            beginWalk();
            while (there && next(text)) {
                table.insert(text, 0, Keyspace.NO_DEADLINE);
            }
            long root = there
                    ? entry.become(Encoding.HASHTABLE, ElementTable.ROOT_BYTES)
                    : entry.create(Encoding.HASHTABLE, ElementTable.ROOT_BYTES);
            table.save(root);
            encoding = Encoding.HASHTABLE;
        } catch (OutOfNativeMemoryException e) {
            table.discard();
            throw e;
        }
    }

    /** Removes a member of the open set; says whether it was there. */
    public boolean remove(Bytes member) {
        if (!entry.isThere()) {
            return false;
        }
        return switch (encoding) {
            case INTSET -> removeInteger(member);
            case LISTPACK -> removePacked(member);
            default -> removeLarge(member);
        };
    }

    private boolean removeInteger(Bytes member) {
        if (!has(member)) {
            return false;
        }
        long intset = entry.value();
        Intset.remove(intset, Intset.search(intset, Decimal.parse(member.address(), member.length())));
        entry.resize(Intset.bytes(Intset.count(intset), Intset.width(intset)));
        return true;
    }

    private boolean removePacked(Bytes member) {
        long at = packed(member);
        if (at == Listpack.NONE) {
            return false;
        }
        Listpack.delete(entry.value(), at, 1);
        entry.resize(Listpack.bytes(entry.value()));
        return true;
    }

    private boolean removeLarge(Bytes member) {
        long element = table.find(member);
        if (element == Index.ABSENT) {
            return false;
        }
        table.remove(element);
        table.save(entry.value());
        return true;
    }

    /** Tells what happened to the open set, and how many changes it was. */
    public void changed(KeyEvent event, long changes) {
        entry.changed(event, changes);
    }

    /** Ends the change: a set without members is deleted, which is told. */
    public void endChange() {
        if (entry.isThere() && size() == 0) {
            entry.deleteEmptied();
        }
    }
}
