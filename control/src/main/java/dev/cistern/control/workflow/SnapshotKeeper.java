package dev.cistern.control.workflow;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.NodeSnapshot;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.Snapshot;
import dev.cistern.control.resource.SnapshotParts;
import dev.cistern.control.resource.SnapshotSchedule;
import dev.cistern.control.resource.SnapshotSource;
import dev.cistern.control.resource.SnapshotStatus;
import dev.cistern.control.resource.SnapshotWindow;
import dev.cistern.control.state.Database;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Objects;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Has automatic snapshots taken once a day in their window, and deletes those whose days are over or whose source is gone.
 *
 * <p>When the next one is due is stored. So one whose window passed while the control plane was away, or while its source was
 * busy, is taken late, once; and turning snapshots on outside the window begins nothing before the next one. Called by the
 * keeper's thread.
 */
final class SnapshotKeeper {

    private static final DateTimeFormatter NAME_TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd-HH-mm")
            .withZone(ZoneOffset.UTC);

    private final Database database;
    private final Workflows workflows;
    private final Clock clock;

    SnapshotKeeper(Database database, Workflows workflows, Clock clock) {
        this.database = database;
        this.workflows = workflows;
        this.clock = clock;
    }

    void lookRound() {
        boolean begun = false;
        for (Source source : sources()) {
            begun |= Boolean.TRUE.equals(database.<Boolean>change(handle -> takeWhenDue(handle, source)));
        }
        for (Snapshot snapshot : overdue()) {
            begun = true;
            database.run(handle -> {
                Snapshot current = Snapshot.find(handle, snapshot.key());
                if (current != null && isDeletable(current)) {
                    workflows.deleteSnapshot(handle, current);
                }
            });
        }
        if (begun) {
            workflows.dispatch();
        }
    }

    /** What automatic snapshots are taken of: a group, or a cluster on its own; {@code first} has its settings. */
    private record Source(ResourceKey key, String type, CacheCluster first) {

        static Source of(CacheCluster cluster) {
            String group = cluster.replicationGroupId();
            return group == null
                    ? new Source(cluster.key(), CacheCluster.ARN_TYPE, cluster)
                    : new Source(cluster.key().sibling(group), ReplicationGroup.ARN_TYPE, cluster);
        }

        boolean isGroup() {
            return type.equals(ReplicationGroup.ARN_TYPE);
        }
    }

    private List<Source> sources() {
        List<CacheCluster> clusters = database.read(handle -> CacheCluster.TABLE.select(handle,
                "where snapshot_retention_limit > 0 order by account, region, id"));
        return clusters.stream()
                .filter(cluster -> cluster.engine() != EngineType.MEMCACHED)
                .filter(cluster -> cluster.is(CacheClusterStatus.AVAILABLE))
                .map(Source::of)
                // The members of a group have the same settings: its first one speaks for it.
                .filter(source -> !source.isGroup() || clusters.stream()
                        .filter(other -> Objects.equals(other.replicationGroupId(), source.first.replicationGroupId())
                                && other.key().sibling("").equals(source.first.key().sibling("")))
                        .findFirst().orElseThrow().equals(source.first))
                .toList();
    }

    private boolean takeWhenDue(Handle handle, Source source) {
        CacheCluster cluster = CacheCluster.find(handle, source.first.key());
        ReplicationGroup group = source.isGroup() ? ReplicationGroup.find(handle, source.key) : null;
        if (cluster == null || !cluster.is(CacheClusterStatus.AVAILABLE)) {
            return false;
        }
        boolean isFree = !source.isGroup() || (group != null && group.is(ReplicationGroupStatus.AVAILABLE));
        if (!isFree || !isDue(handle, source, cluster,
                group == null ? cluster.createdAtMillis() : group.createdAtMillis())) {
            return false;
        }
        Instant now = clock.instant();
        ResourceKey key = source.key.sibling(
                Snapshot.AUTOMATIC_PREFIX + source.key.id() + "-" + NAME_TIME.format(now));
        if (Snapshot.find(handle, key) != null) {
            return false;
        }
        List<NodeSnapshot> parts = group == null
                ? SnapshotParts.ofCluster(handle, key, cluster)
                : SnapshotParts.ofGroupDaily(handle, key, group);
        CacheCluster saving = Objects
                .requireNonNull(CacheCluster.find(handle, key.sibling(parts.getFirst().cacheClusterId())));
        Snapshot snapshot = Snapshot.of(key, SnapshotSource.AUTOMATED, saving, group,
                SnapshotParts.port(handle, saving, group), now.toEpochMilli());
        workflows.createSnapshot(handle, snapshot, parts, false);
        return true;
    }

    /** Whether the source's snapshot is due; if so it is due next in its next window. */
    private boolean isDue(Handle handle, Source source, CacheCluster cluster, long createdAtMillis) {
        SnapshotWindow window = Objects.requireNonNull(SnapshotWindow.parse(cluster.settings().snapshotWindow()));
        SnapshotSchedule known = SnapshotSchedule.TABLE.find(handle, source.key.account(), source.key.region(),
                source.key.id(), source.type).orElse(null);
        Instant now = clock.instant();
        if (known == null || !known.snapshotWindow().equals(window.toString())
                || known.createdAtMillis() != createdAtMillis) {
            schedule(handle, source, known, window, createdAtMillis, window.startAfter(now));
            return window.contains(now);
        }
        if (now.toEpochMilli() < known.dueAtMillis()) {
            return false;
        }
        schedule(handle, source, known, window, createdAtMillis, window.startAfter(now));
        return true;
    }

    private static void schedule(Handle handle, Source source, @Nullable SnapshotSchedule known, SnapshotWindow window,
            long createdAtMillis, Instant due) {
        SnapshotSchedule row = new SnapshotSchedule(source.key, source.type, known == null ? 0 : known.version(),
                window.toString(), createdAtMillis, due.toEpochMilli());
        if (known == null) {
            SnapshotSchedule.TABLE.insert(handle, row);
        } else {
            SnapshotSchedule.TABLE.update(handle, row);
        }
    }

    /** Automatic snapshots that nobody is to have any more. */
    private List<Snapshot> overdue() {
        return database.read(handle -> Snapshot.TABLE.select(handle, "where source = 'AUTOMATED'").stream()
                .filter(SnapshotKeeper::isDeletable)
                .filter(snapshot -> isOver(handle, snapshot))
                .toList());
    }

    private static boolean isDeletable(Snapshot snapshot) {
        return snapshot.restores() == 0
                && (snapshot.is(SnapshotStatus.AVAILABLE) || snapshot.is(SnapshotStatus.FAILED));
    }

    private boolean isOver(Handle handle, Snapshot snapshot) {
        CacheCluster source = sourceOf(handle, snapshot);
        if (source == null) {
            return true;
        }
        int days = source.settings().snapshotRetentionLimit();
        // Without days, no new ones are taken; those that are there are left to whoever turned them off.
        return days > 0 && clock.millis() - snapshot.createdAtMillis() >= Duration.ofDays(days).toMillis();
    }

    /** What it was taken of, if that is there still: of a group any member, for the one that saved may have gone. */
    private static @Nullable CacheCluster sourceOf(Handle handle, Snapshot snapshot) {
        String groupId = snapshot.replicationGroupId();
        if (groupId == null) {
            CacheCluster cluster = CacheCluster.find(handle,
                    snapshot.key().sibling(String.valueOf(snapshot.cacheClusterId())));
            return cluster == null || cluster.createdAtMillis() != snapshot.clusterCreatedAtMillis() ? null : cluster;
        }
        ReplicationGroup group = ReplicationGroup.find(handle, snapshot.key().sibling(groupId));
        return group == null || group.createdAtMillis() > snapshot.createdAtMillis()
                ? null
                : CacheCluster.membersOf(handle, group.key()).stream().findFirst().orElse(null);
    }
}
