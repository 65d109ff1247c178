package dev.cistern.engine.persistence;

import dev.cistern.engine.rdb.DumpPayload;
import dev.cistern.engine.rdb.RdbOutput;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Spells a snapshot's entries as commands that make them: RESTORE with the value as DUMP gives it, and the deadline. */
final class CommandWriter implements EntryWriter {
    private final RdbOutput payload = new RdbOutput();
    private final OpenKeyspaces keyspaces;
    private final Bytes key = new Bytes();
    private int database = -1;

    /** Reads the store as it is at {@code nowMillis}. */
    CommandWriter(Store store, long nowMillis) {
        this.keyspaces = new OpenKeyspaces(store, nowMillis);
    }

    /** There is no place for facts among commands. */
    @Override
    public void begin(RdbOutput output, boolean hasFieldDeadlines, Map<String, String> facts) {}

    @Override
    public void library(RdbOutput output, byte[] text) {
        begin(output, 3, "FUNCTION", "LOAD");
        length(output, text.length);
        for (byte each : text) {
            output.putByte(each);
        }
        output.putAscii("\r\n");
    }

    @Override
    public void write(RdbOutput output, int databaseOfEntry, long entry) {
        if (database != databaseOfEntry) {
            database = databaseOfEntry;
            begin(output, 2, "SELECT", Integer.toString(database));
        }
        writeEntry(output, keyspaces.of(database), entry);
    }

    private void writeEntry(RdbOutput output, Keyspace keyspace, long entry) {
        payload.clear();
        DumpPayload.write(keyspace, entry, payload);
        keyspace.readKey(entry, key);
        begin(output, 4, "RESTORE");
        argument(output, key.address(), key.length());
        argument(output, "0");
        argument(output, payload.address(), payload.length());
        long deadline = keyspace.deadlineMillis(entry);
        if (deadline != Keyspace.NO_DEADLINE) {
            begin(output, 3, "PEXPIREAT");
            argument(output, key.address(), key.length());
            argument(output, Long.toString(deadline));
        }
    }

    private static void begin(RdbOutput output, int count, String... words) {
        output.putAscii("*" + count + "\r\n");
        for (String word : words) {
            argument(output, word);
        }
    }

    private static void length(RdbOutput output, long bytes) {
        output.putAscii("$" + bytes + "\r\n");
    }

    private static void argument(RdbOutput output, String text) {
        length(output, text.getBytes(StandardCharsets.US_ASCII).length);
        output.putAscii(text + "\r\n");
    }

    private static void argument(RdbOutput output, long address, long bytes) {
        length(output, bytes);
        output.putBytes(address, bytes);
        output.putAscii("\r\n");
    }

    @Override
    public void breakOff() {
        database = -1;
    }

    @Override
    public void end(RdbOutput output) {}

    @Override
    public void close() {
        payload.close();
        keyspaces.close();
    }
}
