package dev.cistern.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

import org.jspecify.annotations.Nullable;

/**
 * All databases of one node, cut into stripes that are locked one by one.
 *
 * <p>
 * Holds the locks and the totals; reading and writing keys is the business of a {@link Keyspace}. Any thread may call
 * it. The order of locks stands in the package's comment.
 */
public final class Store implements AutoCloseable {

    private static final int PURGE_SPANS = 256;

    private final StoreOptions options;
    private final HashFunction hashFunction;
    /** Keys are kept by hash slot. */
    private final boolean knowsSlots;
    /** Whether changes are told; see {@link #listening}. */
    private boolean listens;
    private final StripeFunction stripeFunction;
    private final StripeLock[] locks;
    private final Region region;
    /** Per database, per stripe; null until the first key comes. An element changes under its stripe's lock. */
    private final @Nullable StripeKeys[][] keys;
    private final List<Keyspace> keyspaces = new CopyOnWriteArrayList<>();
    /** What was detached and is not closed: it lies in this store's region. */
    private final Set<DetachedKeys> detached = ConcurrentHashMap.newKeySet();
    private final KeyspaceStats closedKeyspaces = new KeyspaceStats();
    private volatile boolean expiresByItself = true;
    private volatile boolean expiryPaused;
    private volatile PackedLimits packedLimits = PackedLimits.USUAL;
    private volatile @Nullable UseCounting useCounting;
    private final AtomicLong handles = new AtomicLong();
    /** Large values that are deleted and not freed yet, in all stripes. */
    private final ReleaseCounts releases = new ReleaseCounts();
    /** Held by the one thread that runs an open unit. */
    private final StripeLock openUnit = new StripeLock();
    private final int[] allStripes;
    /** The thread of the open unit waits for stripes out of order: who holds some and has done nothing gives way. */
    private volatile boolean escalating;
    private final BooleanSupplier isEscalating = this::isEscalating;
    /** Whoever holds stripes now will keep them for long: who may give up waiting, does. */
    private volatile boolean busy;
    private final BooleanSupplier isBusy = this::isBusy;
    private final BooleanSupplier isEscalatingOrBusy = this::isEscalatingOrBusy;

    /** Changes under the exclusive gate, so whoever holds a stripe sees it as it is. */
    private @Nullable Snapshot snapshot;
    /** The number of the present or last snapshot; every bucket has it once that is whole. */
    private int snapshotVersion;

    public Store(StoreOptions options) {
        this.options = options;
        this.stripeFunction = options.stripeFunction();
        this.knowsSlots = stripeFunction.equals(StripeFunction.BY_SLOT);
        this.hashFunction = new HashFunction(options.hashSeed(), knowsSlots);
        this.listens = listens(options.listener());
        this.region = new Region(options.addressSpaceBytes());
        this.locks = new StripeLock[options.stripes()];
        for (int i = 0; i < locks.length; i++) {
            locks[i] = new StripeLock();
        }
        this.allStripes = IntStream.range(0, locks.length).toArray();
        this.keys = new StripeKeys[options.databases()][options.stripes()];
    }

    public int databases() {
        return keys.length;
    }

    public int stripes() {
        return locks.length;
    }

    /** The stripe to lock for {@code key}; the same in every database. Keeps the hash in the view for what follows. */
    public int stripeOf(Bytes key) {
        return stripeFunction.stripeOf(key, key.hash(hashFunction), locks.length);
    }

    /** A hash of the key, keyed by this store's secret; kept in the view, so it costs nothing after {@link #stripeOf}. */
    public long hashOf(Bytes key) {
        return key.hash(hashFunction);
    }

    /** The hash slot of a key, kept in the view; only in a store whose stripes go by slot. */
    public int slotOf(Bytes key) {
        assert knowsSlots;
        return (int) (key.hash(hashFunction) >>> KeySlot.HASH_SHIFT);
    }

    /** The stripe that holds all keys of this slot; only in a store whose stripes go by slot. */
    public int stripeOfSlot(int slot) {
        return slot & locks.length - 1;
    }

    /** How many keys of a database are in this slot, expired ones included; exact while the slot's stripe is held. */
    public int keysInSlot(int database, int slot) {
        StripeKeys part = keys[database][stripeOfSlot(slot)];
        return part == null ? 0 : part.keysInSlot(slot);
    }

    /** Waits until this thread alone holds {@code stripe}. Not reentrant. Several stripes: in ascending order only. */
    public void lock(int stripe) {
        locks[stripe].lock();
    }

    public void unlock(int stripe) {
        locks[stripe].unlock();
    }

    /**
     * Tells those who wait in one of the methods that may give up that this will take long. Set and cleared by the thread
     * that holds the stripes.
     */
    public void setBusy(boolean value) {
        busy = value;
    }

    /** As {@link #lock(int)}, but gives up, and answers false, when the store is busy. */
    public boolean lockUnlessBusy(int stripe) {
        return locks[stripe].tryLock() || (!isBusyHere(stripe) && locks[stripe].lockUnless(isBusy));
    }

    /** Whether this very thread is the one that works long: it would wait for itself. */
    private boolean isBusyHere(int stripe) {
        return busy && locks[stripe].isHeldByMe();
    }

    /** As {@link #lock(int[], int)}, but gives up, and answers false with nothing taken, when the store is busy. */
    public boolean lockUnlessBusy(int[] ascending, int count) {
        int taken = lockUnless(isEscalatingOrBusy, ascending, count);
        while (taken < count) {
            while (taken > 0) {
                unlock(ascending[--taken]);
            }
            while (escalating && !busy) {
                Thread.onSpinWait();
            }
            if (busy) {
                return false;
            }
            taken = lockUnless(isEscalatingOrBusy, ascending, count);
        }
        return true;
    }

    /** As {@link #lockAll}, but gives up, and answers false with nothing taken, when the store is busy. */
    public boolean lockAllUnlessBusy() {
        return lockUnlessBusy(allStripes, allStripes.length);
    }

    /** Takes the stripe if it is free, and says whether it did. Never waits, so any order is right. */
    public boolean tryLock(int stripe) {
        return locks[stripe].tryLock();
    }

    /**
     * Takes the first {@code count} of these stripes, which ascend. The caller holds none, and has done nothing yet: when
     * an open unit escalates meanwhile, what was taken is given back for that long.
     */
    public void lock(int[] ascending, int count) {
        int taken = lockUnless(isEscalating, ascending, count);
        while (taken < count) {
            while (taken > 0) {
                unlock(ascending[--taken]);
            }
            while (escalating) {
                Thread.onSpinWait();
            }
            taken = lockUnless(isEscalating, ascending, count);
        }
    }

    private boolean isEscalating() {
        return escalating;
    }

    private boolean isBusy() {
        return busy;
    }

    private boolean isEscalatingOrBusy() {
        return escalating || busy;
    }

    /** Answers how many of them were taken. */
    private int lockUnless(BooleanSupplier givesWay, int[] ascending, int count) {
        for (int i = 0; i < count; i++) {
            if (isBusyHere(ascending[i]) || !locks[ascending[i]].lockUnless(givesWay)) {
                return i;
            }
        }
        return count;
    }

    /** The exclusive gate: takes every stripe. The caller holds none. */
    public void lockAll() {
        lock(allStripes, allStripes.length);
    }

    /**
     * Begins an open unit: work that takes some stripes first and may find out later, having changed data, that it needs
     * others. There is one at a time in a store; the caller holds no stripe.
     */
    public void beginOpenUnit() {
        openUnit.lock();
    }

    /** As {@link #beginOpenUnit}, but gives up, and answers false, when the store is busy. */
    public boolean beginOpenUnitUnlessBusy() {
        boolean waitsForItself = busy && openUnit.isHeldByMe();
        return openUnit.tryLock() || (!waitsForItself && openUnit.lockUnless(isBusy));
    }

    public void endOpenUnit() {
        openUnit.unlock();
    }

    /**
     * Takes all stripes that this thread, which runs the open unit, does not hold. Out of order, yet no deadlock: whoever
     * else holds several has not begun to work and gives them back, and who holds one waits for nobody.
     */
    public void escalate() {
        escalating = true;
        try {
            for (StripeLock lock : locks) {
                if (!lock.isHeldByMe()) {
                    lock.lock();
                }
            }
        } finally {
            escalating = false;
        }
    }

    public void unlockAll() {
        for (int i = locks.length - 1; i >= 0; i--) {
            locks[i].unlock();
        }
    }

    public boolean isHeldByMe(int stripe) {
        return locks[stripe].isHeldByMe();
    }

    /** Whether this thread holds all stripes, assuming that it holds all or none but the first one. */
    public boolean isAllHeldByMe() {
        return locks[locks.length - 1].isHeldByMe() && locks[0].isHeldByMe();
    }

    /** A new handle on {@code database} for the calling thread (or the one that it is handed to, alone). */
    public Keyspace openKeyspace(int database) {
        Keyspace keyspace = new Keyspace(this, database);
        keyspaces.add(keyspace);
        return keyspace;
    }

    void closed(Keyspace keyspace) {
        synchronized (closedKeyspaces) {
            if (keyspaces.remove(keyspace)) {
                closedKeyspaces.add(keyspace.stats());
            }
        }
    }

    /**
     * Whether an expired key is deleted when somebody comes across it. A replica sets it false: its keys answer absent
     * from their deadline on, but stay until the primary deletes them.
     */
    public void setExpiresByItself(boolean value) {
        expiresByItself = value;
    }

    /** For a while keys whose time is over are not deleted, as if somebody else decided that. */
    public void pauseExpiry(boolean value) {
        expiryPaused = value;
    }

    public boolean expiresByItself() {
        return expiresByItself && !expiryPaused;
    }

    /**
     * Makes entries count their uses from now on, or with null note their last one, in the same bits: what they hold is
     * then read as the other for a while. A keyspace hears of it with its next {@link Keyspace#setNowMillis}.
     */
    public void setUseCounting(@Nullable UseCounting counting) {
        useCounting = counting;
    }

    /** How entries count their uses; null when they note the last one. */
    public @Nullable UseCounting useCounting() {
        return useCounting;
    }

    /** Up to what collections are packed, from their next change on. */
    public void setPackedLimits(PackedLimits limits) {
        packedLimits = limits;
    }

    public PackedLimits packedLimits() {
        return packedLimits;
    }

    /** Another start for a generator of chances, the same in every run with the same hash seed. */
    long nextRandomSeed() {
        return HashFunction.scramble(~options.hashSeed() + handles.incrementAndGet());
    }

    /** Keys of {@code database}, those included that expired and were not met yet. */
    public long size(int database) {
        long sum = 0;
        for (@Nullable
        StripeKeys part : keys[database]) {
            sum += part == null ? 0 : part.entries();
        }
        return sum;
    }

    /** Keys of {@code database} that have a deadline. */
    public long volatileSize(int database) {
        long sum = 0;
        for (@Nullable
        StripeKeys part : keys[database]) {
            sum += part == null ? 0 : part.volatileEntries();
        }
        return sum;
    }

    /** Whether there is a hash of which some field has a deadline. Exact under {@link #lockAll}. */
    public boolean hasFieldDeadlines() {
        for (@Nullable
        StripeKeys[] database : keys) {
            for (@Nullable
            StripeKeys part : database) {
                if (part != null && part.volatileHashes() > 0) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Average time to live of the keys that have a deadline; 0 when there are none. */
    public long averageTtlMillis(int database, long nowMillis) {
        long count = 0;
        long sum = 0;
        for (@Nullable
        StripeKeys part : keys[database]) {
            if (part != null && part.volatileEntries() > 0) {
                count += part.volatileEntries();
                sum += part.deadlineSum() - part.volatileEntries() * nowMillis;
            }
        }
        return count == 0 ? 0 : Math.max(0, sum / count);
    }

    /** Bytes of data: slots of entries and index. This is what a memory limit counts. Exact under {@link #lockAll}. */
    public long usedBytes() {
        long sum = 0;
        for (@Nullable
        StripeKeys[] database : keys) {
            for (@Nullable
            StripeKeys part : database) {
                sum += part == null ? 0 : part.usedBytes() + part.indexBytes();
            }
        }
        return sum;
    }

    /** Bytes of the indexes alone, without overflow lines. */
    public long indexBytes() {
        long sum = 0;
        for (@Nullable
        StripeKeys[] database : keys) {
            for (@Nullable
            StripeKeys part : database) {
                sum += part == null ? 0 : part.indexBytes();
            }
        }
        return sum;
    }

    /** Bytes that the operating system has to back for the data: used ones, freed slots, and spans not yet returned. */
    public long residentBytes() {
        long sum = region.dirtyBytes();
        for (@Nullable
        StripeKeys[] database : keys) {
            for (@Nullable
            StripeKeys part : database) {
                sum += part == null ? 0 : part.touchedBytes();
            }
        }
        return sum;
    }

    /** Backed bytes for each used one: 1.0 is perfect, 2.0 says that half is lost to holes. */
    public double fragmentationRatio() {
        long used = usedBytes();
        return used == 0 ? 1.0 : (double) residentBytes() / used;
    }

    /** What all keyspaces counted since the store was made. */
    public KeyspaceStats stats() {
        KeyspaceStats sum = new KeyspaceStats();
        synchronized (closedKeyspaces) {
            sum.add(closedKeyspaces);
            for (Keyspace keyspace : keyspaces) {
                sum.add(keyspace.stats());
            }
        }
        return sum;
    }

    /** Deletes all keys of {@code database}. */
    public void flush(int database) {
        detach(database).close();
    }

    /** Deletes all keys of all databases. */
    public void flushAll() {
        for (int database = 0; database < keys.length; database++) {
            flush(database);
        }
    }

    /**
     * Takes all keys of {@code database} away at once; closing the result gives their memory back, which takes some 15 ms
     * per gigabyte and may be left to another thread. Takes the exclusive gate unless this thread has it.
     */
    public DetachedKeys detach(int database) {
        List<StripeKeys> parts = new ArrayList<>();
        boolean held = isAllHeldByMe();
        if (!held) {
            lockAll();
        }
        try {
            if (listens) {
                options.listener().databaseFlushing(database);
            }
            abortSnapshot();
            for (int stripe = 0; stripe < locks.length; stripe++) {
                StripeKeys part = keys[database][stripe];
                if (part != null) {
                    parts.add(part);
                    keys[database][stripe] = null;
                }
            }
        } finally {
            if (!held) {
                unlockAll();
            }
        }
        DetachedKeys result = new DetachedKeys(parts, detached::remove);
        detached.add(result);
        return result;
    }

    /** Lets two databases change their keys. Takes the exclusive gate unless this thread has it. */
    public void swap(int first, int second) {
        boolean held = isAllHeldByMe();
        if (!held) {
            lockAll();
        }
        try {
            if (listens) {
                options.listener().databasesSwapping(first, second);
            }
            abortSnapshot();
            for (int stripe = 0; stripe < locks.length; stripe++) {
                StripeKeys part = keys[first][stripe];
                keys[first][stripe] = keys[second][stripe];
                keys[second][stripe] = part;
            }
        } finally {
            if (!held) {
                unlockAll();
            }
        }
    }

    /**
     * Begins to write down all databases as they are now; {@code atTheCut} runs at that very moment, while nothing
     * changes. Takes the exclusive gate unless this thread has it. One snapshot at a time.
     */
    public Snapshot beginSnapshot(Snapshot.Writer writer, Runnable atTheCut) {
        boolean held = isAllHeldByMe();
        if (!held) {
            lockAll();
        }
        try {
            if (snapshot != null) {
                throw new IllegalStateException("there is a snapshot going on");
            }
            if (snapshotVersion == Bucket.MAX_VERSION) {
                forgetSnapshots();
            }
            snapshotVersion++;
            Snapshot begun = new Snapshot(this, writer, snapshotVersion);
            atTheCut.run();
            snapshot = begun;
            return begun;
        } finally {
            if (!held) {
                unlockAll();
            }
        }
    }

    /**
     * The numbers begin anew: a bucket that the last snapshots did not come to, as they were ended early, must not look
     * as if a later one had written it. All stripes are held.
     */
    private void forgetSnapshots() {
        snapshotVersion = 0;
        for (StripeKeys[] database : keys) {
            for (StripeKeys part : database) {
                for (int i = 0; part != null && i < part.index.buckets(); i++) {
                    Bucket.setVersion(part.index.bucketNumbered(i), 0, false);
                }
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // that very one
    void endSnapshot(Snapshot ended) {
        boolean held = isAllHeldByMe();
        if (!held) {
            lockAll();
        }
        try {
            if (snapshot == ended) {
                snapshot = null;
            }
        } finally {
            if (!held) {
                unlockAll();
            }
        }
    }

    /** The snapshot that is going on; asked under a stripe. */
    @Nullable
    Snapshot snapshot() {
        return snapshot;
    }

    /** All stripes are held, and what comes makes it impossible to write down the rest. */
    private void abortSnapshot() {
        if (snapshot != null) {
            snapshot.abort();
        }
    }

    /** Returns to the operating system what it can get: pages of free spans, indexes of empty databases. The caller
     * holds no stripe, or all. */
    public void purge() {
        for (int stripe = 0; stripe < locks.length; stripe++) {
            boolean held = isHeldByMe(stripe);
            if (!held) {
                lock(stripe);
            }
            try {
                dropEmpty(stripe);
            } finally {
                if (!held) {
                    unlock(stripe);
                }
            }
        }
        while (region.purge(PURGE_SPANS)) {
            Thread.onSpinWait();
        }
    }

    /**
     * Moves entries of sparsely used memory in one stripe together, so that the rest can be given back: looks at up to
     * {@code budget} entries and returns at how many. Locks the stripe unless this thread holds it; entries move, so
     * addresses got before are invalid.
     */
    public int defragment(int stripe, int budget) {
        boolean held = isHeldByMe(stripe);
        if (!held && !lockUnlessBusy(stripe)) {
            return 0;
        }
        try {
            int looked = 0;
            for (@Nullable
            StripeKeys[] database : keys) {
                StripeKeys part = database[stripe];
                if (part != null && looked < budget) {
                    looked += part.defragment(budget - looked);
                }
            }
            return looked;
        } finally {
            if (!held) {
                unlock(stripe);
            }
        }
    }

    /** Whether there are deleted values whose memory is not free yet: {@link #releaseSome} goes on freeing it. */
    public boolean hasToRelease() {
        return releases.waiting() > 0;
    }

    /** How many such values there are. */
    public long valuesToRelease() {
        return releases.waiting();
    }

    /** How many such values have been freed. */
    public long releasedValues() {
        return releases.released();
    }

    /**
     * Frees about {@code budget} elements of large values of one stripe that were deleted, and returns how many. Locks
     * the stripe unless this thread holds it. A thousand take some fifty microseconds.
     */
    public int releaseSome(int stripe, int budget) {
        boolean held = isHeldByMe(stripe);
        if (!held) {
            lock(stripe);
        }
        try {
            int released = 0;
            for (@Nullable
            StripeKeys[] database : keys) {
                StripeKeys part = database[stripe];
                if (part != null && released < budget) {
                    released += part.releaseSome(budget - released);
                }
            }
            return released;
        } finally {
            if (!held) {
                unlock(stripe);
            }
        }
    }

    /** Frees about {@code budget} such elements, whichever stripes they are in. The caller holds no stripe, or all. */
    public int releaseSome(int budget) {
        int released = 0;
        for (int stripe = 0; stripe < locks.length && released < budget && hasToRelease(); stripe++) {
            released += releaseSome(stripe, budget - released);
        }
        return released;
    }

    private void dropEmpty(int stripe) {
        for (@Nullable
        StripeKeys[] database : keys) {
            StripeKeys part = database[stripe];
            if (part != null && part.entries() == 0 && part.released.isEmpty()) {
                database[stripe] = null;
                part.close();
            }
        }
    }

    @Nullable
    StripeKeys[] keysOf(int database) {
        return keys[database];
    }

    /** A place to gather members in order; the caller closes it. */
    public SortedScratch newSortedScratch() {
        return new SortedScratch(hashFunction, region);
    }

    StripeKeys newStripeKeys() {
        StripeKeys made = new StripeKeys(hashFunction, region, releases, knowsSlots ? locks.length : 0,
                options.homeBytes());
        // Nothing that comes here was there at the cut of a snapshot that is going on.
        Bucket.setVersion(made.index.bucketNumbered(0), snapshotVersion, false);
        return made;
    }

    /** How large a collection is when it gets memory of its own. */
    long homeBytes() {
        return options.homeBytes();
    }

    HashFunction hashFunction() {
        return hashFunction;
    }

    @SuppressWarnings("ReferenceEquality") // the null object itself, not one that equals it
    private static boolean listens(StoreListener listener) {
        return listener != StoreListener.NONE;
    }

    boolean listens() {
        return listens;
    }

    /**
     * Whether changes are told to the listener. A plain field, as it is read with every change: a listener that is to hear
     * of a key's changes from now on is switched on while the key's stripe is held, so that the next who takes the stripe
     * sees it. Switching is the listener's own affair, one thread at a time.
     */
    public void listening(boolean value) {
        listens = value;
    }

    StoreListener listener() {
        return options.listener();
    }

    /** Gives back all memory. No other thread may be in the store, but in the closing of {@link DetachedKeys}. */
    @Override
    public void close() {
        for (Keyspace keyspace : keyspaces) {
            keyspace.close();
        }
        detached.forEach(DetachedKeys::close);
        for (@Nullable
        StripeKeys[] database : keys) {
            for (int stripe = 0; stripe < database.length; stripe++) {
                StripeKeys part = database[stripe];
                if (part != null) {
                    part.close();
                    database[stripe] = null;
                }
            }
        }
        region.close();
    }
}
