package dev.cistern.control.workflow;

import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Has the freshest replica of a node group take the place of a primary that is lost: modifying -> available.
 *
 * <p>The lost one is ended, but not before a replica is known to have the data; where it is not certain that it has ended,
 * its lease is over before another one leads: so there are never two. What it had acknowledged and not sent to any replica
 * is lost with it. It comes back as a replica, which is the keeper's work.
 */
record FailOver(FailoverSteps steps) implements Workflow<FailOver.Input> {

    static final String TYPE = "fail-over";

    /**
     * @param primary       the member that is lost
     * @param endsModifying  whether the group becomes available with the end of this; else another workflow sees to that
     */
    record Input(String nodeGroupId, String primary, boolean endsModifying) {}

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<Input> inputType() {
        return Input.class;
    }

    /** As long as a replica may have the data and only does not answer, nothing else may be done. */
    @Override
    public int maxAttempts() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void run(ResourceKey key, Input input, Steps run) {
        ResourceKey lost = key.sibling(input.primary);
        long epoch = steps.raiseEpoch(run, key, input.nodeGroupId, lost);
        ResourceKey chosen = replace(run, key, input, lost, epoch);
        run.commit("primary is " + chosen.id(), handle -> {
            steps.becomePrimary(handle, key, input.nodeGroupId, input.primary, chosen.id());
            steps.record(handle, key, input.nodeGroupId, false);
        });
        steps.repoint(run, key, input.nodeGroupId, input.primary);
        steps.groups().publish(run, key, "topology", List.of());
        run.commit("available", handle -> {
            steps.leaveToKeeper(handle, lost);
            becomeAvailable(handle, key, input);
        });
    }

    /** Has a replica lead; one that is lost after it was chosen is followed by the next best. */
    private ResourceKey replace(Steps run, ResourceKey key, Input input, ResourceKey lost, long epoch) {
        for (int times = 1;; times++) {
            String occasion = times == 1 ? "" : ", time " + times;
            ResourceKey chosen = steps.fenceAndChoose(run, key, input.nodeGroupId, lost, epoch, occasion);
            if (!steps.kill(run, lost)) {
                steps.waitOutLease(run, key, input.nodeGroupId, lost);
            }
            if (steps.promote(run, chosen, occasion)) {
                return chosen;
            }
        }
    }

    private void becomeAvailable(Handle handle, ResourceKey key, Input input) {
        if (input.endsModifying) {
            steps.groups().become(handle, key, ReplicationGroupStatus.AVAILABLE);
        }
    }

    /** No replica can lead: the primary stays what it is, and is started again if it has ended. */
    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        steps.leaveToKeeper(handle, key.sibling(input.primary));
        steps.groups().events().groupEvent(handle, key,
                "Failed to fail over from primary node " + input.primary + ": " + reason);
        becomeAvailable(handle, key, input);
    }
}
