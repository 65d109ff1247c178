package dev.cistern.control.workflow;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.MemcachedAdmin;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.node.NodePlace;
import dev.cistern.control.node.NodeReport;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeStanding;
import dev.cistern.control.node.NodeState;
import dev.cistern.control.node.TransientErrors;
import dev.cistern.control.resource.AtRestEncryption;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.Leadership;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.NodeParameters;
import dev.cistern.control.resource.NodeRole;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.TransitEncryption.Mode;
import dev.cistern.control.state.Database;
import dev.cistern.control.state.StateDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Starts, stops and asks nodes, as the rows of the database say.
 *
 * <p>A lock for each node keeps workflow and keeper from handling it at once, and within it the row is read again: a node
 * that was unwanted meanwhile is not started. Lock before transaction, never the other way round. What the rows ask for is
 * read by {@link NodeSpecs}, said to a node by {@link NodeTeller}, and to one that serves by {@link NodeChanges}.
 */
final class Nodes {

    private static final Duration SOON = Duration.ofMillis(500);

    private final Database database;
    private final NodeRuntime runtime;
    private final StateDirectory directory;
    private final NodeCertificates certificates;
    private final NodeSpecs specs;
    private final NodeTeller teller;
    private final Roles roles;
    private final Map<String, ReentrantLock> locks = new ConcurrentHashMap<>();
    private final Map<String, StartedNode> started = new ConcurrentHashMap<>();

    Nodes(Database database, NodeRuntime runtime, StateDirectory directory, EventLog events,
            NodeCertificates certificates, NodeSpecs specs, NodeTeller teller, Leases leases) {
        this.database = database;
        this.runtime = runtime;
        this.directory = directory;
        this.certificates = certificates;
        this.specs = specs;
        this.teller = teller;
        this.roles = new Roles(leases, events, database);
    }

    /** The nodes of a cluster, by number. */
    List<CacheNode> of(ResourceKey cluster) {
        return database.read(handle -> CacheNode.of(handle, cluster));
    }

    /** Has the node running, if it is still wanted; answers whether it is. */
    boolean start(CacheNode node) {
        return is(locked(node, (current, cluster) -> {
            if (current.wanted()) {
                startNow(current, cluster);
            }
            return current.wanted();
        }));
    }

    /** The same for one that went away by itself; one that a workflow has stopped is left to that. */
    boolean bringBack(CacheNode node) {
        return is(locked(node, (current, cluster) -> {
            boolean isFree = current.wanted() && current.status() != CacheNodeStatus.LOST;
            if (isFree) {
                startNow(current, cluster);
            }
            return isFree;
        }));
    }

    /**
     * Has the running node be what the rows say that it is in its group. A node that follows another one than it should
     * drops what it has.
     */
    void assumeRole(CacheNode node) {
        locked(node, (current, cluster) -> {
            if (current.wanted() && cluster.engine() != EngineType.MEMCACHED) {
                tellRole(current, started(current), specs.roleOf(cluster));
            }
            return true;
        });
    }

    /** The same for one of which the rows said that; orders of that epoch come too late when another one leads by now. */
    void assumeRole(CacheNode node, NodeRole role) {
        locked(node, (current, cluster) -> {
            if (current.wanted()) {
                tellRole(current, started(current), role);
            }
            return true;
        });
    }

    /** As {@link #assumeRole(CacheNode)}; false for one that loads: it cannot be told before it has all that it reads. */
    boolean assumeRoleUnlessLoading(CacheNode node) {
        try {
            assumeRole(node);
            return true;
        } catch (JedisDataException e) {
            if (!TransientErrors.isLoading(e)) {
                throw e;
            }
            return false;
        }
    }

    /** Where the node stands, by itself; null when it does not answer soon. One that does not run is not started for it. */
    @Nullable
    NodePlace placeIfAnswering(CacheNode node) {
        return ifAnswering(node, NodeAdmin::place);
    }

    /** What the node answers; null when it does not soon. One that does not run is not started for it. */
    <T> @Nullable T ifAnswering(CacheNode node, Function<NodeAdmin, @Nullable T> question) {
        try {
            NodeAdmin admin = adminIfRunning(node);
            return admin == null ? null : question.apply(admin);
        } catch (JedisException | NodeRuntimeException | IllegalStateException e) {
            return null;
        }
    }

    /** An admin connection that waits for no answer long; null when the node does not run. */
    @Nullable
    NodeAdmin adminIfRunning(CacheNode node) {
        StartedNode known = started.get(node.nodeId());
        StartedNode running = known == null ? ifRunning(node) : known;
        return running == null ? null : teller.admin(running, SOON);
    }

    /** Whether the node has what its group's primary has, and hears of everything new; a primary does. */
    boolean isCaughtUp(CacheNode node) {
        NodePlace place = admin(node).place();
        boolean isThere = place.isPrimary() || place.isLinked();
        if (!isThere) {
            // Whoever was about to replace its primary, and could not, has had it follow nobody.
            var _ = assumeRoleUnlessLoading(node);
        }
        return isThere;
    }

    /**
     * Whether the replica is primary; if not, has the two change places, unless they are about to. Writes wait for no longer
     * than {@code limit} for that.
     */
    boolean handOver(CacheNode primary, CacheNode replica, Duration limit) {
        boolean leads = roles.handOver(primary, () -> admin(primary), replica, admin(replica), leadershipOf(replica),
                limit);
        if (leads) {
            roleChanged(primary);
            roleChanged(replica);
        }
        return leads;
    }

    /** Has the replica lead, by the epoch that is raised already; whether it does. */
    boolean promote(CacheNode replica) {
        boolean leads = roles.promote(replica, admin(replica), leadershipOf(replica));
        if (leads) {
            roleChanged(replica);
        }
        return leads;
    }

    private void roleChanged(CacheNode node) {
        StartedNode known = started.get(node.nodeId());
        if (known != null) {
            runtime.roleChanged(known.spec());
        }
    }

    private Leadership leadershipOf(CacheNode node) {
        return database.read(handle -> {
            CacheCluster cluster = CacheCluster.find(handle, node.key());
            return cluster == null ? Leadership.NONE : NodeRole.of(handle, cluster).leadership();
        });
    }

    private void tellRole(CacheNode node, StartedNode started, NodeRole role) {
        CacheNode primary = role.primary();
        roles.tell(node, teller.admin(started), role,
                () -> primary == null ? null : ifAnswering(primary, admin -> admin.orders().standing()));
        listenByRole(started, role);
    }

    void listenByRole(StartedNode node, NodeRole role) {
        if (!role.equals(NodeRole.ALONE)) {
            runtime.listenByRole(node.spec(), teller.admin(node), role.primaryPort(), role.readerPort());
        }
    }

    /** Whether the runtime has the node running. Reads no rows for a node that this process started: it is asked often. */
    boolean isRunning(CacheNode node) {
        StartedNode known = started.get(node.nodeId());
        return known != null
                ? runtime.inspect(known.spec()) == NodeState.RUNNING
                : is(locked(node, this::isFoundRunning));
    }

    /** A node that outlived the control plane before goes on as it is, and so does what the runtime does for it. */
    private boolean isFoundRunning(CacheNode node, CacheCluster cluster) {
        NodeSpec spec = specs.of(node, cluster);
        boolean isThere = runtime.inspect(spec) == NodeState.RUNNING;
        if (isThere && node.wanted() && node.status() != CacheNodeStatus.CREATING) {
            StartedNode found = foundAs(spec);
            started.put(spec.nodeId(), found);
            listenByRole(found, specs.roleOf(cluster));
        }
        return isThere;
    }

    /** The highest epoch of an order that the node has obeyed; 0 for one that takes none. */
    long obeyedEpoch(CacheNode node) {
        NodeStanding standing = admin(node).orders().standing();
        return standing == null ? 0 : standing.epoch();
    }

    /** What the node says of itself. */
    NodeReport report(CacheNode node) {
        return admin(node).report();
    }

    /** Has the node write its data to {@link #snapshotFile}, where nothing of before is left. */
    void beginSave(CacheNode node) {
        try {
            Files.deleteIfExists(snapshotFile(node));
        } catch (IOException e) {
            throw new UncheckedIOException("an old snapshot of node " + node.nodeId() + " stays: " + e, e);
        }
        admin(node).beginSave();
    }

    /** Where the node saves, and what it loads when it is created. */
    Path snapshotFile(CacheNode node) {
        return directory.nodeDirectory(node.nodeId()).resolve(NodeSpec.SNAPSHOT_FILE);
    }

    /**
     * Lays files where nodes that are being created load them; those that run already are stopped first.
     *
     * @param primaries one of each node group, by number; or the node of a cluster on its own
     */
    void lay(List<CacheNode> primaries, SnapshotFiles files, RestoreSource source) {
        List<SnapshotFiles.Heir> heirs = new ArrayList<>();
        for (CacheNode node : primaries) {
            stop(node);
            try {
                StateDirectory.createPrivate(directory.nodeDirectory(node.nodeId()));
            } catch (IOException e) {
                throw new UncheckedIOException("the folder of node " + node.nodeId() + " cannot be used: " + e, e);
            }
            NodeGroup nodeGroup = inRows(node, NodeGroup::of);
            heirs.add(new SnapshotFiles.Heir(nodeGroup == null ? null : nodeGroup.slots(), snapshotFile(node)));
        }
        CacheNode first = primaries.getFirst();
        files.fetch(source, first.key(), heirs, AtRestEncryption.keyOf(inRows(first, AtRestEncryption::of)));
    }

    private <T> @Nullable T inRows(CacheNode node, BiFunction<Handle, CacheCluster, @Nullable T> question) {
        return database.read(handle -> {
            CacheCluster cluster = CacheCluster.find(handle, node.key());
            return cluster == null ? null : question.apply(handle, cluster);
        });
    }

    /** Deletes what was laid into the node's folder: it has it in memory. */
    void tidy(CacheNode node) {
        try {
            Files.deleteIfExists(snapshotFile(node));
        } catch (IOException e) {
            throw new UncheckedIOException("what node " + node.nodeId() + " loaded stays: " + e, e);
        }
    }

    /** The bytes that the node may use for data. */
    long maxMemoryBytes(CacheNode node) {
        NodeParameters parameters = parameters(node);
        return parameters == null ? Long.MAX_VALUE : parameters.maxMemoryBytes();
    }

    /** What the node was last told of its parameter group; null when its rows are gone. */
    @Nullable
    NodeParameters parameters(CacheNode node) {
        return locked(node, NodeSpecs::parameters);
    }

    /** Stops the node; its data stays. */
    void stop(CacheNode node) {
        locked(node, (current, cluster) -> {
            started.remove(current.nodeId());
            runtime.stop(specs.of(current, cluster));
            return true;
        });
    }

    /** Ends the node at once; whether it is certain that it has ended. Its data stays. */
    boolean kill(CacheNode node) {
        return is(locked(node, (current, cluster) -> {
            started.remove(current.nodeId());
            return runtime.kill(specs.of(current, cluster));
        }));
    }

    /** Stops the node and starts it, empty, with all values of its parameter group; not one whose replicas have data. */
    void restart(CacheNode node) {
        locked(node, (current, cluster) -> {
            requireNoneHasData(current, cluster);
            return true;
        });
        restart(node, false);
    }

    /** The same for one whose data somebody wishes to be gone. */
    void reboot(CacheNode node) {
        restart(node, false);
    }

    /** The same, and has it load what it saved. */
    void restartWithData(CacheNode node) {
        restart(node, true);
    }

    private void restart(CacheNode node, boolean keepsData) {
        locked(node, (current, cluster) -> {
            NodeParameters before = NodeSpecs.parameters(current, cluster);
            NodeParameters now = before.withValues(specs.wanted(cluster));
            CacheNode told = before.equals(now) ? current : teller.remember(current, before, now);
            NodeSpec spec = specs.of(told, cluster);
            started.remove(spec.nodeId());
            runtime.stop(spec);
            if (told.wanted()) {
                startNow(told, cluster, keepsData, true);
            }
            return true;
        });
    }

    /**
     * Started as it was, a primary has nothing, and its replicas throw away what they have to be like it: so one of them has
     * to lead first. One that is being made has none that could have anything but from it.
     */
    private void requireNoneHasData(CacheNode node, CacheCluster cluster) {
        NodeRole role = specs.roleOf(cluster);
        boolean leads = role.primary() == null && role.source() == null && !role.equals(NodeRole.ALONE);
        if (leads && node.status() != CacheNodeStatus.CREATING && replicasMayHaveData(node)) {
            throw new IllegalStateException("node " + node.nodeId() + " would be empty, and its replicas have data");
        }
    }

    /** Whether the node is a primary that would have nothing where replicas of it may have what it had. */
    boolean replicasMayHaveData(CacheNode node) {
        Post post = database.read(handle -> Post.of(handle, node));
        return post != null && !post.group().is(ReplicationGroupStatus.MIGRATING)
                && post.members().stream().anyMatch(this::mayHaveData);
    }

    /** Whether it runs, and does not say that it has nothing. Takes no lock: who asks has that of another node. */
    boolean mayHaveData(CacheNode replica) {
        StartedNode known = started.get(replica.nodeId());
        if (known == null) {
            known = asRowsSay(replica);
        }
        if (known == null || runtime.inspect(known.spec()) != NodeState.RUNNING) {
            return false;
        }
        try {
            NodeAdmin admin = teller.admin(known, SOON);
            NodeStanding standing = admin.orders().standing();
            return standing == null ? admin.place().hasData() : standing.isLoading() || standing.hasData();
        } catch (JedisException | NodeRuntimeException e) {
            return !isRefused(e);
        }
    }

    /** The node as it would be found if it ran; null when its cluster is gone. */
    private @Nullable StartedNode asRowsSay(CacheNode node) {
        CacheCluster cluster = database.read(handle -> CacheCluster.find(handle, node.key()));
        try {
            return cluster == null ? null : foundAs(specs.of(node, cluster));
        } catch (GoneException e) {
            return null;
        }
    }

    private static StartedNode foundAs(NodeSpec spec) {
        return new StartedNode(spec, new NodeAddress(spec.bindAddress(), spec.port()));
    }

    /** Nobody listens there: it is about to start, and has nothing yet, or to end. */
    private static boolean isRefused(Throwable why) {
        return why instanceof ConnectException || (why.getCause() != null && isRefused(why.getCause()))
                || Stream.of(why.getSuppressed()).anyMatch(Nodes::isRefused);
    }

    /** {@link HopelessException} when the runtime has nothing by which nodes of that engine could run. */
    void requireRunnable(EngineType engine) {
        try {
            runtime.requireRunnable(engine);
        } catch (NodeRuntimeException e) {
            throw new HopelessException(String.valueOf(e.getMessage()));
        }
    }

    /** Stops the node and deletes its data. */
    void remove(CacheNode node) {
        locked(node, (current, cluster) -> {
            started.remove(current.nodeId());
            NodeSpec spec = specs.of(current, cluster);
            runtime.remove(spec);
            try {
                StateDirectory.deleteAll(spec.dataDirectory());
            } catch (IOException e) {
                throw new UncheckedIOException("the data of node " + spec.nodeId() + " cannot be deleted: " + e, e);
            }
            return true;
        });
        locks.remove(node.nodeId());
    }

    /** A node with users is started closed, and then told who they are. */
    private void startNow(CacheNode node, CacheCluster cluster) {
        startNow(node, cluster, node.status() == CacheNodeStatus.CREATING, false);
    }

    /** @param isWished  whether it is to begin so also where others have more */
    private void startNow(CacheNode node, CacheCluster cluster, boolean loads, boolean isWished) {
        NodeSpec spec = specs.of(node, cluster);
        prepareFolder(spec, loads);
        if (specs.modeOf(cluster) != Mode.DISABLED) {
            specs.provideCertificate(spec, node, cluster);
        }
        boolean isAdopted = runtime.inspect(spec) == NodeState.RUNNING;
        if (!isAdopted && !isWished) {
            requireNoneHasData(node, cluster);
        }
        StartedNode now = new StartedNode(spec, runtime.start(spec));
        if (!isAdopted) {
            certificates.isShown(spec.dataDirectory());
        }
        if (!spec.open()) {
            teller.users(now, node, cluster);
        }
        NodeRole role = specs.roleOf(cluster);
        if (!isAdopted && (!role.equals(NodeRole.ALONE) || specs.wasMember(cluster))) {
            // One that was running keeps its role: whoever was about to change it goes on with that.
            tellRole(node, now, role);
        } else {
            listenByRole(now, role);
        }
        started.put(spec.nodeId(), now);
    }

    /**
     * A node that is being created loads what was laid into its folder for it, and one that is started anew for another
     * version what it saved for that; else it starts empty, as with AWS.
     *
     * <p>A file that lies there then is the remainder of a snapshot, and older than what clients last saw.
     */
    private void prepareFolder(NodeSpec spec, boolean loads) {
        try {
            StateDirectory.createPrivate(spec.dataDirectory());
            // A node that outlived the process before may have saved a moment ago.
            if (!loads && runtime.inspect(spec) == NodeState.STOPPED) {
                Files.deleteIfExists(spec.snapshotFile());
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the folder of node " + spec.nodeId() + " cannot be used: " + e, e);
        }
    }

    private static boolean is(@Nullable Boolean answer) {
        return Boolean.TRUE.equals(answer);
    }

    /** Whether the node answers, and lets its admin in. */
    boolean answers(CacheNode node) {
        return isMemcached(node) ? memcached(node).answers() : admin(node).answers();
    }

    /** The node's admin connection. */
    NodeAdmin admin(CacheNode node) {
        return teller.admin(started(node));
    }

    /** The same for a Memcached node, which has a protocol of its own. */
    private MemcachedAdmin memcached(CacheNode node) {
        return teller.memcached(started(node));
    }

    private boolean isMemcached(CacheNode node) {
        StartedNode known = started.get(node.nodeId());
        return known != null
                ? known.spec().engine() == EngineType.MEMCACHED
                : is(locked(node, (current, cluster) -> cluster.engine() == EngineType.MEMCACHED));
    }

    /** What it was started or adopted as; null for one that this process has not. */
    @Nullable
    StartedNode ifStarted(CacheNode node) {
        return started.get(node.nodeId());
    }

    /** Notes what the node has been told to be. */
    void isNow(StartedNode node) {
        started.put(node.spec().nodeId(), node);
    }

    /** A node that was not started by this process is adopted first. */
    StartedNode started(CacheNode node) {
        StartedNode known = started.get(node.nodeId());
        if (known == null && start(node)) {
            known = started.get(node.nodeId());
        }
        if (known == null) {
            throw new IllegalStateException("node " + node.nodeId() + " is not to run");
        }
        return known;
    }

    /** The same for a node that must not be started for it; null when it does not run. */
    private @Nullable StartedNode ifRunning(CacheNode node) {
        return locked(node, (current, cluster) -> {
            boolean isRunning = runtime.inspect(specs.of(current, cluster)) == NodeState.RUNNING;
            if (isRunning && !started.containsKey(node.nodeId())) {
                startNow(current, cluster);
            }
            return isRunning ? started.get(node.nodeId()) : null;
        });
    }

    /** Null when the node's rows are gone, or go meanwhile: it was removed, and there is nothing left to do with it. */
    <T> @Nullable T locked(CacheNode node, BiFunction<CacheNode, CacheCluster, T> work) {
        ReentrantLock lock = locks.computeIfAbsent(node.nodeId(), id -> new ReentrantLock());
        lock.lock();
        try {
            CacheNode current = find(node);
            CacheCluster cluster = database.read(handle -> CacheCluster.find(handle, node.key()));
            return current == null || cluster == null ? null : work.apply(current, cluster);
        } catch (GoneException e) {
            return null;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable CacheNode find(CacheNode node) {
        return of(node.key()).stream().filter(other -> other.nodeId().equals(node.nodeId())).findFirst().orElse(null);
    }
}
