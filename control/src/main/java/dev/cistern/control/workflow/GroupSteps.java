package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.TagRow;
import dev.cistern.control.resource.TransitEncryption;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** The steps that workflows on replication groups share. */
record GroupSteps(ClusterSteps clusters, EventLog events) {

    /**
     * The keys of the members, by id.
     *
     * <p>Asked once and stored: a run after a crash must find the same members, also when some are gone by then.
     */
    List<ResourceKey> members(Steps steps, ResourceKey group) {
        String[] ids = steps.once("members " + group.id(), String[].class, () -> steps
                .read(handle -> CacheCluster.membersOf(handle, group)).stream()
                .map(CacheCluster::id)
                .toArray(String[]::new));
        return List.of(ids).stream().map(group::sibling).toList();
    }

    /** Tells every node of the group who may come in. */
    void secure(Steps steps, ResourceKey group) {
        for (ResourceKey member : members(steps, group)) {
            clusters.secure(steps, member);
        }
    }

    void become(Handle handle, ResourceKey key, ReplicationGroupStatus status, String event) {
        ReplicationGroup group = ReplicationGroup.find(handle, key);
        if (group == null) {
            throw new IllegalStateException("replication group " + key.id() + " is gone");
        }
        ReplicationGroup.TABLE.update(handle, group.withStatus(status));
        events.groupEvent(handle, key, event);
    }

    /** Deletes the group's rows; from now on it is not found. */
    void forget(Handle handle, ResourceKey key) {
        handle.execute("delete from node_group where account = ? and region = ? and id = ?", key.account(),
                key.region(), key.id());
        TransitEncryption.delete(handle, key);
        ReplicationGroup.TABLE.delete(handle, key.account(), key.region(), key.id());
        TagRow.deleteAll(handle, key.arn(ReplicationGroup.ARN_TYPE));
        events.groupEvent(handle, key, "Replication group " + key.id() + " deleted");
    }
}
