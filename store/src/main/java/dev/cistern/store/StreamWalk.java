package dev.cistern.store;

/**
 * A walk over the entries of a stream, forwards or backwards, between two ids: shows each entry's id, then its fields.
 *
 * <p>
 * The nodes' format stands in {@link StreamNodes}. Deleted entries are passed over. The stream must not change during a
 * walk but for what this package does to the entry shown; groups may. Allocates nothing.
 */
public final class StreamWalk {

    private final IdTree nodes;
    private final long scratch;

    private boolean backwards;
    private long fromMillis;
    private long fromSequence;
    private long toMillis;
    private long toSequence;

    /** The node being walked over; 0 before the first and after the last one. */
    private long listpack;
    private long masterMillis;
    private long masterSequence;
    private int masterFields;
    private long firstMasterField;
    private long firstEntry;

    /** Forwards: the next element to read. Backwards: the entry shown last. */
    private long at;
    private long flagsAt;
    private long millis;
    private long sequence;
    private int fields;
    private boolean sameFields;
    private int fieldsLeft;
    private long masterField;
    private long valueAt;

    /** {@code scratch} holds the text of two numbers. */
    StreamWalk(IdTree nodes, long scratch) {
        this.nodes = nodes;
        this.scratch = scratch;
    }

    static final int SCRATCH_BYTES = 2 * Decimal.MAX_BYTES;

    /** Begins a walk from the first entry that is not before one id to the last one that is not after the other. */
    public void begin(long firstMillis, long firstSequence, long lastMillis, long lastSequence, boolean fromTheEnd) {
        backwards = fromTheEnd;
        fromMillis = firstMillis;
        fromSequence = firstSequence;
        toMillis = lastMillis;
        toSequence = lastSequence;
        listpack = 0;
        at = Listpack.NONE;
        valueAt = 0;
        long record = backwards
                ? nodes.floor(toMillis, toSequence)
                : nodes.floor(fromMillis, fromSequence);
        if (record == IdTree.NONE && !backwards) {
            record = nodes.first();
        }
        enter(record);
    }

    /** Begins a walk that shows this entry or nothing. */
    public void beginAt(long wantedMillis, long wantedSequence) {
        begin(wantedMillis, wantedSequence, wantedMillis, wantedSequence, false);
    }

    private void enter(long record) {
        if (record == IdTree.NONE) {
            listpack = 0;
            return;
        }
        listpack = StreamNodes.listpack(record);
        masterMillis = IdTree.millis(record);
        masterSequence = IdTree.sequence(record);
        long fieldCountAt = Listpack.next(Listpack.next(Listpack.first(listpack)));
        masterFields = (int) Listpack.integer(fieldCountAt);
        firstMasterField = Listpack.next(fieldCountAt);
        firstEntry = StreamNodes.firstEntry(firstMasterField, masterFields);
        at = backwards ? Listpack.end(listpack) : firstEntry == Listpack.end(listpack) ? Listpack.NONE : firstEntry;
    }

    /** Goes to the next entry; says whether there is one. */
    public boolean next() {
        return backwards ? nextBackwards() : nextForwards();
    }

    private boolean nextForwards() {
        while (listpack != 0) {
            if (valueAt != 0) {
                skipRest();
            }
            while (at != Listpack.NONE) {
                readHead(at);
                int compared = IdTree.compare(millis, sequence, toMillis, toSequence);
                if (compared > 0) {
                    finish();
                    return false;
                }
                if (isShown() && IdTree.compare(millis, sequence, fromMillis, fromSequence) >= 0) {
                    return true;
                }
                skipRest();
            }
            enterAfter();
        }
        return false;
    }

    private void finish() {
        listpack = 0;
        at = Listpack.NONE;
        valueAt = 0;
    }

    private void enterAfter() {
        long nextSequence = masterSequence + 1;
        long nextMillis = nextSequence == 0 ? masterMillis + 1 : masterMillis;
        enter(nextSequence == 0 && nextMillis == 0 ? IdTree.NONE : nodes.ceiling(nextMillis, nextSequence));
    }

    /** Passes over what is left of the entry that was read. */
    private void skipRest() {
        long element = valueAt;
        for (int left = sameFields ? fieldsLeft : 2 * fieldsLeft; left > 0; left--) {
            element = Listpack.next(element);
        }
        fieldsLeft = 0;
        valueAt = 0;
        at = Listpack.next(element);
    }

    private boolean nextBackwards() {
        while (listpack != 0) {
            while (at != firstEntry) {
                long lengthAt = Listpack.before(listpack, at);
                long element = lengthAt;
                for (long left = Listpack.integer(lengthAt); left > 0; left--) {
                    element = Listpack.before(listpack, element);
                }
                at = element;
                readHead(element);
                if (IdTree.compare(millis, sequence, fromMillis, fromSequence) < 0) {
                    finish();
                    return false;
                }
                if (isShown() && IdTree.compare(millis, sequence, toMillis, toSequence) <= 0) {
                    return true;
                }
            }
            enterBefore();
        }
        return false;
    }

    private void enterBefore() {
        long previousMillis = masterSequence == 0 ? masterMillis - 1 : masterMillis;
        boolean isFirst = masterMillis == 0 && masterSequence == 0;
        enter(isFirst ? IdTree.NONE : nodes.floor(previousMillis, masterSequence - 1));
    }

    private boolean isShown() {
        return (Listpack.integer(flagsAt) & StreamNodes.DELETED) == 0;
    }

    private void readHead(long element) {
        flagsAt = element;
        sameFields = (Listpack.integer(element) & StreamNodes.SAME_FIELDS) != 0;
        long millisAt = Listpack.next(element);
        long sequenceAt = Listpack.next(millisAt);
        millis = masterMillis + Listpack.integer(millisAt);
        sequence = masterSequence + Listpack.integer(sequenceAt);
        long behind = Listpack.next(sequenceAt);
        if (sameFields) {
            fields = masterFields;
            valueAt = behind;
        } else {
            fields = (int) Listpack.integer(behind);
            valueAt = Listpack.next(behind);
        }
        fieldsLeft = fields;
        masterField = firstMasterField;
    }

    // ------------------------------------------------------------------------------------ the entry shown

    public long millis() {
        return millis;
    }

    public long sequence() {
        return sequence;
    }

    /** How many fields the entry has: {@link #nextField} may be called so often. */
    public int fields() {
        return fields;
    }

    /** Points the views at the next field and its value, until the next call. */
    public void nextField(Bytes field, Bytes value) {
        fieldsLeft--;
        if (sameFields) {
            Listpack.read(masterField, field, scratch);
            masterField = Listpack.next(masterField);
        } else {
            Listpack.read(valueAt, field, scratch);
            valueAt = Listpack.next(valueAt);
        }
        Listpack.read(valueAt, value, scratch + Decimal.MAX_BYTES);
        valueAt = Listpack.next(valueAt);
    }

    /** The listpack that holds the entry. */
    long listpack() {
        return listpack;
    }

    /** First id of the node that holds the entry, by which the node is found. */
    long nodeMillis() {
        return masterMillis;
    }

    long nodeSequence() {
        return masterSequence;
    }

    /** Says in place that the entry shown is deleted; the node's counts are the caller's to keep. */
    void markDeleted() {
        Memory.putByte(flagsAt, (byte) (Listpack.integer(flagsAt) | StreamNodes.DELETED));
    }
}
