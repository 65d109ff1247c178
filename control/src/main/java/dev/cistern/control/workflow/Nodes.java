package dev.cistern.control.workflow;

import dev.cistern.control.EndpointOptions;
import dev.cistern.control.key.KeyVault;
import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.LoginKeys;
import dev.cistern.control.node.LoginTerms;
import dev.cistern.control.node.MemcachedAdmin;
import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeAdmin;
import dev.cistern.control.node.NodePlace;
import dev.cistern.control.node.NodeReport;
import dev.cistern.control.node.NodeRuntime;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.NodeState;
import dev.cistern.control.node.NodeUser;
import dev.cistern.control.resource.AtRestEncryption;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.ClusterSecurityGroups;
import dev.cistern.control.resource.EndpointNames;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.Leadership;
import dev.cistern.control.resource.MemcachedCluster;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.NodeLogins;
import dev.cistern.control.resource.NodeParameters;
import dev.cistern.control.resource.NodeRole;
import dev.cistern.control.resource.NodeType;
import dev.cistern.control.resource.NodeUsers;
import dev.cistern.control.resource.ParameterGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.TransitEncryption;
import dev.cistern.control.resource.TransitEncryption.Mode;
import dev.cistern.control.state.Database;
import dev.cistern.control.state.StateDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Starts, stops and asks nodes, as the rows of the database say.
 *
 * <p>A lock for each node keeps workflow and keeper from handling it at once, and within it the row is read again: a node
 * that was unwanted meanwhile is not started. Lock before transaction, never the other way round.
 */
final class Nodes {

    private static final Logger log = LoggerFactory.getLogger(Nodes.class);

    /** Whether a node that knows of slots serves clients that do not. */
    private static final String COMPATIBLE = "cluster-compatible";
    private static final String OFF = "no";

    private static final Duration SOON = Duration.ofMillis(500);

    private final Database database;
    private final NodeRuntime runtime;
    private final StateDirectory directory;
    private final EventLog events;
    private final EndpointOptions endpoints;
    private final NodeCertificates certificates;
    private final KeyVault keys;
    private final Roles roles;
    private final LoginKeys loginKeys;
    private final Clock clock;
    private final Map<String, ReentrantLock> locks = new ConcurrentHashMap<>();
    private final Map<String, Started> started = new ConcurrentHashMap<>();

    Nodes(Database database, NodeRuntime runtime, StateDirectory directory, EventLog events,
            EndpointOptions endpoints, NodeCertificates certificates, KeyVault keys, Leases leases,
            LoginKeys loginKeys, Clock clock) {
        this.database = database;
        this.runtime = runtime;
        this.directory = directory;
        this.events = events;
        this.endpoints = endpoints;
        this.certificates = certificates;
        this.keys = keys;
        this.roles = new Roles(leases, events, database);
        this.loginKeys = loginKeys;
        this.clock = clock;
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
                tellRole(current, started(current), roleOf(cluster));
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
        Started known = started.get(node.nodeId());
        Started running = known == null ? ifRunning(node) : known;
        return running == null
                ? null
                : new NodeAdmin(running.address, running.spec.admin(),
                        running.isEncrypted() ? certificates.trust() : null, SOON);
    }

    /** Whether the node has what its group's primary has, and hears of everything new; a primary does. */
    boolean isCaughtUp(CacheNode node) {
        NodePlace place = admin(node).place();
        return place.isPrimary() || place.isLinked();
    }

    /**
     * Whether the replica is primary; if not, has the two change places, unless they are about to. Writes wait for no longer
     * than {@code limit} for that.
     */
    boolean handOver(CacheNode primary, CacheNode replica, Duration limit) {
        return roles.handOver(admin(primary), replica, admin(replica), leadershipOf(replica), limit);
    }

    /** Has the replica lead, by the epoch that is raised already; whether it does. */
    boolean promote(CacheNode replica) {
        return roles.promote(replica, admin(replica), leadershipOf(replica));
    }

    private Leadership leadershipOf(CacheNode node) {
        return database.read(handle -> {
            CacheCluster cluster = CacheCluster.find(handle, node.key());
            return cluster == null ? Leadership.NONE : NodeRole.of(handle, cluster).leadership();
        });
    }

    /** The number of the node group that the node is in; that of a cluster on its own is the first. */
    String nodeGroupOf(CacheNode node) {
        CacheCluster cluster = database.read(handle -> CacheCluster.find(handle, node.key()));
        String number = cluster == null ? null : cluster.nodeGroupId();
        return number == null ? NodeGroup.FIRST : number;
    }

    private NodeRole roleOf(CacheCluster cluster) {
        return database.read(handle -> NodeRole.of(handle, cluster));
    }

    private void tellRole(CacheNode node, Started started, NodeRole role) {
        CacheNode primary = role.primary();
        roles.tell(node, admin(started), role,
                () -> primary == null ? null : ifAnswering(primary, admin -> admin.orders().standing()));
        listenByRole(started, role);
    }

    private void listenByRole(Started node, NodeRole role) {
        if (!role.equals(NodeRole.ALONE)) {
            runtime.listenByRole(node.spec, admin(node), role.primaryPort(), role.readerPort());
        }
    }

    /** Whether the runtime has the node running. Reads no rows for a node that this process started: it is asked often. */
    boolean isRunning(CacheNode node) {
        Started known = started.get(node.nodeId());
        return known != null
                ? runtime.inspect(known.spec) == NodeState.RUNNING
                : is(locked(node, this::isFoundRunning));
    }

    /** A node that outlived the control plane before goes on as it is, and so does what the runtime does for it. */
    private boolean isFoundRunning(CacheNode node, CacheCluster cluster) {
        NodeSpec spec = specOf(node, cluster);
        boolean isThere = runtime.inspect(spec) == NodeState.RUNNING;
        if (isThere && node.wanted() && node.status() != CacheNodeStatus.CREATING) {
            Started found = new Started(spec, new NodeAddress(spec.bindAddress(), spec.port()));
            started.put(spec.nodeId(), found);
            listenByRole(found, roleOf(cluster));
        }
        return isThere;
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

    /** Lays a file where the node that is being created loads it; one that runs already is stopped first. */
    void lay(CacheNode node, SnapshotFiles files, RestoreSource source, String nodeGroupId) {
        stop(node);
        try {
            StateDirectory.createPrivate(directory.nodeDirectory(node.nodeId()));
        } catch (IOException e) {
            throw new UncheckedIOException("the folder of node " + node.nodeId() + " cannot be used: " + e, e);
        }
        files.fetch(source, node.key(), nodeGroupId, snapshotFile(node));
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
        Long bytes = locked(node, (current, cluster) -> parameters(current, cluster).maxMemoryBytes());
        return bytes == null ? Long.MAX_VALUE : bytes;
    }

    /** Stops the node; its data stays. */
    void stop(CacheNode node) {
        locked(node, (current, cluster) -> {
            started.remove(current.nodeId());
            runtime.stop(specOf(current, cluster));
            return true;
        });
    }

    /** Ends the node at once; whether it is certain that it has ended. Its data stays. */
    boolean kill(CacheNode node) {
        return is(locked(node, (current, cluster) -> {
            started.remove(current.nodeId());
            return runtime.kill(specOf(current, cluster));
        }));
    }

    /** Stops the node and starts it, empty, with all values of its parameter group. */
    void restart(CacheNode node) {
        restart(node, false);
    }

    /** The same, and has it load what it saved. */
    void restartWithData(CacheNode node) {
        restart(node, true);
    }

    private void restart(CacheNode node, boolean keepsData) {
        locked(node, (current, cluster) -> {
            NodeParameters before = parameters(current, cluster);
            NodeParameters now = before.withValues(wanted(cluster));
            CacheNode told = before.equals(now) ? current : remember(current, before, now);
            NodeSpec spec = specOf(told, cluster);
            started.remove(spec.nodeId());
            runtime.stop(spec);
            if (told.wanted()) {
                startNow(told, cluster, keepsData);
            }
            return true;
        });
    }

    /** Tells a node of a group whether it sends clients to where their keys lie, or serves all. */
    void tellClusterMode(CacheNode node) {
        locked(node, (current, cluster) -> {
            if (current.wanted()) {
                String value = specOf(current, cluster).parameters().getOrDefault(COMPATIBLE, OFF);
                tell(current, Map.of(COMPATIBLE, value));
            }
            return true;
        });
    }

    /** {@link HopelessException} when the runtime has nothing by which nodes of that engine could run. */
    void requireRunnable(EngineType engine) {
        try {
            runtime.requireRunnable(engine);
        } catch (NodeRuntimeException e) {
            throw new HopelessException(String.valueOf(e.getMessage()));
        }
    }

    /** Tells the node the values of its parameter group, without those that need a reboot. One that is to go is left. */
    void configure(CacheNode node) {
        locked(node, (current, cluster) -> {
            NodeParameters before = parameters(current, cluster);
            NodeParameters now = before.changedTo(wanted(cluster));
            if (current.wanted() && !cluster.parametersWait() && !before.values().equals(now.values())) {
                tell(current, now.settingsUnlike(before));
                remember(current, before, now);
            }
            return true;
        });
    }

    /** Tells the node who is in its cluster. One that does not run is told when it is started. */
    void announce(CacheNode node) {
        locked(node, (current, cluster) -> {
            if (current.wanted() && runtime.inspect(specOf(current, cluster)) == NodeState.RUNNING) {
                memcached(current).setList(list(cluster));
            }
            return true;
        });
    }

    private String list(CacheCluster cluster) {
        return database.read(handle -> MemcachedCluster.named(handle, cluster.key()).list(cluster,
                CacheNode.of(handle, cluster.key()), endpoints));
    }

    /** Tells the node who may come in. One that is to go is left. */
    void secure(CacheNode node) {
        locked(node, (current, cluster) -> {
            if (current.wanted()) {
                Started told = started(current);
                tellUsers(told, current, cluster);
            }
            return true;
        });
    }

    private void tellUsers(Started told, CacheNode node, CacheCluster cluster) {
        admin(told).setUsers(usersOn(told.spec, cluster));
        tellLogins(told, node, cluster);
    }

    /** Tells a node that runs by which keys it judges who logs in by a signed token. */
    void tellLogins(CacheNode node) {
        locked(node, (current, cluster) -> {
            if (current.wanted() && isRunning(current)) {
                tellLogins(started(current), current, cluster);
            }
            return true;
        });
    }

    private void tellLogins(Started told, CacheNode node, CacheCluster cluster) {
        LoginTerms terms = database.read(handle -> NodeLogins.of(handle, cluster, loginKeys,
                LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC)));
        if (!admin(told).setLogins(terms) && !terms.users().isEmpty()) {
            database.run(handle -> events.clusterEvent(handle, cluster.key(), "Cache node " + node.cacheNodeId()
                    + " is run by an original server, which cannot check IAM tokens: it refuses "
                    + String.join(", ", terms.users())));
        }
    }

    /**
     * Tells the node from where connections may come. One that does not run yet is told when it is started, one that is to go
     * is left.
     */
    void admit(CacheNode node) {
        locked(node, (current, cluster) -> {
            Started before = started.get(current.nodeId());
            String setting = peersSetting(cluster);
            NodeSpec spec = specOf(current, cluster);
            String wanted = spec.parameters().getOrDefault(setting, "");
            // What one that outlived the process before was last told is not known.
            boolean outlived = before == null && runtime.inspect(spec) == NodeState.RUNNING;
            if (current.wanted() && (outlived
                    || (before != null && !wanted.equals(before.spec.parameters().get(setting))))) {
                Started known = started(current);
                tell(current, Map.of(setting, wanted));
                Map<String, String> told = new HashMap<>(known.spec.parameters());
                told.put(setting, wanted);
                started.put(spec.nodeId(), new Started(known.spec.withParameters(told), known.address));
                database.run(handle -> events.clusterEvent(handle, cluster.key(), "Applied change to security group"));
            }
            return true;
        });
    }

    /** By the names that the two kinds of node have for it. */
    private static String peersSetting(CacheCluster cluster) {
        return cluster.engine() == EngineType.MEMCACHED ? "allow_from" : "allow-from";
    }

    /** The ranges of addresses that the rules of its security groups let in, in one word for each protocol's sake. */
    private String peers(CacheNode node, CacheCluster cluster) {
        return database.read(handle -> {
            List<Integer> ports = new ArrayList<>(List.of(node.port()));
            NodeGroup group = NodeGroup.of(handle, cluster);
            if (group != null) {
                ports.add(group.primaryPort());
                ports.add(group.readerPort());
            }
            if (cluster.engine() == EngineType.MEMCACHED) {
                ports.add(MemcachedCluster.named(handle, cluster.key()).configurationPort());
            }
            return ClusterSecurityGroups.peers(handle, cluster, ports).replace(' ', ',');
        });
    }

    /** Tells the node how its connections are to be encrypted. One that is to go is left. */
    void encrypt(CacheNode node) {
        locked(node, (current, cluster) -> {
            if (current.wanted()) {
                Started before = started(current);
                NodeSpec spec = specOf(current, cluster);
                Mode mode = modeOf(cluster);
                if (mode != Mode.DISABLED) {
                    certificates.provide(spec.dataDirectory(), ownerOf(cluster), spec.bindAddress(),
                            names(current, cluster));
                }
                NodeAdmin known = admin(before);
                Started after = new Started(spec, before.address);
                // A node that was told already, by a try that did not end, is reached in the new way alone.
                NodeAdmin admin = known.answers() ? known : admin(after);
                admin.setTogether(certificates.settings(spec.dataDirectory(), spec.port(), mode));
                certificates.isShown(spec.dataDirectory());
                started.put(spec.nodeId(), after);
                listenByRole(after, roleOf(cluster));
            }
            return true;
        });
    }

    /** Gives the node another certificate if its own ends soon, or in any case; its connections go on. */
    void renewCertificate(CacheNode node, boolean always) {
        locked(node, (current, cluster) -> {
            Started known = started.get(current.nodeId());
            if (current.wanted() && known != null && known.isEncrypted()) {
                NodeSpec spec = known.spec;
                if (always) {
                    certificates.replace(spec.dataDirectory(), ownerOf(cluster), spec.bindAddress(),
                            names(current, cluster));
                }
                if (always || certificates.provide(spec.dataDirectory(), ownerOf(cluster), spec.bindAddress(),
                        names(current, cluster))) {
                    takeCertificate(known);
                }
            }
            return true;
        });
    }

    /** Whose certificate it shows, if the operator has one for it. */
    private static String ownerOf(CacheCluster cluster) {
        String group = cluster.replicationGroupId();
        return group == null ? cluster.id() : group;
    }

    /** Equal as long as the operator has the nodes show the same certificates. */
    Object certificateWishes() {
        return certificates.wishes();
    }

    private void takeCertificate(Started node) {
        tellCertificate(node);
        certificates.isShown(node.spec.dataDirectory());
    }

    private void tellCertificate(Started node) {
        if (node.spec.engine() == EngineType.MEMCACHED) {
            memcached(node).readCertificates();
        } else {
            admin(node).setTogether(certificates.files(node.spec.dataDirectory()));
        }
    }

    /** What a node's certificate names beside the addresses. */
    private List<String> names(CacheNode node, CacheCluster cluster) {
        EndpointNames known = new EndpointNames(endpoints);
        String id = cluster.replicationGroupId();
        if (id == null) {
            return known.of(cluster, node);
        }
        ReplicationGroup group = database.read(handle -> ReplicationGroup.named(handle, cluster.key().sibling(id)));
        List<String> names = new ArrayList<>(known.of(group));
        names.addAll(known.of(group, node));
        return names;
    }

    /** Gives the node the limits of another type; {@link HopelessException} when its data has no room there. */
    void resize(CacheNode node, String nodeType) {
        locked(node, (current, cluster) -> {
            NodeParameters now = parameters(current, cluster).withNodeType(NodeType.named(nodeType));
            long used = admin(current).usedMemoryBytes();
            if (used > now.maxMemoryBytes()) {
                // A smaller limit would make the node evict, and a change of size must not lose data.
                throw new HopelessException("node " + node.cacheNodeId() + " uses " + used + " bytes, " + nodeType
                        + " has room for " + now.maxMemoryBytes());
            }
            tell(current, now.settingsUnlike(NodeParameters.of(cluster, cluster.settings().cacheNodeType(),
                    current.parameters())));
            return true;
        });
    }

    /** Stops the node and deletes its data. */
    void remove(CacheNode node) {
        locked(node, (current, cluster) -> {
            started.remove(current.nodeId());
            NodeSpec spec = specOf(current, cluster);
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
        startNow(node, cluster, node.status() == CacheNodeStatus.CREATING);
    }

    private void startNow(CacheNode node, CacheCluster cluster, boolean loads) {
        NodeSpec spec = specOf(node, cluster);
        prepareFolder(spec, loads);
        if (modeOf(cluster) != Mode.DISABLED) {
            certificates.provide(spec.dataDirectory(), ownerOf(cluster), spec.bindAddress(), names(node, cluster));
        }
        boolean isAdopted = runtime.inspect(spec) == NodeState.RUNNING;
        Started now = new Started(spec, runtime.start(spec));
        if (!isAdopted) {
            certificates.isShown(spec.dataDirectory());
        }
        if (!spec.open()) {
            tellUsers(now, node, cluster);
        }
        NodeRole role = roleOf(cluster);
        if (!isAdopted && !role.equals(NodeRole.ALONE)) {
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

    /** What the node does not know is left out: a parameter may be accepted before an engine has a use for it. */
    private void tell(CacheNode node, Map<String, String> settings) {
        Map<String, String> refused = isMemcached(node)
                ? memcached(node).setParameters(settings)
                : admin(node).setParameters(settings);
        refused.forEach((name, reason) -> {
            log.warn("node {} refuses {}: {}", node.nodeId(), name, reason);
            database.run(handle -> events.clusterEvent(handle, node.key(),
                    "Cache node " + node.cacheNodeId() + " refused parameter " + name + ": " + reason));
        });
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
        return admin(started(node));
    }

    private NodeAdmin admin(Started node) {
        return new NodeAdmin(node.address, node.spec.admin(), node.isEncrypted() ? certificates.trust() : null);
    }

    /** The same for a Memcached node, which has a protocol of its own. */
    private MemcachedAdmin memcached(CacheNode node) {
        return memcached(started(node));
    }

    private MemcachedAdmin memcached(Started node) {
        return new MemcachedAdmin(node.address, node.spec.admin(), node.isEncrypted() ? certificates.trust() : null,
                runtime.runsOriginals());
    }

    private boolean isMemcached(CacheNode node) {
        Started known = started.get(node.nodeId());
        return known != null
                ? known.spec.engine() == EngineType.MEMCACHED
                : is(locked(node, (current, cluster) -> cluster.engine() == EngineType.MEMCACHED));
    }

    /** A node that was not started by this process is adopted first. */
    private Started started(CacheNode node) {
        Started known = started.get(node.nodeId());
        if (known == null && start(node)) {
            known = started.get(node.nodeId());
        }
        if (known == null) {
            throw new IllegalStateException("node " + node.nodeId() + " is not to run");
        }
        return known;
    }

    /** The same for a node that must not be started for it; null when it does not run. */
    private @Nullable Started ifRunning(CacheNode node) {
        return locked(node, (current, cluster) -> {
            boolean isRunning = runtime.inspect(specOf(current, cluster)) == NodeState.RUNNING;
            if (isRunning && !started.containsKey(node.nodeId())) {
                startNow(current, cluster);
            }
            return isRunning ? started.get(node.nodeId()) : null;
        });
    }

    private Mode modeOf(CacheCluster cluster) {
        return database.read(handle -> TransitEncryption.of(handle, cluster)).wanted();
    }

    /** A node that this process had started or adopted, as it was then. */
    private record Started(NodeSpec spec, NodeAddress address) {

        boolean isEncrypted() {
            return spec.parameters().containsKey(NodeCertificates.SWITCH)
                    || spec.parameters().containsKey(NodeCertificates.MEMCACHED_SWITCH);
        }
    }

    private <T> @Nullable T locked(CacheNode node, BiFunction<CacheNode, CacheCluster, T> work) {
        ReentrantLock lock = locks.computeIfAbsent(node.nodeId(), id -> new ReentrantLock());
        lock.lock();
        try {
            CacheNode current = find(node);
            CacheCluster cluster = database.read(handle -> CacheCluster.find(handle, node.key()));
            // A node whose rows are gone is one that was removed: there is nothing left to do with it.
            return current == null || cluster == null ? null : work.apply(current, cluster);
        } finally {
            lock.unlock();
        }
    }

    private @Nullable CacheNode find(CacheNode node) {
        return of(node.key()).stream().filter(other -> other.nodeId().equals(node.nodeId())).findFirst().orElse(null);
    }

    private SortedMap<String, String> wanted(CacheCluster cluster) {
        return database.read(handle -> ParameterGroup
                .named(handle, cluster.key().sibling(cluster.settings().parameterGroup())).values(handle));
    }

    /** The users as the node has to be told them. */
    private List<NodeUser> usersOn(NodeSpec spec, CacheCluster cluster) {
        List<String> last = runtime.lastRules(spec);
        List<NodeUser> users = users(cluster);
        return last.isEmpty() ? users : users.stream().map(user -> user.endingWith(last)).toList();
    }

    private List<NodeUser> users(CacheCluster cluster) {
        return database.read(handle -> NodeUsers.of(handle, cluster));
    }

    /** Stores what the node is told, and the events that tell so; answers the row as it is then. */
    private CacheNode remember(CacheNode node, NodeParameters before, NodeParameters now) {
        return database.change(handle -> {
            CacheNode current = CacheNode.TABLE.find(handle, node.key().account(), node.key().region(),
                    node.key().id(), node.cacheNodeId()).orElseThrow();
            for (String name : now.family().parameters().keySet()) {
                if (!now.value(name).equals(before.value(name))) {
                    events.clusterEvent(handle, node.key(), "Updated parameter " + name + " to " + now.value(name));
                }
            }
            return CacheNode.TABLE.update(handle, current.withParameters(NodeParameters.encode(now.values())));
        });
    }

    private static NodeParameters parameters(CacheNode node, CacheCluster cluster) {
        return NodeParameters.of(cluster, cluster.effectiveNodeType(), node.parameters());
    }

    /** Nodes know of slots before the clients of their group have to. */
    private boolean sendsNobodyAway(CacheCluster cluster, Map<String, String> settings) {
        String group = cluster.replicationGroupId();
        return group != null && "yes".equals(settings.get("cluster-enabled")) && !database
                .read(handle -> ReplicationGroup.named(handle, cluster.key().sibling(group))).isClustered();
    }

    private NodeSpec specOf(CacheNode node, CacheCluster cluster) {
        NodeParameters parameters = parameters(node, cluster);
        Map<String, String> settings = new HashMap<>(parameters.settings());
        settings.remove(NodeParameters.MAXMEMORY);
        settings.put(peersSetting(cluster), peers(node, cluster));
        if (cluster.engine() == EngineType.MEMCACHED) {
            settings.put(MemcachedCluster.LIST_SETTING, list(cluster));
            settings.put(MemcachedCluster.PORT_SETTING, Integer.toString(database.read(
                    handle -> MemcachedCluster.named(handle, cluster.key())).configurationPort()));
        }
        if (!node.bindAddress().equals(endpoints.bindAddress())) {
            settings.put(NodeSpec.ROLE_BIND, endpoints.bindAddress());
            // Its primary sees from where it calls, which is not where it listens.
            settings.put("replica-announce-ip", node.bindAddress());
        }
        if (sendsNobodyAway(cluster, settings)) {
            settings.put(COMPATIBLE, "yes");
        }
        Leadership leadership = roleOf(cluster).leadership();
        if (leadership.isLeased()) {
            settings.put(NodeSpec.EPOCH, Long.toString(leadership.epoch()));
        }
        Mode mode = modeOf(cluster);
        if (mode != Mode.DISABLED) {
            Path folder = directory.nodeDirectory(node.nodeId());
            settings.putAll(cluster.engine() == EngineType.MEMCACHED
                    ? NodeCertificates.memcachedSettings(folder)
                    : certificates.settings(folder, node.port(), mode));
        }
        if (cluster.engine() != EngineType.MEMCACHED) {
            settings.putAll(keys.nodeSettings(database.read(
                    handle -> AtRestEncryption.keyOf(AtRestEncryption.of(handle, cluster)))));
        }
        return new NodeSpec(
                node.nodeId(),
                cluster.engine(),
                cluster.settings().engineVersion(),
                node.bindAddress(),
                node.port(),
                parameters.maxMemoryBytes(),
                settings,
                NodeUsers.isOpen(users(cluster)),
                node.admin(),
                directory.nodeDirectory(node.nodeId()));
    }
}
