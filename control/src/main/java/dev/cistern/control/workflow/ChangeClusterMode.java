package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.SlotMap;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Changes the cluster mode of a group while clients go on: modifying -> available.
 *
 * <pre>
 *   disabled ──nodes started anew, one after the other──▶ compatible ──nodes are told──▶ enabled
 *            ◀───────────────────────────────────────────
 * </pre>
 *
 * <p>A compatible node has its group's slots and tells so to whoever asks, but sends nobody away: clients that know nothing
 * of slots use any keys together, and read from replicas. Tries for ever: half a group is of no use to either kind.
 */
record ChangeClusterMode(RollingSteps rolling) implements Workflow<ChangeClusterMode.Input> {

    static final String TYPE = "change-cluster-mode";

    /** AWS's word for the mode to come, and the parameter group that goes with it. */
    record Input(String mode, String parameterGroup) {}

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
        GroupSteps groups = rolling.groups();
        List<ResourceKey> members = groups.members(steps, key);
        if (!input.mode.equals(ReplicationGroup.ENABLED)) {
            steps.once("only database 0", () -> requireOneDatabase(steps, key));
            rolling.renewAll(steps, key, (handle, member) -> change(handle, member, input.parameterGroup));
        }
        steps.commit("mode", handle -> become(handle, key, input.mode));
        groups.publish(steps, key, "topology", List.of());
        for (ResourceKey member : members) {
            groups.clusters().tellClusterMode(steps, member);
            groups.clusters().takePlace(steps, member, " in mode " + input.mode);
        }
        steps.commit("available", handle -> {
            members.forEach(member -> CacheCluster.TABLE.update(handle,
                    RollingSteps.require(handle, member).withStatus(CacheClusterStatus.AVAILABLE)));
            groups.become(handle, key, ReplicationGroupStatus.AVAILABLE,
                    "Cluster mode of replication group " + key.id() + " is " + input.mode);
        });
    }

    private void requireOneDatabase(Steps steps, ResourceKey key) {
        NodeGroup nodeGroup = steps.read(handle -> NodeGroup.of(handle, key)).getFirst();
        CacheNode primary = rolling.nodes().of(key.sibling(nodeGroup.primaryClusterId())).getFirst();
        List<String> others = rolling.nodes().admin(primary).databases().stream().filter(name -> !name.equals("db0"))
                .toList();
        if (!others.isEmpty()) {
            throw new HopelessException("only database 0 may hold keys in cluster mode, and " + others + " do");
        }
    }

    private void change(Handle handle, CacheCluster member, String parameterGroup) {
        CacheCluster.TABLE.update(handle, member.withSettings(
                member.settings().withEngineVersion(member.settings().engineVersion(), parameterGroup)));
        rolling.groups().events().clusterEvent(handle, member.key(),
                "Updated to use a CacheParameterGroup " + parameterGroup);
    }

    private static void become(Handle handle, ResourceKey key, String mode) {
        ReplicationGroup.TABLE.update(handle, ReplicationGroup.named(handle, key).withClusterMode(mode));
        String slots = mode.equals(ReplicationGroup.DISABLED) ? null : SlotMap.ALL;
        NodeGroup.of(handle, key)
                .forEach(nodeGroup -> NodeGroup.TABLE.update(handle, nodeGroup.withSlots(slots)));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        CacheCluster.membersOf(handle, key).forEach(
                member -> CacheCluster.TABLE.update(handle, member.withStatus(CacheClusterStatus.AVAILABLE)));
        rolling.groups().become(handle, key, ReplicationGroupStatus.AVAILABLE,
                "Failed to change the cluster mode of replication group " + key.id() + ": " + reason);
    }
}
