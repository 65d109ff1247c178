package dev.cistern.control.workflow;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.EngineChange;
import dev.cistern.control.resource.ReplicationGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import java.util.List;
import java.util.Objects;
import org.jdbi.v3.core.Handle;

/**
 * Gives the members of a group another engine version, or another engine, while clients go on: modifying -> available.
 * Tries for ever once the first node was stopped: half of them in one version and half in another is nothing to stay with.
 */
record UpgradeReplicationGroup(RollingSteps rolling, EngineSteps engines) implements Workflow<NoInput> {

    static final String TYPE = "upgrade-replication-group";

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<NoInput> inputType() {
        return NoInput.class;
    }

    @Override
    public int maxAttempts() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void run(ResourceKey key, NoInput input, Steps steps) {
        List<ResourceKey> members = rolling.groups().members(steps, key);
        String engine = steps.once("engine", String.class, () -> steps.read(handle -> Objects
                .requireNonNull(EngineChange.find(handle, members.getFirst())).engine().name()));
        rolling.requireRunnable(steps, EngineType.valueOf(engine));
        rolling.renewAll(steps, key, engines::change);
        rolling.groups().publish(steps, key, "topology", List.of());
        steps.commit("available", handle -> {
            CacheCluster last = null;
            for (ResourceKey member : members) {
                last = engines.finish(handle, member);
            }
            CacheCluster any = Objects.requireNonNull(last);
            ReplicationGroup.TABLE.update(handle, ReplicationGroup.named(handle, key).withEngine(any.engine()));
            rolling.groups().become(handle, key, ReplicationGroupStatus.AVAILABLE,
                    "Cache engine version of replication group " + key.id() + " is " + EngineSteps.title(any));
        });
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, NoInput input, String reason) {
        CacheCluster.membersOf(handle, key).forEach(member -> engines.giveUp(handle, member.key(), reason));
        rolling.groups().become(handle, key, ReplicationGroupStatus.AVAILABLE,
                "Failed to change the cache engine version of replication group " + key.id() + ": " + reason);
    }
}
