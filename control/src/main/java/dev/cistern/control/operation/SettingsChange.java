package dev.cistern.control.operation;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.ClusterSettings;
import dev.cistern.control.resource.MaintenanceWindow;
import dev.cistern.control.resource.SnapshotWindow;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.elasticache.model.ModifyCacheClusterRequest;
import software.amazon.awssdk.services.elasticache.model.ModifyReplicationGroupRequest;

/** What the two modifying operations can change about a cluster without touching its nodes; null leaves it as it is. */
record SettingsChange(
        @Nullable String parameterGroup,
        @Nullable String maintenanceWindow,
        @Nullable String snapshotWindow,
        @Nullable Integer snapshotRetentionLimit,
        @Nullable Boolean autoMinorVersionUpgrade) {

    static SettingsChange of(ModifyCacheClusterRequest request) {
        return new SettingsChange(request.cacheParameterGroupName(), request.preferredMaintenanceWindow(),
                request.snapshotWindow(), request.snapshotRetentionLimit(), request.autoMinorVersionUpgrade());
    }

    static SettingsChange of(ModifyReplicationGroupRequest request) {
        return new SettingsChange(request.cacheParameterGroupName(), request.preferredMaintenanceWindow(),
                request.snapshotWindow(), request.snapshotRetentionLimit(), request.autoMinorVersionUpgrade());
    }

    SettingsChange withoutParameterGroup() {
        return new SettingsChange(null, maintenanceWindow, snapshotWindow, snapshotRetentionLimit,
                autoMinorVersionUpgrade);
    }

    /**
     * The cluster with the changes, not stored yet.
     *
     * @param now  whether its nodes are to take a new parameter group's values at once and not in the maintenance window
     */
    CacheCluster apply(Context context, CacheCluster cluster, boolean now) {
        ClusterSettings old = cluster.settings();
        String group = parameterGroup == null
                ? old.parameterGroup()
                : ParameterGroups.requireChangeable(context, cluster, parameterGroup).id();
        CacheCluster changed = cluster.withSettings(settings(old, group, cluster.engine() != EngineType.MEMCACHED));
        if (now) {
            return changed.withParametersWait(false);
        }
        return group.equals(old.parameterGroup()) ? changed : changed.withParametersWait(true);
    }

    private ClusterSettings settings(ClusterSettings old, String group, boolean hasSnapshots) {
        MaintenanceWindow maintenance = Checks
                .maintenanceWindow(Objects.requireNonNullElse(maintenanceWindow, old.maintenanceWindow()));
        SnapshotWindow snapshots = Checks
                .snapshotWindow(Objects.requireNonNullElse(snapshotWindow, old.snapshotWindow()));
        if (hasSnapshots) {
            Checks.apart(maintenance, snapshots);
        }
        return new ClusterSettings(
                old.engineVersion(),
                old.cacheNodeType(),
                group,
                maintenance.toString(),
                snapshots.toString(),
                snapshotRetentionLimit == null
                        ? old.snapshotRetentionLimit()
                        : Checks.snapshotRetentionLimit(snapshotRetentionLimit),
                Objects.requireNonNullElse(autoMinorVersionUpgrade, old.autoMinorVersionUpgrade()));
    }
}
