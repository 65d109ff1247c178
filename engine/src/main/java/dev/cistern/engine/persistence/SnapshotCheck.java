package dev.cistern.engine.persistence;

import dev.cistern.engine.rdb.RdbException;
import java.io.IOException;
import java.nio.file.Path;

/** Reads a snapshot's file whole, checksum and every value, and keeps nothing of it. */
public final class SnapshotCheck {

    /** Keys that would be loaded, keys whose time is over, and how much of the file they take. */
    public record Result(long keys, long expired, long bytes) {}

    private SnapshotCheck() {}

    /** Throws an {@link IOException} when the file cannot be read or is damaged: the message says where. */
    public static Result of(Path file, long nowMillis) throws IOException {
        return of(file, nowMillis, false);
    }

    /** The same of the base of an append-only file, in which commands may follow. */
    public static Result ofBase(Path file, long nowMillis) throws IOException {
        return of(file, nowMillis, true);
    }

    private static Result of(Path file, long nowMillis, boolean mayGoOn) throws IOException {
        try (SnapshotLoader loader = SnapshotLoader.checking(nowMillis)) {
            long bytes = loader.load(file, mayGoOn);
            return new Result(loader.loaded(), loader.expired(), bytes);
        } catch (RdbException e) {
            throw new IOException(e.getMessage(), e);
        }
    }
}
