package dev.cistern.control.workflow;

import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a new cluster's data is to be loaded from: a snapshot, or objects of callers' buckets. Stored as JSON.
 *
 * @param snapshot  a snapshot's name; null when it is objects
 */
public record RestoreSource(@Nullable String snapshot, List<StoredFile> objects) {

    /** An object by its bucket and its key there. */
    public record StoredFile(String bucket, String key) {

        @Override
        public String toString() {
            return "s3://" + bucket + "/" + key;
        }
    }

    /** One that an older version stored names no objects: nothing is better restored than half of it. */
    public RestoreSource {
        objects = List.copyOf(Objects.requireNonNullElse(objects, List.of()));
    }

    public static RestoreSource ofSnapshot(String name) {
        return new RestoreSource(name, List.of());
    }

    public static RestoreSource ofObjects(List<StoredFile> objects) {
        return new RestoreSource(null, objects);
    }

    /** As an operator would call it. */
    String title() {
        return snapshot != null
                ? "snapshot " + snapshot
                : objects.stream().map(StoredFile::toString).collect(Collectors.joining(", "));
    }
}
