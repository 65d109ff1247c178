package dev.cistern.control.workflow;

import dev.cistern.control.backup.FileFacts;
import dev.cistern.control.resource.NodeSnapshot;
import dev.cistern.control.resource.ResourceKey;
import dev.cistern.control.resource.Snapshot;
import dev.cistern.control.resource.SnapshotStatus;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Copies a snapshot's files, to another snapshot or to a caller's bucket: copying -> available. The key is the source's.
 */
record CopySnapshot(SnapshotFiles files) implements Workflow<CopySnapshot.Input> {

    static final String TYPE = "copy-snapshot";

    /**
     * The name that the copy gets, and the bucket that it goes to; no bucket makes a snapshot.
     *
     * @param keyArn what the files in the bucket are encrypted with; null for plain ones, which any server can load
     */
    record Input(String target, @Nullable String bucket, @Nullable String keyArn) {}

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
            if (input.bucket == null) {
                copy(part, key.sibling(input.target), steps);
            } else {
                steps.once("copy " + part.nodeGroupId(),
                        () -> files.export(part, input.bucket, objectKey(input.target, part), input.keyArn));
            }
        }
        if (input.bucket == null) {
            steps.once("write manifest", () -> {
                Snapshot copy = steps.read(handle -> Snapshot.named(handle, key.sibling(input.target)));
                files.writeManifest(copy, steps.read(copy::parts));
            });
        }
        steps.commit("available", handle -> end(handle, key, input, SnapshotStatus.AVAILABLE));
    }

    /** Under another key its bytes are others, which the copy's row has to say. */
    private void copy(NodeSnapshot part, ResourceKey target, Steps steps) {
        FileFacts facts = steps.once("copy " + part.nodeGroupId(), FileFacts.class, () -> files.copy(part, target));
        steps.commit("record " + part.nodeGroupId(), handle -> NodeSnapshot.of(handle, target).stream()
                .filter(copied -> copied.nodeGroupId().equals(part.nodeGroupId()))
                .forEach(copied -> NodeSnapshot.TABLE.update(handle, copied.of(facts.bytes(), facts.sha256()))));
    }

    @Override
    public void giveUp(Handle handle, ResourceKey key, Input input, String reason) {
        end(handle, key, input, SnapshotStatus.FAILED);
    }

    /** The name of an exported file, as AWS forms it. */
    static String objectKey(String target, NodeSnapshot part) {
        return target + "-" + part.nodeGroupId() + ".rdb";
    }

    private static void end(Handle handle, ResourceKey key, Input input, SnapshotStatus copyStatus) {
        Snapshot.TABLE.update(handle, Snapshot.named(handle, key).withStatus(SnapshotStatus.AVAILABLE));
        if (input.bucket == null) {
            Snapshot copy = Snapshot.named(handle, key.sibling(input.target));
            Snapshot.TABLE.update(handle, copy.withStatus(copyStatus));
        }
    }
}
