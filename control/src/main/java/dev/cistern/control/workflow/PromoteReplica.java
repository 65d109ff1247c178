package dev.cistern.control.workflow;

import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/**
 * Has a replica and its primary change places, without loss: modifying -> available. Writes wait for the moment of the
 * hand-over. When the replica does not take over in time, everything stays as it was.
 */
record PromoteReplica(GroupSteps groups) implements Workflow<PromoteReplica.Input> {

    static final String TYPE = "promote-replica";

    /** The member that is to be primary. */
    record Input(String clusterId) {}

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<Input> inputType() {
        return Input.class;
    }

    @Override
    public void run(ResourceKey key, Input input, Steps steps) {
        groups.handOver(steps, key, input.clusterId);
        groups.takePlaces(steps, key, groups.members(steps, key));
        steps.commit("available", handle -> groups.become(handle, key, ReplicationGroupStatus.AVAILABLE,
                "Finished promoting replica " + input.clusterId));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        groups.become(handle, key, ReplicationGroupStatus.AVAILABLE,
                "Failed to promote replica " + input.clusterId + ": " + reason);
    }
}
