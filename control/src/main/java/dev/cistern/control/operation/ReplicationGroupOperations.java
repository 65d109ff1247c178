package dev.cistern.control.operation;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.GroupAccess;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.TransitEncryption;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.CreateReplicationGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DeleteReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.DeleteReplicationGroupResponse;
import software.amazon.awssdk.services.elasticache.model.DescribeReplicationGroupsRequest;
import software.amazon.awssdk.services.elasticache.model.DescribeReplicationGroupsResponse;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupResponse;

/** Actions on replication groups. Each checks the wish, records it and answers; a workflow does the work. */
public record ReplicationGroupOperations(Context context) {

    private static final String ID_PARAMETER = "ReplicationGroupId";
    private static final String DESCRIPTION_PARAMETER = "ReplicationGroupDescription";
    private static final String FIRST_NODE_GROUP = "0001";
    private static final String FIRST_MEMBER = "-001";
    private static final String DISABLED = "disabled";

    /** Answers with status "creating". */
    public CreateReplicationGroupResponse create(CreateReplicationGroupRequest original) {
        String id = Checks.identifier(ID_PARAMETER, original.replicationGroupId(), Checks.MAX_GROUP_ID);
        Restore restore = Restore.of(context, original.snapshotName(), original.snapshotArns());
        CreateReplicationGroupRequest request = restore == null ? original : restore.fill(context, original);
        String description = Checks.description(DESCRIPTION_PARAMETER, request.replicationGroupDescription());
        requireEnoughMembers(request.automaticFailoverEnabled());
        ClusterWish wish = ClusterWish.of(request);
        TransitEncryption.Mode encryption = EncryptionChange.of(request);
        NotOffered.check(context, request);
        ResourceKey key = context.key(id);
        if (ReplicationGroup.find(context.handle(), key) != null) {
            throw Faults.replicationGroupAlreadyExists();
        }
        ResourceKey member = context.key(id + FIRST_MEMBER);
        if (CacheCluster.find(context.handle(), member) != null) {
            throw Faults.cacheClusterAlreadyExists();
        }
        Clusters.requireQuota(context, 1);
        Clusters.Created created = Clusters.create(context, wish, member, id, FIRST_NODE_GROUP);
        ReplicationGroup group = new ReplicationGroup(key, 0, ReplicationGroupStatus.CREATING, description,
                wish.engine(),
                created.cluster().hash(), DISABLED, false, DISABLED, context.options().clock().millis(),
                AccessChange.of(context, request, wish.engine(), created.cluster().settings().engineVersion()));
        ReplicationGroup.TABLE.insert(context.handle(), group);
        TransitEncryption.create(context.handle(), key, encryption);
        NodeGroup.TABLE.insert(context.handle(),
                new NodeGroup(key, FIRST_NODE_GROUP, 0, null, member.id(), created.port()));
        Tags.put(context, group.arn(), request.tags());
        Tags.put(context, created.cluster().arn(), request.tags());
        context.workflows().createReplicationGroup(context.handle(), key,
                restore == null ? null : restore.begin(context));
        return CreateReplicationGroupResponse.builder().replicationGroup(described(group)).build();
    }

    /** One group, or all of the caller's by id. */
    public DescribeReplicationGroupsResponse describe(DescribeReplicationGroupsRequest request) {
        Page page = Page.of(request.maxRecords(), request.marker());
        List<ReplicationGroup> rows = request.replicationGroupId() != null
                ? List.of(require(request.replicationGroupId()))
                : ReplicationGroup.TABLE.select(context.handle(),
                        "where account = ? and region = ? and id > ? order by id limit ?",
                        context.caller().account(), context.caller().region(), page.after(), page.limit());
        return DescribeReplicationGroupsResponse.builder()
                .replicationGroups(page.cut(rows).stream().map(this::described).toList())
                .marker(page.next(rows, ReplicationGroup::id))
                .build();
    }

    /** Answers "modifying" when the nodes must change now, else what was changed or waits for its window. */
    public ModifyReplicationGroupResponse modify(ModifyReplicationGroupRequest request) {
        ReplicationGroup group = require(request.replicationGroupId());
        if (!group.is(ReplicationGroupStatus.AVAILABLE)) {
            throw Faults.invalidReplicationGroupState("Replication group must be in available state to modify.");
        }
        requireSomething(request);
        requireEnoughMembers(request.automaticFailoverEnabled());
        NotOffered.check(context, request);
        List<CacheCluster> members = CacheCluster.membersOf(context.handle(), group.key());
        requirePrimary(group, request.primaryClusterId());
        requireSnapshotting(members, request);
        boolean now = Boolean.TRUE.equals(request.applyImmediately());
        for (CacheCluster member : members) {
            CacheClusterOperations.requireSameEngine(member, request.engine(), request.engineVersion());
            if (!member.is(CacheClusterStatus.AVAILABLE)) {
                throw Faults.invalidReplicationGroupState(
                        "All members of the replication group must be in available state to modify it.");
            }
            CacheClusterOperations.changeSettings(context, member, SettingsChange.of(request), now);
        }
        GroupAccess access = AccessChange.of(context, request, group,
                members.getFirst().settings().engineVersion());
        if (access != null) {
            group = context.workflows().secureReplicationGroup(context.handle(), group.withAccess(access));
        }
        TransitEncryption before = TransitEncryption.of(context.handle(), group.key());
        TransitEncryption.Mode encryption = EncryptionChange.of(request, group, before,
                members.getFirst().settings().engineVersion());
        if (encryption != null) {
            before.store(context.handle(), encryption);
            group = context.workflows().encryptReplicationGroup(context.handle(), group);
        }
        if (request.replicationGroupDescription() != null) {
            group = ReplicationGroup.TABLE.update(context.handle(),
                    group.withDescription(
                            Checks.description(DESCRIPTION_PARAMETER, request.replicationGroupDescription())));
        }
        if (request.cacheNodeType() != null) {
            group = resize(group, request.cacheNodeType(), now);
        } else if (now && members.getFirst().pendingNodeType() != null) {
            // What waits for the window is to be done at once too.
            group = resize(group, members.getFirst().pendingNodeType(), true);
        }
        return ModifyReplicationGroupResponse.builder().replicationGroup(described(group)).build();
    }

    /** Answers with status "deleting". */
    public DeleteReplicationGroupResponse delete(DeleteReplicationGroupRequest request) {
        ReplicationGroup group = require(request.replicationGroupId());
        if (!group.is(ReplicationGroupStatus.AVAILABLE) && !group.is(ReplicationGroupStatus.CREATE_FAILED)) {
            throw Faults.invalidReplicationGroupState(
                    "Replication group %s has status %s which is not valid for deletion.", group.id(),
                    group.status().wireName());
        }
        if (request.finalSnapshotIdentifier() != null) {
            return deleteAfterSnapshot(group, request);
        }
        boolean retain = Boolean.TRUE.equals(request.retainPrimaryCluster())
                && group.is(ReplicationGroupStatus.AVAILABLE);
        if (retain && TransitEncryption.of(context.handle(), group.key()).isOn()) {
            // Nor does it have a way to say that it is encrypted: at its next start it would be plain.
            throw Faults.notOffered("retaining the primary of a group with encryption in transit",
                    "RetainPrimaryCluster must be false");
        }
        if (retain && !group.access().equals(GroupAccess.OPEN)) {
            // A cluster of its own has no users or tokens yet: it would be open to everybody.
            throw Faults.notOffered("retaining the primary of a group that has a user group or an AUTH token",
                    "RetainPrimaryCluster must be false");
        }
        String retained = retain ? NodeGroup.of(context.handle(), group.key()).getFirst().primaryClusterId() : null;
        for (CacheCluster member : CacheCluster.membersOf(context.handle(), group.key())) {
            if (!member.id().equals(retained)) {
                CacheClusterOperations.markDeleting(context, member);
            }
        }
        ReplicationGroup deleting = ReplicationGroup.TABLE.update(context.handle(),
                group.withStatus(ReplicationGroupStatus.DELETING));
        context.workflows().deleteReplicationGroup(context.handle(), group.key(), retained);
        return DeleteReplicationGroupResponse.builder().replicationGroup(described(deleting)).build();
    }

    /** The nodes serve until the snapshot is taken; when it cannot be, the group stays. */
    private DeleteReplicationGroupResponse deleteAfterSnapshot(ReplicationGroup group,
            DeleteReplicationGroupRequest request) {
        if (Boolean.TRUE.equals(request.retainPrimaryCluster())) {
            throw Faults.invalidParameterCombination(
                    "FinalSnapshotIdentifier cannot be used when RetainPrimaryCluster is true.");
        }
        SnapshotOperations snapshots = new SnapshotOperations(context);
        snapshots.beginOfGroup(snapshots.newKey("FinalSnapshotIdentifier", request.finalSnapshotIdentifier()), group,
                true);
        return DeleteReplicationGroupResponse.builder().replicationGroup(described(require(group.id()))).build();
    }

    /** The group of that id in any letter case. */
    ReplicationGroup require(@Nullable String id) {
        String wanted = Checks.notBlank(ID_PARAMETER, id).toLowerCase(Locale.ROOT);
        ReplicationGroup group = ReplicationGroup.find(context.handle(), context.key(wanted));
        if (group == null) {
            throw Faults.replicationGroupNotFound(wanted);
        }
        return group;
    }

    private ReplicationGroup resize(ReplicationGroup group, String wanted, boolean now) {
        List<CacheCluster> members = CacheCluster.membersOf(context.handle(), group.key());
        CacheCluster first = members.getFirst();
        String type = CacheClusterOperations.requireAllowed(first.settings(), wanted).name();
        boolean same = type.equals(first.settings().cacheNodeType());
        if (now && !same) {
            return context.workflows().resizeReplicationGroup(context.handle(), group, type);
        }
        members.forEach(member -> CacheCluster.TABLE.update(context.handle(),
                member.withPendingNodeType(same ? null : type)));
        return group;
    }

    /** AWS wants the member named when automatic snapshots are turned on. */
    private static void requireSnapshotting(List<CacheCluster> members, ModifyReplicationGroupRequest request) {
        String wanted = request.snapshottingClusterId();
        if (wanted != null && members.stream().noneMatch(member -> member.id().equalsIgnoreCase(wanted))) {
            throw Faults.snapshottingClusterNotFound();
        }
        boolean turnsOn = request.snapshotRetentionLimit() != null && request.snapshotRetentionLimit() > 0
                && members.stream().allMatch(member -> member.settings().snapshotRetentionLimit() == 0);
        if (turnsOn && wanted == null) {
            throw Faults.invalidParameterCombination(
                    "Must specify both SnapshotRetentionLimit and SnapshottingClusterId to turn on snapshots");
        }
    }

    private void requirePrimary(ReplicationGroup group, @Nullable String primaryClusterId) {
        if (primaryClusterId == null) {
            return;
        }
        CacheCluster wanted = Clusters.require(context, primaryClusterId);
        if (!group.id().equals(wanted.replicationGroupId())) {
            throw Faults.invalidParameterValue("Cache cluster %s is not a member of replication group %s.", wanted.id(),
                    group.id());
        }
    }

    /** Every group has one member yet, so there is nobody to fail over to. */
    private static void requireEnoughMembers(@Nullable Boolean automaticFailover) {
        if (Boolean.TRUE.equals(automaticFailover)) {
            throw Faults.invalidParameterCombination(
                    "When using automatic failover, there must be at least 2 cache clusters in the replication group.");
        }
    }

    private static void requireSomething(ModifyReplicationGroupRequest request) {
        boolean nothing = request.toBuilder().replicationGroupId(null).applyImmediately(null).build()
                .equals(ModifyReplicationGroupRequest.builder().build());
        if (nothing) {
            throw Faults.invalidParameterCombination("No modifications were requested");
        }
    }

    private software.amazon.awssdk.services.elasticache.model.ReplicationGroup described(ReplicationGroup group) {
        return context.descriptions().group(context.handle(), group);
    }
}
