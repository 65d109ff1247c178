package dev.cistern.control.workflow;

import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.TransitEncryption;
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
        for (ResourceKey member : groups.members(steps, key)) {
            groups.clusters().encrypt(steps, member);
        }
        steps.commit("end", handle -> {
            TransitEncryption encryption = TransitEncryption.of(handle, key);
            encryption.settle(handle);
            groups.become(handle, key, ReplicationGroupStatus.AVAILABLE, "Encryption in transit of replication group "
                    + key.id() + " is " + encryption.wanted().wireName());
        });
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, NoInput input, String reason) {
        throw new IllegalStateException("encrypting does not give up: " + reason);
    }
}
