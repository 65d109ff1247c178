package dev.cistern.control.workflow;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.EngineChange;
import dev.cistern.control.resource.ResourceKey;
import java.util.Objects;
import org.jdbi.v3.core.Handle;

/**
 * Gives a Redis or Valkey cluster that is in no group another engine version, or another engine, and keeps what it holds:
 * modifying -> available. Tries for ever once the node was stopped.
 */
record UpgradeNode(RollingSteps rolling, EngineSteps engines) implements Workflow<NoInput> {

    static final String TYPE = "upgrade-node";

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
        String engine = steps.once("engine", String.class, () -> steps
                .read(handle -> Objects.requireNonNull(EngineChange.find(handle, key)).engine().name()));
        rolling.requireRunnable(steps, EngineType.valueOf(engine));
        rolling.renew(steps, key, true, engines::change);
        steps.commit("available", handle -> engines.finish(handle, key));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, NoInput input, String reason) {
        engines.giveUp(handle, key, reason);
    }
}
