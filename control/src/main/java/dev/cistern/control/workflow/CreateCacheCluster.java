package dev.cistern.control.workflow;

import dev.cistern.control.resource.ResourceKey;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Starts a cluster's nodes: creating -> available. */
record CreateCacheCluster(ClusterSteps clusters) implements Workflow<CreateCacheCluster.Input> {

    static final String TYPE = "create-cache-cluster";

    /** What its data comes from; null when it begins empty. */
    record Input(@Nullable RestoreSource source) {}

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
        if (input.source != null) {
            clusters.lay(steps, key.id(), List.of(key), input.source);
        }
        clusters.bringUp(steps, key, input.source != null);
        steps.commit("available", handle -> {
            clusters.becomeAvailable(handle, key);
            ClusterSteps.endRestore(handle, key, input.source);
        });
        clusters.tidy(steps, key, input.source);
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        clusters.failToCreate(handle, key, input.source, reason);
        ClusterSteps.endRestore(handle, key, input.source);
    }
}
