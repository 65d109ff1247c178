package dev.cistern.engine.persistence;

import dev.cistern.engine.rdb.DumpPayload;
import dev.cistern.engine.rdb.RdbOutput;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Spells a snapshot's entries as commands that make them: RESTORE with the value as DUMP gives it, and the deadline.
 *
 * <p>What goes wrong is kept until {@link #end}: a command that happens to write an entry down must not fail for it.
 */
final class CommandWriter implements EntryWriter {
    private final RdbOutput output;
    private final RdbOutput payload = new RdbOutput();
    private final Keyspace[] keyspaces;
    private final Bytes key = new Bytes();
    private int database = -1;
    private long entries;
    private @Nullable RuntimeException failure;

    /** Reads the store as it is at {@code nowMillis}; the output remains the caller's. */
    CommandWriter(Store store, long nowMillis, RdbOutput output) {
        this.output = output;
        this.keyspaces = new Keyspace[store.databases()];
        for (int i = 0; i < keyspaces.length; i++) {
            keyspaces[i] = store.openKeyspace(i);
            keyspaces[i].setNowMillis(nowMillis);
        }
    }

    /** There is no place for facts among commands. */
    @Override
    public void begin(boolean hasFieldDeadlines, Map<String, String> facts) {}

    @Override
    public synchronized void library(byte[] text) {
        begin(3, "FUNCTION", "LOAD");
        length(text.length);
        for (byte each : text) {
            output.putByte(each);
        }
        output.putAscii("\r\n");
    }

    @Override
    public synchronized void write(int databaseOfEntry, long entry) {
        if (failure != null) {
            return;
        }
        try {
            if (database != databaseOfEntry) {
                database = databaseOfEntry;
                begin(2, "SELECT", Integer.toString(database));
            }
            writeEntry(keyspaces[databaseOfEntry], entry);
        } catch (RuntimeException e) {
            failure = e;
        }
    }

    private void writeEntry(Keyspace keyspace, long entry) {
        payload.clear();
        DumpPayload.write(keyspace, entry, payload);
        keyspace.readKey(entry, key);
        begin(4, "RESTORE");
        argument(key.address(), key.length());
        argument("0");
        argument(payload.address(), payload.length());
        long deadline = keyspace.deadlineMillis(entry);
        if (deadline != Keyspace.NO_DEADLINE) {
            begin(3, "PEXPIREAT");
            argument(key.address(), key.length());
            argument(Long.toString(deadline));
        }
        entries++;
    }

    private void begin(int count, String... words) {
        output.putAscii("*" + count + "\r\n");
        for (String word : words) {
            argument(word);
        }
    }

    private void length(long bytes) {
        output.putAscii("$" + bytes + "\r\n");
    }

    private void argument(String text) {
        length(text.getBytes(StandardCharsets.US_ASCII).length);
        output.putAscii(text + "\r\n");
    }

    private void argument(long address, long bytes) {
        length(bytes);
        output.putBytes(address, bytes);
        output.putAscii("\r\n");
    }

    @Override
    public synchronized void end() {
        if (failure != null) {
            throw failure;
        }
        output.flush();
    }

    @Override
    public synchronized long entries() {
        return entries;
    }

    @Override
    public void close() {
        payload.close();
        for (Keyspace keyspace : keyspaces) {
            keyspace.close();
        }
    }
}
