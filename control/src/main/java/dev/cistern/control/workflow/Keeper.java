package dev.cistern.control.workflow;

import dev.cistern.control.node.TransientErrors;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.EngineChange;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.MaintenanceWindow;
import dev.cistern.control.resource.MemcachedCluster;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.state.Database;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what was made as it was wished: every wanted node running and no other, changes that wait for their maintenance window begun
 * in it, automatic snapshots taken, and old events deleted.
 *
 * <p>One virtual thread looks round every second; nodes that are away are started side by side on threads of their own. A
 * node that is being created is none of its business, that is its workflow's.
 */
final class Keeper implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Keeper.class);

    private static final Duration ROUND = Duration.ofSeconds(1);
    private static final Duration REPAIR_EVERY = Duration.ofSeconds(5);
    private static final Duration RENEW_EVERY = Duration.ofHours(1);
    private static final Duration TRIM_EVERY = Duration.ofHours(1);
    private static final Duration ROUND_LIMIT = Duration.ofSeconds(20);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);
    private static final int CONCURRENT_STARTS = 16;

    private final Database database;
    private final Nodes nodes;
    private final NodeChanges changes;
    private final EventLog events;
    private final Workflows workflows;
    private final Clock clock;
    private final Rest rest;
    private long renewedAtMillis;
    private @Nullable Object certificateWishes;
    private long repairedAtMillis;
    private final Topologies topologies;
    private final Strays strays;
    private final SnapshotKeeper snapshots;
    private final Sentry sentry;
    private final LoginKeeper logins;
    private long trimmedAtMillis;
    private @Nullable Thread rounds;

    Keeper(Database database, Nodes nodes, NodeChanges changes, EventLog events, Workflows workflows, Clock clock,
            Rest rest,
            SnapshotKeeper snapshots, Topologies topologies, Sentry sentry, LoginKeeper logins) {
        this.database = database;
        this.nodes = nodes;
        this.changes = changes;
        this.events = events;
        this.workflows = workflows;
        this.clock = clock;
        this.rest = rest;
        this.snapshots = snapshots;
        this.topologies = topologies;
        this.strays = new Strays(database, nodes);
        this.sentry = sentry;
        this.logins = logins;
    }

    /** Starts every wanted node that does not run, then goes on looking round in the background. */
    void open() {
        keepNodes("and status <> 'LOST'", "Cache node %s restarted");
        rounds = Thread.ofVirtual().name("keeper").start(this::lookRoundUntilClosed);
    }

    @Override
    public void close() {
        rest.close();
        Thread thread = rounds;
        if (thread != null) {
            try {
                thread.join(CLOSE_LIMIT);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void lookRoundUntilClosed() {
        while (!rest.isClosed()) {
            try {
                rest.pause(ROUND);
                keepNodes("and status not in ('CREATING', 'RESTARTING', 'DELETING', 'LOST')",
                        "Finished recovery for cache nodes %s");
                stopUnwanted();
                repairTopologies();
                beginPendingChanges();
                renewCertificates();
                logins.lookRound();
                snapshots.lookRound();
                trimEvents();
            } catch (Rest.ClosingException e) {
                return;
            } catch (RuntimeException e) {
                log.error("a round of the keeper failed; the next one follows", e);
            }
        }
    }

    /**
     * Starts the wanted nodes that are away, of those for which {@code which} holds.
     *
     * <p>When the control plane opens these are all: the workflow that creates a node may have done its start already, in
     * the process before, and the node may have ended with that process.
     */
    private void keepNodes(String which, String backAgain) {
        List<CacheNode> wanted = database
                .read(handle -> CacheNode.TABLE.select(handle, "where wanted = true " + which));
        List<CacheNode> away = wanted.stream()
                .filter(node -> node.status() == CacheNodeStatus.REBOOTING || !nodes.isRunning(node))
                .filter(node -> !sentry.guards(node))
                .toList();
        CountDownLatch tried = new CountDownLatch(away.size());
        Semaphore permits = new Semaphore(CONCURRENT_STARTS);
        for (CacheNode node : away) {
            Thread.ofVirtual().name("start-" + node.nodeId()).start(() -> {
                permits.acquireUninterruptibly();
                try {
                    bringBack(node, backAgain);
                } finally {
                    permits.release();
                    tried.countDown();
                }
            });
        }
        try {
            if (!tried.await(ROUND_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                log.warn("{} nodes take long to start", tried.getCount());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A node whose creation was given up may run, and hold its port, without ever having answered. */
    private void stopUnwanted() {
        database.read(handle -> CacheNode.TABLE.select(handle, "where wanted = false")).stream()
                .filter(nodes::isRunning).forEach(nodes::stop);
    }

    private void repairTopologies() {
        long now = clock.millis();
        if (now - repairedAtMillis >= REPAIR_EVERY.toMillis()) {
            repairedAtMillis = now;
            topologies.repair();
            strays.lookRound();
        }
    }

    private void bringBack(CacheNode node, String backAgain) {
        try {
            becomes(node, CacheNodeStatus.REBOOTING, "Recovering cache nodes " + node.cacheNodeId());
            if (nodes.bringBack(node) && nodes.answers(node)) {
                // Its start may have ended before it was told.
                nodes.assumeRole(node);
                becomes(node, CacheNodeStatus.AVAILABLE, backAgain.formatted(node.cacheNodeId()));
            }
        } catch (RuntimeException e) {
            log.atLevel(TransientErrors.levelOf(e)).log("node {} does not start; it is tried again", node.nodeId(), e);
        }
    }

    private void becomes(CacheNode node, CacheNodeStatus status, String event) {
        database.run(handle -> CacheNode.of(handle, node.key()).stream()
                .filter(current -> current.nodeId().equals(node.nodeId()))
                .filter(current -> current.wanted() && current.status() != CacheNodeStatus.CREATING)
                .filter(current -> current.status() != CacheNodeStatus.RESTARTING
                        && current.status() != CacheNodeStatus.DELETING && current.status() != CacheNodeStatus.LOST)
                .filter(current -> current.status() != status)
                .forEach(current -> {
                    CacheNode.TABLE.update(handle, current.withStatus(status));
                    events.clusterEvent(handle, node.key(), event);
                }));
    }

    private void beginPendingChanges() {
        List<CacheCluster> waiting = database.read(handle -> CacheCluster.TABLE.select(handle,
                "where (pending_node_type is not null or parameters_wait = true or (account, region, id) in "
                        + "(select account, region, id from engine_change) or (account, region, id) in "
                        + "(select account, region, id from memcached_cluster where pending_add <> '' "
                        + "or pending_remove <> '' or pending_engine_version <> '')) and status = 'AVAILABLE'"));
        for (CacheCluster cluster : waiting) {
            MaintenanceWindow window = MaintenanceWindow.parse(cluster.settings().maintenanceWindow());
            if (window != null && window.contains(clock.instant())) {
                database.run(handle -> {
                    CacheCluster current = CacheCluster.find(handle, cluster.key());
                    if (current != null && current.is(CacheClusterStatus.AVAILABLE)) {
                        beginChangeOfNodes(handle, tellParameters(handle, current));
                    }
                });
            }
        }
        if (!waiting.isEmpty()) {
            workflows.dispatch();
        }
    }

    private CacheCluster tellParameters(Handle handle, CacheCluster cluster) {
        if (!cluster.parametersWait()) {
            return cluster;
        }
        workflows.configureCacheCluster(handle, cluster.key());
        return CacheCluster.TABLE.update(handle, cluster.withParametersWait(false));
    }

    private void beginChangeOfNodes(Handle handle, CacheCluster cluster) {
        MemcachedCluster memcached = MemcachedCluster.find(handle, cluster.key());
        if (memcached == null) {
            beginChange(handle, cluster);
        } else {
            workflows.changeMemcached(handle, cluster, memcached);
        }
    }

    /** One after the other: the node type first, and a later round the engine's version. */
    private void beginChange(Handle handle, CacheCluster cluster) {
        String nodeType = cluster.pendingNodeType();
        boolean upgrades = EngineChange.find(handle, cluster.key()) != null;
        if (nodeType == null && !upgrades) {
            return;
        }
        if (cluster.replicationGroupId() == null) {
            var _ = nodeType == null
                    ? workflows.upgradeNode(handle, cluster)
                    : workflows.resizeCacheCluster(handle, cluster, nodeType);
            return;
        }
        ReplicationGroup group = ReplicationGroup.find(handle, cluster.key().sibling(cluster.replicationGroupId()));
        if (group != null && group.is(ReplicationGroupStatus.AVAILABLE)) {
            var _ = nodeType == null
                    ? workflows.upgradeReplicationGroup(handle, group)
                    : workflows.resizeReplicationGroup(handle, group, nodeType);
        }
    }

    private void renewCertificates() {
        long now = clock.millis();
        Object wishes = changes.certificateWishes();
        if (now - renewedAtMillis >= RENEW_EVERY.toMillis() || !wishes.equals(certificateWishes)) {
            renewedAtMillis = now;
            certificateWishes = wishes;
            renewCertificates(false);
        }
    }

    /** Gives nodes new certificates: those whose own end soon, or all. */
    void renewCertificates(boolean always) {
        for (CacheNode node : database.read(handle -> CacheNode.TABLE.select(handle, "where wanted = true"))) {
            try {
                changes.renewCertificate(node, always);
            } catch (RuntimeException e) {
                log.atLevel(TransientErrors.levelOf(e))
                        .log("the certificate of node {} cannot be renewed; it is tried again", node.nodeId(), e);
            }
        }
    }

    private void trimEvents() {
        long now = clock.millis();
        if (now - trimmedAtMillis >= TRIM_EVERY.toMillis()) {
            trimmedAtMillis = now;
            database.run(events::trim);
        }
    }
}
