package dev.cistern.engine.dispatch;

import dev.cistern.engine.acl.AclLog;
import dev.cistern.engine.acl.User;
import dev.cistern.engine.acl.Users;
import dev.cistern.engine.appendonly.AppendOnly;
import dev.cistern.engine.blocking.BlockedKeys;
import dev.cistern.engine.effects.Effects;
import dev.cistern.engine.persistence.Persistence;
import dev.cistern.engine.pubsub.Channels;
import dev.cistern.engine.pubsub.Notifications;
import dev.cistern.engine.replication.DeletionWords;
import dev.cistern.engine.replication.LogFeed;
import dev.cistern.engine.replication.Replication;
import dev.cistern.engine.replication.WriteLog;
import dev.cistern.engine.settings.NumberSetting;
import dev.cistern.engine.settings.Settings;
import dev.cistern.engine.tracking.TrackedKeys;
import dev.cistern.engine.transactions.WatchedKeys;
import dev.cistern.store.EvictionPolicy;
import dev.cistern.store.PackedLimits;
import dev.cistern.store.Store;
import dev.cistern.store.UseCounting;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The rooms of one cache node, for those who have to pass from one to another. Decides nothing itself.
 *
 * <p>Shared by the node's loops: each room says in its own file how.
 */
public final class Node {
    private final NodeIdentity identity;
    private final Settings settings;
    private final Store store;
    private final Effects effects;
    private final WatchedKeys watchedKeys;
    private final CommandIndex commands;
    private volatile CommandIndex customerCommands;
    private final Clock clock;
    private final Users users;
    private final Sessions sessions = new Sessions();
    private final AclLog aclLog = new AclLog();
    private final Monitors monitors = new Monitors(this);
    private final CommandLog slowLog = new CommandLog();
    private final CommandLog largeRequests = new CommandLog();
    private final CommandLog largeReplies = new CommandLog();
    private final LatencyMonitor latency = new LatencyMonitor();
    private final NodeCounters counters = new NodeCounters();
    private final ErrorStatistics errors = new ErrorStatistics();
    private final Rates rates = new Rates();
    private final BusyScript busyScript = new BusyScript();
    /** Rooms of packages above this one, which nobody else has to know. */
    private final Map<Class<?>, Part> parts = new ConcurrentHashMap<>();
    /** One party is the node itself, the others are tasks. */
    private final Phaser background = new Phaser(1);
    private final Persistence persistence;
    private final WriteLog writeLog;
    private final Replication replication;
    private final AppendOnly appendOnly;
    private final Pause pause = new Pause();
    private final List<NodeLoop> loops = new CopyOnWriteArrayList<>();
    private final Channels channels = new Channels(loops);
    private final Notifications notifications;
    private final BlockedKeys blockedKeys;
    private final TrackedKeys trackedKeys = new TrackedKeys(this);
    private volatile @Nullable Router router;
    private final ThreadLocal<LogFeed> feeds = ThreadLocal.withInitial(this::feedOfThread);
    private volatile int port;
    private volatile boolean stopping;
    private volatile double expiredStalePercentage;
    private volatile long releasedBeforeReset;
    private volatile int healingPercent;
    private volatile boolean activeExpiry = true;
    private volatile boolean housekeepingPaused;
    private volatile Runnable shutdown = () -> {};
    /** Bits of {@link Condition} that hold for every session. */
    private final AtomicInteger conditions = new AtomicInteger();

    public Node(NodeIdentity identity, Settings settings, Store store, Effects effects, CommandIndex commands,
            Clock clock, Users.@Nullable InternalUser internalUser) {
        this.identity = identity;
        this.settings = settings;
        this.store = store;
        this.effects = effects;
        this.watchedKeys = new WatchedKeys(store, effects, clock);
        this.blockedKeys = new BlockedKeys(store, effects, loops);
        this.notifications = new Notifications(effects, channels);
        this.commands = commands;
        this.customerCommands = commands;
        this.clock = clock;
        this.persistence = new Persistence(store, settings, identity.redisVersion(), clock::wallMillis);
        this.writeLog = new WriteLog(feeds::get, settings.replBacklogSize::value, new DeletionWords(settings));
        this.replication = new Replication(this, writeLog);
        this.appendOnly = new AppendOnly(this, writeLog);
        this.users = new Users(settings, commands, internalUser, new UserEffects(sessions));
    }

    public NodeIdentity identity() {
        return identity;
    }

    public Settings settings() {
        return settings;
    }

    public Store store() {
        return store;
    }

    /** Who hears of changes to keys. */
    public Effects effects() {
        return effects;
    }

    public WatchedKeys watchedKeys() {
        return watchedKeys;
    }

    /** Who listens to which channels. */
    public Channels channels() {
        return channels;
    }

    /** Who waits for which keys. */
    public BlockedKeys blockedKeys() {
        return blockedKeys;
    }

    /** Who is to be told that keys changed. */
    public TrackedKeys trackedKeys() {
        return trackedKeys;
    }

    /** All commands. */
    public CommandIndex commands() {
        return commands;
    }

    /** The commands that exist for this user. */
    CommandIndex commandsFor(User user) {
        return user.isInternal() ? commands : customerCommands;
    }

    /** What customers, unlike the internal user, see of the commands. To be called before the first of them comes. */
    public void customerView(CommandView view) {
        customerCommands = new CommandIndex(commands, view);
    }

    public Clock clock() {
        return clock;
    }

    public Users users() {
        return users;
    }

    /** Who was refused what. */
    public AclLog aclLog() {
        return aclLog;
    }

    public Sessions sessions() {
        return sessions;
    }

    /** Who is told of all commands. */
    public Monitors monitors() {
        return monitors;
    }

    public CommandLog slowLog() {
        return slowLog;
    }

    public CommandLog largeRequests() {
        return largeRequests;
    }

    public CommandLog largeReplies() {
        return largeReplies;
    }

    public LatencyMonitor latency() {
        return latency;
    }

    public NodeCounters counters() {
        return counters;
    }

    public ErrorStatistics errors() {
        return errors;
    }

    public Rates rates() {
        return rates;
    }

    /** The script that has been running for a while. */
    public BusyScript busyScript() {
        return busyScript;
    }

    /** The node's one part of this class; made when first asked for. */
    public <T extends Part> T part(Class<T> type, Function<Node, T> maker) {
        return type.cast(parts.computeIfAbsent(type, _ -> maker.apply(this)));
    }

    /** Gives back what the parts hold; the loops have ended. */
    public void closeParts() {
        parts.values().forEach(Part::close);
        parts.clear();
    }

    /** What this node owns on each event loop. */
    public List<NodeLoop> loops() {
        return loops;
    }

    public void addLoop(NodeLoop loop) {
        loops.add(loop);
    }

    public long executedCommands() {
        long sum = 0;
        for (NodeLoop loop : loops) {
            sum += loop.executedCommands();
        }
        return sum;
    }

    public long receivedBytes() {
        long sum = 0;
        for (NodeLoop loop : loops) {
            sum += loop.receivedBytes();
        }
        return sum;
    }

    public long sentBytes() {
        long sum = 0;
        for (NodeLoop loop : loops) {
            sum += loop.sentBytes();
        }
        return sum;
    }

    /** What is kept on disk. */
    public Persistence persistence() {
        return persistence;
    }

    /** What the settings say of memory. */
    MemoryGauge.Rules memoryRules() {
        return new MemoryGauge.Rules() {
            @Override
            public long limitBytes() {
                return settings.maxMemory.value();
            }

            @Override
            public EvictionPolicy policy() {
                return EvictionPolicy.named(settings.maxMemoryPolicy.value());
            }

            @Override
            public int samples() {
                return (int) settings.maxMemorySamples.value();
            }
        };
    }

    /** Settings were changed: what follows from them is worked out anew. */
    public void settingsChanged() {
        persistence.settingsChanged();
        appendOnly.settingsChanged();
        replication.countGoodFollowers();
        users.requirePassword(settings.requirePass.value());
        set(Condition.MEMORY_LIMITED, settings.maxMemory.value() > 0);
        store.setUseCounting(EvictionPolicy.named(settings.maxMemoryPolicy.value()).countsUses()
                ? new UseCounting((int) settings.lfuLogFactor.value(), (int) settings.lfuDecayTime.value())
                : null);
        store.setPackedLimits(packedLimits());
        notifications.select(settings.notifications.selection());
        trackedKeys.makeRoom();
        sessions.all().forEach(session -> session.execute(session::settingsChanged));
    }

    private PackedLimits packedLimits() {
        return new PackedLimits(intOf(settings.hashMaxListpackEntries), intOf(settings.hashMaxListpackValue),
                intOf(settings.setMaxIntsetEntries), intOf(settings.setMaxListpackEntries),
                intOf(settings.setMaxListpackValue), (int) settings.listMaxListpackSize.value(),
                intOf(settings.zsetMaxListpackEntries), intOf(settings.zsetMaxListpackValue));
    }

    /** No packed collection has more elements, nor bytes in one. */
    private static int intOf(NumberSetting setting) {
        return (int) Math.min(setting.value(), Integer.MAX_VALUE);
    }

    /** Whether expired keys are looked for. DEBUG switches it off for tests. */
    public boolean isActiveExpiryOn() {
        return activeExpiry;
    }

    public void activeExpiry(boolean on) {
        activeExpiry = on;
    }

    /** Whether what is done regularly is not done for a while. DEBUG asks for that, for tests. */
    public boolean isHousekeepingPaused() {
        return housekeepingPaused;
    }

    public void housekeepingPaused(boolean paused) {
        housekeepingPaused = paused;
    }

    /** The share of the keys looked at last that were expired and still there. */
    public double expiredStalePercentage() {
        return expiredStalePercentage;
    }

    void expiredStalePercentage(double value) {
        expiredStalePercentage = value;
    }

    /** The share of a core, in percent, that goes into healing fragmentation. */
    public int healingPercent() {
        return healingPercent;
    }

    void healingPercent(int value) {
        healingPercent = value;
    }

    /** Sets what INFO counts back to zero. Each loop does its own part. */
    public void resetStatistics() {
        counters.reset();
        releasedBeforeReset = store.releasedValues();
        errors.reset();
        rates.reset();
        for (NodeLoop loop : loops) {
            if (loop.isCurrent()) {
                loop.resetStatistics();
            } else {
                loop.execute(loop::resetStatistics);
            }
        }
    }

    /** Large values that were freed some time after they were deleted. */
    public long releasedValues() {
        return store.releasedValues() - releasedBeforeReset;
    }

    /** Holds back commands until then, those that write or all; a later or wider pause wins. No key expires meanwhile. */
    public void pause(long untilMillis, boolean writesOnly) {
        pause.begin(clock.wallMillis(), untilMillis, writesOnly);
        set(Condition.PAUSED, true);
        store.pauseExpiry(true);
        loops.forEach(loop -> loop.execute(loop::schedulePauseEnd));
    }

    /** Ends the pause; sessions that were held back go on. */
    public void unpause() {
        pause.end();
        pauseEnded();
        loops.forEach(loop -> loop.execute(loop::endPause));
    }

    /** Nothing is held back any more, and keys expire again. */
    void pauseEnded() {
        set(Condition.PAUSED, false);
        store.pauseExpiry(false);
    }

    Pause clientPause() {
        return pause;
    }

    /** From here on the node serves only what this router lets it. To be called before the first client comes. */
    public void router(Router ofCluster) {
        router = ofCluster;
        set(Condition.CLUSTERED, true);
    }

    /** Who says which keys are here; null on a node that stands alone. */
    public @Nullable Router router() {
        return router;
    }

    /** Runs what would hold up a loop, on a thread of its own; the node waits for it when it stops. */
    public void inBackground(Runnable task) {
        background.register();
        Thread.ofVirtual().name("background " + identity.name()).start(() -> {
            try {
                task.run();
            } finally {
                background.arriveAndDeregister();
            }
        });
    }

    /** The node ends: tasks in the background should, too. */
    public void stopping() {
        stopping = true;
    }

    public boolean isStopping() {
        return stopping;
    }

    /** What was written, for those who follow. */
    public WriteLog writeLog() {
        return writeLog;
    }

    /** Whom it follows, and who follows it. */
    public Replication replication() {
        return replication;
    }

    /** What was written, for the time after the process. */
    public AppendOnly appendOnly() {
        return appendOnly;
    }

    private LogFeed feedOfThread() {
        for (NodeLoop loop : loops) {
            if (loop.isCurrent()) {
                return loop.logFeed();
            }
        }
        return new LogFeed(writeLog);
    }

    /** Waits until nothing runs in the background any more. */
    public void awaitBackground() {
        background.arriveAndAwaitAdvance();
    }

    /** The port that it listens on; 0 until it does. */
    public int port() {
        return port;
    }

    public void port(int value) {
        port = value;
    }

    /** Who is told when a client asks for the end. */
    public void onShutdown(Runnable task) {
        shutdown = task;
    }

    /** A client asked for the end. */
    public void requestShutdown() {
        shutdown.run();
    }

    public boolean is(Condition condition) {
        return condition.isIn(conditions.get());
    }

    boolean isAny(int bits) {
        return (conditions.get() & bits) != 0;
    }

    int conditions() {
        return conditions.get();
    }

    public void set(Condition condition, boolean holds) {
        conditions.updateAndGet(bits -> holds ? bits | condition.bit() : bits & ~condition.bit());
    }
}
