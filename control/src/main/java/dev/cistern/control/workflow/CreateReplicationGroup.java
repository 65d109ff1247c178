package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/** Starts the members of a group: creating -> available. */
record CreateReplicationGroup(GroupSteps groups) implements Workflow<NoInput> {

    static final String TYPE = "create-replication-group";

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<NoInput> inputType() {
        return NoInput.class;
    }

    @Override
    public void run(ResourceKey key, NoInput input, Steps steps) {
        for (ResourceKey member : groups.members(steps, key)) {
            groups.clusters().bringUp(steps, member);
        }
        steps.commit("available", handle -> {
            groups.members(steps, key).forEach(member -> groups.clusters().becomeAvailable(handle, member));
            groups.become(handle, key, ReplicationGroupStatus.AVAILABLE,
                    "Replication group " + key.id() + " created");
        });
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, NoInput input, String reason) {
        CacheCluster.membersOf(handle, key)
                .forEach(member -> groups.clusters().failToCreate(handle, member.key(), reason));
        groups.become(handle, key, ReplicationGroupStatus.CREATE_FAILED,
                "Failed to create replication group " + key.id() + ": " + reason);
    }
}
