package dev.cistern.engine.persistence;

import dev.cistern.engine.rdb.RdbException;
import java.io.IOException;
import java.nio.file.Path;

/** Reads a snapshot's file whole, checksum and every value, and keeps nothing of it. */
public final class SnapshotCheck {

    /** Keys that would be loaded, and keys whose time is over. */
    public record Result(long keys, long expired) {}

    private SnapshotCheck() {}

    /** Throws an {@link IOException} when the file cannot be read or is damaged: the message says where. */
    public static Result of(Path file, long nowMillis) throws IOException {
        try (SnapshotLoader loader = SnapshotLoader.checking(nowMillis)) {
            loader.load(file);
            return new Result(loader.loaded(), loader.expired());
        } catch (RdbException e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
