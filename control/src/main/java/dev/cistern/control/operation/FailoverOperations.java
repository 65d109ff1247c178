package dev.cistern.control.operation;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.CacheNodeStatus;
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
        requireRecovered(members);
        requireQuota();
        ReplicationGroup changed = context.workflows().testFailover(context.handle(), group, nodeGroup);
        return TestFailoverResponse.builder()
                .replicationGroup(context.descriptions().group(context.handle(), changed)).build();
    }

    private NodeGroup requireNodeGroup(ReplicationGroup group, String id) {
        String number = GroupShape.checkedNumber(id);
        return new Members(context).nodeGroups(group).stream()
                .filter(nodeGroup -> nodeGroup.nodeGroupId().equals(number)).findFirst()
                .orElseThrow(() -> Faults.nodeGroupNotFound(number, group.id()));
    }

    /** The node that the test before has ended must be back: until then another one could have no replica to go to. */
    private void requireRecovered(List<CacheCluster> members) {
        for (CacheCluster member : members) {
            if (CacheNode.of(context.handle(), member.key()).stream()
                    .anyMatch(node -> node.status() != CacheNodeStatus.AVAILABLE)) {
                throw Faults.invalidCacheClusterState(
                        "Cache cluster %s is being recovered; a failover can be tested when that is complete.",
                        member.id());
            }
        }
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
