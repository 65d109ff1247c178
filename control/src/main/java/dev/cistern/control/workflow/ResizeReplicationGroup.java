package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/** Gives the members of a group another node type while they serve: modifying -> available. */
record ResizeReplicationGroup(GroupSteps groups) implements Workflow<ResizeCacheCluster.Input> {

    static final String TYPE = "resize-replication-group";

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<ResizeCacheCluster.Input> inputType() {
        return ResizeCacheCluster.Input.class;
    }

    @Override
    public void run(ResourceKey key, ResizeCacheCluster.Input input, Steps steps) {
        for (ResourceKey member : groups.members(steps, key)) {
            groups.clusters().resize(steps, member, input.nodeType());
        }
        steps.commit("available", handle -> {
            groups.members(steps, key)
                    .forEach(member -> groups.clusters().becomeResized(handle, member, input.nodeType()));
            groups.become(handle, key, ReplicationGroupStatus.AVAILABLE,
                    "Succeeded applying modification to cache node type to " + input.nodeType() + ".");
        });
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, ResizeCacheCluster.Input input, String reason) {
        CacheCluster.membersOf(handle, key).forEach(
                member -> groups.clusters().failToResize(handle, member.key(), input.nodeType(), reason));
        groups.become(handle, key, ReplicationGroupStatus.AVAILABLE,
                "Failed applying modification to cache node type to " + input.nodeType() + ": " + reason);
    }
}
