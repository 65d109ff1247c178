package dev.cistern.control.workflow;

import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/** Starts a cluster's nodes: creating -> available. */
record CreateCacheCluster(ClusterSteps clusters) implements Workflow<NoInput> {

    static final String TYPE = "create-cache-cluster";

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<NoInput> inputType() {
        return NoInput.class;
    }

    @Override
    public void run(ResourceKey key, NoInput input, Steps steps) {
        clusters.bringUp(steps, key);
        steps.commit("available", handle -> clusters.becomeAvailable(handle, key));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, NoInput input, String reason) {
        clusters.failToCreate(handle, key, reason);
    }
}
