package dev.cistern.engine.persistence;

import dev.cistern.engine.atrest.KeyRing;
import dev.cistern.engine.atrest.PlainBytes;
import dev.cistern.engine.rdb.RdbException;
import dev.cistern.engine.rdb.RdbInput;
import dev.cistern.engine.rdb.ValueReader;
import dev.cistern.engine.rdb.ValueSink;
import java.io.IOException;
import java.nio.file.Path;

/** Reads a snapshot's file whole, checksum and every value, and keeps nothing of it. */
public final class SnapshotCheck implements SnapshotReader.Visitor {

    /**
     * What was found.
     *
     * @param keys that would be loaded
     * @param expired keys whose time is over
     * @param bytes how much the snapshot is of what the file says
     * @param fileBytes all that the file says, as it was before it was encrypted
     */
    public record Result(long keys, long expired, long bytes, long fileBytes) {}

    private final long nowMillis;
    private long keys;
    private long expired;

    private SnapshotCheck(long nowMillis) {
        this.nowMillis = nowMillis;
    }

    /** Throws an {@link IOException} when the file cannot be read or is damaged: the message says where. */
    public static Result of(Path file, KeyRing keys, long nowMillis) throws IOException {
        return of(file, keys, nowMillis, false);
    }

    /** The same of the base of an append-only file, in which commands may follow. */
    public static Result ofBase(Path file, KeyRing keys, long nowMillis) throws IOException {
        return of(file, keys, nowMillis, true);
    }

    private static Result of(Path file, KeyRing keys, long nowMillis, boolean mayGoOn) throws IOException {
        SnapshotCheck check = new SnapshotCheck(nowMillis);
        try (PlainBytes bytes = PlainBytes.of(file, keys); SnapshotReader reader = new SnapshotReader(check)) {
            long end = reader.read(bytes.address(), bytes.length(), mayGoOn);
            return new Result(check.keys, check.expired, end, bytes.length());
        } catch (RdbException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public void entry(SnapshotReader.Entry entry, ValueReader values, RdbInput input) {
        values.read(entry.type(), input, ValueSink.NONE);
        if (entry.isOver(nowMillis)) {
            expired++;
        } else {
            keys++;
        }
    }
}
