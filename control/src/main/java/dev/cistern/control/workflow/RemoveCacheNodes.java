package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.ResourceKey;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Takes nodes from a Memcached cluster while the others serve: modifying -> available. Clients are told before the nodes go.
 * Tries for ever: nothing else could end it.
 */
record RemoveCacheNodes(MemcachedSteps steps) implements Workflow<RemoveCacheNodes.Input> {

    static final String TYPE = "remove-cache-nodes";

    /** The numbers of the nodes that are to go. */
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
    public int maxAttempts() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void run(ResourceKey key, Input input, Steps run) {
        steps.announce(run, key);
        run.commit("leave", handle -> CacheNode.of(handle, key).stream()
                .filter(node -> input.cacheNodeIds.contains(node.cacheNodeId()))
                .forEach(node -> CacheNode.TABLE.update(handle, node.leaving())));
        for (CacheNode node : steps.nodes().of(key)) {
            if (input.cacheNodeIds.contains(node.cacheNodeId())) {
                run.once("remove " + node.cacheNodeId(), () -> steps.nodes().remove(node));
            }
        }
        run.commit("forget", handle -> {
            steps.forget(handle, key, input.cacheNodeIds);
            steps.finish(handle, key);
        });
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        throw new IllegalStateException("a removal does not give up: " + reason);
    }
}
