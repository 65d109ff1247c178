package dev.cistern.engine.replication;

import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.settings.OutputLimits;
import dev.cistern.engine.settings.Settings;
import dev.cistern.store.Store;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's place among others: whom it follows, who follows it, and the passage from one role to the other.
 *
 * <p>A role changes under the monitor and, inside it, the exclusive gate; whoever holds stripes asks only for what is
 * volatile, so never for the monitor. {@link #tick} is called on the first loop, several times a second.
 */
public final class Replication {
    private static final Logger LOG = LoggerFactory.getLogger(Replication.class);
    private static final long SECOND = 1000;

    private final Node node;
    private final WriteLog log;
    private final List<Follower> followers = new CopyOnWriteArrayList<>();
    private final FullSync fullSync;
    private final Acknowledgements acknowledgements;
    private final Failover failover;
    private final RolePorts rolePorts;
    private final Orders orders;
    private volatile @Nullable EventLoops eventLoops;
    private volatile @Nullable PrimaryAddress primary;
    private volatile @Nullable PrimaryLink link;
    /** What the link's stream has selected; it goes on with that after a break. */
    private volatile int streamDatabase;
    private volatile long linkDownMillis;
    private volatile long heardNanos;
    private volatile boolean hasHeard;
    /** No link is made, by order. */
    private volatile boolean isUnlinked;
    private volatile boolean isClosed;
    private long secondMillis;
    private long pingMillis;
    private long followedMillis;

    final LongAdder fullSyncs = new LongAdder();
    final LongAdder partialSyncs = new LongAdder();
    final LongAdder refusedPartialSyncs = new LongAdder();
    private final LongAdder sentBytes = new LongAdder();
    private final AtomicLong receivedBytes = new AtomicLong();

    public Replication(Node node, WriteLog log) {
        this.node = node;
        this.log = log;
        this.fullSync = new FullSync(this, node);
        this.acknowledgements = new Acknowledgements(this);
        this.failover = new Failover(this, node);
        this.rolePorts = new RolePorts(this, node);
        this.orders = new Orders(this, node);
        this.followedMillis = node.clock().wallMillis();
        node.persistence().facts(this::facts);
    }

    /** Connections may be made from now on. */
    public void start(EventLoops loops) {
        eventLoops = loops;
        try {
            SnapshotReceiver.deleteRemains(node.settings().dir.value(), node.port());
        } catch (IOException e) {
            LOG.warn("node {}: what a broken transfer has left stays", node.identity().name(), e);
        }
        String[] place = node.settings().replicaOf.value().trim().split("\\s+");
        if (place.length == 2) {
            follow(new PrimaryAddress(place[0], Integer.parseInt(place[1])));
        }
    }

    /** No connection is made any more. */
    public void stop() {
        isClosed = true;
        rolePorts.stop();
        PrimaryLink present = link;
        if (present != null) {
            present.close();
        }
    }

    boolean isClosed() {
        return isClosed;
    }

    public WriteLog log() {
        return log;
    }

    Node node() {
        return node;
    }

    // --- who follows us ---

    /** What is known of the session as a replica; made when it first says something of itself. */
    Follower followerOf(Session session) {
        Follower known = session.follower();
        if (known == null) {
            known = new Follower(this, session);
            session.follower(known);
        }
        return known;
    }

    /** The replicas that have asked for the log. */
    public List<Follower> followers() {
        return followers;
    }

    Acknowledgements acknowledgements() {
        return acknowledgements;
    }

    Failover failover() {
        return failover;
    }

    /** The ports that belong to its role. */
    public RolePorts rolePorts() {
        return rolePorts;
    }

    /** What a control plane orders. */
    public Orders orders() {
        return orders;
    }

    /** Goes on with what the replica has, if that is possible. */
    boolean resume(Follower follower, String history, long offset) {
        if (!log.continues(history, offset)) {
            return false;
        }
        LogReader reader = log.read(offset, follower.waker());
        if (reader == null) {
            return false;
        }
        followers.add(follower);
        partialSyncs.increment();
        follower.goOnWith(reader, node.clock().wallMillis());
        countGoodFollowers();
        return true;
    }

    /** Begins anew with the replica. */
    void beginAnew(Follower follower) {
        followers.add(follower);
        fullSyncs.increment();
        fullSync.add(follower);
    }

    /** The cut of a snapshot: all stripes are held. Answers the offset that it has. */
    public long beginLog() {
        log.begin();
        if (primary == null) {
            turnOn();
        }
        return log.cut();
    }

    /** Nothing of this node is logged from now on; all stripes are held. {@link #beginLog} ends it. */
    public void pauseLog() {
        turnOff();
    }

    /** The append-only file has more of the log on the disk. */
    public void kept() {
        acknowledgements.check();
    }

    /** A snapshot was loaded that says this of itself. Before anything else happens. */
    public void restored(Map<String, String> facts) {
        try {
            long offset = Long.parseLong(facts.getOrDefault("repl-offset", "-1"));
            String history = facts.getOrDefault("repl-id", "");
            if (offset >= 0 && history.length() == WriteLog.NO_ID.length()) {
                goOnFrom(history, offset, Integer.parseInt(facts.getOrDefault("repl-stream-db", "0")));
            }
        } catch (NumberFormatException e) {
            LOG.warn("the snapshot tells of no history that could be gone on with", e);
        }
    }

    /**
     * What was loaded are the data of this history, up to here. Before anything else happens; a node that will not follow
     * goes on with a history of its own.
     */
    public void goOnFrom(String history, long offset, int database) {
        log.adopt(history, offset);
        streamDatabase = database;
        if (node.settings().replicaOf.value().isBlank()) {
            log.branch();
            underGate(this::turnOn);
        }
    }

    private void turnOn() {
        if (!log.isOn()) {
            log.on(true);
            node.effects().add(log);
        }
    }

    private void turnOff() {
        if (log.isOn()) {
            log.on(false);
            node.effects().remove(log);
        }
    }

    /** The replica's session is gone. Its loop. */
    public void gone(Follower follower) {
        fullSync.forget(follower);
        follower.gone();
        if (followers.remove(follower)) {
            followedMillis = node.clock().wallMillis();
            countGoodFollowers();
        }
    }

    /** A replica has told how far it is. */
    void acknowledged(Follower follower, long offset) {
        follower.acknowledge(offset, node.clock().wallMillis());
        acknowledgements.check();
        failover.check();
        orders.lease().acknowledged(followers);
    }

    void sent(long bytes) {
        sentBytes.add(bytes);
    }

    public long sentBytes() {
        return sentBytes.sum();
    }

    /** So many bytes came from the primary. */
    void heard(long bytes) {
        heardNanos = node.clock().nanos();
        hasHeard = true;
        receivedBytes.addAndGet(bytes);
    }

    /** Since anything came from a primary, also over a link that is gone; -1 if nothing ever did. */
    long silentMillis() {
        return hasHeard ? Math.max(0, TimeUnit.NANOSECONDS.toMillis(node.clock().nanos() - heardNanos)) : -1;
    }

    public long receivedBytes() {
        return receivedBytes.get();
    }

    public long fullSyncs() {
        return fullSyncs.sum();
    }

    public long partialSyncs() {
        return partialSyncs.sum();
    }

    public long refusedPartialSyncs() {
        return refusedPartialSyncs.sum();
    }

    /** Replicas that are heard of often enough, for those who want some before they write. */
    public int goodFollowers() {
        long now = node.clock().wallMillis();
        long most = node.settings().minReplicasMaxLag.value();
        return (int) followers.stream().filter(each -> each.isOnline() && each.lagSeconds(now) <= most).count();
    }

    /** Works out whether there are enough replicas to write. */
    public void countGoodFollowers() {
        long least = node.settings().minReplicasToWrite.value();
        boolean counts = least > 0 && node.settings().minReplicasMaxLag.value() > 0 && primary == null;
        node.set(Condition.TOO_FEW_REPLICAS, counts && goodFollowers() < least);
    }

    /** All replicas come back and go on, as far as they can, with what this node's history is now. */
    private void dropFollowers() {
        for (Session session : node.sessions().all()) {
            if (session.follower() != null) {
                session.execute(() -> session.connection().closeNow());
            }
        }
    }

    // --- whom we follow ---

    public @Nullable PrimaryAddress primary() {
        return primary;
    }

    public boolean isReplica() {
        return primary != null;
    }

    public @Nullable PrimaryLink link() {
        return link;
    }

    /** Whether the link to the primary is up, and its stream comes. */
    public boolean isLinkUp() {
        PrimaryLink present = link;
        return present != null && present.isStreaming();
    }

    /** Seconds since the link broke; -1 if it never was. */
    long linkDownSeconds() {
        return linkDownMillis == 0 ? -1 : (node.clock().wallMillis() - linkDownMillis) / SECOND;
    }

    public int streamDatabase() {
        PrimaryLink present = link;
        return present == null ? streamDatabase : present.databaseOr(streamDatabase);
    }

    void streamDatabase(int value) {
        streamDatabase = value;
    }

    /** Makes this node a replica. No stripe is held, or all. */
    public void follow(PrimaryAddress address) {
        follow(address, false);
    }

    synchronized void follow(PrimaryAddress address, boolean takesOver) {
        boolean wasPrimary = primary == null;
        isUnlinked = false;
        closeLink();
        underGate(() -> {
            turnOff();
            primary = address;
            node.store().setExpiresByItself(false);
        });
        node.set(Condition.REPLICA, true);
        node.set(Condition.LINK_DOWN, true);
        node.set(Condition.TOO_FEW_REPLICAS, false);
        orders.roleChanged();
        linkDownMillis = node.clock().wallMillis();
        if (wasPrimary) {
            endBlocking();
        }
        LOG.info("node {} follows {}:{}", node.identity().name(), address.host(), address.port());
        rolePorts.check();
        connect(address, takesOver);
    }

    /** Makes this node a primary, with what it has. No stripe is held, or all. */
    public synchronized void lead() {
        if (primary == null) {
            return;
        }
        closeLink();
        underGate(() -> {
            primary = null;
            if (log.isKept()) {
                log.branch();
                turnOn();
            }
            node.store().setExpiresByItself(orders.mayLead());
        });
        isUnlinked = false;
        orders.roleChanged();
        node.set(Condition.REPLICA, false);
        node.set(Condition.LINK_DOWN, false);
        followedMillis = node.clock().wallMillis();
        dropFollowers();
        countGoodFollowers();
        rolePorts.check();
        LOG.info("node {} is a primary from offset {} on", node.identity().name(), log.end());
    }

    /** Ends the link, and makes none until it is told whom to follow, or to lead. */
    synchronized void unlink() {
        isUnlinked = true;
        closeLink();
        node.set(Condition.LINK_DOWN, primary != null);
    }

    boolean isUnlinked() {
        return isUnlinked;
    }

    /** Those who wait to take something will not get it here. */
    private void endBlocking() {
        for (Session session : node.sessions().all()) {
            session.endWaitingOnReplica();
        }
    }

    /** Runs it while nothing changes: all stripes are held. */
    void underGate(Runnable change) {
        Store store = node.store();
        boolean held = store.isAllHeldByMe();
        if (!held) {
            store.lockAll();
        }
        try {
            change.run();
        } finally {
            if (!held) {
                store.unlockAll();
            }
        }
    }

    private void closeLink() {
        PrimaryLink present = link;
        link = null;
        if (present != null) {
            present.close();
        }
    }

    private void connect(PrimaryAddress address, boolean takesOver) {
        EventLoops loops = eventLoops;
        if (loops == null || isClosed) {
            return;
        }
        NodeLoop loop = node.loops().getFirst();
        PrimaryLink begun = new PrimaryLink(this, loop, address, takesOver);
        link = begun;
        begun.connect(loops);
    }

    /** The link is gone; the next tick tries again. Any thread. */
    @SuppressWarnings("ReferenceEquality") // that very one
    void linkDown(PrimaryLink gone) {
        if (link == gone) {
            link = null;
            if (gone.isStreaming()) {
                linkDownMillis = node.clock().wallMillis();
            }
            node.set(Condition.LINK_DOWN, primary != null);
            failover.linkFailed(gone);
        }
    }

    void linkUp() {
        node.set(Condition.LINK_DOWN, false);
        rolePorts.check();
    }

    /** Closes those who follow what this node had, and waits until they are gone. Not on a loop. */
    void endFollowers() throws InterruptedException {
        while (followers.stream().anyMatch(Follower::isFollowing)) {
            dropFollowers();
            Thread.sleep(1);
        }
    }

    private Map<String, String> facts() {
        return isReplica() || log.isKept()
                ? Map.of("repl-stream-db", Integer.toString(isReplica() ? streamDatabase() : 0), "repl-id", log.id(),
                        "repl-offset", Long.toString(log.end()))
                : Map.of();
    }

    // --- from time to time ---

    /** What has to be done from time to time. The first loop. */
    public void tick() {
        long now = node.clock().wallMillis();
        failover.check();
        rolePorts.check();
        orders.tick();
        if (now - secondMillis < SECOND || isClosed) {
            return;
        }
        secondMillis = now;
        lookAfterFollowers(now);
        PrimaryAddress address = primary;
        PrimaryLink present = link;
        if (present != null) {
            present.tick(now);
        } else if (address != null) {
            reconnect(address);
        }
        countGoodFollowers();
    }

    private synchronized void reconnect(PrimaryAddress address) {
        if (link == null && !isUnlinked && address.equals(primary)) {
            connect(address, false);
        }
    }

    private void lookAfterFollowers(long now) {
        Settings settings = node.settings();
        if (followers.isEmpty()) {
            // Whoever comes hears from us after a whole period.
            pingMillis = now;
            boolean nobodyComesBack = settings.replBacklogTtl.value() > 0
                    && now - followedMillis > settings.replBacklogTtl.value() * SECOND;
            if (nobodyComesBack && log.isOn() && !node.appendOnly().isOn()) {
                stopLog();
            }
        } else {
            followedMillis = now;
        }
        if (primary == null && !failover.isUnderWay() && !followers.isEmpty()
                && now - pingMillis >= settings.replPingReplicaPeriod.value() * SECOND) {
            pingMillis = now;
            log.ping();
        }
        OutputLimits.Limit limit = settings.outputLimits.of(OutputLimits.ClientClass.SLAVE);
        for (Follower follower : followers) {
            follower.giveSignOfLife();
            String complaint = follower.complaint(limit, settings.replBacklogSize.value(),
                    settings.replTimeout.value() * SECOND, now);
            if (complaint != null) {
                LOG.warn("closing the replica {}:{}: {}", follower.host(), follower.port(), complaint);
                node.counters().outputLimitDisconnections.increment();
                follower.session().execute(() -> follower.session().connection().closeNow());
            }
        }
    }

    private void stopLog() {
        underGate(() -> {
            if (followers.isEmpty() && primary == null && !node.appendOnly().isOn()) {
                turnOff();
                log.stop();
            }
        });
    }
}
