package dev.cistern.control.workflow;

import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Has the freshest replica of a node group take the place of its primary because somebody wants to see it: modifying ->
 * available. The primary hands over, so nothing is lost; then its node is ended, and recovered by the keeper.
 */
record TestFailover(FailoverSteps steps) implements Workflow<TestFailover.Input> {

    static final String TYPE = "test-failover";

    /** {@code primary} is the member that was primary when it was asked for. */
    record Input(String nodeGroupId, String primary) {}

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<Input> inputType() {
        return Input.class;
    }

    @Override
    public void run(ResourceKey key, Input input, Steps run) {
        ResourceKey former = key.sibling(input.primary);
        ResourceKey chosen = steps.choose(run, key, input.nodeGroupId, input.primary);
        steps.groups().handOver(run, key, chosen.id());
        steps.repoint(run, key, input.nodeGroupId, input.primary);
        steps.groups().publish(run, key, "topology", List.of());
        steps.end(run, key, input.nodeGroupId, former);
        run.commit("available", handle -> {
            steps.leaveToKeeper(handle, former);
            steps.groups().become(handle, key, ReplicationGroupStatus.AVAILABLE);
        });
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        steps.leaveToKeeper(handle, key.sibling(input.primary));
        steps.groups().become(handle, key, ReplicationGroupStatus.AVAILABLE,
                "Test failover of node group " + input.nodeGroupId + " failed: " + reason);
    }
}
