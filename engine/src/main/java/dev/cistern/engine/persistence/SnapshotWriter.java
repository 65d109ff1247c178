package dev.cistern.engine.persistence;

import dev.cistern.engine.rdb.Rdb;
import dev.cistern.engine.rdb.RdbOutput;
import dev.cistern.engine.rdb.ValueWriter;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;
import java.util.Map;

/**
 * Spells a snapshot's entries as the original's format does.
 *
 * <pre>
 *   REDIS0010 or VALKEY080 · names and values about the server · SELECTDB n · entries · SELECTDB m · entries ... · EOF ·
 *   checksum
 *
 *   an entry: [EXPIRETIME_MS, 8 bytes] [IDLE, seconds or FREQ, 1 byte] type, key, value
 * </pre>
 */
final class SnapshotWriter implements EntryWriter {
    private final OpenKeyspaces keyspaces;
    private final boolean checksum;
    private final ValueWriter[] writers;
    private final boolean countsUses;
    private final boolean tellsIdleTime;
    private final Bytes key = new Bytes();
    private int database = -1;

    /**
     * Reads the store as it is at {@code nowMillis}. The idle time of a key is worth its bytes only where keys are evicted
     * by it.
     */
    SnapshotWriter(Store store, long nowMillis, boolean tellsIdleTime, boolean checksum) {
        this.tellsIdleTime = tellsIdleTime;
        this.checksum = checksum;
        this.countsUses = store.useCounting() != null;
        this.keyspaces = new OpenKeyspaces(store, nowMillis);
        this.writers = new ValueWriter[store.databases()];
    }

    /** {@code facts} are names and values that tell who wrote it, and when. */
    @Override
    public void begin(RdbOutput output, boolean hasFieldDeadlines, Map<String, String> facts) {
        output.putAscii(hasFieldDeadlines
                ? "VALKEY%03d".formatted(Rdb.VALKEY_VERSION)
                : "REDIS%04d".formatted(Rdb.VERSION));
        facts.forEach((name, value) -> {
            output.putByte(Rdb.AUX);
            output.putString(name);
            output.putString(value);
        });
    }

    @Override
    public void library(RdbOutput output, byte[] text) {
        output.putByte(Rdb.FUNCTION_2);
        output.putString(text);
    }

    @Override
    public void write(RdbOutput output, int databaseOfEntry, long entry) {
        if (database != databaseOfEntry) {
            database = databaseOfEntry;
            output.putByte(Rdb.SELECT_DB);
            output.putLength(database);
        }
        Keyspace keyspace = keyspaces.of(database);
        if (writers[database] == null) {
            writers[database] = new ValueWriter(keyspace);
        }
        writeEntry(output, keyspace, writers[database], entry);
    }

    private void writeEntry(RdbOutput output, Keyspace keyspace, ValueWriter writer, long entry) {
        long deadline = keyspace.deadlineMillis(entry);
        if (deadline != Keyspace.NO_DEADLINE) {
            output.putByte(Rdb.EXPIRE_TIME_MS);
            output.putLong(deadline);
        }
        if (countsUses) {
            output.putByte(Rdb.FREQ);
            output.putByte(keyspace.useCounter(entry));
        } else if (tellsIdleTime) {
            output.putByte(Rdb.IDLE);
            output.putLength(keyspace.idleSeconds(entry));
        }
        output.putByte(writer.typeOf(entry));
        output.putString(keyspace.readKey(entry, key));
        writer.write(entry, output);
    }

    @Override
    public void breakOff() {
        database = -1;
    }

    @Override
    public void end(RdbOutput output) {
        output.putByte(Rdb.EOF);
        output.putLong(checksum ? output.checksum() : 0);
    }

    @Override
    public void close() {
        keyspaces.close();
    }
}
