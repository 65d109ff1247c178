package dev.cistern.control.workflow;

import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/**
 * Tells a cluster's nodes the values of its parameter group, as far as nodes that serve can take them.
 *
 * <p>What is told is what the rows say at that moment, not what they said when it was wished; of two such workflows the later
 * finds nothing left to do. Tries for ever, for a node that is away comes back with the values that it had.
 */
record ConfigureCacheCluster(ClusterSteps clusters) implements Workflow<NoInput> {

    static final String TYPE = "configure-cache-cluster";

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
        clusters.configure(steps, key);
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, NoInput input, String reason) {
        throw new IllegalStateException("telling parameters does not give up: " + reason);
    }
}
