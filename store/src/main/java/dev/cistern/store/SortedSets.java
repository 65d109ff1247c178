package dev.cistern.store;

/**
 * Sorted sets of one database: members with scores, in order of score and then of their bytes.
 *
 * <p>
 * Belongs to a {@link Keyspace} and its thread. A command opens a key, for reading or for a change, then works on the open
 * set: member by member, or by a cursor that is at one member of the order; after changes it says what happened
 * ({@link #changed}) and ends ({@link #endChange}), which deletes a set that has become empty. Each change is whole when
 * it returns or throws. A set is created by the
 * first member that is put into it.
 *
 * <p>
 * Ranges of scores and names are ranges of ranks: {@link #rankOfScore} and {@link #rankOfName} say where one begins and
 * ends. Small sets are a {@link Listpack} of members and scores in turn, in order; large ones a {@link SortedTable}, and
 * they stay so. Nothing here allocates on the heap, but for scores whose text has more than 15 digits.
 */
public final class SortedSets {

    /** Beyond this a whole double is written as text, as the original does, which reads it back as an integer or not. */
    private static final double INTEGER_MAX = 1L << 62;

    private static final int MEMBER_TEXT = 0;
    private static final int SCORE_TEXT = Decimal.MAX_BYTES;
    private static final int SCRATCH_BYTES = SCORE_TEXT + RealText.MAX_BYTES;

    private final Keyspace keyspace;
    private final CollectionEntry entry;
    private final SortedTable table;
    private final Bytes text = new Bytes();
    private final Bytes name = new Bytes();
    private final long scratch;

    private boolean isLarge;
    private boolean isToBeLarge;
    /** The element at the cursor, or the one found last: of a packed set, the member's. */
    private long element = Listpack.NONE;
    private long cursorBucket;

    SortedSets(Keyspace keyspace) {
        this.keyspace = keyspace;
        this.entry = new CollectionEntry(keyspace, ValueType.SORTED_SET);
        this.table = new SortedTable(keyspace.store().hashFunction());
        this.scratch = Memory.allocate(MemoryTag.SCRATCH, SCRATCH_BYTES);
    }

    void close() {
        Memory.free(MemoryTag.SCRATCH, scratch, SCRATCH_BYTES);
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

    /** Opens the set of an entry that a walk came to, for reading, which counts nothing. */
    public void openEntry(long found) {
        entry.show(found);
        opened(true);
    }

    private boolean opened(boolean there) {
        isLarge = there && entry.is(Encoding.SKIPLIST);
        isToBeLarge = false;
        element = Listpack.NONE;
        if (isLarge) {
            table.open(entry.elements(), entry.value());
        }
        return there;
    }

    /** Whether the open set is packed: then a scan shows all of it at once. */
    public boolean isPacked() {
        return !isLarge;
    }

    /** How many members the open set has; none if the key is not there. */
    public long size() {
        if (!entry.isThere()) {
            return 0;
        }
        return isLarge ? table.size() : Listpack.count(entry.value()) >>> 1;
    }

    // ---------------------------------------------------------------------------------------- one member

    /** Finds a member; says whether it is there. Then {@link #score} is its score. */
    public boolean find(Bytes member) {
        if (!entry.isThere()) {
            element = Listpack.NONE;
        } else if (isLarge) {
            element = table.find(member);
        } else {
            element = Listpack.find(Listpack.first(entry.value()), member, 1);
        }
        return element != Listpack.NONE;
    }

    /** The score of the member found last or at the cursor. */
    public double score() {
        return isLarge ? SortedTable.score(element) : packedScore(element);
    }

    /** Points {@code view} at the score's text as a packed set holds it. */
    public Bytes readScore(Bytes view) {
        return Listpack.read(Listpack.next(element), view, scratch + SCORE_TEXT);
    }

    private double packedScore(long member) {
        long score = Listpack.next(member);
        if (Listpack.isInteger(score)) {
            return Listpack.integer(score);
        }
        return RealText.parseDouble(text.set(Listpack.stringAddress(score), Listpack.stringLength(score)));
    }

    /** The number of the member found last in the order, from 0. */
    public long rank() {
        if (isLarge) {
            return table.rank(element);
        }
        long rank = 0;
        for (long at = Listpack.first(entry.value()); at != element; at = nextPair(at)) {
            rank++;
        }
        return rank;
    }

    /** Points {@code view} at the member found last or at the cursor, valid until the next call or change. */
    public Bytes read(Bytes view) {
        return isLarge
                ? SortedTable.readMember(element, view)
                : Listpack.read(element, view, scratch + MEMBER_TEXT);
    }

    // ---------------------------------------------------------------------------------------- the cursor

    /** Goes to the member with this number in the order; says whether there is one. */
    public boolean seek(long rank) {
        boolean there = rank >= 0 && rank < size();
        if (!there) {
            element = Listpack.NONE;
        } else if (isLarge) {
            table.seek(rank);
            element = table.element();
        } else {
            element = Listpack.seek(entry.value(), (int) rank << 1);
        }
        return there;
    }

    public boolean next() {
        if (isLarge) {
            element = table.next() ? table.element() : Listpack.NONE;
        } else {
            element = nextPair(element);
        }
        return element != Listpack.NONE;
    }

    public boolean previous() {
        if (isLarge) {
            element = table.previous() ? table.element() : Listpack.NONE;
        } else {
            long score = Listpack.before(entry.value(), element);
            element = score == Listpack.NONE ? Listpack.NONE : Listpack.before(entry.value(), score);
        }
        return element != Listpack.NONE;
    }

    private static long nextPair(long member) {
        return Listpack.next(Listpack.next(member));
    }

    // ---------------------------------------------------------------------------------------- ranges

    /** How many members come before the first whose score is not less than this one, or with the flag, is greater. */
    public long rankOfScore(double score, boolean behindEqual) {
        if (!entry.isThere()) {
            return 0;
        }
        if (isLarge) {
            return table.rankOfScore(score, behindEqual);
        }
        long rank = 0;
        for (long at = Listpack.first(entry.value()); at != Listpack.NONE; at = nextPair(at)) {
            double here = packedScore(at);
            if (behindEqual ? here > score : here >= score) {
                break;
            }
            rank++;
        }
        return rank;
    }

    /** The same by name, in a set whose members all have one score. */
    public long rankOfName(Bytes name, boolean behindEqual) {
        if (!entry.isThere()) {
            return 0;
        }
        if (isLarge) {
            return table.rankOfName(name, behindEqual);
        }
        long rank = 0;
        for (long at = Listpack.first(entry.value()); at != Listpack.NONE; at = nextPair(at)) {
            int order = compareMember(at, name);
            if (behindEqual ? order > 0 : order >= 0) {
                break;
            }
            rank++;
        }
        return rank;
    }

    private int compareMember(long member, Bytes name) {
        Listpack.read(member, text, scratch + MEMBER_TEXT);
        return Memory.compare(text.address(), text.length(), name.address(), name.length());
    }

    // ------------------------------------------------------------------------------------------ changing

    /**
     * Says of a key that is not there how many members it will get and how long the longest is, so that a set that is
     * large from the start is made so.
     */
    public void expect(long members, int longestBytes) {
        PackedLimits limits = keyspace.store().packedLimits();
        isToBeLarge = !entry.isThere()
                && (members > limits.sortedSetEntries() || longestBytes > limits.sortedSetValueBytes());
    }

    /** Adds a member, which is not there, to the open set. The cursor leaves. */
    public void add(Bytes member, double score) {
        if (!isLarge && entry.isThere() && isTooMuch(member)) {
            becomeLarge();
        }
        if (isLarge) {
            if (entry.giveHome(table.bytes())) {
                table.open(entry.elements(), entry.value());
            }
            try {
                table.insert(member, score);
            } finally {
                table.save(entry.value());
            }
        } else {
            insertPacked(member, score);
            if (isToBeLarge || isBeyondLimits(member)) {
                becomeLarge();
                // The listpack that it was for a moment knows no -0.
                table.setScore(table.find(member), score);
                table.save(entry.value());
            }
        }
        element = Listpack.NONE;
    }

    private boolean isTooMuch(Bytes member) {
        PackedLimits limits = keyspace.store().packedLimits();
        return size() + 1 > limits.sortedSetEntries() || member.length() > limits.sortedSetValueBytes();
    }

    private boolean isBeyondLimits(Bytes member) {
        PackedLimits limits = keyspace.store().packedLimits();
        return size() > limits.sortedSetEntries() || member.length() > limits.sortedSetValueBytes();
    }

    private void insertPacked(Bytes member, double score) {
        Bytes scoreText = scoreText(score);
        int memberBytes = Listpack.elementBytes(member);
        int scoreBytes = Listpack.elementBytes(scoreText);
        long listpack;
        long offset;
        if (entry.isThere()) {
            offset = placeOf(member, score) - entry.value();
            listpack = entry.resize(Listpack.bytes(entry.value()) + memberBytes + scoreBytes);
        } else {
            offset = Listpack.HEADER_BYTES;
            listpack = entry.create(Encoding.LISTPACK, Listpack.EMPTY_BYTES + memberBytes + scoreBytes);
            Listpack.create(listpack);
        }
        Listpack.insert(listpack, listpack + offset, member);
        Listpack.insert(listpack, listpack + offset + memberBytes, scoreText(score));
    }

    /** The score as the original writes it into a listpack: whole ones as integers, which know no -0. */
    private Bytes scoreText(double score) {
        long address = scratch + SCORE_TEXT;
        boolean whole = Math.abs(score) <= INTEGER_MAX && score == (long) score;
        return text.set(address, whole ? Decimal.write((long) score, address) : RealText.write(score, address));
    }

    /** Where a member of this score belongs: the member that it comes before, or the end. */
    private long placeOf(Bytes member, double score) {
        for (long at = Listpack.first(entry.value()); at != Listpack.NONE; at = nextPair(at)) {
            double here = packedScore(at);
            if (here > score || (here == score && compareMember(at, member) > 0)) {
                return at;
            }
        }
        return Listpack.end(entry.value());
    }

    /** Gives the member found last, whose name this is, another score. The cursor leaves. */
    public void setScore(Bytes member, double score) {
        if (isLarge) {
            try {
                table.setScore(element, score);
            } finally {
                table.save(entry.value());
            }
        } else {
            // First what needs memory: room for both, so that what is taken out comes in again.
            long offset = element - entry.value();
            int added = Listpack.elementBytes(member) + Listpack.elementBytes(scoreText(score));
            int bytes = Listpack.bytes(entry.value());
            long listpack = entry.resize(bytes + added);
            Listpack.delete(listpack, listpack + offset, 2);
            insertPacked(member, score);
        }
        element = Listpack.NONE;
    }

    /** Takes the member found last out. The cursor leaves. */
    public void remove() {
        if (isLarge) {
            table.remove(element);
            table.save(entry.value());
        } else {
            long listpack = entry.value();
            Listpack.delete(listpack, element, 2);
            shrink(listpack);
        }
        element = Listpack.NONE;
    }

    /** Takes out {@code count} members from the one with number {@code from} on. The cursor leaves. */
    public void removeRange(long from, long count) {
        element = Listpack.NONE;
        if (count == 0) {
            return;
        }
        if (isLarge) {
            table.removeRange(from, count);
            table.save(entry.value());
        } else {
            long listpack = entry.value();
            Listpack.delete(listpack, Listpack.seek(listpack, (int) from << 1), (int) count << 1);
            shrink(listpack);
        }
    }

    private void shrink(long listpack) {
        entry.shrink(Listpack.bytes(listpack));
    }

    /** Tells what happened to the open set, and how many changes it was as the original counts them. */
    public void changed(KeyEvent event, long changes) {
        entry.changed(event, changes);
    }

    /** Ends the changes of the open set: an empty one is deleted. */
    public void endChange() {
        if (entry.isThere() && size() == 0) {
            entry.deleteEmptied();
        }
    }

    /** Makes the key a set of these members, whatever it was, and tells so; deletes it if there are none. */
    public void replace(Bytes key, SortedScratch members, KeyEvent event) {
        if (members.size() == 0) {
            keyspace.delete(key);
            return;
        }
        keyspace.remove(key);
        openToChange(key);
        expect(members.size(), members.longestBytes());
        for (boolean more = members.seek(0); more; more = members.next()) {
            add(members.read(name), members.score());
        }
        changed(event, 1);
    }

    private void becomeLarge() {
        table.create(entry.elementsOfKey());
        try {
            for (long at = Listpack.first(entry.value()); at != Listpack.NONE; at = nextPair(at)) {
                double score = packedScore(at);
                table.insert(Listpack.read(at, text, scratch + MEMBER_TEXT), score);
            }
            long root = entry.become(Encoding.SKIPLIST, SortedTable.ROOT_BYTES);
            table.save(root);
        } catch (OutOfNativeMemoryException e) {
            table.discard();
            throw e;
        }
        isLarge = true;
        isToBeLarge = false;
    }

    // -------------------------------------------------------------------------------------- in any order

    /**
     * Begins to show the members of the bucket at {@code cursor} of a set that is not packed; {@link #nextInBucket} goes
     * to one after another, and {@link #cursorAfter} leads on. A member that is there during the whole walk is shown.
     */
    public void beginBucket(long cursor) {
        cursorBucket = cursor;
        table.beginBucket(cursor);
    }

    public boolean nextInBucket() {
        element = table.nextInBucket();
        return element != Index.ABSENT;
    }

    /** The cursor after the bucket that was shown, or 0 after the last one. */
    public long cursorAfter() {
        return table.cursorAfter(cursorBucket);
    }
}
