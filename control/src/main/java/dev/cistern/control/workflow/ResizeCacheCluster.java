package dev.cistern.control.workflow;

import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/** Gives a cluster another node type while it serves: modifying -> available. */
record ResizeCacheCluster(ClusterSteps clusters) implements Workflow<ResizeCacheCluster.Input> {

    static final String TYPE = "resize-cache-cluster";

    /** The node type that was wished. */
    record Input(String nodeType) {}

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
        clusters.resize(steps, key, input.nodeType);
        steps.commit("available", handle -> clusters.becomeResized(handle, key, input.nodeType));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        clusters.failToResize(handle, key, input.nodeType, reason);
    }
}
