package dev.cistern.control;

/**
 * AWS's limits per account and region, as settings.
 *
 * @param nodesPerRegion   cache nodes of all clusters together
 * @param nodesPerMemcachedCluster  cache nodes of one Memcached cluster
 * @param nodesPerReplicationGroup  cache nodes of one replication group; AWS raises it up to 500 when asked
 * @param tagsPerResource  tags on one resource
 * @param parameterGroups  parameter groups beside the default ones
 * @param users            users beside the default one
 * @param userGroups       user groups
 * @param usersPerGroup    users in one user group
 * @param subnetGroups     cache subnet groups beside the default one
 * @param subnetsPerGroup  subnets in one of them
 * @param snapshotsPerDay  manual snapshots of one source within 24 hours
 * @param testFailoversPerDay  node groups that may be failed over by TestFailover within 24 hours
 * @param eventsKept       newest events that are kept, whatever their age; a bound of ours, AWS has only the 14 days
 */
public record Quotas(int nodesPerRegion, int nodesPerMemcachedCluster, int nodesPerReplicationGroup,
        int tagsPerResource, int parameterGroups, int users, int userGroups,
        int usersPerGroup,
        int subnetGroups, int subnetsPerGroup, int snapshotsPerDay, int testFailoversPerDay, int eventsKept) {

    /** The defaults of an AWS account. */
    public static final Quotas DEFAULT = new Quotas(300, 40, 90, 50, 300, 2_000, 200, 100, 300, 20, 20, 15, 10_000);

    /** What AWS raises {@link #nodesPerReplicationGroup} to, and no further. */
    public static final int MOST_NODES_PER_REPLICATION_GROUP = 500;

    /** With other limits on nodes. */
    public Quotas withNodes(int perRegion, int perMemcachedCluster, int perReplicationGroup) {
        return new Quotas(perRegion, perMemcachedCluster, perReplicationGroup, tagsPerResource, parameterGroups, users,
                userGroups, usersPerGroup, subnetGroups, subnetsPerGroup, snapshotsPerDay, testFailoversPerDay,
                eventsKept);
    }
}
