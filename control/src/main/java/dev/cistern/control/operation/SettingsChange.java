package dev.cistern.control.operation;

import dev.cistern.control.resource.ClusterSettings;
import dev.cistern.control.resource.MaintenanceWindow;
import dev.cistern.control.resource.ParameterGroups;
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

    ClusterSettings apply(ClusterSettings old) {
        if (parameterGroup != null) {
            // The one group with cluster mode off that fits a version is its default: there is nothing to change to.
            String family = Objects.requireNonNull(ParameterGroups.find(old.parameterGroup())).family();
            ClusterWish.parameterGroup(parameterGroup, family);
        }
        MaintenanceWindow maintenance = Checks
                .maintenanceWindow(Objects.requireNonNullElse(maintenanceWindow, old.maintenanceWindow()));
        SnapshotWindow snapshots = Checks
                .snapshotWindow(Objects.requireNonNullElse(snapshotWindow, old.snapshotWindow()));
        Checks.apart(maintenance, snapshots);
        return new ClusterSettings(
                old.engineVersion(),
                old.cacheNodeType(),
                old.parameterGroup(),
                maintenance.toString(),
                snapshots.toString(),
                snapshotRetentionLimit == null
                        ? old.snapshotRetentionLimit()
                        : Checks.snapshotRetentionLimit(snapshotRetentionLimit),
                Objects.requireNonNullElse(autoMinorVersionUpgrade, old.autoMinorVersionUpgrade()));
    }
}
