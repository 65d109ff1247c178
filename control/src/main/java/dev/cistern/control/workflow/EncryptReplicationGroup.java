package dev.cistern.control.workflow;

import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.TransitEncryption;
import dev.cistern.control.resource.TransitEncryption.Mode;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * Tells every node of a replication group how its connections are to be encrypted. Tries for ever: half of the nodes in
 * one mode and half in another would be a group that no client can use.
 */
final class EncryptReplicationGroup implements Workflow<NoInput> {

    private final GroupSteps groups;

    EncryptReplicationGroup(GroupSteps groups) {
        this.groups = groups;
    }

    @Override
    public String type() {
        return "encrypt-replication-group";
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
        List<ResourceKey> members = groups.members(steps, key);
        for (ResourceKey member : inOrder(steps, key, members)) {
            groups.clusters().encrypt(steps, member);
        }
        groups.takePlaces(steps, key, members);
        groups.publish(steps, key, "topology", List.of());
        steps.commit("end", handle -> {
            TransitEncryption encryption = TransitEncryption.of(handle, key);
            encryption.settle(handle);
            groups.become(handle, key, ReplicationGroupStatus.AVAILABLE, "Encryption in transit of replication group "
                    + key.id() + " is " + encryption.wanted().wireName());
        });
    }

    /** A replica calls its primary as it is told to itself: one that is called so must have been told before. */
    private List<ResourceKey> inOrder(Steps steps, ResourceKey key, List<ResourceKey> members) {
        List<ResourceKey> primariesFirst = groups.primariesFirst(steps, key, members);
        boolean turnsOff = steps.read(handle -> TransitEncryption.of(handle, key)).wanted() == Mode.DISABLED;
        return turnsOff ? primariesFirst.reversed() : primariesFirst;
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, NoInput input, String reason) {
        throw new IllegalStateException("encrypting does not give up: " + reason);
    }
}
