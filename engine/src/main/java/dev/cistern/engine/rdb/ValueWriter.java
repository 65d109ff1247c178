package dev.cistern.engine.rdb;

import dev.cistern.store.Bytes;
import dev.cistern.store.Encoding;
import dev.cistern.store.Hashes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Lists;
import dev.cistern.store.OpenSet;
import dev.cistern.store.SortedSets;

/**
 * Writes values of a keyspace: type and content apart, because in a snapshot the key stands between them.
 *
 * <p>The entry's stripe is held. One per thread.
 */
public final class ValueWriter {
    private final Keyspace keyspace;
    private final StreamWriter streams = new StreamWriter();
    private final Bytes name = new Bytes();
    private final Bytes text = new Bytes();

    public ValueWriter(Keyspace keyspace) {
        this.keyspace = keyspace;
    }

    /** The number of the type in which the entry's value will be written. */
    public int typeOf(long entry) {
        return switch (keyspace.type(entry)) {
            case STRING -> Rdb.STRING;
            case HASH -> typeOfHash(entry);
            case LIST -> isPacked(entry) ? Rdb.LIST_QUICKLIST_2 : Rdb.LIST;
            case STREAM -> Rdb.STREAM_LISTPACKS_2;
            case SET -> keyspace.encoding(entry) == Encoding.INTSET ? Rdb.SET_INTSET : Rdb.SET;
            case SORTED_SET -> isPacked(entry) ? Rdb.ZSET_LISTPACK : Rdb.ZSET_2;
            default -> throw new IllegalStateException("a value of the type " + keyspace.type(entry));
        };
    }

    public void write(long entry, RdbOutput output) {
        switch (keyspace.type(entry)) {
            case STRING -> writeString(entry, output);
            case HASH -> writeHash(entry, output);
            case LIST -> writeList(entry, output);
            case STREAM -> streams.write(keyspace.streams(), entry, output);
            case SET -> writeSet(entry, output);
            case SORTED_SET -> writeSortedSet(entry, output);
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

    private boolean isPacked(long entry) {
        return keyspace.encoding(entry) == Encoding.LISTPACK;
    }

    private int typeOfHash(long entry) {
        if (isPacked(entry)) {
            return Rdb.HASH_LISTPACK;
        }
        keyspace.hashes().openEntry(entry);
        return keyspace.hashes().hasDeadlines() ? Rdb.HASH_2 : Rdb.HASH;
    }

    private void writeHash(long entry, RdbOutput output) {
        if (isPacked(entry)) {
            writePacked(entry, output);
            return;
        }
        Hashes hashes = keyspace.hashes();
        hashes.openEntry(entry);
        boolean hasDeadlines = hashes.hasDeadlines();
        output.putLength(hashes.mayHaveExpired() ? countFields(hashes) : hashes.size());
        hashes.beginWalk();
        while (hashes.next(name, text)) {
            output.putString(name);
            output.putString(text);
            if (hasDeadlines) {
                output.putLong(hashes.shownDeadlineMillis());
            }
        }
    }

    /** Fields whose time is over are not written, so they must not be counted. */
    private long countFields(Hashes hashes) {
        long count = 0;
        hashes.beginWalk();
        while (hashes.next(name, text)) {
            count++;
        }
        return count;
    }

    /** A packed list is one node of a long one. */
    private void writeList(long entry, RdbOutput output) {
        if (isPacked(entry)) {
            output.putLength(1);
            output.putLength(Rdb.NODE_PACKED);
            writePacked(entry, output);
            return;
        }
        Lists lists = keyspace.lists();
        lists.openEntry(entry);
        output.putLength(lists.size());
        for (boolean more = lists.seek(0); more; more = lists.next()) {
            output.putString(lists.read(text));
        }
    }

    /** A packed one is written member by member: Redis 7.0 has no packed sets but of integers. */
    private void writeSet(long entry, RdbOutput output) {
        if (keyspace.encoding(entry) == Encoding.INTSET) {
            writePacked(entry, output);
            return;
        }
        OpenSet set = keyspace.sets().at(0);
        set.openEntry(entry);
        output.putLength(set.size());
        set.beginWalk();
        while (set.next(text)) {
            output.putString(text);
        }
    }

    private void writeSortedSet(long entry, RdbOutput output) {
        if (isPacked(entry)) {
            writePacked(entry, output);
            return;
        }
        SortedSets sets = keyspace.sortedSets();
        sets.openEntry(entry);
        output.putLength(sets.size());
        for (boolean more = sets.seek(0); more; more = sets.next()) {
            output.putString(sets.read(text));
            output.putDouble(sets.score());
        }
    }

    private void writePacked(long entry, RdbOutput output) {
        keyspace.readPacked(entry, text);
        output.putBlob(text.address(), text.length());
    }

    /** The version that a reader must know to read a value of this type. */
    public static int version(int type) {
        return type == Rdb.HASH_2 ? Rdb.VALKEY_VERSION : Rdb.VERSION;
    }
}
