package dev.cistern.engine.rdb;

import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;

/**
 * Writes values of a keyspace: type and content apart, because in a snapshot the key stands between them.
 *
 * <p>The entry's stripe is held. One per thread.
 */
public final class ValueWriter {
    private final Keyspace keyspace;
    private final Bytes text = new Bytes();

    public ValueWriter(Keyspace keyspace) {
        this.keyspace = keyspace;
    }

    /** The number of the type in which the entry's value will be written. */
    public int typeOf(long entry) {
        return switch (keyspace.type(entry)) {
            case STRING -> Rdb.STRING;
            default -> throw new IllegalStateException("a value of the type " + keyspace.type(entry));
        };
    }

    public void write(long entry, RdbOutput output) {
        switch (keyspace.type(entry)) {
            case STRING -> writeString(entry, output);
            default -> throw new IllegalStateException("a value of the type " + keyspace.type(entry));
        }
    }

    private void writeString(long entry, RdbOutput output) {
        if (keyspace.isInt(entry)) {
            output.putNumber(keyspace.intValue(entry));
        } else {
            output.putString(keyspace.readString(entry, text));
        }
    }

    /** The version that a reader must know to read a value of this type. */
    public static int version(int type) {
        return type == Rdb.HASH_2 ? Rdb.VALKEY_VERSION : Rdb.VERSION;
    }
}
