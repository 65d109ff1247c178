package dev.cistern.control.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * What lies beside a snapshot's files and says what they must be, so that they can be checked without the control plane.
 *
 * <p>Written as JSON under the name {@link #FILE}. Names and {@code format} are persisted: they never change their meaning.
 *
 * @param format           1
 * @param snapshot         the snapshot's name
 * @param createdAtMillis  when it was begun
 * @param parts            one file for each node group
 */
public record SnapshotManifest(
        int format, String snapshot, String engine, String engineVersion, long createdAtMillis, List<Part> parts) {

    public static final String FILE = "manifest.json";
    public static final int FORMAT = 1;

    /** A node group's file. */
    public record Part(String nodeGroupId, String file, long bytes, String sha256) {}

    public void write(Path file) throws IOException {
        Files.write(file, new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(this));
    }

    /** Throws an {@link IOException} also when the file is there and is no manifest. */
    public static SnapshotManifest read(Path file) throws IOException {
        try {
            SnapshotManifest manifest = new JsonMapper().readValue(Files.readAllBytes(file), SnapshotManifest.class);
            if (manifest.format != FORMAT) {
                throw new IOException(file + " has format " + manifest.format + ", which this Cistern cannot read");
            }
            return manifest;
        } catch (JacksonException e) {
            throw new IOException(file + " is no snapshot's manifest: " + e.getOriginalMessage(), e);
        }
    }
}
