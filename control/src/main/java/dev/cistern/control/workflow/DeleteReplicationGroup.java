package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.ClusterSecurityGroups;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.RetainedCluster;
import java.util.Objects;
import org.jdbi.v3.core.Handle;

/**
 * Stops the members of a group and forgets it: deleting -> not found. Tries for ever: nothing else could end it.
 *
 * <p>The primary that is to be retained goes on serving as a cluster of its own, at the endpoint of its node.
 */
record DeleteReplicationGroup(GroupSteps groups) implements Workflow<DeleteReplicationGroup.Input> {

    static final String TYPE = "delete-replication-group";

    /** The id of the member that stays; empty when none does. */
    record Input(String retainedClusterId) {}

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<Input> inputType() {
        return Input.class;
    }

    @Override
    public int maxAttempts() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void run(ResourceKey key, Input input, Steps steps) {
        for (ResourceKey member : groups.members(steps, key)) {
            if (!member.id().equals(input.retainedClusterId)) {
                groups.clusters().tearDown(steps, member);
            }
        }
        steps.commit("forget", handle -> {
            for (ResourceKey member : groups.members(steps, key)) {
                if (member.id().equals(input.retainedClusterId)) {
                    retain(handle, member, ReplicationGroup.named(handle, key));
                } else {
                    groups.clusters().forget(handle, member);
                }
            }
            groups.forget(handle, key);
        });
        for (ResourceKey member : groups.members(steps, key)) {
            if (member.id().equals(input.retainedClusterId)) {
                groups.clusters().takePlace(steps, member);
            }
        }
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        throw new IllegalStateException("a deletion does not give up: " + reason);
    }

    private static void retain(Handle handle, ResourceKey member, ReplicationGroup group) {
        CacheCluster cluster = Objects.requireNonNull(CacheCluster.find(handle, member), member.id());
        RetainedCluster.keep(handle, cluster, group);
        ClusterSecurityGroups.put(handle, cluster.key(), false, ClusterSecurityGroups.of(handle, cluster));
        CacheCluster.TABLE.update(handle, cluster.withoutGroup().withStatus(CacheClusterStatus.AVAILABLE));
    }
}
