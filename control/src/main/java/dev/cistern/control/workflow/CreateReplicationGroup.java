package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/** Starts the members of a group: creating -> available. */
record CreateReplicationGroup(GroupSteps groups) implements Workflow<CreateCacheCluster.Input> {

    static final String TYPE = "create-replication-group";

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<CreateCacheCluster.Input> inputType() {
        return CreateCacheCluster.Input.class;
    }

    @Override
    public void run(ResourceKey key, CreateCacheCluster.Input input, Steps steps) {
        for (ResourceKey member : groups.members(steps, key)) {
            groups.clusters().bringUp(steps, member, input.source());
        }
        steps.commit("available", handle -> {
            groups.members(steps, key).forEach(member -> groups.clusters().becomeAvailable(handle, member));
            groups.become(handle, key, ReplicationGroupStatus.AVAILABLE,
                    "Replication group " + key.id() + " created");
            ClusterSteps.endRestore(handle, key, input.source());
        });
        groups.members(steps, key).forEach(member -> groups.clusters().tidy(steps, member, input.source()));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, CreateCacheCluster.Input input, String reason) {
        CacheCluster.membersOf(handle, key)
                .forEach(member -> groups.clusters().failToCreate(handle, member.key(), input.source(), reason));
        ClusterSteps.endRestore(handle, key, input.source());
        groups.become(handle, key, ReplicationGroupStatus.CREATE_FAILED,
                "Failed to create replication group " + key.id() + ": " + reason);
    }
}
