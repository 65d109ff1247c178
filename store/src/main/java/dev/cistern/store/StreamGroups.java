package dev.cistern.store;

/**
 * The consumer groups of the stream opened last by {@link Streams}: who reads what, and what is pending.
 *
 * <pre>
 *   group, found by name                     consumer, found by name in its group
 *   offset  size  field                      offset  size  field
 *        0    16  last delivered id               0     8  seenMillis
 *       16     8  entriesRead; -1 unknown         8     8  activeMillis; -1 = never
 *       24     8  pending                        16     8  pending
 *                 cell of an IdTree                        cell of an IdTree without payload
 *       32     8  pendingCount                   24     8  pendingCount
 *       40     8  consumers                      32   ...  name, as {@link NameTable} draws it
 *                 cell of a NameTable
 *       48   ...  name
 *
 *   payload of the group's pending entries
 *       16     8  deliveredMillis
 *       24     8  deliveries
 *       32     8  consumer, its address
 * </pre>
 *
 * A state machine over three places: a group, a consumer of it, a pending entry of it. Each is chosen by a method that
 * says whether it is there, and then read and changed; choosing another stream, group or consumer loses what was chosen
 * below. Belongs to {@link Streams} and its thread; used under the stripe's lock.
 */
public final class StreamGroups {

    /** Nobody knows how many entries the group has read. */
    public static final long UNKNOWN = -1;

    private static final int LAST_MILLIS = 0;
    private static final int LAST_SEQUENCE = LAST_MILLIS + Long.BYTES;
    private static final int ENTRIES_READ = LAST_SEQUENCE + Long.BYTES;
    private static final int GROUP_PENDING = ENTRIES_READ + Long.BYTES;
    private static final int GROUP_PENDING_COUNT = GROUP_PENDING + Long.BYTES;
    private static final int CONSUMERS = GROUP_PENDING_COUNT + Long.BYTES;
    private static final int GROUP_NAME = CONSUMERS + Long.BYTES;

    private static final int SEEN = 0;
    private static final int ACTIVE = SEEN + Long.BYTES;
    private static final int OWN_PENDING = ACTIVE + Long.BYTES;
    private static final int OWN_PENDING_COUNT = OWN_PENDING + Long.BYTES;
    private static final int CONSUMER_NAME = OWN_PENDING_COUNT + Long.BYTES;

    private static final int DELIVERED = IdTree.PAYLOAD;
    private static final int DELIVERIES = DELIVERED + Long.BYTES;
    private static final int OWNER = DELIVERIES + Long.BYTES;
    private static final int PENDING_PAYLOAD_BYTES = OWNER + Long.BYTES - IdTree.PAYLOAD;

    private static final long NONE = 0;

    private final NameTable groups;
    private final NameTable consumers;
    private final IdTree pending;
    private final IdTree owned;
    private long group;
    private long consumer;
    private long record;

    StreamGroups(ValueSlots slots) {
        groups = new NameTable(slots, GROUP_NAME);
        consumers = new NameTable(slots, CONSUMER_NAME);
        pending = new IdTree(slots, PENDING_PAYLOAD_BYTES);
        owned = new IdTree(slots, 0);
    }

    void open(long root) {
        groups.open(root + StreamRoot.GROUPS);
        group = NONE;
        consumer = NONE;
        record = NONE;
    }

    // -------------------------------------------------------------------------------------------- a group

    /** How many groups the stream has. */
    public int groups() {
        return groups.count();
    }

    /** Chooses a group by its place in the order of names. */
    public void chooseGroup(int index) {
        choose(groups.at(index));
    }

    /** Chooses the group of this name; says whether it is there. */
    public boolean findGroup(Bytes name) {
        choose(groups.find(name));
        return group != NONE;
    }

    private void choose(long chosen) {
        group = chosen;
        consumer = NONE;
        record = NONE;
        if (group != NONE) {
            consumers.open(group + CONSUMERS);
            pending.open(group + GROUP_PENDING);
        }
    }

    /** Makes a group whose name is not here, and chooses it. Throws before anything changed. */
    void createGroup(Bytes name, long millis, long sequence, long entriesRead) {
        choose(groups.insert(name));
        setGroup(millis, sequence, entriesRead);
    }

    void setGroup(long millis, long sequence, long entriesRead) {
        Memory.putLong(group + LAST_MILLIS, millis);
        Memory.putLong(group + LAST_SEQUENCE, sequence);
        Memory.putLong(group + ENTRIES_READ, entriesRead);
    }

    /** Deletes the chosen group with all it has. */
    void deleteGroup() {
        int released = 1;
        while (released > 0) {
            released = releaseSomeOfGroup();
        }
        groups.remove(group);
        choose(NONE);
    }

    public Bytes groupName(Bytes target) {
        return groups.name(group, target);
    }

    /** The id delivered last to the group. */
    public long lastMillis() {
        return Memory.getLong(group + LAST_MILLIS);
    }

    public long lastSequence() {
        return Memory.getLong(group + LAST_SEQUENCE);
    }

    /** How many entries the group has read, or {@link #UNKNOWN}. */
    public long entriesRead() {
        return Memory.getLong(group + ENTRIES_READ);
    }

    /** How many entries are pending in the group. */
    public long pendingCount() {
        return Memory.getLong(group + GROUP_PENDING_COUNT);
    }

    public int consumers() {
        return consumers.count();
    }

    // ------------------------------------------------------------------------------------------ a consumer

    /** Chooses a consumer by its place in the order of names. */
    public void chooseConsumer(int index) {
        chooseConsumerAt(consumers.at(index));
    }

    /** Chooses the consumer of this name; says whether it is there. */
    public boolean findConsumer(Bytes name) {
        chooseConsumerAt(consumers.find(name));
        return consumer != NONE;
    }

    private void chooseConsumerAt(long chosen) {
        consumer = chosen;
        if (consumer != NONE) {
            owned.open(consumer + OWN_PENDING);
        }
    }

    /** Makes a consumer whose name is not here, and chooses it. Throws before anything changed. */
    void createConsumer(Bytes name, long nowMillis) {
        chooseConsumerAt(consumers.insert(name));
        Memory.putLong(consumer + SEEN, nowMillis);
        Memory.putLong(consumer + ACTIVE, -1);
    }

    /** Deletes the chosen consumer and what it had pending; returns how many entries that were. */
    long deleteConsumer() {
        long count = ownPendingCount();
        while (!owned.isEmpty()) {
            long last = owned.last();
            record = pending.find(IdTree.millis(last), IdTree.sequence(last));
            acknowledge();
        }
        consumers.remove(consumer);
        consumer = NONE;
        return count;
    }

    public Bytes consumerName(Bytes target) {
        return consumers.name(consumer, target);
    }

    /** When the consumer last asked for something. */
    public long seenMillis() {
        return Memory.getLong(consumer + SEEN);
    }

    public void setSeen(long nowMillis) {
        Memory.putLong(consumer + SEEN, nowMillis);
    }

    /** When the consumer last got something, or -1. */
    public long activeMillis() {
        return Memory.getLong(consumer + ACTIVE);
    }

    /** When the consumer got or claimed something last; -1 for never. */
    public void setActive(long nowMillis) {
        Memory.putLong(consumer + ACTIVE, nowMillis);
    }

    /** How many entries are pending for the consumer. */
    public long ownPendingCount() {
        return Memory.getLong(consumer + OWN_PENDING_COUNT);
    }

    // ------------------------------------------------------------------------------------- a pending entry

    /** Chooses the pending entry with this id; says whether there is one. */
    public boolean findPending(long millis, long sequence) {
        record = pending.find(millis, sequence);
        return record != NONE;
    }

    /** Chooses the first of the group's pending entries that is not before this id; says whether there is one. */
    public boolean findPendingFrom(long millis, long sequence) {
        record = pending.ceiling(millis, sequence);
        return record != NONE;
    }

    /** Likewise of those of the chosen consumer. */
    public boolean findOwnPendingFrom(long millis, long sequence) {
        long own = owned.ceiling(millis, sequence);
        record = own == IdTree.NONE ? NONE : pending.find(IdTree.millis(own), IdTree.sequence(own));
        return record != NONE;
    }

    /** Chooses the last of the group's pending entries; says whether there is one. */
    public boolean findLastPending() {
        record = pending.last();
        return record != NONE;
    }

    public long pendingMillis() {
        return IdTree.millis(record);
    }

    public long pendingSequence() {
        return IdTree.sequence(record);
    }

    public long deliveredMillis() {
        return Memory.getLong(record + DELIVERED);
    }

    public long deliveries() {
        return Memory.getLong(record + DELIVERIES);
    }

    /** The name of the consumer for which the entry is pending. */
    public Bytes ownerName(Bytes target) {
        return consumers.name(owner(), target);
    }

    private long owner() {
        return Memory.getLong(record + OWNER);
    }

    void setDelivery(long deliveredMillis, long deliveries) {
        Memory.putLong(record + DELIVERED, deliveredMillis);
        Memory.putLong(record + DELIVERIES, deliveries);
    }

    /** Forgets the chosen pending entry. */
    void acknowledge() {
        long millis = pendingMillis();
        long sequence = pendingSequence();
        takeFromOwner(millis, sequence);
        pending.remove(millis, sequence);
        Memory.putLong(group + GROUP_PENDING_COUNT, pendingCount() - 1);
        record = NONE;
    }

    private void takeFromOwner(long millis, long sequence) {
        long owner = owner();
        owned.open(owner + OWN_PENDING).remove(millis, sequence);
        Memory.putLong(owner + OWN_PENDING_COUNT, Memory.getLong(owner + OWN_PENDING_COUNT) - 1);
        if (consumer != NONE) {
            owned.open(consumer + OWN_PENDING);
        }
    }

    /**
     * Makes this id pending for the chosen consumer, delivered now for the first time, whoever had it, and chooses it.
     * Throws before anything changed.
     */
    void deliver(long millis, long sequence, long nowMillis) {
        if (!findPending(millis, sequence)) {
            addPending(millis, sequence);
        } else {
            giveToConsumer();
        }
        setDelivery(nowMillis, 1);
        setActive(nowMillis);
    }

    private void addPending(long millis, long sequence) {
        owned.insert(millis, sequence);
        try {
            record = pending.insert(millis, sequence);
        } catch (OutOfNativeMemoryException e) {
            owned.remove(millis, sequence);
            throw e;
        }
        Memory.putLong(record + OWNER, consumer);
        Memory.putLong(consumer + OWN_PENDING_COUNT, ownPendingCount() + 1);
        Memory.putLong(group + GROUP_PENDING_COUNT, pendingCount() + 1);
    }

    /** The chosen pending entry is the chosen consumer's from now on. */
    private void giveToConsumer() {
        if (owner() == consumer) {
            return;
        }
        owned.insert(pendingMillis(), pendingSequence());
        takeFromOwner(pendingMillis(), pendingSequence());
        Memory.putLong(record + OWNER, consumer);
        Memory.putLong(consumer + OWN_PENDING_COUNT, ownPendingCount() + 1);
    }

    /** Gives the chosen pending entry to the chosen consumer. Throws before anything changed. */
    void claim(long deliveredMillis, long deliveries, long nowMillis) {
        giveToConsumer();
        setDelivery(deliveredMillis, deliveries);
        setActive(nowMillis);
    }

    // ------------------------------------------------------------------------------------------- the whole

    /** Frees one block or record of the last group, and says how many slots that were: 0 when there is no group. */
    int releaseSome() {
        if (groups.count() == 0) {
            return 0;
        }
        choose(groups.at(groups.count() - 1));
        int released = releaseSomeOfGroup();
        if (released == 0) {
            groups.remove(group);
            released = 1;
        }
        return released;
    }

    private int releaseSomeOfGroup() {
        if (!pending.isEmpty()) {
            pending.dropLastLeaf();
            return 1;
        }
        if (consumers.count() == 0) {
            return 0;
        }
        chooseConsumerAt(consumers.at(consumers.count() - 1));
        if (owned.isEmpty()) {
            consumers.remove(consumer);
        } else {
            owned.dropLastLeaf();
        }
        return 1;
    }

    /** Adds copies of all groups of another stream to this one, which has none. */
    void copyFrom(StreamGroups source) {
        Bytes name = new Bytes();
        for (int i = 0; i < source.groups(); i++) {
            source.chooseGroup(i);
            createGroup(source.groupName(name), source.lastMillis(), source.lastSequence(), source.entriesRead());
            copyConsumers(source, name);
            copyPending(source, name);
        }
    }

    private void copyConsumers(StreamGroups source, Bytes name) {
        for (int i = 0; i < source.consumers(); i++) {
            source.chooseConsumer(i);
            createConsumer(source.consumerName(name), source.seenMillis());
            setActive(source.activeMillis());
        }
    }

    private void copyPending(StreamGroups source, Bytes name) {
        long millis = 0;
        long sequence = 0;
        while (source.findPendingFrom(millis, sequence)) {
            millis = source.pendingMillis();
            sequence = source.pendingSequence();
            findConsumer(source.ownerName(name));
            addPending(millis, sequence);
            setDelivery(source.deliveredMillis(), source.deliveries());
            sequence++;
            millis += sequence == 0 ? 1 : 0;
            if (millis == 0 && sequence == 0) {
                return;
            }
        }
    }
}
