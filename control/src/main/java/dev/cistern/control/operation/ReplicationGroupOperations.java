package dev.cistern.control.operation;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.EngineChange;
import dev.cistern.control.resource.GroupAccess;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.TransitEncryption;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
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

    /** Answers with status "creating". */
    public CreateReplicationGroupResponse create(CreateReplicationGroupRequest request) {
        return CreateReplicationGroupResponse.builder()
                .replicationGroup(described(new GroupCreation(context).create(request))).build();
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
        Members all = new Members(context);
        List<CacheCluster> members = all.requireAvailable(group, "modify");
        requireSomething(request);
        NotOffered.check(request);
        ClusterModeChange mode = ClusterModeChange.of(context, request, group, members);
        if (mode == null && touchesNodes(request)) {
            ClusterModeChange.requireNotCompatible(group);
        }
        group = changeSnapshotting(group, members, request);
        SecurityGroupOperations.exchange(context, members.getFirst(), request.securityGroupIds());
        boolean now = Boolean.TRUE.equals(request.applyImmediately());
        changeMembers(members, request, mode != null, now);
        group = changeFailover(group, request, all.fewestReplicas(group, members));
        group = changeAccess(group, request, members.getFirst().settings().engineVersion());
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
        group = renew(group, members.getFirst(), request, mode, now);
        if (request.primaryClusterId() != null) {
            group = promote(group, members, request.primaryClusterId());
        }
        return ModifyReplicationGroupResponse.builder().replicationGroup(described(group)).build();
    }

    private static boolean touchesNodes(ModifyReplicationGroupRequest request) {
        return request.cacheNodeType() != null || request.engine() != null || request.engineVersion() != null;
    }

    /** Stores what members have of their own; another parameter group comes with another version or cluster mode. */
    private void changeMembers(List<CacheCluster> members, ModifyReplicationGroupRequest request, boolean changesMode,
            boolean now) {
        var wish = new EngineUpgrades.Wish(request.engine(), request.engineVersion(),
                request.cacheParameterGroupName());
        SettingsChange all = SettingsChange.of(request);
        for (CacheCluster member : members) {
            boolean groupComesLater = new EngineUpgrades(context).store(member, wish) != null || changesMode;
            CacheClusterOperations.changeSettings(context, member,
                    groupComesLater ? all.withoutParameterGroup() : all, now);
        }
    }

    /** Begins what nodes have to be started anew for. */
    private ReplicationGroup renew(ReplicationGroup group, CacheCluster member, ModifyReplicationGroupRequest request,
            @Nullable ClusterModeChange mode, boolean now) {
        boolean upgrades = now && EngineChange.find(context.handle(), member.key()) != null;
        boolean isFree = group.is(ReplicationGroupStatus.AVAILABLE);
        boolean isWished = mode != null || request.engine() != null || request.engineVersion() != null;
        if (!isFree && isWished && (upgrades || mode != null)) {
            throw Faults
                    .invalidParameterCombination("The engine version and the cluster mode cannot be changed together "
                            + "with the node type, who may access the group, or encryption in transit.");
        }
        if (mode != null) {
            return context.workflows().changeClusterMode(context.handle(), group, mode.mode(), mode.parameterGroup());
        }
        // What waits for the window is to be done at once too.
        return upgrades && isFree ? context.workflows().upgradeReplicationGroup(context.handle(), group) : group;
    }

    private ReplicationGroup changeFailover(ReplicationGroup group, ModifyReplicationGroupRequest request,
            int fewestReplicas) {
        boolean failsOver = Objects.requireNonNullElse(request.automaticFailoverEnabled(),
                group.hasAutomaticFailover());
        boolean multiAz = Objects.requireNonNullElse(request.multiAZEnabled(), group.multiAz());
        if (failsOver == group.hasAutomaticFailover() && multiAz == group.multiAz()) {
            return group;
        }
        if (group.hasSlots() && !failsOver) {
            throw Faults.invalidParameterCombination(
                    "Automatic failover cannot be turned off when cluster mode is enabled.");
        }
        FailoverRules.require(failsOver, multiAz, fewestReplicas, group.isClustered());
        ReplicationGroup changed = ReplicationGroup.TABLE.update(context.handle(),
                group.withAutomaticFailover(failsOver).withMultiAz(multiAz));
        if (failsOver != group.hasAutomaticFailover()) {
            context.events().failoverTurned(context.handle(), changed);
        }
        return changed;
    }

    private ReplicationGroup changeAccess(ReplicationGroup group, ModifyReplicationGroupRequest request,
            String engineVersion) {
        ReplicationGroup changed = group;
        GroupAccess access = AccessChange.of(context, request, changed, engineVersion);
        if (access != null) {
            changed = context.workflows().secureReplicationGroup(context.handle(), changed.withAccess(access));
        }
        TransitEncryption before = TransitEncryption.of(context.handle(), changed.key());
        TransitEncryption.Mode encryption = EncryptionChange.of(request, changed, before, engineVersion);
        if (encryption != null) {
            before.store(context.handle(), encryption);
            changed = context.workflows().encryptReplicationGroup(context.handle(), changed);
        }
        return changed;
    }

    /** AWS lets nobody choose the primary while it chooses itself. */
    private ReplicationGroup promote(ReplicationGroup group, List<CacheCluster> members, String clusterId) {
        CacheCluster wanted = Clusters.require(context, clusterId);
        if (members.stream().noneMatch(member -> member.id().equals(wanted.id()))) {
            throw Faults.invalidParameterValue("Cache cluster %s is not a member of replication group %s.", wanted.id(),
                    group.id());
        }
        NodeGroup nodeGroup = Objects.requireNonNull(NodeGroup.of(context.handle(), wanted));
        if (nodeGroup.hasPrimary(wanted)) {
            return group;
        }
        if (group.hasAutomaticFailover()) {
            throw Faults.invalidParameterCombination(
                    "Cannot manually promote a new master cache cluster while autofailover is enabled.");
        }
        if (!group.is(ReplicationGroupStatus.AVAILABLE)) {
            throw Faults.invalidParameterCombination(
                    "PrimaryClusterId cannot be changed together with the node type or who may access the group.");
        }
        return context.workflows().promoteReplica(context.handle(), group, wanted);
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
        if (retain) {
            requireRetainable(group);
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

    /** What a cache cluster of its own cannot be or have, nor has AWS's API words for it. */
    private static void requireRetainable(ReplicationGroup group) {
        if (group.hasSlots()) {
            // Of many primaries AWS retains none, and of one in cluster mode there is no cluster outside a group.
            throw Faults.invalidParameterCombination("RetainPrimaryCluster cannot be true for a replication group with "
                    + "ClusterMode %s: a cache cluster has no slots.", group.clusterMode());
        }
        if (group.access().userGroupId() != null) {
            throw Faults.invalidParameterCombination("RetainPrimaryCluster cannot be true while the replication group "
                    + "has a user group: a cache cluster cannot have one.");
        }
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

    /**
     * AWS wants the member named when automatic snapshots are turned on, and shows it until they are turned off; in cluster
     * mode each node group is saved.
     */
    private ReplicationGroup changeSnapshotting(ReplicationGroup group, List<CacheCluster> members,
            ModifyReplicationGroupRequest request) {
        String wanted = request.snapshottingClusterId();
        if (group.isClustered()) {
            if (wanted != null) {
                throw Faults.invalidParameterCombination(
                        "Cannot set snapshotting cluster for cluster mode enabled replication group");
            }
            return group;
        }
        String named = wanted == null ? group.snapshottingClusterId() : wanted.toLowerCase(Locale.ROOT);
        if (wanted != null && members.stream().noneMatch(member -> member.id().equals(named))) {
            throw Faults.snapshottingClusterNotFound();
        }
        int before = members.stream().mapToInt(member -> member.settings().snapshotRetentionLimit()).max().orElse(0);
        int days = Objects.requireNonNullElse(request.snapshotRetentionLimit(), before);
        if (before == 0 && days > 0 && wanted == null) {
            throw Faults.invalidParameterCombination(
                    "Must specify both SnapshotRetentionLimit and SnapshottingClusterId to turn on snapshots");
        }
        ReplicationGroup changed = group.withSnapshottingCluster(days == 0 ? null : named);
        return changed.equals(group) ? group : ReplicationGroup.TABLE.update(context.handle(), changed);
    }

    private static void requireSomething(ModifyReplicationGroupRequest request) {
        boolean nothing = request.toBuilder().replicationGroupId(null).applyImmediately(null).build()
                .equals(ModifyReplicationGroupRequest.builder().build());
        if (nothing) {
            throw Faults.invalidParameterCombination("No modifications were requested");
        }
    }

    software.amazon.awssdk.services.elasticache.model.ReplicationGroup described(ReplicationGroup group) {
        var answer = context.descriptions().group(context.handle(), group);
        Double percent = group.isClustered() && group.is(ReplicationGroupStatus.MODIFYING)
                ? context.workflows().reshardingPercent(context.handle(), group.key())
                : null;
        return percent == null
                ? answer
                : answer.toBuilder().pendingModifiedValues(answer.pendingModifiedValues().toBuilder()
                        .resharding(r -> r.slotMigration(s -> s.progressPercentage(percent))).build()).build();
    }
}
