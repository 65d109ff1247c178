package dev.cistern.control.workflow;

import dev.cistern.control.backup.FileFacts;
import dev.cistern.control.node.NodeReport;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.NodeSnapshot;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.Snapshot;
import dev.cistern.control.resource.SnapshotStatus;
import java.time.Clock;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jdbi.v3.core.Handle;

/** The steps that workflows on snapshots share. Step names carry the node group, so that they are unique. */
record SnapshotSteps(Nodes nodes, SnapshotFiles files, EventLog events, Clock clock) {

    /** A node of hundreds of gigabytes on a slow disk. */
    private static final Duration SAVE_LIMIT = Duration.ofHours(6);

    private static final Duration CATCH_UP_LIMIT = Duration.ofMinutes(10);

    /** A node as it was when its snapshot was begun. */
    record Before(String runId, long usedBytes, long atMillis) {}

    /** Has the part's node save, and takes the file over. */
    void take(Steps steps, NodeSnapshot part) {
        String name = part.nodeGroupId();
        if (steps.isDone("record " + name)) {
            return;
        }
        CacheNode node = nodes.of(part.key().sibling(part.cacheClusterId())).stream()
                .filter(other -> other.cacheNodeId().equals(part.cacheNodeId())).findFirst()
                .orElseThrow(() -> new HopelessException("cache cluster " + part.cacheClusterId() + " is gone"));
        // One that was lost, or made anew, a moment ago may have nothing yet.
        steps.until("catch up " + name, CATCH_UP_LIMIT, () -> nodes.isCaughtUp(node));
        Before before = steps.once("look at " + name, Before.class, () -> {
            NodeReport report = nodes.report(node);
            return new Before(report.runId(), report.usedMemoryBytes(), clock.millis());
        });
        steps.until("save " + name, SAVE_LIMIT, new Saving(node, before));
        FileFacts facts = steps.once("keep " + name, FileFacts.class,
                () -> files.keep(part, nodes.snapshotFile(node)));
        steps.commit("record " + name, handle -> NodeSnapshot.of(handle, part.key()).stream()
                .filter(current -> current.nodeGroupId().equals(name))
                .forEach(current -> NodeSnapshot.TABLE.update(handle,
                        current.taken(before.atMillis, before.usedBytes, facts.bytes(), facts.sha256()))));
    }

    /** The source's status while the snapshot is taken, and afterwards. */
    static void sourceBecomes(Handle handle, Snapshot snapshot, CacheClusterStatus status,
            ReplicationGroupStatus groupStatus) {
        String group = snapshot.replicationGroupId();
        if (group == null) {
            clusterBecomes(handle, snapshot.key().sibling(String.valueOf(snapshot.cacheClusterId())), status);
            return;
        }
        ResourceKey key = snapshot.key().sibling(group);
        CacheCluster.membersOf(handle, key).forEach(member -> clusterBecomes(handle, member.key(), status));
        ReplicationGroup row = ReplicationGroup.find(handle, key);
        if (row != null) {
            ReplicationGroup.TABLE.update(handle, row.withStatus(groupStatus));
        }
    }

    private static void clusterBecomes(Handle handle, ResourceKey key, CacheClusterStatus status) {
        CacheCluster cluster = CacheCluster.find(handle, key);
        if (cluster != null) {
            CacheCluster.TABLE.update(handle, cluster.withStatus(status));
        }
    }

    /** The snapshot's status, and the event that tells of it. */
    void become(Handle handle, ResourceKey key, SnapshotStatus status, String word) {
        Snapshot snapshot = Snapshot.TABLE.update(handle, Snapshot.named(handle, key).withStatus(status));
        String text = "Snapshot %s for snapshot with ID '%s' of %s with ID '%s'";
        for (NodeSnapshot part : snapshot.parts(handle)) {
            String cluster = part.cacheClusterId();
            events.clusterEvent(handle, key.sibling(cluster),
                    text.formatted(word, key.id(), "cache cluster", cluster));
        }
        String group = snapshot.replicationGroupId();
        if (group != null) {
            events.groupEvent(handle, key.sibling(group),
                    text.formatted(word, key.id(), "replication group", group));
        }
    }

    /** Whether the node has saved; the first question has it begin. */
    private final class Saving implements BooleanSupplier {

        private final CacheNode node;
        private final Before before;
        private boolean begun;

        Saving(CacheNode node, Before before) {
            this.node = node;
            this.before = before;
        }

        @Override
        public boolean getAsBoolean() {
            NodeReport report = nodes.report(node);
            if (!report.runId().equals(before.runId)) {
                // An empty node's snapshot would pass for the data that it lost.
                throw new HopelessException(
                        "node " + node.cacheNodeId() + " was restarted while its snapshot was taken");
            }
            if (report.isSaving()) {
                return false;
            }
            if (!begun) {
                nodes.beginSave(node);
                begun = true;
                return false;
            }
            if (report.lastSaveFailed()) {
                throw new IllegalStateException("node " + node.cacheNodeId() + " could not save its data");
            }
            return true;
        }
    }
}
