package dev.cistern.control.workflow;

import org.jspecify.annotations.Nullable;

/**
 * What a new cluster's data is to be loaded from: a snapshot, or an object of a caller's bucket. Stored as JSON.
 *
 * @param snapshot  a snapshot's name; null when it is an object
 * @param bucket    the object's bucket
 * @param objectKey its key there
 */
public record RestoreSource(@Nullable String snapshot, @Nullable String bucket, @Nullable String objectKey) {

    public static RestoreSource ofSnapshot(String name) {
        return new RestoreSource(name, null, null);
    }

    public static RestoreSource ofObject(String bucket, String objectKey) {
        return new RestoreSource(null, bucket, objectKey);
    }

    /** As an operator would call it. */
    String title() {
        return snapshot != null ? "snapshot " + snapshot : "s3://" + bucket + "/" + objectKey;
    }
}
