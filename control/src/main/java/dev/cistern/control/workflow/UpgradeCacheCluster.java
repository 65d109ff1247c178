package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.MemcachedCluster;
import dev.cistern.control.resource.ResourceKey;
import org.jdbi.v3.core.Handle;

/**
 * Gives a Memcached cluster another engine version, and the parameter group that fits it: modifying -> available. Its nodes
 * are started anew one after the other and empty, as with AWS. Nodes that do not come back are handed to the keeper, which
 * starts them in the new version.
 */
record UpgradeCacheCluster(MemcachedSteps steps, Workflows workflows) implements Workflow<NoInput> {

    static final String TYPE = "upgrade-cache-cluster";

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<NoInput> inputType() {
        return NoInput.class;
    }

    @Override
    public void run(ResourceKey key, NoInput input, Steps run) {
        run.commit("version", handle -> steps.upgrade(handle, key));
        for (CacheNode node : steps.nodes().of(key)) {
            steps.clusters().restart(run, node);
        }
        run.commit("available", handle -> finish(handle, key));
        workflows.dispatch();
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, NoInput input, String reason) {
        steps.upgradeFailed(handle, key, reason);
        finish(handle, key);
    }

    /** Nodes that were to come or go with the version do so now. */
    private void finish(Handle handle, ResourceKey key) {
        workflows.changeMemcached(handle, steps.becomeUpgraded(handle, key), MemcachedCluster.named(handle, key));
    }
}
