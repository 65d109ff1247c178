package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.NewNode;
import dev.cistern.control.resource.ResourceKey;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Gives a Memcached cluster more nodes while the others serve: modifying -> available. Clients learn of the new ones when all
 * of them answer. When they cannot be started, those that are there already are taken away again.
 */
record AddCacheNodes(MemcachedSteps steps) implements Workflow<AddCacheNodes.Input> {

    static final String TYPE = "add-cache-nodes";

    /** The nodes that are to come; each holds its port already. */
    record Input(List<NewNode> nodes) {

        List<String> ids() {
            return nodes.stream().map(NewNode::cacheNodeId).toList();
        }
    }

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<Input> inputType() {
        return Input.class;
    }

    @Override
    public void run(ResourceKey key, Input input, Steps run) {
        run.commit("reserve", handle -> steps.reserve(handle, key, input.nodes));
        for (CacheNode node : steps.nodes().of(key)) {
            if (input.ids().contains(node.cacheNodeId())) {
                steps.clusters().bringUp(run, node);
            }
        }
        run.commit("join", handle -> steps.join(handle, key, input.ids()));
        steps.announce(run, key);
        run.commit("available", handle -> steps.finish(handle, key));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        boolean haveJoined = CacheNode.of(handle, key).stream()
                .anyMatch(node -> input.ids().contains(node.cacheNodeId()) && node.isMember());
        if (haveJoined) {
            // Somebody did not listen to the news; whoever is started anew is told by itself.
            steps.finish(handle, key);
        } else {
            steps.takeBack(handle, key, input.nodes, reason);
        }
    }
}
