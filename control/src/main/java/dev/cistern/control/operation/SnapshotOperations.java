package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.NodeSnapshot;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.Snapshot;
import dev.cistern.control.resource.SnapshotParts;
import dev.cistern.control.resource.SnapshotSource;
import dev.cistern.control.resource.SnapshotStatus;
import dev.cistern.control.workflow.Workflows;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CopySnapshotRequest;
import software.amazon.awssdk.services.elasticache.model.CopySnapshotResponse;
import software.amazon.awssdk.services.elasticache.model.CreateSnapshotRequest;
import software.amazon.awssdk.services.elasticache.model.CreateSnapshotResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteSnapshotRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteSnapshotResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeSnapshotsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeSnapshotsResponse;
import software.amazon.awssdk.services.elasticache.model.Tag;

/** Actions on snapshots. Each checks the wish, records it and answers; a workflow does the work. */
public record SnapshotOperations(Context context) {

    private static final String NAME_PARAMETER = "SnapshotName";
    private static final int MAX_NAME = 255;
    /** All that S3 has ever taken for one, and nothing that a folder could take for a path. */
    private static final String BUCKET = "[A-Za-z0-9][A-Za-z0-9._-]{2,254}";
    private static final int MAX_EXPORT_NAME = 512;
    private static final int MAX_PAGE = 50;
    private static final Duration QUOTA_TIME = Duration.ofHours(24);
    private static final String NO_SNAPSHOTS_TYPE = "cache.t1.micro";

    /** Answers with status "creating"; the source is "snapshotting" until it is done. */
    public CreateSnapshotResponse create(CreateSnapshotRequest request) {
        ResourceKey key = newKey(NAME_PARAMETER, request.snapshotName());
        boolean ofGroup = request.replicationGroupId() != null;
        if (ofGroup == (request.cacheClusterId() != null)) {
            throw Faults.invalidParameterCombination(
                    "Exactly one of CacheClusterId and ReplicationGroupId must be specified.");
        }
        Snapshot snapshot = ofGroup
                ? beginOfGroup(key, new ReplicationGroupOperations(context).require(request.replicationGroupId()),
                        false)
                : beginOfCluster(key, Clusters.require(context, request.cacheClusterId()), false);
        new KeyChoice(context).ofSnapshot(request.kmsKeyId(), snapshot.arn());
        inheritTags(snapshot, request.tags(), ofGroup
                ? context.key(request.replicationGroupId().toLowerCase(Locale.ROOT)).arn(ReplicationGroup.ARN_TYPE)
                : context.key(request.cacheClusterId().toLowerCase(Locale.ROOT)).arn(CacheCluster.ARN_TYPE));
        return CreateSnapshotResponse.builder().snapshot(described(snapshot, false)).build();
    }

    /** Snapshots by name, of one source or of all. */
    public DescribeSnapshotsResponse describe(DescribeSnapshotsRequest request) {
        Page page = Page.of(request.maxRecords(), request.marker(), MAX_PAGE);
        boolean withNodeGroups = Boolean.TRUE.equals(request.showNodeGroupConfig());
        List<Snapshot> rows = request.snapshotName() != null
                ? List.of(require(request.snapshotName()))
                : select(request, page);
        if (rows.isEmpty() && page.after().isEmpty() && request.cacheClusterId() != null) {
            // A cluster that is gone may still have snapshots; one that never was has neither.
            Clusters.require(context, request.cacheClusterId());
        }
        return DescribeSnapshotsResponse.builder()
                .snapshots(page.cut(rows).stream().map(row -> described(row, withNodeGroups)).toList())
                .marker(page.next(rows, Snapshot::id))
                .build();
    }

    /** Answers with status "creating" for a copy, "copying" for an export. */
    public CopySnapshotResponse copy(CopySnapshotRequest request) {
        Snapshot source = require(Checks.notBlank("SourceSnapshotName", request.sourceSnapshotName()));
        if (request.targetBucket() != null && !request.targetBucket().isEmpty()) {
            return export(source, request);
        }
        ResourceKey target = newKey("TargetSnapshotName", request.targetSnapshotName());
        requireAvailable(source, "copy");
        requireQuota(source.cacheClusterId(), source.replicationGroupId());
        Snapshot copy = context.workflows().copySnapshot(context.handle(), source, target, now());
        new KeyChoice(context).ofSnapshot(request.kmsKeyId(), copy.arn());
        inheritTags(copy, request.tags(), source.arn());
        return CopySnapshotResponse.builder().snapshot(described(copy, false)).build();
    }

    /** Answers with status "deleting". */
    public DeleteSnapshotResponse delete(DeleteSnapshotRequest request) {
        Snapshot snapshot = require(Checks.notBlank(NAME_PARAMETER, request.snapshotName()));
        boolean isIdle = snapshot.is(SnapshotStatus.AVAILABLE) || snapshot.is(SnapshotStatus.FAILED);
        if (!isIdle || snapshot.restores() > 0) {
            throw Faults.invalidSnapshotState("Snapshot %s has status %s which is not valid for deletion.",
                    snapshot.id(), snapshot.wireStatus());
        }
        Snapshot deleting = context.workflows().deleteSnapshot(context.handle(), snapshot);
        return DeleteSnapshotResponse.builder().snapshot(described(deleting, false)).build();
    }

    /** Stores the snapshot of a cluster that is to be taken, and after a final one deleted. */
    Snapshot beginOfCluster(ResourceKey key, CacheCluster cluster, boolean isFinal) {
        requireSupported(cluster);
        if (!cluster.is(CacheClusterStatus.AVAILABLE)) {
            throw Faults.invalidCacheClusterState("Cache cluster %s is not in available state.", cluster.id());
        }
        ReplicationGroup group = null;
        if (cluster.replicationGroupId() != null) {
            group = new ReplicationGroupOperations(context).require(cluster.replicationGroupId());
            requireAvailable(group);
        }
        return begin(key, cluster, group, SnapshotParts.ofCluster(context.handle(), key, cluster), isFinal);
    }

    /** Stores the snapshot of a group that is to be taken, and after a final one deleted. */
    Snapshot beginOfGroup(ResourceKey key, ReplicationGroup group, boolean isFinal) {
        requireAvailable(group);
        List<CacheCluster> members = CacheCluster.membersOf(context.handle(), group.key());
        for (CacheCluster member : members) {
            requireSupported(member);
            if (!member.is(CacheClusterStatus.AVAILABLE)) {
                throw Faults.invalidReplicationGroupState(
                        "All members of replication group %s must be in available state.", group.id());
            }
        }
        List<NodeSnapshot> parts = SnapshotParts.ofGroup(context.handle(), key, group, isFinal);
        CacheCluster saving = Clusters.require(context, parts.getFirst().cacheClusterId());
        return begin(key, saving, group, parts, isFinal);
    }

    /** The key of a snapshot that is to be made. */
    ResourceKey newKey(String parameter, @Nullable String name) {
        ResourceKey key = context.key(Checks.identifier(parameter, name, MAX_NAME));
        if (Snapshot.find(context.handle(), key) != null) {
            throw Faults.snapshotAlreadyExists();
        }
        return key;
    }

    /** The snapshot of that name in any letter case. */
    Snapshot require(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        Snapshot snapshot = Snapshot.find(context.handle(), context.key(wanted));
        if (snapshot == null) {
            throw Faults.snapshotNotFound(wanted);
        }
        return snapshot;
    }

    private Snapshot begin(ResourceKey key, CacheCluster cluster, @Nullable ReplicationGroup group,
            List<NodeSnapshot> parts, boolean isFinal) {
        if (!isFinal) {
            requireQuota(cluster.id(), group == null ? null : group.id());
        }
        Snapshot snapshot = Snapshot.of(key, SnapshotSource.MANUAL, cluster, group,
                SnapshotParts.port(context.handle(), cluster, group), now());
        context.workflows().createSnapshot(context.handle(), snapshot, parts, isFinal);
        return snapshot;
    }

    private CopySnapshotResponse export(Snapshot source, CopySnapshotRequest request) {
        String target = Checks.notBlank("TargetSnapshotName", request.targetSnapshotName());
        String bucket = request.targetBucket();
        boolean isPlain = target.length() <= MAX_EXPORT_NAME && target.matches("[A-Za-z0-9!_.*'()/-]+")
                && !Arrays.asList(target.split("/", -1)).contains("..");
        if (!isPlain) {
            throw Faults.invalidParameterValue("The parameter TargetSnapshotName is not a valid name of an object.");
        }
        if (!bucket.matches(BUCKET)) {
            throw Faults.invalidParameterValue("The S3 bucket %s does not exist.", bucket);
        }
        requireAvailable(source, "export");
        requireFreeObjects(source, target, bucket);
        Snapshot copying = context.workflows().exportSnapshot(context.handle(), source, target, bucket,
                new KeyChoice(context).named(request.kmsKeyId()));
        return CopySnapshotResponse.builder()
                .snapshot(described(copying, false).toBuilder().snapshotName(target).build()).build();
    }

    /** Asked before anything is stored, in AWS's words: a wrong bucket is the caller's mistake. */
    private void requireFreeObjects(Snapshot source, String target, String bucket) {
        var buckets = context.options().backups().buckets();
        try {
            if (!buckets.hasBucket(bucket)) {
                throw Faults.invalidParameterValue("The S3 bucket %s does not exist.", bucket);
            }
            for (NodeSnapshot part : source.parts(context.handle())) {
                String key = Workflows.exportKey(target, part);
                if (buckets.has(bucket, key)) {
                    throw Faults.invalidParameterValue("The S3 bucket %s already contains an object with key %s.",
                            bucket, key);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("bucket " + bucket + " cannot be reached: " + e, e);
        }
    }

    private List<Snapshot> select(DescribeSnapshotsRequest request, Page page) {
        StringBuilder where = new StringBuilder("where account = ? and region = ? and id > ?");
        List<Object> arguments = new ArrayList<>(
                List.of(context.caller().account(), context.caller().region(), page.after()));
        if (request.replicationGroupId() != null) {
            where.append(" and replication_group_id = ?");
            arguments.add(request.replicationGroupId().toLowerCase(Locale.ROOT));
        }
        if (request.cacheClusterId() != null) {
            // Of a group with many node groups, each has a member that saved.
            where.append(" and id in (select id from node_snapshot where account = ? and region = ? "
                    + "and cache_cluster_id = ?)");
            arguments.addAll(List.of(context.caller().account(), context.caller().region(),
                    request.cacheClusterId().toLowerCase(Locale.ROOT)));
        }
        if (request.snapshotSource() != null) {
            where.append(" and source = ?");
            arguments.add(source(request.snapshotSource()).name());
        }
        arguments.add(page.limit());
        return Snapshot.TABLE.select(context.handle(), where + " order by id limit ?", arguments.toArray());
    }

    private static SnapshotSource source(String name) {
        return Arrays.stream(SnapshotSource.values())
                .filter(source -> source.filterName().equals(name) || source.wireName().equals(name)).findFirst()
                .orElseThrow(() -> Faults.invalidParameterValue(
                        "Invalid snapshot source: %s. Valid sources are: system, user", name));
    }

    private static void requireSupported(CacheCluster cluster) {
        if (cluster.engine() == EngineType.MEMCACHED) {
            throw Faults.snapshotsNotSupported("Memcached");
        }
        if (cluster.settings().cacheNodeType().equals(NO_SNAPSHOTS_TYPE)) {
            throw Faults.snapshotsNotSupported("Cache node type " + NO_SNAPSHOTS_TYPE);
        }
    }

    private static void requireAvailable(ReplicationGroup group) {
        if (!group.is(ReplicationGroupStatus.AVAILABLE)) {
            throw Faults.invalidReplicationGroupState("Replication group %s is not in available state.", group.id());
        }
    }

    static void requireAvailable(Snapshot snapshot, String wish) {
        if (!snapshot.is(SnapshotStatus.AVAILABLE)) {
            throw Faults.invalidSnapshotState("Snapshot %s has status %s; it must be available to %s it.",
                    snapshot.id(), snapshot.wireStatus(), wish);
        }
    }

    private void requireQuota(@Nullable String cluster, @Nullable String group) {
        int quota = context.options().quotas().snapshotsPerDay();
        String column = group == null ? "cache_cluster_id" : "replication_group_id";
        long recent = Snapshot.TABLE.count(context.handle(),
                "where account = ? and region = ? and source = 'MANUAL' and created_at_millis > ? and " + column
                        + " = ?",
                context.caller().account(), context.caller().region(), now() - QUOTA_TIME.toMillis(),
                String.valueOf(group == null ? cluster : group));
        if (recent >= quota) {
            throw Faults.snapshotQuotaExceeded(quota);
        }
    }

    /** Without tags of its own a snapshot has its source's. */
    private void inheritTags(Snapshot snapshot, List<Tag> tags, String sourceArn) {
        Tags.put(context, snapshot.arn(), tags.isEmpty() ? Tags.list(context, sourceArn) : tags);
    }

    private long now() {
        return context.options().clock().millis();
    }

    private software.amazon.awssdk.services.elasticache.model.Snapshot described(Snapshot snapshot,
            boolean withNodeGroups) {
        return SnapshotDescription.of(context.handle(), snapshot, withNodeGroups);
    }
}
