package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Starts the members of a group, or takes one that was there: creating -> available. */
record CreateReplicationGroup(GroupSteps groups) implements Workflow<CreateReplicationGroup.Input> {

    static final String TYPE = "create-replication-group";

    /** What its data comes from, and the id of a cluster that serves already and becomes its primary; or null. */
    record Input(@Nullable RestoreSource source, @Nullable String seed) {}

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
        if (input.seed != null) {
            groups.goOnFrom(steps, key.sibling(input.seed));
        }
        groups.bringUp(steps, key, groups.members(steps, key), input.source());
        groups.publish(steps, key, "topology", groups.members(steps, key).stream().map(ResourceKey::id).toList());
        if (input.seed != null) {
            groups.clusters().secure(steps, key.sibling(input.seed));
        }
        steps.commit("available", handle -> {
            groups.members(steps, key).forEach(member -> groups.clusters().becomeAvailable(handle, member));
            groups.become(handle, key, ReplicationGroupStatus.AVAILABLE,
                    "Replication group " + key.id() + " created");
            ReplicationGroup group = ReplicationGroup.named(handle, key);
            if (group.hasAutomaticFailover()) {
                groups.events().failoverTurned(handle, group);
            }
            ClusterSteps.endRestore(handle, key, input.source());
        });
        groups.members(steps, key).forEach(member -> groups.clusters().tidy(steps, member, input.source()));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        for (CacheCluster member : CacheCluster.membersOf(handle, key)) {
            if (member.is(CacheClusterStatus.CREATING)) {
                groups.clusters().failToCreate(handle, member.key(), input.source(), reason);
            } else {
                // It was there before: it serves on its own as it did.
                CacheCluster.TABLE.update(handle,
                        member.withoutGroup().withStatus(CacheClusterStatus.AVAILABLE));
            }
        }
        ClusterSteps.endRestore(handle, key, input.source());
        groups.become(handle, key, ReplicationGroupStatus.CREATE_FAILED,
                "Failed to create replication group " + key.id() + ": " + reason);
    }
}
