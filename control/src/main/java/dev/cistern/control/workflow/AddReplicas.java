package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Starts new replicas of a group and has them follow their primaries, while the others serve: modifying -> available. When
 * they cannot be started they are taken away again.
 */
record AddReplicas(GroupSteps groups, Workflows workflows) implements Workflow<AddReplicas.Input> {

    static final String TYPE = "add-replicas";

    /** The ids of the new members, which are stored already. */
    record Input(List<String> clusterIds) {

        List<ResourceKey> keys(ResourceKey group) {
            return clusterIds.stream().map(group::sibling).toList();
        }
    }

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
        groups.bringUp(steps, key, input.keys(key), null);
        groups.publish(steps, key, "topology", input.clusterIds);
        steps.commit("available", handle -> {
            input.keys(key).forEach(member -> groups.clusters().becomeAvailable(handle, member));
            groups.become(handle, key, ReplicationGroupStatus.AVAILABLE,
                    "Finished adding replicas " + String.join(", ", input.clusterIds));
        });
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        groups.events().groupEvent(handle, key,
                "Failed to add replicas " + String.join(", ", input.clusterIds) + ": " + reason);
        workflows.takeBackReplicas(handle, key, CacheCluster.membersOf(handle, key).stream()
                .filter(member -> input.clusterIds.contains(member.id())).toList());
    }
}
