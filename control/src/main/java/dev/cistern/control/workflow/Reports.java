package dev.cistern.control.workflow;

import dev.cistern.control.EndpointOptions;
import dev.cistern.control.StatusReport;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.EndpointNames;
import dev.cistern.control.resource.MemcachedCluster;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.NodeSnapshot;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.Snapshot;
import dev.cistern.control.resource.TransitEncryption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/** Puts together what an operator is told of the state. Reads, and changes nothing. */
record Reports(EndpointOptions endpoints, Map<Long, String> presentSteps) {

    private static final String EVERYTHING = "order by account, region, id";

    StatusReport of(Handle handle, long nowMillis) {
        List<StatusReport.Resource> resources = new ArrayList<>();
        ReplicationGroup.TABLE.select(handle, EVERYTHING).forEach(row -> resources.add(group(handle, row)));
        CacheCluster.TABLE.select(handle, EVERYTHING).forEach(row -> resources.add(cluster(handle, row)));
        Snapshot.TABLE.select(handle, EVERYTHING).forEach(row -> resources.add(snapshot(handle, row)));
        List<StatusReport.Work> work = WorkflowRow.TABLE
                .select(handle, "where status = 'RUNNING' order by workflow_id").stream()
                .map(row -> work(handle, row, nowMillis)).toList();
        return new StatusReport(resources, work);
    }

    private StatusReport.Resource group(Handle handle, ReplicationGroup row) {
        boolean answers = !row.is(ReplicationGroupStatus.CREATING) && !row.is(ReplicationGroupStatus.CREATE_FAILED);
        List<NodeGroup> nodeGroups = NodeGroup.of(handle, row.key());
        int members = CacheCluster.membersOf(handle, row.key()).size();
        return new StatusReport.Resource("replication group", row.id(), row.status().wireName(),
                row.engine().wireName() + ", " + members + (members == 1 ? " member" : " members"),
                answers && !nodeGroups.isEmpty() ? endpoint(handle, row, nodeGroups.getFirst()) : null);
    }

    private StatusReport.Resource cluster(Handle handle, CacheCluster row) {
        boolean answers = !row.is(CacheClusterStatus.CREATING) && !row.is(CacheClusterStatus.INCOMPATIBLE_NETWORK)
                && !row.is(CacheClusterStatus.RESTORE_FAILED);
        List<CacheNode> nodes = CacheNode.of(handle, row.key());
        return new StatusReport.Resource("cache cluster", row.id(), row.status().wireName(),
                row.engine().wireName() + " " + row.settings().engineVersion() + ", " + row.settings().cacheNodeType(),
                answers && !nodes.isEmpty() ? endpoint(handle, row, nodes.getFirst()) : null);
    }

    /** Of a Memcached cluster the one for all its nodes. */
    private String endpoint(Handle handle, CacheCluster row, CacheNode first) {
        MemcachedCluster memcached = MemcachedCluster.find(handle, row.key());
        EndpointNames names = new EndpointNames(endpoints);
        if (memcached != null) {
            return names.configuration(row) + ":" + memcached.configurationPort();
        }
        String group = row.replicationGroupId();
        return (group == null
                ? names.node(row, first)
                : names.member(ReplicationGroup.named(handle, row.key().sibling(group)), first,
                        TransitEncryption.of(handle, row).isOn()))
                + ":" + first.port();
    }

    private String endpoint(Handle handle, ReplicationGroup row, NodeGroup first) {
        EndpointNames names = new EndpointNames(endpoints);
        boolean isEncrypted = TransitEncryption.of(handle, row.key()).isOn();
        return (row.isClustered() ? names.configuration(row, isEncrypted) : names.primary(row, isEncrypted)) + ":"
                + first.primaryPort();
    }

    private static StatusReport.Resource snapshot(Handle handle, Snapshot row) {
        long bytes = 0;
        for (NodeSnapshot part : row.parts(handle)) {
            Long length = part.fileBytes();
            bytes += length == null ? 0 : length;
        }
        return new StatusReport.Resource("snapshot", row.id(), row.wireStatus(),
                "of " + row.cacheClusterId() + ", %,d bytes".formatted(bytes), null);
    }

    private StatusReport.Work work(Handle handle, WorkflowRow row, long nowMillis) {
        int done = (int) StepRow.TABLE.count(handle, "where workflow_id = ?", row.workflowId());
        return new StatusReport.Work(row.type(), row.key().id(), done, presentSteps.get(row.workflowId()),
                Math.max(0, nowMillis - row.createdAtMillis()), row.attempts(), row.failure());
    }
}
