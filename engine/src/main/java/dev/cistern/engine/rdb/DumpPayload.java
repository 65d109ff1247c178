package dev.cistern.engine.rdb;

import dev.cistern.store.Keyspace;

/**
 * One value as DUMP gives it and RESTORE takes it: as in a snapshot, then the format's version and a checksum. Stateless;
 * the caller holds the key's stripe.
 *
 * <pre>
 *   type 1 │ value … │ version 2 │ CRC64 of all before it 8        numbers begin with their lowest byte
 * </pre>
 */
public final class DumpPayload {

    private DumpPayload() {}

    /** Appends the payload to an output that is empty. */
    public static void write(Keyspace keyspace, long entry, RdbOutput output) {
        ValueWriter writer = new ValueWriter(keyspace);
        int type = writer.typeOf(entry);
        output.putByte(type);
        writer.write(entry, output);
        output.putShort(ValueWriter.version(type));
        output.putLong(output.checksum());
    }
}
