package dev.cistern.engine.memcached;

import dev.cistern.engine.dispatch.Clock;
import dev.cistern.engine.dispatch.MemoryGauge;
import dev.cistern.store.DetachedKeys;
import dev.cistern.store.EvictionPolicy;
import dev.cistern.store.Items;
import dev.cistern.store.Store;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What there is once in a Memcached node, for those who have to pass from one part to another. Decides nothing itself but
 * when everything is flushed.
 *
 * <p>Shared by the node's loops: each part says in its own file how.
 */
final class Rooms {
    /** Keys looked at for each that is evicted: where the original keeps exact lists, ten come close. */
    private static final int EVICTION_SAMPLES = 10;
    private static final long NEVER = Long.MAX_VALUE;

    private final String name;
    private final MemcachedSettings settings;
    private final Clock clock;
    private final SizeClasses sizeClasses;
    private final Removals removals;
    private final Store store;
    private final Items.UniqueNumbers uniqueNumbers;
    private final Connections connections;
    private final Watchers watchers;
    private final ClusterConfiguration cluster;
    private final PrefixCounts prefixes = new PrefixCounts();
    private final Passwords passwords;
    private final Encryption encryption;
    private final List<ItemLoop> loops = new CopyOnWriteArrayList<>();
    private final Phaser background = new Phaser(1);
    private final long startedMillis;
    private volatile int port;
    private volatile boolean accepting = true;
    private final AtomicLong acceptingStops = new AtomicLong();
    private final AtomicLong expiryRounds = new AtomicLong();
    private final AtomicLong expiryLooks = new AtomicLong();
    private volatile Runnable whenConnectionsChange = () -> {};
    /** The second at which all that is there must be gone; {@link #NEVER} when no flush is to come. */
    private volatile long flushSecond = NEVER;

    Rooms(String name, MemcachedSettings settings, Clock clock, Passwords passwords, long hashSeed) {
        this.name = name;
        this.settings = settings;
        this.clock = clock;
        this.passwords = passwords;
        this.encryption = new Encryption(settings, clock);
        this.startedMillis = clock.wallMillis();
        this.sizeClasses = new SizeClasses(settings);
        this.watchers = new Watchers(clock);
        this.removals = new Removals(sizeClasses, watchers);
        this.store = new Store(dev.cistern.store.StoreOptions.seeded(hashSeed).withDatabases(1).withListener(removals));
        this.uniqueNumbers = new Items.UniqueNumbers(store);
        this.connections = new Connections(settings);
        this.cluster = new ClusterConfiguration(settings.configMax, settings.configSizeMax,
                settings.clusterConfiguration);
    }

    String name() {
        return name;
    }

    MemcachedSettings settings() {
        return settings;
    }

    Clock clock() {
        return clock;
    }

    SizeClasses sizeClasses() {
        return sizeClasses;
    }

    /** The class that the original would keep this item in. */
    int sizeClassOf(long item) {
        return sizeClasses.classOf(sizeClasses.itemBytes(Items.keyLength(item), Items.flags(item),
                Items.dataLength(item)));
    }

    Removals removals() {
        return removals;
    }

    Store store() {
        return store;
    }

    Items.UniqueNumbers uniqueNumbers() {
        return uniqueNumbers;
    }

    Connections connections() {
        return connections;
    }

    Watchers watchers() {
        return watchers;
    }

    ClusterConfiguration cluster() {
        return cluster;
    }

    PrefixCounts prefixes() {
        return prefixes;
    }

    Passwords passwords() {
        return passwords;
    }

    Encryption encryption() {
        return encryption;
    }

    List<ItemLoop> loops() {
        return loops;
    }

    void addLoop(ItemLoop loop) {
        loops.add(loop);
    }

    long startedMillis() {
        return startedMillis;
    }

    int port() {
        return port;
    }

    void port(int value) {
        port = value;
    }

    /** All loops' counts together. */
    Counters counters() {
        Counters sum = new Counters();
        loops.forEach(loop -> sum.addAll(loop.counters()));
        return sum;
    }

    /** Sets what {@code stats} counts back to zero. Each loop does its own part. */
    void resetStatistics() {
        removals.reset();
        connections.resetCounts();
        prefixes.clear();
        loops.forEach(loop -> loop.execute(() -> loop.counters().reset()));
    }

    MemoryGauge.Rules memoryRules() {
        return new MemoryGauge.Rules() {
            @Override
            public long limitBytes() {
                return settings.limitBytes;
            }

            @Override
            public EvictionPolicy policy() {
                return settings.evicts ? EvictionPolicy.ALLKEYS_LRU : EvictionPolicy.NO_EVICTION;
            }

            @Override
            public int samples() {
                return EVICTION_SAMPLES;
            }

            @Override
            public boolean sparesActiveItems() {
                return settings.isSegmented;
            }
        };
    }

    /** Whether connections are accepted: not while there are as many as may be. */
    boolean isAccepting() {
        return accepting;
    }

    void accepting(boolean value) {
        accepting = value;
        if (!value) {
            acceptingStops.incrementAndGet();
        }
    }

    /** How often accepting had to stop. */
    long acceptingStops() {
        return acceptingStops.get();
    }

    /** A round of looking for expired items saw so many with a deadline. */
    void countExpiryRound(long looks) {
        expiryRounds.incrementAndGet();
        expiryLooks.addAndGet(looks);
    }

    long expiryRounds() {
        return expiryRounds.get();
    }

    long expiryLooks() {
        return expiryLooks.get();
    }

    /** Who is told when connections come and go. */
    void onConnectionsChanged(Runnable task) {
        whenConnectionsChange = task;
    }

    void connectionsChanged() {
        whenConnectionsChange.run();
    }

    // --- flushing ---

    /** Deletes everything now. The caller holds no stripe. */
    void flush() {
        settings.oldest = clock.wallMillis() / 1000 - startedMillis / 1000;
        deleteAll();
    }

    /** Deletes what is there when this second begins, and what is written during it. */
    void flushAt(long second) {
        settings.oldest = second - startedMillis / 1000;
        flushSecond = second;
    }

    /** Called at the start of every turn: does what {@link #flushAt} asked for when its time has come. */
    void flushIfDue(long nowSecond) {
        if (nowSecond >= flushSecond) {
            flushDue(nowSecond);
        }
    }

    private synchronized void flushDue(long nowSecond) {
        long due = flushSecond;
        if (nowSecond >= due) {
            // What comes during the second of the flush goes with it, as in the original: once more when it is over.
            flushSecond = nowSecond == due ? due + 1 : NEVER;
            deleteAll();
        }
    }

    private void deleteAll() {
        DetachedKeys all = store.detach(0);
        inBackground(all::close);
    }

    // --- work aside ---

    /** Runs what would hold up a loop on a thread of its own; the node waits for it when it stops. */
    void inBackground(Runnable task) {
        background.register();
        Thread.ofVirtual().name("background " + name).start(() -> {
            try {
                task.run();
            } finally {
                background.arriveAndDeregister();
            }
        });
    }

    void awaitBackground() {
        background.arriveAndAwaitAdvance();
    }
}
