package dev.cistern.control.simulation;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeSpec;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One process of a node: it follows and leads, obeys orders by their epochs, writes under its lease, and can be stopped and
 * killed. What it says to its admin is {@link SimTalk}'s.
 */
final class SimNode {

    private static final Duration TICK = Duration.ofMillis(100);
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final long REPLICATION_TIMEOUT = 60 * SECOND;
    private static final int LOAD_MILLIS = 200;

    /** How far this primary is in handing over. */
    enum HandOver {
        NONE, WAITING, HANDING_OVER
    }

    /** What it may write by when its primary hands over to it. */
    private record Heritage(long millis, long sinceMillis, int replicas) {}

    /** A client that waits until so many replicas have its write. */
    private record Waiting(int write, int offset, int replicas) {}

    private final World world;
    private final Network network;
    private final SimNodes nodes;
    private final NodeSpec spec;
    private final String shard;
    private final double pace;
    private final long clockBegan;
    private final SimLog log = new SimLog();
    private final SimLease lease;
    private final List<SimLink> followers = new ArrayList<>();
    private final Deque<Runnable> inbox = new ArrayDeque<>();
    private final List<Waiting> waiting = new ArrayList<>();
    private final List<Runnable> mourners = new ArrayList<>();
    private boolean isRunning = true;
    private boolean isStopped;
    private boolean isLoading;
    private boolean isUnlinked;
    private long epoch;
    private @Nullable NodeAddress primary;
    private @Nullable SimLink link;
    private long heardNanos = -1;
    private long secondNanos;
    private HandOver handOver = HandOver.NONE;
    private @Nullable NodeAddress heir;
    private long handOverEnd;
    private @Nullable Heritage heritage;

    /** @param epoch the highest that a process of this node has obeyed, or by which it is started */
    SimNode(World world, Network network, SimNodes nodes, NodeSpec spec, long epoch) {
        this.world = world;
        this.network = network;
        this.nodes = nodes;
        this.spec = spec;
        this.shard = Invariants.shardOf(spec.nodeId());
        this.pace = 0.97 + world.random().nextDouble() * 0.06;
        this.clockBegan = world.nanos() - Math.abs(world.random().nextLong() % (100 * SECOND));
        this.epoch = epoch;
        this.lease = new SimLease(clock());
        this.secondNanos = world.nanos();
        world.after(TICK, this::tick);
    }

    NodeSpec spec() {
        return spec;
    }

    String id() {
        return spec.nodeId();
    }

    /** The node group that it is in. */
    String shard() {
        return shard;
    }

    NodeAddress address() {
        return new NodeAddress(spec.bindAddress(), spec.port());
    }

    SimLog log() {
        return log;
    }

    /** Its monotonic clock, which is never quite right. */
    long clock() {
        return (long) ((world.nanos() - clockBegan) * pace);
    }

    boolean isRunning() {
        return isRunning;
    }

    boolean isStopped() {
        return isStopped;
    }

    long epoch() {
        return epoch;
    }

    boolean isPrimary() {
        return primary == null;
    }

    @Nullable
    NodeAddress primary() {
        return primary;
    }

    @Nullable
    SimLink link() {
        return link;
    }

    boolean isLinkUp() {
        return link != null && link.isStreaming();
    }

    boolean isLoading() {
        return isLoading;
    }

    HandOver handOver() {
        return handOver;
    }

    List<SimLink> followers() {
        return followers;
    }

    /** Since it heard anything of a primary; -1 for never. */
    long silentMillis() {
        return heardNanos < 0 ? -1 : Duration.ofNanos(world.nanos() - heardNanos).toMillis();
    }

    /** Whether it may write, as far as its lease is asked. */
    boolean mayLead() {
        return epoch == 0 || lease.holds(clock());
    }

    /** For how long its lease still holds; below 0 it is over. */
    long leaseMillis() {
        return Duration.ofNanos(lease.endNanos() - clock()).toMillis();
    }

    // --- its process ---

    /** Something arrives; while it stands still it waits. */
    void deliver(Runnable arrival) {
        if (isRunning && isStopped) {
            inbox.add(arrival);
        } else if (isRunning) {
            arrival.run();
        }
    }

    void stop() {
        isStopped = true;
    }

    void goOn() {
        isStopped = false;
        while (isRunning && !isStopped && !inbox.isEmpty()) {
            inbox.removeFirst().run();
        }
    }

    /** Has this done when it ends. */
    void onDeath(Runnable task) {
        mourners.add(task);
    }

    /** It ends; what it had is gone, and who was connected hears of it. */
    void die() {
        isRunning = false;
        inbox.clear();
        mourners.forEach(Runnable::run);
        mourners.clear();
        for (SimLink follower : List.copyOf(followers)) {
            SimNode replica = follower.replica();
            network.pipe(id(), replica.id(), () -> !replica.isRunning())
                    .send(() -> replica.deliver(() -> replica.linkFailed(follower)));
        }
        SimLink present = link;
        SimNode leader = primary == null ? null : nodes.at(primary);
        if (present != null && leader != null) {
            network.pipe(id(), leader.id(), () -> !leader.isRunning())
                    .send(() -> leader.deliver(() -> leader.gone(present)));
        }
    }

    private void tick() {
        if (!isRunning) {
            return;
        }
        world.after(TICK, this::tick);
        if (isStopped) {
            return;
        }
        checkHandOver();
        if (epoch > 0 && isPrimary() && lease.isTimeToAsk(clock())) {
            append(SimLog.QUESTION);
            lease.asked(clock(), log.end());
        }
        if (world.nanos() - secondNanos >= SECOND) {
            secondNanos = world.nanos();
            everySecond();
        }
    }

    private void everySecond() {
        SimLink present = link;
        if (isPrimary() && !followers.isEmpty() && handOver == HandOver.NONE) {
            append(SimLog.PING);
        }
        NodeAddress followed = primary;
        if (present == null && followed != null && !isUnlinked) {
            connect(followed, false);
        } else if (present != null && present.silentNanos() > REPLICATION_TIMEOUT && !isLoading) {
            present.close();
            linkFailed(present);
        } else if (present != null) {
            present.acknowledge(log.end());
        }
    }

    private void append(int entry) {
        if (entry > 0 || log.isKept()) {
            log.append(entry);
            followers.forEach(follower -> follower.push(log));
        }
    }

    // --- clients ---

    /** A client beside the node writes; {@code replicas} is how many are to have it before it counts, 0 for none. */
    void write(int write, int replicas) {
        if (!isPrimary() || !mayLead() || handOver != HandOver.NONE || isLoading) {
            return;
        }
        append(write);
        nodes.acknowledged(this, write, false);
        if (replicas > 0) {
            waiting.add(new Waiting(write, log.end(), replicas));
            append(SimLog.QUESTION);
        }
    }

    private void settleWaiting() {
        for (Waiting each : List.copyOf(waiting)) {
            long have = followers.stream().filter(SimLink::isOnline)
                    .filter(follower -> follower.acknowledged() >= each.offset).count();
            if (have >= each.replicas) {
                waiting.remove(each);
                if (mayLead()) {
                    nodes.acknowledged(this, each.write, true);
                }
            }
        }
    }

    // --- as a primary ---

    /** A replica asks to go on from there. */
    void asked(SimLink asking, String history, int offset) {
        if (asking.takesOver()) {
            if (isPrimary() || !history.equals(log.id())) {
                asking.refuse();
                return;
            }
            lease.end(clock());
            lead();
            if (heritage != null) {
                var _ = lease.grant(heritage.millis, heritage.sinceMillis, heritage.replicas, clock());
                heritage = null;
            }
        }
        if (!isPrimary() && !isLinkUp()) {
            asking.refuse();
            return;
        }
        followers.add(asking);
        if (log.continues(history, offset)) {
            asking.goOn(log.id(), offset);
            asking.push(log);
        } else {
            log.begin(nodes.newHistory());
            asking.beginAnew(log);
        }
    }

    void gone(SimLink follower) {
        followers.remove(follower);
    }

    void acknowledged() {
        settleWaiting();
        checkHandOver();
        lease.count(offset -> (int) followers.stream().filter(SimLink::isOnline)
                .filter(follower -> follower.acknowledged() >= offset).count());
    }

    // --- as a replica ---

    private void connect(NodeAddress address, boolean takesOver) {
        SimLink made = new SimLink(world, network, nodes, this, address, takesOver);
        link = made;
        made.open();
    }

    private void closeLink() {
        SimLink present = link;
        link = null;
        if (present != null) {
            present.close();
        }
    }

    @SuppressWarnings("ReferenceEquality") // that very one
    void linkFailed(SimLink gone) {
        if (link == gone) {
            link = null;
            gone.close();
            if (gone.takesOver() && handOver == HandOver.HANDING_OVER) {
                handOver = HandOver.NONE;
                if (epoch > 0) {
                    lease.end(clock());
                }
                lead();
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // that very one
    void linkUp(SimLink up) {
        if (link == up) {
            heardNanos = world.nanos();
            if (up.takesOver() && handOver == HandOver.HANDING_OVER) {
                handOver = HandOver.NONE;
            }
            up.acknowledge(log.end());
        }
    }

    /** All that a primary had. The load goes on when the link is gone. */
    void load(SimLink from, String history, List<Integer> all) {
        heardNanos = world.nanos();
        if (from.takesOver() && handOver == HandOver.HANDING_OVER) {
            handOver = HandOver.NONE;
        }
        isLoading = true;
        dropFollowers();
        world.after(world.upTo(LOAD_MILLIS), () -> deliver(() -> {
            isLoading = false;
            log.adopt(history, all);
            if (!from.isOver()) {
                from.begin();
            }
        }));
    }

    @SuppressWarnings("ReferenceEquality") // that very one
    void receive(SimLink from, List<Integer> entries) {
        if (isLoading) {
            // It comes when the load is over.
            world.after(Duration.ofMillis(5), () -> deliver(() -> receive(from, entries)));
            return;
        }
        if (link != from || !from.isStreaming()) {
            return;
        }
        heardNanos = world.nanos();
        entries.forEach(log::append);
        if (entries.contains(SimLog.QUESTION)) {
            from.acknowledge(log.end());
        }
        followers.forEach(follower -> follower.push(log));
    }

    // --- roles ---

    void follow(NodeAddress address, boolean takesOver) {
        isUnlinked = false;
        closeLink();
        primary = address;
        waiting.clear();
        connect(address, takesOver);
    }

    void lead() {
        if (isPrimary()) {
            return;
        }
        closeLink();
        primary = null;
        if (log.isKept()) {
            log.branch(nodes.newHistory());
        }
        isUnlinked = false;
        dropFollowers();
        nodes.leads(this);
    }

    private void dropFollowers() {
        List<SimLink> all = List.copyOf(followers);
        followers.clear();
        all.forEach(SimLink::close);
    }

    // --- hand-over, by the replica's asking for the primary's place ---

    /** Why it cannot begin; null if it does. */
    @Nullable
    String beginHandOver(NodeAddress to, Duration limit) {
        if (handOver != HandOver.NONE) {
            return "ERR FAILOVER already in progress.";
        }
        if (!isPrimary()) {
            return "ERR FAILOVER is not valid when server is a replica.";
        }
        boolean isOnline = followers.stream().anyMatch(each -> each.replica().address().equals(to) && each.isOnline());
        if (!isOnline) {
            return "ERR FAILOVER target replica is not online.";
        }
        handOver = HandOver.WAITING;
        heir = to;
        handOverEnd = clock() + limit.toNanos();
        append(SimLog.QUESTION);
        return null;
    }

    private void checkHandOver() {
        if (handOver != HandOver.WAITING) {
            return;
        }
        NodeAddress to = Objects.requireNonNull(heir);
        boolean isReady = followers.stream().anyMatch(each -> each.replica().address().equals(to) && each.isOnline()
                && each.acknowledged() >= log.end());
        if (isReady) {
            handOver = HandOver.HANDING_OVER;
            follow(to, true);
        } else if (clock() >= handOverEnd) {
            handOver = HandOver.NONE;
        }
    }

    // --- orders; each answers why not, or null ---

    private @Nullable String obey(long ordered) {
        heritage = null;
        if (ordered < epoch) {
            return "STALEEPOCH this node has obeyed epoch " + epoch;
        }
        if (ordered > epoch) {
            boolean isFirst = epoch == 0;
            epoch = ordered;
            nodes.obeyed(id(), ordered);
            if (isFirst) {
                lease.end(clock());
            }
        }
        return null;
    }

    @Nullable
    String fence(long ordered) {
        String refused = obey(ordered);
        if (refused == null) {
            lease.end(clock());
            if (!isPrimary()) {
                isUnlinked = true;
                closeLink();
            }
        }
        return refused;
    }

    @Nullable
    String promote(long ordered) {
        String refused = obey(ordered);
        if (refused != null || isPrimary()) {
            return refused;
        }
        if (!log.isKept() || isLoading) {
            return "ERR this node has no whole copy of what a primary had";
        }
        lease.end(clock());
        lead();
        return null;
    }

    @Nullable
    String follow(long ordered, NodeAddress to) {
        String refused = obey(ordered);
        if (refused == null) {
            lease.end(clock());
            if (!to.equals(primary) || isUnlinked) {
                follow(to, false);
            }
        }
        return refused;
    }

    @Nullable
    String grantHeir(long ordered, long millis, long sinceMillis, int replicas) {
        String refused = obey(ordered);
        if (refused == null && isPrimary()) {
            return "ERR a primary is nobody's heir";
        }
        if (refused == null) {
            heritage = new Heritage(millis, sinceMillis, replicas);
        }
        return refused;
    }

    @Nullable
    String grant(long ordered, long millis, long sinceMillis, int replicas) {
        String refused = obey(ordered);
        if (refused != null) {
            return refused;
        }
        if (!isPrimary()) {
            return "ERR a replica has no lease";
        }
        return lease.grant(millis, sinceMillis, replicas, clock())
                ? null
                : "ERR this node's clock has not shown that yet";
    }
}
