package dev.cistern.control.workflow;

import dev.cistern.control.resource.AtRestEncryption;
import dev.cistern.control.resource.NodeSnapshot;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.Snapshot;
import dev.cistern.control.resource.TagRow;
import org.jdbi.v3.core.Handle;

/** Deletes a snapshot's files and forgets it: deleting -> not found. Tries for ever: nothing else could end it. */
record DeleteSnapshot(SnapshotFiles files) implements Workflow<NoInput> {

    static final String TYPE = "delete-snapshot";

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
        steps.once("delete files", () -> files.delete(key, steps.read(handle -> NodeSnapshot.of(handle, key))));
        steps.commit("forget", handle -> {
            for (NodeSnapshot part : NodeSnapshot.of(handle, key)) {
                NodeSnapshot.TABLE.delete(handle, key.account(), key.region(), key.id(), part.nodeGroupId());
            }
            Snapshot.TABLE.delete(handle, key.account(), key.region(), key.id());
            AtRestEncryption.delete(handle, key.arn(Snapshot.ARN_TYPE));
            TagRow.deleteAll(handle, key.arn(Snapshot.ARN_TYPE));
        });
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, NoInput input, String reason) {
        throw new IllegalStateException("a deletion does not give up: " + reason);
    }
}
