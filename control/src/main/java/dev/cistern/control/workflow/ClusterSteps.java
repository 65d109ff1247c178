package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
import dev.cistern.control.resource.ClusterSecurityGroups;
import dev.cistern.control.resource.EngineChange;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.MemcachedCluster;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.RetainedCluster;
import dev.cistern.control.resource.Snapshot;
import dev.cistern.control.resource.TagRow;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * The steps that workflows on one cluster share with those on a group of clusters.
 *
 * <p>Step names carry cluster and node, so that they are unique within a group's workflow.
 */
final class ClusterSteps {

    /** From start to first answer; a node that reads a snapshot is given its time by a workflow of its own. */
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);

    /** A node of hundreds of gigabytes from a slow disk. */
    private static final Duration LOAD_LIMIT = Duration.ofHours(6);

    /** How long writes may wait for a replica to take over, and how often that is tried. */
    private static final Duration HAND_OVER_PAUSE = Duration.ofSeconds(2);

    private static final Duration HAND_OVER_LIMIT = Duration.ofSeconds(30);

    private final Nodes nodes;
    private final NodeChanges changes;
    private final SnapshotFiles files;
    private final EventLog events;
    private final LongSupplier nanos;

    /** @param nanos a clock that never goes back */
    ClusterSteps(Nodes nodes, NodeChanges changes, SnapshotFiles files, EventLog events, LongSupplier nanos) {
        this.nodes = nodes;
        this.changes = changes;
        this.files = files;
        this.events = events;
        this.nanos = nanos;
    }

    /** Starts every node of the cluster and waits until it answers. */
    void bringUp(Steps steps, ResourceKey cluster) {
        bringUp(steps, cluster, false);
    }

    /** Starts the node and waits until it answers. */
    void bringUp(Steps steps, CacheNode node) {
        bringUp(steps, node, false);
    }

    /** Starts every node of the cluster, with what was laid into its folder if it {@code loads}, and waits until it answers. */
    void bringUp(Steps steps, ResourceKey cluster, boolean loads) {
        nodes.of(cluster).forEach(node -> bringUp(steps, node, loads));
    }

    /** Lays what these clusters, one of each node group in their order, have of {@code source} where they load it. */
    void lay(Steps steps, String name, List<ResourceKey> primaries, RestoreSource source) {
        steps.once("fetch " + name, () -> nodes.lay(
                primaries.stream().map(primary -> nodes.of(primary).getFirst()).toList(), files, source));
    }

    /** Has every node of the cluster be what it is in its group, and waits until it has what its primary has. */
    void takePlace(Steps steps, ResourceKey cluster) {
        takePlace(steps, cluster, "");
    }

    /** The same once more in one workflow; {@code occasion} tells these steps from the others. */
    void takePlace(Steps steps, ResourceKey cluster, String occasion) {
        for (CacheNode node : nodes.of(cluster)) {
            String name = cluster.id() + " " + node.cacheNodeId() + occasion;
            steps.until("place " + name, LOAD_LIMIT, () -> nodes.assumeRoleUnlessLoading(node));
            steps.until("catch up " + name, LOAD_LIMIT, () -> nodes.isCaughtUp(node));
        }
    }

    /** The highest epoch of an order that the cluster's first node has obeyed. */
    long obeyedEpoch(Steps steps, ResourceKey cluster) {
        return steps.once("epoch of " + cluster.id(), Long.class,
                () -> nodes.obeyedEpoch(nodes.of(cluster).getFirst()));
    }

    /** Has whoever is primary and its replica change places, and waits until they have. */
    void handOver(Steps steps, Supplier<ResourceKey> primary, ResourceKey replica, String occasion) {
        CacheNode to = nodes.of(replica).getFirst();
        steps.untilSoon("hand over to " + replica.id() + occasion, HAND_OVER_LIMIT, () -> {
            ResourceKey present = primary.get();
            return present.equals(replica) || nodes.handOver(nodes.of(present).getFirst(), to, HAND_OVER_PAUSE);
        });
    }

    private void bringUp(Steps steps, CacheNode node, boolean loads) {
        String name = node.key().id() + " " + node.cacheNodeId();
        steps.once("start " + name, () -> nodes.start(node));
        steps.until("answer " + name, loads ? LOAD_LIMIT : ANSWER_LIMIT, () -> nodes.answers(node));
        if (loads) {
            steps.once("fit " + name, () -> requireRoom(node));
        }
    }

    /** Deletes what the nodes loaded. Only when they are available: until then they may have to load it again. */
    void tidy(Steps steps, ResourceKey cluster, @Nullable RestoreSource source) {
        if (source != null) {
            for (CacheNode node : nodes.of(cluster)) {
                steps.once("tidy " + cluster.id() + " " + node.cacheNodeId(), () -> nodes.tidy(node));
            }
        }
    }

    /** The originals load more than they may hold, and evict it with the first write: data would be lost unseen. */
    private void requireRoom(CacheNode node) {
        long used = nodes.report(node).usedMemoryBytes();
        long limit = nodes.maxMemoryBytes(node);
        if (used > limit) {
            throw new HopelessException("the data takes " + used + " bytes, the node has room for " + limit);
        }
    }

    /** Ends a restore: the snapshot can be changed again, whatever came of it. */
    static void endRestore(Handle handle, ResourceKey place, @Nullable RestoreSource source) {
        String name = source == null ? null : source.snapshot();
        Snapshot snapshot = name == null ? null : Snapshot.find(handle, place.sibling(name));
        if (snapshot != null) {
            Snapshot.TABLE.update(handle, snapshot.withRestores(snapshot.restores() - 1));
        }
    }

    /** The cluster becomes available, and if it is new its nodes do, and the events tell so. */
    void becomeAvailable(Handle handle, ResourceKey key) {
        CacheCluster cluster = require(handle, key);
        CacheCluster.TABLE.update(handle, cluster.withStatus(CacheClusterStatus.AVAILABLE));
        if (!cluster.is(CacheClusterStatus.CREATING)) {
            return;
        }
        events.clusterEvent(handle, key, "Cache cluster created");
        for (CacheNode node : CacheNode.of(handle, key)) {
            CacheNode.TABLE.update(handle, node.withStatus(CacheNodeStatus.AVAILABLE));
            events.clusterEvent(handle, key, "Added cache node " + node.cacheNodeId() + " in availability zone "
                    + node.availabilityZone());
        }
    }

    /** The cluster could not be made: it can only be deleted, and its nodes are not to run. */
    void failToCreate(Handle handle, ResourceKey key, @Nullable RestoreSource source, String reason) {
        CacheCluster.TABLE.update(handle, require(handle, key).withStatus(
                source == null ? CacheClusterStatus.INCOMPATIBLE_NETWORK : CacheClusterStatus.RESTORE_FAILED));
        CacheNode.of(handle, key).forEach(node -> CacheNode.TABLE.update(handle, node.leaving()));
        events.clusterEvent(handle, key, source == null
                ? "Failed to create the cache cluster due to incompatible network state: " + reason
                : "Failed to restore the cache cluster from " + source.title() + ": " + reason);
    }

    /** Gives every node of the cluster the memory of the type that it is to become. */
    void resize(Steps steps, ResourceKey cluster, String nodeType) {
        for (CacheNode node : nodes.of(cluster)) {
            steps.once("resize " + cluster.id() + " " + node.cacheNodeId(), () -> changes.resize(node, nodeType));
        }
    }

    /** Tells every node of the cluster the values of its parameter group that nodes can take while they serve. */
    void configure(Steps steps, ResourceKey cluster) {
        for (CacheNode node : nodes.of(cluster)) {
            String name = cluster.id() + " " + node.cacheNodeId();
            steps.once("configure " + name, () -> changes.configure(node));
        }
    }

    /** Tells every node of the cluster who may come in. */
    void secure(Steps steps, ResourceKey cluster) {
        for (CacheNode node : nodes.of(cluster)) {
            steps.once("secure " + cluster.id() + " " + node.cacheNodeId(), () -> changes.secure(node));
        }
    }

    /** Tells every node of the cluster how its connections are to be encrypted. */
    void encrypt(Steps steps, ResourceKey cluster) {
        for (CacheNode node : nodes.of(cluster)) {
            steps.once("encrypt " + cluster.id() + " " + node.cacheNodeId(), () -> changes.encrypt(node));
        }
    }

    /** Tells every node of the cluster whether it sends clients to where their keys lie, or serves all. */
    void tellClusterMode(Steps steps, ResourceKey cluster) {
        for (CacheNode node : nodes.of(cluster)) {
            steps.once("mode of " + cluster.id(), () -> changes.tellClusterMode(node));
        }
    }

    /** Stops those nodes of the cluster and starts them with all values of its parameter group. */
    void reboot(Steps steps, ResourceKey cluster, List<String> cacheNodeIds) {
        for (CacheNode node : nodes.of(cluster)) {
            if (cacheNodeIds.contains(node.cacheNodeId())) {
                String name = cluster.id() + " " + node.cacheNodeId();
                steps.commit("shutdown " + name, handle -> events.clusterEvent(handle, cluster,
                        "Cache node " + node.cacheNodeId() + " shutdown"));
                steps.once("restart " + name, () -> nodes.reboot(node));
                steps.until("answer " + name, ANSWER_LIMIT, () -> nodes.answers(node));
            }
        }
    }

    /** Stops the node, starts it as its cluster is now, and waits until it answers. */
    void restart(Steps steps, CacheNode node) {
        String name = node.key().id() + " " + node.cacheNodeId();
        steps.once("restart " + name, () -> nodes.restart(node));
        steps.until("answer " + name, ANSWER_LIMIT, () -> nodes.answers(node));
    }

    /** Starts the node as its cluster is now, with what it holds, and waits until it answers. */
    void restartWithData(Steps steps, CacheNode node) {
        String name = node.key().id() + " " + node.cacheNodeId();
        steps.until("restart " + name, LOAD_LIMIT, new HeldRestart(nodes, node, nanos)::goOn);
        steps.until("answer " + name, LOAD_LIMIT, () -> nodes.answers(node));
        steps.once("tidy " + name, () -> nodes.tidy(node));
    }

    /** The rebooted nodes serve again, and the cluster can be changed. */
    void becomeRebooted(Handle handle, ResourceKey key) {
        CacheCluster.TABLE.update(handle, require(handle, key).withStatus(CacheClusterStatus.AVAILABLE));
        for (CacheNode node : CacheNode.of(handle, key)) {
            if (node.status() == CacheNodeStatus.RESTARTING) {
                CacheNode.TABLE.update(handle, node.withStatus(CacheNodeStatus.AVAILABLE));
                events.clusterEvent(handle, key, "Cache node " + node.cacheNodeId() + " restarted");
            }
        }
    }

    /** Nodes that did not come back are handed to the keeper, which tries for ever. */
    void failToReboot(Handle handle, ResourceKey key) {
        CacheCluster.TABLE.update(handle, require(handle, key).withStatus(CacheClusterStatus.AVAILABLE));
        CacheNode.of(handle, key).stream().filter(node -> node.status() == CacheNodeStatus.RESTARTING)
                .forEach(node -> CacheNode.TABLE.update(handle, node.withStatus(CacheNodeStatus.REBOOTING)));
    }

    /** The new node type is the cluster's own, and it can be changed again. */
    void becomeResized(Handle handle, ResourceKey key, String nodeType) {
        CacheCluster cluster = require(handle, key);
        CacheCluster.TABLE.update(handle, cluster
                .withSettings(cluster.settings().withCacheNodeType(nodeType))
                .withPendingNodeType(null)
                .withStatus(CacheClusterStatus.AVAILABLE));
        events.clusterEvent(handle, key, "Succeeded applying modification to cache node type to " + nodeType + ".");
    }

    /** The cluster keeps the node type that it has. */
    void failToResize(Handle handle, ResourceKey key, String nodeType, String reason) {
        CacheCluster cluster = require(handle, key);
        CacheCluster.TABLE.update(handle,
                cluster.withPendingNodeType(null).withStatus(CacheClusterStatus.AVAILABLE));
        events.clusterEvent(handle, key,
                "Failed applying modification to cache node type to " + nodeType + ": " + reason);
    }

    /** From here on nothing starts the cluster's nodes any more. */
    void leave(Handle handle, ResourceKey key) {
        CacheNode.of(handle, key).forEach(node -> CacheNode.TABLE.update(handle, node.leaving()));
        CacheCluster.TABLE.update(handle, require(handle, key).withStatus(CacheClusterStatus.DELETING));
    }

    /** Waits until clients have found out that the nodes of these clusters have no slots any more, but not for ever. */
    void awaitNoRequests(Steps steps, List<ResourceKey> left) {
        Stragglers stragglers = new Stragglers(nodes, left.stream().flatMap(key -> nodes.of(key).stream()).toList(),
                nanos);
        steps.until("wait for clients of nodes without slots", Stragglers.LONGEST.multipliedBy(2), stragglers::areGone);
    }

    /** Stops every node of the cluster and deletes its data. */
    void tearDown(Steps steps, ResourceKey cluster) {
        for (CacheNode node : nodes.of(cluster)) {
            steps.once("remove " + cluster.id() + " " + node.cacheNodeId(), () -> nodes.remove(node));
        }
    }

    /** Deletes the cluster's rows; from now on it is not found. */
    void forget(Handle handle, ResourceKey key) {
        CacheCluster cluster = require(handle, key);
        for (CacheNode node : CacheNode.of(handle, key)) {
            handle.execute("delete from port_lease where node_id = ?", node.nodeId());
            CacheNode.TABLE.delete(handle, key.account(), key.region(), key.id(), node.cacheNodeId());
        }
        MemcachedCluster.forget(handle, cluster);
        RetainedCluster.forget(handle, cluster);
        EngineChange.delete(handle, key);
        ClusterSecurityGroups.delete(handle, key, false);
        CacheCluster.TABLE.delete(handle, key.account(), key.region(), key.id());
        TagRow.deleteAll(handle, cluster.arn());
        events.clusterEvent(handle, key, "Cache cluster deleted");
    }

    private static CacheCluster require(Handle handle, ResourceKey key) {
        CacheCluster cluster = CacheCluster.find(handle, key);
        if (cluster == null) {
            throw new IllegalStateException("cache cluster " + key.id() + " is gone");
        }
        return cluster;
    }
}
