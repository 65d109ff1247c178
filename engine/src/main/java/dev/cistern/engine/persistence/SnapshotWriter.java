package dev.cistern.engine.persistence;

import dev.cistern.engine.rdb.Rdb;
import dev.cistern.engine.rdb.RdbOutput;
import dev.cistern.engine.rdb.ValueWriter;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Spells a snapshot's entries as a file, in whatever order and from whatever thread they come.
 *
 * <pre>
 *   REDIS0010 or VALKEY080 · names and values about the server · SELECTDB n · entries · SELECTDB m · entries ... · EOF ·
 *   checksum
 *
 *   an entry: [EXPIRETIME_MS, 8 bytes] [IDLE, seconds or FREQ, 1 byte] type, key, value
 * </pre>
 *
 * What goes wrong is kept until {@link #end}: a command that happens to write an entry down must not fail for it.
 */
public final class SnapshotWriter implements EntryWriter {
    private final RdbOutput output;
    private final boolean checksum;
    private final Keyspace[] keyspaces;
    private final ValueWriter[] writers;
    private final boolean countsUses;
    private final boolean tellsIdleTime;
    private final Bytes key = new Bytes();
    private int database = -1;
    private long entries;
    private @Nullable RuntimeException failure;

    /**
     * Reads the store as it is at {@code nowMillis}; the output remains the caller's. The idle time of a key is worth
     * its bytes only where keys are evicted by it.
     */
    public SnapshotWriter(Store store, long nowMillis, RdbOutput output, boolean tellsIdleTime, boolean checksum) {
        this.output = output;
        this.tellsIdleTime = tellsIdleTime;
        this.checksum = checksum;
        this.countsUses = store.useCounting() != null;
        this.keyspaces = new Keyspace[store.databases()];
        this.writers = new ValueWriter[keyspaces.length];
        for (int i = 0; i < keyspaces.length; i++) {
            keyspaces[i] = store.openKeyspace(i);
            keyspaces[i].setNowMillis(nowMillis);
            writers[i] = new ValueWriter(keyspaces[i]);
        }
    }

    /** {@code facts} are names and values that tell who wrote it, and when. */
    @Override
    public synchronized void begin(boolean hasFieldDeadlines, Map<String, String> facts) {
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
    public synchronized void library(byte[] text) {
        output.putByte(Rdb.FUNCTION_2);
        output.putString(text);
    }

    @Override
    public synchronized void write(int databaseOfEntry, long entry) {
        if (failure != null) {
            return;
        }
        try {
            select(databaseOfEntry);
            writeEntry(keyspaces[databaseOfEntry], writers[databaseOfEntry], entry);
        } catch (RuntimeException e) {
            failure = e;
        }
    }

    private void select(int wanted) {
        if (database != wanted) {
            database = wanted;
            output.putByte(Rdb.SELECT_DB);
            output.putLength(wanted);
        }
    }

    private void writeEntry(Keyspace keyspace, ValueWriter writer, long entry) {
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
        entries++;
    }

    @Override
    public synchronized void end() {
        if (failure != null) {
            throw failure;
        }
        output.putByte(Rdb.EOF);
        output.putLong(checksum ? output.checksum() : 0);
        output.flush();
    }

    @Override
    public synchronized long entries() {
        return entries;
    }

    @Override
    public void close() {
        for (Keyspace keyspace : keyspaces) {
            keyspace.close();
        }
    }
}
