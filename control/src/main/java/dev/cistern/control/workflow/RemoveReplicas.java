package dev.cistern.control.workflow;

import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** Stops replicas of a group and forgets them: modifying -> available. Tries for ever: nothing else could end it. */
record RemoveReplicas(GroupSteps groups) implements Workflow<AddReplicas.Input> {

    static final String TYPE = "remove-replicas";

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<AddReplicas.Input> inputType() {
        return AddReplicas.Input.class;
    }

    @Override
    public int maxAttempts() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void run(ResourceKey key, AddReplicas.Input input, Steps steps) {
        groups.publish(steps, key, "topology", List.of());
        for (ResourceKey member : input.keys(key)) {
            groups.clusters().tearDown(steps, member);
        }
        steps.commit("forget", handle -> {
            input.keys(key).forEach(member -> groups.clusters().forget(handle, member));
            groups.become(handle, key, ReplicationGroupStatus.AVAILABLE,
                    "Finished removing replicas " + String.join(", ", input.clusterIds()));
        });
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, AddReplicas.Input input, String reason) {
        throw new IllegalStateException("a removal does not give up: " + reason);
    }
}
