package dev.cistern.control.workflow;

import dev.cistern.control.node.EngineType;
import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.CacheNode;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ResourceKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jdbi.v3.core.Handle;

/**
 * The steps by which nodes are started anew, as other than they were, one after the other while clients go on: replicas
 * first, then their primary hands over and is the last. One without replicas keeps what it holds, and its writes wait.
 */
record RollingSteps(GroupSteps groups, Nodes nodes) {

    /** Gives up while nothing has changed yet, when nodes of that engine cannot be run here. */
    void requireRunnable(Steps steps, EngineType engine) {
        steps.once("can " + engine.wireName() + " be run", () -> nodes.requireRunnable(engine));
    }

    /**
     * Changes the rows of all members of the group, each before its node is started anew.
     *
     * <p>Who is primary is asked for each member: it may have failed over meanwhile.
     */
    void renewAll(Steps steps, ResourceKey group, BiConsumer<Handle, CacheCluster> change) {
        List<ResourceKey> members = groups.members(steps, group);
        for (NodeGroup nodeGroup : steps.read(handle -> NodeGroup.of(handle, group))) {
            List<ResourceKey> left = new ArrayList<>(members.stream().filter(member -> nodeGroup
                    .has(steps.read(handle -> require(handle, member)))).toList());
            List<ResourceKey> all = List.copyOf(left);
            left.removeIf(member -> steps.isDone(renewed(member)));
            while (!left.isEmpty()) {
                ResourceKey next = groups.primariesFirst(steps, group, left).getLast();
                // More than once when it becomes primary again meanwhile, because the other one is lost.
                for (int times = 1; isPrimary(steps, next) && all.size() > 1; times++) {
                    handOver(steps, group, next, all, times == 1 ? "" : ", time " + times);
                }
                renew(steps, next, all.size() == 1, change);
                left.remove(next);
            }
        }
    }

    private void handOver(Steps steps, ResourceKey group, ResourceKey primary, List<ResourceKey> all,
            String occasion) {
        ResourceKey heir = all.stream().filter(member -> !member.equals(primary)).findFirst().orElseThrow();
        groups.handOver(steps, group, heir.id(), occasion);
        groups.publish(steps, group, "topology after " + heir.id() + occasion, List.of());
        for (ResourceKey member : all) {
            if (!member.equals(primary)) {
                groups.clusters().takePlace(steps, member, " under " + heir.id() + occasion);
            }
        }
    }

    /** Has the only node of the cluster be what its row is changed to. */
    void renew(Steps steps, ResourceKey member, boolean isAlone, BiConsumer<Handle, CacheCluster> change) {
        steps.commit("change " + member.id(), handle -> change.accept(handle, require(handle, member)));
        CacheNode node = nodes.of(member).getFirst();
        if (isAlone) {
            groups.clusters().restartWithData(steps, node);
        } else {
            groups.clusters().restart(steps, node);
        }
        groups.clusters().takePlace(steps, member);
        steps.commit(renewed(member), handle -> {});
    }

    private static String renewed(ResourceKey member) {
        return "renewed " + member.id();
    }

    private static boolean isPrimary(Steps steps, ResourceKey member) {
        return steps.read(handle -> {
            CacheCluster cluster = require(handle, member);
            NodeGroup nodeGroup = NodeGroup.of(handle, cluster);
            return nodeGroup != null && nodeGroup.hasPrimary(cluster);
        });
    }

    static CacheCluster require(Handle handle, ResourceKey member) {
        return Objects.requireNonNull(CacheCluster.find(handle, member), member.id());
    }
}
