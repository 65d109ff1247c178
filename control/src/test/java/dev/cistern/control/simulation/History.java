package dev.cistern.control.simulation;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.SlotMap;
import dev.cistern.control.state.Database;
import dev.cistern.control.state.StateDirectory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * What happens by one seed: a group is made, customers want this and that, nodes and network and control plane fail, and at
 * last everything is mended and must become what it should be.
 */
final class History {

    private static final Duration CONVERGED_WITHIN = Duration.ofMinutes(5);
    private static final Duration LOOK_EVERY = Duration.ofMillis(250);
    private static final int ROWS_EVERY = 300;
    private static final int ACTION_MILLIS = 1_500;
    private static final int WRITE_MILLIS = 80;
    private static final int DOWN_MILLIS = 3_000;
    private static final int FAULT_MILLIS = 12_000;
    private static final int CRASH_POINTS = 30;

    private final World world;
    private final Network network;
    private final SimNodes nodes;
    private final SimPlane plane;
    private final Database database;
    private final Random random;
    private final Invariants invariants;
    private final List<String> trace = new ArrayList<>();
    private final boolean isCalm;
    private final Map<String, Long> epochs = new HashMap<>();
    private int groups;
    private int writes;
    private boolean isOver;

    History(long seed, SimDatabase rows, StateDirectory directory, Path path) {
        this.world = new World(seed);
        this.random = world.random();
        this.network = new Network(world);
        this.isCalm = world.oneIn(4);
        this.invariants = new Invariants(world, trace, isCalm || Boolean.getBoolean("cistern.losses"));
        this.nodes = new SimNodes(world, network, world.oneIn(3) ? SimNodes.Where.FAR : SimNodes.Where.NEAR,
                invariants);
        this.database = rows.begin(world);
        this.plane = new SimPlane(world, nodes, database, directory, path, invariants);
        nodes.leaving(id -> database.read(handle -> CacheNode.TABLE.select(handle, "where node_id = ?", id)).stream()
                .noneMatch(CacheNode::wanted));
    }

    /** What happened, a line each. */
    List<String> trace() {
        return trace;
    }

    /** How often somebody became a primary that had been a replica. */
    int leaders() {
        return invariants.leaders();
    }

    int deaths() {
        return plane.deaths();
    }

    void run() {
        plane.open();
        until(Duration.ofSeconds(5), plane::isOpen);
        createGroup();
        world.after(world.upTo(WRITE_MILLIS), this::write);
        pass(Duration.ofSeconds(2));
        for (int actions = 4 + random.nextInt(14); actions > 0; actions--) {
            pass(world.upTo(ACTION_MILLIS));
            act();
        }
        mend();
        until(CONVERGED_WITHIN, () -> wrong() == null);
        isOver = true;
        for (NodeGroup nodeGroup : database.read(handle -> NodeGroup.TABLE.select(handle, ""))) {
            SimNode primary = primaryOf(nodeGroup);
            if (primary != null) {
                invariants.isWhole(primary, isCalm);
            }
        }
        world.after(Duration.ZERO, () -> {});
        world.step();
    }

    // --- time ---

    private interface Condition {
        boolean holds();
    }

    private void pass(Duration time) {
        long end = world.nanos() + time.toNanos();
        boolean[] isReached = {false};
        world.after(time, () -> isReached[0] = true);
        while (!isReached[0] && world.nanos() <= end) {
            step();
        }
    }

    private void until(Duration limit, Condition condition) {
        long end = world.nanos() + limit.toNanos();
        while (!condition.holds()) {
            if (world.nanos() > end) {
                throw new AssertionError("not within " + limit.toSeconds() + " s: " + wrong());
            }
            pass(LOOK_EVERY);
        }
    }

    private void step() {
        world.step();
        invariants.check(nodes.running());
        if (world.steps() % ROWS_EVERY == 0) {
            checkRows();
        }
    }

    // --- what is done ---

    private void createGroup() {
        String id = "g" + ++groups;
        int replicas = world.oneIn(8) ? 0 : 1 + random.nextInt(2);
        boolean failsOver = replicas > 0 && !world.oneIn(3);
        boolean isClustered = world.oneIn(5);
        plane.call("create " + id + " with " + replicas + " replicas" + (failsOver ? ", fails over" : "")
                + (isClustered ? ", in cluster mode" : ""), aws -> aws.createReplicationGroup(r -> {
                    r.replicationGroupId(id).replicationGroupDescription("simulated").engine("valkey")
                            .cacheNodeType("cache.t4g.small").automaticFailoverEnabled(failsOver || isClustered);
                    if (isClustered) {
                        r.numNodeGroups(2).replicasPerNodeGroup(replicas);
                    } else {
                        r.numCacheClusters(1 + replicas);
                    }
                }));
    }

    private void act() {
        int choice = random.nextInt(isCalm ? 8 : 16);
        switch (choice) {
            case 0, 1, 2, 3, 4 -> customer();
            case 5 -> killPlane(0);
            case 6, 7 -> killPlane(1 + random.nextInt(CRASH_POINTS));
            case 8, 9 -> crashNode();
            case 10, 11 -> stopNode();
            case 12 -> nodes.failNextStart();
            default -> cut();
        }
    }

    private void customer() {
        List<NodeGroup> all = database.read(handle -> NodeGroup.TABLE.select(handle, ""));
        if (all.isEmpty()) {
            createGroup();
            return;
        }
        NodeGroup chosen = all.get(random.nextInt(all.size()));
        String id = chosen.key().id();
        int count = random.nextInt(3);
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> plane.call("test failover of " + id,
                    aws -> aws.testFailover(r -> r.replicationGroupId(id).nodeGroupId(chosen.nodeGroupId())));
            case 3, 4 -> promote(chosen);
            case 5 -> plane.call("increase replicas of " + id + " to " + count, aws -> aws.increaseReplicaCount(
                    r -> r.replicationGroupId(id).newReplicaCount(count).applyImmediately(true)));
            case 6 -> plane.call("decrease replicas of " + id + " to " + count, aws -> aws.decreaseReplicaCount(
                    r -> r.replicationGroupId(id).newReplicaCount(count).applyImmediately(true)));
            case 7 -> plane.call("switch failover of " + id, aws -> aws.modifyReplicationGroup(
                    r -> r.replicationGroupId(id).automaticFailoverEnabled(count > 0).applyImmediately(true)));
            case 8 -> createGroup();
            default -> {
                if (world.oneIn(2)) {
                    plane.call("delete " + id, aws -> aws.deleteReplicationGroup(r -> r.replicationGroupId(id)));
                }
            }
        }
    }

    private void promote(NodeGroup nodeGroup) {
        String id = nodeGroup.key().id();
        List<String> members = database.read(handle -> CacheCluster.membersOf(handle, nodeGroup.key())).stream()
                .map(CacheCluster::id).toList();
        if (!members.isEmpty()) {
            String chosen = members.get(random.nextInt(members.size()));
            plane.call("promote " + chosen, aws -> aws.modifyReplicationGroup(
                    r -> r.replicationGroupId(id).primaryClusterId(chosen).applyImmediately(true)));
        }
    }

    private void killPlane(int atPoint) {
        if (atPoint == 0) {
            plane.kill();
        } else {
            plane.killAtPoint(atPoint);
        }
    }

    /** Whoever watches the control plane starts it again. */
    private void reopen() {
        if (!plane.isAlive()) {
            plane.open();
        }
    }

    private @Nullable SimNode anyNode() {
        List<SimNode> running = List.copyOf(nodes.running());
        return running.isEmpty() ? null : running.get(random.nextInt(running.size()));
    }

    private void crashNode() {
        SimNode node = anyNode();
        if (node != null) {
            nodes.crash(node);
        }
    }

    private void stopNode() {
        SimNode node = anyNode();
        if (node != null && !node.isStopped()) {
            invariants.tell(node.id() + " stands still");
            node.stop();
            world.after(world.upTo(FAULT_MILLIS), () -> {
                invariants.tell(node.id() + " goes on");
                node.goOn();
            });
        }
    }

    private void cut() {
        SimNode one = anyNode();
        SimNode other = anyNode();
        if (one == null || other == null) {
            return;
        }
        String there = one.equals(other) || world.oneIn(2) ? Network.CONTROL : other.id();
        boolean isAlone = world.oneIn(3);
        int ways = random.nextInt(3);
        List<String> others = new ArrayList<>(List.of(there));
        if (isAlone) {
            nodes.running().stream().map(SimNode::id).filter(id -> !id.equals(one.id())).forEach(others::add);
        }
        invariants.tell("no way " + (ways == 0 ? "from" : ways == 1 ? "to" : "from or to") + " " + one.id() + ": "
                + others);
        for (String each : others) {
            if (ways != 1) {
                network.cut(one.id(), each);
            }
            if (ways != 0) {
                network.cut(each, one.id());
            }
        }
        world.after(world.upTo(FAULT_MILLIS), () -> others.forEach(each -> {
            network.heal(one.id(), each);
            network.heal(each, one.id());
        }));
    }

    private void mend() {
        invariants.tell("all is mended");
        network.healAll();
        nodes.running().forEach(SimNode::goOn);
        plane.killAtPoint(0);
        reopen();
    }

    // --- clients ---

    /** Somebody beside some node tries it, whatever it is. */
    private void write() {
        if (isOver) {
            return;
        }
        world.after(world.upTo(WRITE_MILLIS), this::write);
        if (!plane.isAlive() && world.oneIn(1 + DOWN_MILLIS / WRITE_MILLIS)) {
            reopen();
        }
        SimNode node = anyNode();
        if (node != null) {
            int replicas = world.oneIn(3) ? replicasOf(node) : 0;
            int write = ++writes;
            node.deliver(() -> node.write(write, replicas));
        }
    }

    private int replicasOf(SimNode node) {
        String shard = node.shard();
        return (int) database.read(handle -> CacheNode.TABLE.select(handle, "where wanted = true")).stream()
                .filter(other -> Invariants.shardOf(other.nodeId()).equals(shard)).count() - 1;
    }

    // --- what is so ---

    private void checkRows() {
        database.run(handle -> {
            handle.select("select id from workflow where status = 'RUNNING' and type <> 'fail-over' group by id having "
                    + "count(*) > 1").mapTo(String.class).list()
                    .forEach(id -> world.fail(new AssertionError("more than one workflow runs on " + id)));
            for (NodeGroup nodeGroup : NodeGroup.TABLE.select(handle, "")) {
                String name = nodeGroup.key().id() + " " + nodeGroup.nodeGroupId();
                long before = epochs.getOrDefault(name, 0L);
                if (nodeGroup.epoch() < before) {
                    world.fail(new AssertionError("the epoch of " + name + " fell"));
                }
                epochs.put(name, nodeGroup.epoch());
            }
            ReplicationGroup.TABLE.select(handle, "").stream().filter(ReplicationGroup::hasSlots)
                    .forEach(group -> checkSlots(handle, group));
        });
    }

    private void checkSlots(Handle handle, ReplicationGroup group) {
        BitSet all = new BitSet();
        int count = 0;
        for (NodeGroup nodeGroup : NodeGroup.of(handle, group.key())) {
            BitSet own = SlotMap.slots(nodeGroup.slots());
            count += own.cardinality();
            all.or(own);
        }
        if (count != SlotMap.SLOTS || all.cardinality() != SlotMap.SLOTS) {
            world.fail(new AssertionError("the node groups of " + group.id() + " have " + count + " slots, "
                    + all.cardinality() + " different ones"));
        }
    }

    private @Nullable SimNode primaryOf(NodeGroup nodeGroup) {
        return database.read(handle -> CacheNode.of(handle, nodeGroup.key().sibling(nodeGroup.primaryClusterId())))
                .stream().map(row -> running(row.nodeId())).filter(node -> node != null).findFirst().orElse(null);
    }

    private @Nullable SimNode running(String nodeId) {
        return nodes.running().stream().filter(node -> node.id().equals(nodeId)).findFirst().orElse(null);
    }

    /** Why it is not yet as it should be; null when it is. */
    private @Nullable String wrong() {
        return database.read(handle -> {
            List<String> unfinished = handle.select("select type || ' of ' || id || ': ' || coalesce(failure, '') from "
                    + "workflow where status = 'RUNNING'").mapTo(String.class).list();
            if (!unfinished.isEmpty()) {
                return "there are workflows: " + unfinished;
            }
            int wanted = 0;
            for (NodeGroup nodeGroup : NodeGroup.TABLE.select(handle, "")) {
                ReplicationGroup group = ReplicationGroup.named(handle, nodeGroup.key());
                if (group.is(ReplicationGroupStatus.CREATE_FAILED)) {
                    continue;
                }
                if (!group.is(ReplicationGroupStatus.AVAILABLE)) {
                    return group.id() + " is " + group.status();
                }
                List<CacheNode> members = CacheCluster.membersOf(handle, group.key()).stream().filter(nodeGroup::has)
                        .flatMap(member -> CacheNode.of(handle, member.key()).stream()).toList();
                wanted += members.size();
                String what = wrong(nodeGroup, group, members);
                if (what != null) {
                    return what;
                }
            }
            return nodes.running().size() == wanted
                    ? null
                    : wanted + " nodes are wanted and " + nodes.running().size() + " run";
        });
    }

    private @Nullable String wrong(NodeGroup nodeGroup, ReplicationGroup group, List<CacheNode> members) {
        SimNode primary = members.stream().filter(row -> row.key().id().equals(nodeGroup.primaryClusterId()))
                .map(row -> running(row.nodeId())).filter(node -> node != null).findFirst().orElse(null);
        if (primary == null || !primary.isPrimary() || !primary.mayLead()) {
            return nodeGroup.primaryClusterId() + " does not lead";
        }
        for (CacheNode row : members) {
            SimNode node = running(row.nodeId());
            if (node == null || !row.isMember() || !row.status().wireName().equals("available")) {
                return row.nodeId() + " is " + row.status() + (node == null ? ", and away" : "");
            }
            boolean follows = node.equals(primary) || (primary.address().equals(node.primary()) && node.isLinkUp()
                    && !node.isLoading());
            if (!follows) {
                return row.nodeId() + " does not follow " + primary.id() + " in " + group.id();
            }
        }
        return null;
    }
}
