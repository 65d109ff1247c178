package dev.cistern.control.resource;

/**
 * What a caller chooses about a cache cluster and may change later.
 *
 * @param engineVersion           full version, such as {@code 7.1.0}
 * @param cacheNodeType           a name from {@link NodeType}
 * @param parameterGroup          name of its cache parameter group
 * @param maintenanceWindow       weekly, such as {@code sun:05:00-sun:06:00}, UTC
 * @param snapshotWindow          daily, such as {@code 03:00-04:00}, UTC
 * @param snapshotRetentionLimit  days; 0 means no automatic snapshots
 * @param autoMinorVersionUpgrade whether minor engine versions may be taken over in the maintenance window
 */
public record ClusterSettings(
        String engineVersion,
        String cacheNodeType,
        String parameterGroup,
        String maintenanceWindow,
        String snapshotWindow,
        int snapshotRetentionLimit,
        boolean autoMinorVersionUpgrade) {

    public ClusterSettings withEngineVersion(String version, String group) {
        return new ClusterSettings(version, cacheNodeType, group, maintenanceWindow, snapshotWindow,
                snapshotRetentionLimit, autoMinorVersionUpgrade);
    }

    public ClusterSettings withCacheNodeType(String value) {
        return new ClusterSettings(engineVersion, value, parameterGroup, maintenanceWindow, snapshotWindow,
                snapshotRetentionLimit, autoMinorVersionUpgrade);
    }
}
