package dev.cistern.control.operation;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.FailoverRow;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import java.util.List;
import software.amazon.awssdk.services.elasticache.model.TestFailoverRequest;
import software.amazon.awssdk.services.elasticache.model.TestFailoverResponse;

/** TestFailover: has a node group failed over to see how that is. */
public record FailoverOperations(Context context) {

    /** Answers with status "modifying". */
    public TestFailoverResponse test(TestFailoverRequest request) {
        ReplicationGroup group = new ReplicationGroupOperations(context).require(request.replicationGroupId());
        NodeGroup nodeGroup = requireNodeGroup(group, Checks.notBlank("NodeGroupId", request.nodeGroupId()));
        List<CacheCluster> members = new Members(context).requireAvailable(group, "test its failover");
        if (!group.hasAutomaticFailover()) {
            throw Faults.testFailoverNotAvailable("Test failover is not available for replication group " + group.id()
                    + ": automatic failover is not enabled.");
        }
        if (Members.of(nodeGroup, members).size() < 2) {
            throw Faults.testFailoverNotAvailable("Test failover is not available for node group "
                    + nodeGroup.nodeGroupId() + ": it has no replica.");
        }
        requireQuota();
        ReplicationGroup changed = context.workflows().testFailover(context.handle(), group, nodeGroup);
        return TestFailoverResponse.builder()
                .replicationGroup(context.descriptions().group(context.handle(), changed)).build();
    }

    private NodeGroup requireNodeGroup(ReplicationGroup group, String id) {
        return new Members(context).nodeGroups(group).stream()
                .filter(nodeGroup -> nodeGroup.nodeGroupId().equals(id)).findFirst()
                .orElseThrow(() -> Faults.nodeGroupNotFound(id, group.id()));
    }

    private void requireQuota() {
        int quota = context.options().quotas().testFailoversPerDay();
        long recent = FailoverRow.tests(context.handle(), context.caller().account(), context.caller().region(),
                context.options().clock().millis());
        if (recent >= quota) {
            throw Faults.apiCallRateExceeded("The customer has exceeded the allowed rate of API calls: " + quota
                    + " node groups can be tested in 24 hours.");
        }
    }
}
