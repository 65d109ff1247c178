package dev.cistern.control.workflow;

import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/** Stops a cluster's nodes and forgets it: deleting -> not found. Tries for ever: nothing else could end it. */
record DeleteCacheCluster(ClusterSteps clusters) implements Workflow<NoInput> {

    static final String TYPE = "delete-cache-cluster";

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
        clusters.tearDown(steps, key);
        steps.commit("forget", handle -> clusters.forget(handle, key));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, NoInput input, String reason) {
        throw new IllegalStateException("a deletion does not give up: " + reason);
    }
}
