package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheCluster;
import dev.cistern.control.resource.NodeGroup;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import java.util.List;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * Spreads the slots of a group evenly over its node groups, new ones among them and without those that go, while clients go
 * on: modifying -> available. Tries for ever: half of the way is a place where a group can stay, but not one that was wished.
 *
 * <p>The nodes hand slots over among themselves; where each slot is, they say. So what was on its way when the
 * control plane ended is asked for again, and what has arrived is passed over.
 */
record Reshard(GroupSteps groups) implements Workflow<Reshard.Input> {

    static final String TYPE = "reshard";

    /** The members and node groups that come, which are stored already, and the node groups that go. */
    record Input(List<String> clusterIds, List<String> coming, List<String> leaving) {}

    /** The step whose result is a {@link Plan}. */
    static final String PLAN = "plan";

    private static final double WHOLE = 100;

    /** What is to be done; stored, so that a run after a crash finds the same steps. */
    record Plan(List<SlotMoves.Move> moves) {

        /** The step that does that move. */
        private String step(int number) {
            SlotMoves.Move move = moves.get(number);
            return "move %d slots from %s to %s, %d of %d".formatted(move.count(), move.from(), move.to(), number + 1,
                    moves.size());
        }

        /** How many of the slots have arrived when these steps are done, in percent. */
        double percent(Set<String> done) {
            int all = 0;
            int arrived = 0;
            for (int i = 0; i < moves.size(); i++) {
                all += moves.get(i).count();
                arrived += done.contains(step(i)) ? moves.get(i).count() : 0;
            }
            return all == 0 ? WHOLE : arrived * WHOLE / all;
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
    public int maxAttempts() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void run(ResourceKey key, Input input, Steps steps) {
        groups.bringUp(steps, key, input.clusterIds.stream().map(key::sibling).toList(), null);
        groups.publish(steps, key, "topology before", input.clusterIds);
        steps.commit("join", handle -> input.clusterIds
                .forEach(id -> groups.clusters().becomeAvailable(handle, key.sibling(id))));
        Plan plan = steps.once(PLAN, Plan.class, () -> plan(steps, key, input));
        for (int i = 0; i < plan.moves.size(); i++) {
            groups.move(steps, key, plan.moves.get(i), plan.step(i));
            // Only the two know it; clients ask any node.
            groups.publish(steps, key, "topology after " + plan.step(i), List.of());
        }
        leave(key, input, steps);
        steps.commit("available", handle -> groups.become(handle, key, ReplicationGroupStatus.AVAILABLE,
                "Finished modifying the shard configuration of replication group " + key.id()));
    }

    private Plan plan(Steps steps, ResourceKey key, Input input) {
        List<String> staying = steps.read(handle -> NodeGroup.of(handle, key)).stream().map(NodeGroup::nodeGroupId)
                .filter(number -> !input.leaving.contains(number)).toList();
        return new Plan(SlotMoves.plan(groups.topologies().slots(key), staying));
    }

    /** When nobody asks the nodes that go, the rows, for from then on nobody is told of them; then the nodes. */
    private void leave(ResourceKey key, Input input, Steps steps) {
        String[] leaving = steps.once("leaving", String[].class, () -> steps
                .read(handle -> CacheCluster.membersOf(handle, key)).stream()
                .filter(member -> input.leaving.contains(String.valueOf(member.nodeGroupId())))
                .map(CacheCluster::id).toArray(String[]::new));
        groups.clusters().awaitNoRequests(steps, List.of(leaving).stream().map(key::sibling).toList());
        steps.commit("part", handle -> groups.part(handle, key, List.of(leaving), input.leaving));
        groups.publish(steps, key, "topology after", List.of());
        for (String id : leaving) {
            groups.clusters().tearDown(steps, key.sibling(id));
        }
        steps.commit("forget", handle -> List.of(leaving).forEach(id -> groups.clusters().forget(handle,
                key.sibling(id))));
        groups.placePrimaries(steps, key);
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        throw new IllegalStateException("resharding does not give up: " + reason);
    }
}
