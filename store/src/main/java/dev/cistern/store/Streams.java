package dev.cistern.store;

/**
 * The streams of one database: entries in the order of their ids, and the groups that read them.
 *
 * <p>
 * A handle on one stream after another: {@link #find}, {@link #findForWrite} or {@link #create} choose a key, under its
 * stripe, and what follows is about that one until the stripe is given back. Entries are held by {@link StreamNodes},
 * shown by {@link StreamWalk}; groups are the business of {@link StreamGroups}. Changes are told as they are made, but
 * for what reading groups do: {@link #groupsChanged} tells that at the end of a command.
 *
 * <p>
 * An id is two unsigned numbers, millis and sequence. Knows no clock but that of its keyspace, whose thread it belongs to;
 * allocates nothing on the heap.
 */
public final class Streams implements AutoCloseable {

    /** Nobody can tell how far behind a group is. */
    public static final long UNKNOWN_LAG = Long.MIN_VALUE;

    private final Keyspace keyspace;
    private final CollectionEntry entry;
    private final long scratch = Memory.allocate(MemoryTag.SCRATCH, 2L * StreamWalk.SCRATCH_BYTES);
    private final ValueSlots slots;
    private final StreamNodes nodes;
    private final StreamWalk walk;
    /** For looking at the ends while a walk is on. */
    private final StreamWalk ends;
    private final StreamGroups groups;
    private long root;
    private long shownNode = IdTree.NONE;

    Streams(Keyspace keyspace) {
        this.keyspace = keyspace;
        this.entry = new CollectionEntry(keyspace, ValueType.STREAM);
        this.slots = ValueSlots.closed();
        IdTree tree = new IdTree(slots, Long.BYTES);
        this.walk = new StreamWalk(tree, scratch);
        this.ends = new StreamWalk(tree, scratch + StreamWalk.SCRATCH_BYTES);
        this.nodes = new StreamNodes(slots, tree, ends);
        this.groups = new StreamGroups(slots);
    }

    // ------------------------------------------------------------------------------------ choosing a stream

    /** Chooses the stream of this key for reading; says whether it is there. Throws WRONG_TYPE. */
    public boolean find(Bytes key) {
        return entry.find(key) && open();
    }

    /** Likewise for a change: counts neither hit nor miss. */
    public boolean findForWrite(Bytes key) {
        if (!entry.findForWrite(key)) {
            return false;
        }
        var _ = entry.giveHome(LargeValue.bytes(entry.value()));
        return open();
    }

    /** Chooses the stream of an entry that a walk came to, for reading, which counts nothing. */
    public void openEntry(long found) {
        entry.show(found);
        open();
    }

    private boolean open() {
        root = entry.value();
        slots.open(entry.elements(), root);
        nodes.open(root);
        groups.open(root);
        return true;
    }

    /** Makes an empty stream of the key that was not found, and chooses it. */
    public void create() {
        StreamRoot.clear(entry.create(Encoding.STREAM, StreamRoot.BYTES));
        open();
    }

    /** Tells that something about groups changed which has no event: so many changes as the original counts them. */
    public void groupsChanged(long changes) {
        entry.changed(KeyEvent.SILENT, changes);
    }

    // --------------------------------------------------------------------------------------- its properties

    public long length() {
        return StreamRoot.get(root, StreamRoot.LENGTH);
    }

    /** The greatest id that was ever added. */
    public long lastMillis() {
        return StreamRoot.get(root, StreamRoot.LAST_MILLIS);
    }

    public long lastSequence() {
        return StreamRoot.get(root, StreamRoot.LAST_SEQUENCE);
    }

    public long entriesAdded() {
        return StreamRoot.get(root, StreamRoot.ENTRIES_ADDED);
    }

    /** The greatest id that was ever deleted by name. */
    public long maxDeletedMillis() {
        return StreamRoot.get(root, StreamRoot.MAX_DELETED_MILLIS);
    }

    public long maxDeletedSequence() {
        return StreamRoot.get(root, StreamRoot.MAX_DELETED_SEQUENCE);
    }

    /** Listpacks that hold entries. */
    public long nodes() {
        return StreamRoot.get(root, StreamRoot.NODE_COUNT);
    }

    /** Listpacks and the blocks of their index. */
    public long indexNodes() {
        return nodes.indexNodes();
    }

    /** Begins to show the nodes as they are, deleted entries included. */
    public void beginNodes() {
        shownNode = IdTree.NONE;
    }

    /** Points {@code listpack} at the next node's bytes; false after the last. */
    public boolean nextNode(Bytes listpack) {
        shownNode = nodes.after(shownNode);
        if (shownNode == IdTree.NONE) {
            return false;
        }
        long address = StreamNodes.listpack(shownNode);
        listpack.set(address, Listpack.bytes(address));
        return true;
    }

    /** The first id of the node that was shown last. */
    public long nodeMillis() {
        return IdTree.millis(shownNode);
    }

    public long nodeSequence() {
        return IdTree.sequence(shownNode);
    }

    /** The one walk of this handle. */
    public StreamWalk walk() {
        return walk;
    }

    public StreamGroups groups() {
        return groups;
    }

    /** Goes to the first or the last entry, beside the walk that may be on; says whether there is one. */
    private boolean end(boolean last) {
        ends.begin(0, 0, -1, -1, last);
        return ends.next();
    }

    /** Whether the entry with this id is here. Leaves the walk alone. */
    public boolean contains(long millis, long sequence) {
        ends.beginAt(millis, sequence);
        return ends.next();
    }

    /** The first entry's id; 0-0 when there is none. */
    public long firstMillis() {
        return end(false) ? ends.millis() : 0;
    }

    public long firstSequence() {
        return end(false) ? ends.sequence() : 0;
    }

    /** The last entry's id, which is not the {@link #lastMillis last one added} when that was deleted; or 0-0. */
    public long lastEntryMillis() {
        return end(true) ? ends.millis() : 0;
    }

    public long lastEntrySequence() {
        return end(true) ? ends.sequence() : 0;
    }

    /** Whether there is an entry behind this id. */
    public boolean hasBehind(long millis, long sequence) {
        return length() > 0 && IdTree.compare(lastMillis(), lastSequence(), millis, sequence) > 0 && end(true)
                && IdTree.compare(ends.millis(), ends.sequence(), millis, sequence) > 0;
    }

    // ---------------------------------------------------------------------------------------------- entries

    /**
     * Adds an entry behind all others, with an id greater than the last one, and tells XADD: the fields and values at
     * {@code from} and on. Throws before anything changed; a stream that was just created is gone then.
     */
    public void append(long millis, long sequence, FieldSource source, int from, int fields, long nodeMaxBytes,
            long nodeMaxEntries) {
        try {
            nodes.append(millis, sequence, source, from, fields, nodeMaxBytes, nodeMaxEntries);
        } catch (OutOfNativeMemoryException e) {
            if (entriesAdded() == 0 && LargeValue.count(root) == 0) {
                entry.delete();
            }
            throw e;
        }
        setLast(millis, sequence);
        StreamRoot.add(root, StreamRoot.ENTRIES_ADDED, 1);
        entry.changed(KeyEvent.XADD, 1);
    }

    private void setLast(long millis, long sequence) {
        StreamRoot.set(root, StreamRoot.LAST_MILLIS, millis);
        StreamRoot.set(root, StreamRoot.LAST_SEQUENCE, sequence);
    }

    /** Deletes one entry; says whether it was there. Tells nobody: {@link #deleted} does, after the last one. */
    public boolean delete(long millis, long sequence) {
        if (!nodes.delete(millis, sequence)) {
            return false;
        }
        if (IdTree.compare(millis, sequence, maxDeletedMillis(), maxDeletedSequence()) > 0) {
            setMaxDeleted(millis, sequence);
        }
        return true;
    }

    private void setMaxDeleted(long millis, long sequence) {
        StreamRoot.set(root, StreamRoot.MAX_DELETED_MILLIS, millis);
        StreamRoot.set(root, StreamRoot.MAX_DELETED_SEQUENCE, sequence);
    }

    /** Tells XDEL of so many entries. */
    public void deleted(long entries) {
        entry.changed(KeyEvent.XDEL, entries);
    }

    /**
     * Deletes the oldest entries while there are more than {@code maxLength}, and returns how many; whole nodes only if
     * {@code approximate}, and not more than {@code limit} unless that is 0. Tells XTRIM if there were any.
     */
    public long trimToLength(long maxLength, boolean approximate, long limit) {
        return trimmed(nodes.trimToLength(maxLength, approximate, limit));
    }

    /** Likewise the entries before this id. */
    public long trimToId(long millis, long sequence, boolean approximate, long limit) {
        return trimmed(nodes.trimToId(millis, sequence, approximate, limit));
    }

    private long trimmed(long entries) {
        if (entries > 0) {
            entry.changed(KeyEvent.XTRIM, entries);
        }
        return entries;
    }

    /** Sets what the stream says of itself, and tells XSETID; a negative count and a deleted id of 0-0 change nothing. */
    public void setId(long millis, long sequence, long entriesAdded, long deletedMillis, long deletedSequence) {
        setLast(millis, sequence);
        if (entriesAdded >= 0) {
            StreamRoot.set(root, StreamRoot.ENTRIES_ADDED, entriesAdded);
        }
        if (deletedMillis != 0 || deletedSequence != 0) {
            setMaxDeleted(deletedMillis, deletedSequence);
        }
        entry.changed(KeyEvent.XSETID, 1);
    }

    // ----------------------------------------------------------------------------------------------- groups

    /** Makes a group and tells XGROUP_CREATE; says false and does nothing when there is one of that name. */
    public boolean createGroup(Bytes name, long millis, long sequence, long entriesRead) {
        if (groups.findGroup(name)) {
            return false;
        }
        groups.createGroup(name, millis, sequence, entriesRead);
        entry.changed(KeyEvent.XGROUP_CREATE, 1);
        return true;
    }

    /** Sets what the chosen group has read, and tells XGROUP_SETID. */
    public void setGroup(long millis, long sequence, long entriesRead) {
        groups.setGroup(millis, sequence, entriesRead);
        entry.changed(KeyEvent.XGROUP_SETID, 1);
    }

    /** Deletes the chosen group and tells XGROUP_DESTROY. */
    public void destroyGroup() {
        groups.deleteGroup();
        entry.changed(KeyEvent.XGROUP_DESTROY, 1);
    }

    /** Makes a consumer in the chosen group, chooses it and tells so. */
    public void createConsumer(Bytes name) {
        groups.createConsumer(name, keyspace.nowMillis());
        entry.changed(KeyEvent.XGROUP_CREATECONSUMER, 1);
    }

    /** Deletes the chosen consumer and tells so; returns how many entries it had pending. */
    public long deleteConsumer() {
        long pending = groups.deleteConsumer();
        entry.changed(KeyEvent.XGROUP_DELCONSUMER, 1);
        return pending;
    }

    /** The chosen group comes to the entry with this id, if that is behind its last one; says whether it is. */
    public boolean advanceGroup(long millis, long sequence) {
        if (IdTree.compare(millis, sequence, groups.lastMillis(), groups.lastSequence()) <= 0) {
            return false;
        }
        long read = groups.entriesRead();
        if (read != StreamGroups.UNKNOWN && !hasDeletedFrom(millis, sequence)) {
            read++;
        } else if (entriesAdded() > 0) {
            read = entriesUpTo(millis, sequence);
        }
        groups.setGroup(millis, sequence, read);
        return true;
    }

    /** The chosen group is set to a later id, as XCLAIM does with LASTID. */
    public void raiseGroup(long millis, long sequence) {
        if (IdTree.compare(millis, sequence, groups.lastMillis(), groups.lastSequence()) > 0) {
            groups.setGroup(millis, sequence, groups.entriesRead());
        }
    }

    /** Makes an entry pending for the chosen consumer, delivered now for the first time. */
    public void deliver(long millis, long sequence) {
        groups.deliver(millis, sequence, keyspace.nowMillis());
    }

    /** The chosen pending entry was shown to its consumer once more. */
    public void deliverAgain() {
        groups.setDelivery(keyspace.nowMillis(), groups.deliveries() + 1);
    }

    /** The chosen pending entry is given to the chosen consumer, with this time and number of deliveries. */
    public void claim(long deliveredMillis, long deliveries) {
        groups.claim(deliveredMillis, deliveries, keyspace.nowMillis());
    }

    /** Forgets the chosen pending entry. */
    public void acknowledge() {
        groups.acknowledge();
    }

    /** Whether an entry was deleted by name from this id on, and there are still some before it. */
    private boolean hasDeletedFrom(long millis, long sequence) {
        return length() > 0 && (maxDeletedMillis() != 0 || maxDeletedSequence() != 0)
                && IdTree.compare(millis, sequence, maxDeletedMillis(), maxDeletedSequence()) <= 0
                && IdTree.compare(firstMillis(), firstSequence(), maxDeletedMillis(), maxDeletedSequence()) <= 0;
    }

    /** How many entries that were ever added have an id up to this one, or {@link StreamGroups#UNKNOWN}. */
    public long entriesUpTo(long millis, long sequence) {
        int toLast = IdTree.compare(millis, sequence, lastMillis(), lastSequence());
        if (entriesAdded() == 0) {
            return 0;
        }
        if (toLast == 0 || (length() == 0 && toLast < 0)) {
            return entriesAdded();
        }
        if (toLast > 0) {
            return StreamGroups.UNKNOWN;
        }
        long firstMillis = firstMillis();
        long firstSequence = firstSequence();
        boolean whole = (maxDeletedMillis() == 0 && maxDeletedSequence() == 0)
                || IdTree.compare(maxDeletedMillis(), maxDeletedSequence(), firstMillis, firstSequence) < 0;
        int toFirst = IdTree.compare(millis, sequence, firstMillis, firstSequence);
        if (!whole || toFirst > 0) {
            return StreamGroups.UNKNOWN;
        }
        return entriesAdded() - length() + (toFirst == 0 ? 1 : 0);
    }

    /** How many entries the chosen group has yet to read, or {@link #UNKNOWN_LAG}; negative if XSETID made it so. */
    public long groupLag() {
        if (entriesAdded() == 0) {
            return 0;
        }
        long read = groups.entriesRead();
        if (read == StreamGroups.UNKNOWN || hasDeletedFrom(groups.lastMillis(), groups.lastSequence())) {
            read = entriesUpTo(groups.lastMillis(), groups.lastSequence());
        }
        return read == StreamGroups.UNKNOWN ? UNKNOWN_LAG : entriesAdded() - read;
    }

    // ------------------------------------------------------------------------------------ for LargeValue

    static int release(Arena elements, long root, int budget) {
        ValueSlots slots = new ValueSlots(elements, root);
        StreamNodes nodes = nodes(slots, root);
        int released = 0;
        while (released < budget && !nodes.isReleased()) {
            released += nodes.releaseSome();
        }
        StreamGroups groups = new StreamGroups(slots);
        groups.open(root);
        int step = 1;
        while (released < budget && step > 0) {
            step = groups.releaseSome();
            released += step;
        }
        return released;
    }

    private static StreamNodes nodes(ValueSlots slots, long root) {
        IdTree tree = new IdTree(slots, Long.BYTES);
        StreamNodes nodes = new StreamNodes(slots, tree, new StreamWalk(tree, 0));
        nodes.open(root);
        return nodes;
    }

    static void copy(Arena elements, long root, Arena targetElements, long target) {
        Memory.copy(root, target, StreamRoot.BYTES);
        StreamRoot.set(target, LargeValue.BYTES, 0);
        StreamRoot.set(target, LargeValue.COUNT, 0);
        StreamRoot.set(target, StreamRoot.NODES, 0);
        StreamRoot.set(target, StreamRoot.GROUPS, 0);
        ValueSlots sourceSlots = new ValueSlots(elements, root);
        ValueSlots slots = new ValueSlots(targetElements, target);
        StreamGroups source = new StreamGroups(sourceSlots);
        source.open(root);
        StreamGroups copy = new StreamGroups(slots);
        copy.open(target);
        try {
            nodes(slots, target).copyFrom(new IdTree(sourceSlots, Long.BYTES).open(root + StreamRoot.NODES));
            copy.copyFrom(source);
        } catch (OutOfNativeMemoryException e) {
            release(targetElements, target, Integer.MAX_VALUE);
            throw e;
        }
    }

    @Override
    public void close() {
        Memory.free(MemoryTag.SCRATCH, scratch, 2L * StreamWalk.SCRATCH_BYTES);
    }
}
