package dev.cistern.engine.persistence;

import dev.cistern.engine.atrest.KeyRing;
import dev.cistern.engine.rdb.RdbException;
import java.io.IOException;
import java.nio.file.Path;

/** Reads a snapshot's file whole, checksum and every value, and keeps nothing of it. */
public final class SnapshotCheck {

    /**
     * What was found.
     *
     * @param keys that would be loaded
     * @param expired keys whose time is over
     * @param bytes how much the snapshot is of what the file says
     * @param fileBytes all that the file says, as it was before it was encrypted
     */
    public record Result(long keys, long expired, long bytes, long fileBytes) {}

    private SnapshotCheck() {}

    /** Throws an {@link IOException} when the file cannot be read or is damaged: the message says where. */
    public static Result of(Path file, KeyRing keys, long nowMillis) throws IOException {
        return of(file, keys, nowMillis, false);
    }

    /** The same of the base of an append-only file, in which commands may follow. */
    public static Result ofBase(Path file, KeyRing keys, long nowMillis) throws IOException {
        return of(file, keys, nowMillis, true);
    }

    private static Result of(Path file, KeyRing keys, long nowMillis, boolean mayGoOn) throws IOException {
        try (SnapshotLoader loader = SnapshotLoader.checking(nowMillis)) {
            long bytes = loader.load(file, keys, mayGoOn);
            return new Result(loader.loaded(), loader.expired(), bytes, loader.fileBytes());
        } catch (RdbException e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
