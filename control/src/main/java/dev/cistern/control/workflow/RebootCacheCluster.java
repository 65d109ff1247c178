package dev.cistern.control.workflow;

import dev.cistern.control.resource.ResourceKey;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Stops and starts nodes of a cluster, with all values of its parameter group: rebooting cluster nodes -> available. What they
 * held is gone, as with AWS.
 */
record RebootCacheCluster(ClusterSteps clusters) implements Workflow<RebootCacheCluster.Input> {

    static final String TYPE = "reboot-cache-cluster";

    /** The numbers of the nodes that are to be rebooted. */
    record Input(List<String> cacheNodeIds) {}

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
        clusters.reboot(steps, key, input.cacheNodeIds);
        steps.commit("available", handle -> clusters.becomeRebooted(handle, key));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        clusters.failToReboot(handle, key);
    }
}
