package dev.cistern.control.operation;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.EngineVersion;
import dev.cistern.control.resource.ParameterGroup;
import dev.cistern.control.resource.ReplicationGroup;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.ClusterMode;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupRequest;

/**
 * What callers say of a replication group's cluster mode, by AWS's rules: from disabled by way of compatible, in which
 * clients of both kinds are served, to enabled; and back from compatible alone.
 *
 * @param mode            AWS's word
 * @param parameterGroup  what the members have then
 */
record ClusterModeChange(String mode, String parameterGroup) {

    private static final String POSSIBLE_SINCE = "7.0";

    /** Null when nothing is said of it or it is so already. */
    static @Nullable ClusterModeChange of(Context context, ModifyReplicationGroupRequest request,
            ReplicationGroup group, List<CacheCluster> members) {
        ClusterMode mode = request.clusterMode();
        if (mode == null) {
            return null;
        }
        if (mode == ClusterMode.UNKNOWN_TO_SDK_VERSION) {
            throw Faults.invalidParameterValue(
                    "Invalid ClusterMode: %s. Valid values are: enabled, disabled, compatible",
                    request.clusterModeAsString());
        }
        String wanted = request.clusterModeAsString();
        if (wanted.equals(group.clusterMode())) {
            return null;
        }
        requireWay(group, wanted);
        NotOffered.requireOwnNodes(context);
        requirePossible(request, group, members.getFirst());
        return new ClusterModeChange(wanted, groupAfter(context, request, members.getFirst(), wanted));
    }

    private static void requireWay(ReplicationGroup group, String wanted) {
        if (group.isClustered()) {
            throw Faults.invalidParameterCombination(
                    "ClusterMode of replication group %s is enabled and cannot be changed to %s.", group.id(), wanted);
        }
        if (!group.isCompatible() && wanted.equals(ReplicationGroup.ENABLED)) {
            throw Faults.invalidParameterCombination(
                    "ClusterMode of replication group %s must be changed to compatible before it can be enabled.",
                    group.id());
        }
    }

    private static void requirePossible(ModifyReplicationGroupRequest request, ReplicationGroup group,
            CacheCluster member) {
        if (EngineVersion.compare(member.settings().engineVersion(), POSSIBLE_SINCE) < 0) {
            throw Faults.invalidParameterCombination("ClusterMode can be changed from engine version %s on.",
                    POSSIBLE_SINCE);
        }
        if (!group.hasAutomaticFailover()) {
            throw Faults.invalidParameterCombination(
                    "ClusterMode can only be changed while automatic failover is enabled.");
        }
        boolean saysMore = request.cacheNodeType() != null || request.engine() != null
                || request.engineVersion() != null || request.primaryClusterId() != null
                || request.transitEncryptionEnabled() != null || request.transitEncryptionMode() != null;
        if (saysMore) {
            throw Faults.invalidParameterCombination("ClusterMode cannot be changed together with the node type, the "
                    + "engine, the primary or encryption in transit.");
        }
    }

    private static String groupAfter(Context context, ModifyReplicationGroupRequest request, CacheCluster member,
            String wanted) {
        ParameterGroup present = ParameterGroup.named(context.handle(),
                context.key(member.settings().parameterGroup()));
        boolean isOn = !wanted.equals(ReplicationGroup.DISABLED);
        EngineVersion version = EngineVersion.ofFull(member.engine(), member.settings().engineVersion());
        String named = request.cacheParameterGroupName();
        String id = named != null
                ? named
                : present.isDefault()
                        ? ParameterGroup.defaultFor(version, isOn)
                        : present.id();
        ParameterGroup group = ParameterGroups.requireFitting(context, id, version.family());
        if (group.isClusterMode(context.handle()) != isOn) {
            throw Faults.invalidParameterCombination(
                    "ClusterMode %s needs a cache parameter group with cluster-enabled %s; %s has another value.",
                    wanted, isOn ? "yes" : "no", group.id());
        }
        return group.id();
    }

    /** While both kinds of client are served, nothing else of the group changes. */
    static void requireNotCompatible(ReplicationGroup group) {
        if (group.isCompatible()) {
            throw Faults.invalidReplicationGroupState("Replication group %s has ClusterMode compatible: change it to "
                    + "enabled or disabled first.", group.id());
        }
    }
}
