package dev.cistern.control.workflow;

import dev.cistern.control.resource.CacheClusterStatus;
import dev.cistern.control.resource.NodeSnapshot;
import dev.cistern.control.resource.ReplicationGroupStatus;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.Snapshot;
import dev.cistern.control.resource.SnapshotStatus;
import org.jdbi.v3.core.Handle;

/**
 * Has nodes save and keeps what they saved: creating -> available, or failed. The source is as it was afterwards; after a
 * final snapshot it is deleted, but only when that succeeded.
 */
record CreateSnapshot(SnapshotSteps snapshots, Workflows workflows) implements Workflow<CreateSnapshot.Input> {

    static final String TYPE = "create-snapshot";

    /** Whether the source is to be deleted afterwards. */
    record Input(boolean deletesSource) {}

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public Class<Input> inputType() {
        return Input.class;
    }

    @Override
    public void run(ResourceKey key, Input input, Steps steps) {
        for (NodeSnapshot part : steps.read(handle -> NodeSnapshot.of(handle, key))) {
            snapshots.take(steps, part);
        }
        steps.once("write manifest", () -> {
            Snapshot snapshot = steps.read(handle -> Snapshot.named(handle, key));
            snapshots.files().writeManifest(snapshot, steps.read(snapshot::parts));
        });
        steps.commit("available", handle -> {
            Snapshot snapshot = Snapshot.named(handle, key);
            snapshots.become(handle, key, SnapshotStatus.AVAILABLE, "succeeded");
            if (input.deletesSource) {
                workflows.deleteSource(handle, snapshot);
            } else {
                SnapshotSteps.sourceBecomes(handle, snapshot, CacheClusterStatus.AVAILABLE,
                        ReplicationGroupStatus.AVAILABLE);
            }
        });
        // After the transaction; the deletion that it stored would else wait for the next call.
        workflows.dispatch();
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        snapshots.become(handle, key, SnapshotStatus.FAILED, "failed");
        SnapshotSteps.sourceBecomes(handle, Snapshot.named(handle, key), CacheClusterStatus.AVAILABLE,
                ReplicationGroupStatus.AVAILABLE);
    }
}
