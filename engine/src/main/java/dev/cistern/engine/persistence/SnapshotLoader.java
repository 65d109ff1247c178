package dev.cistern.engine.persistence;

import dev.cistern.engine.atrest.KeyRing;
import dev.cistern.engine.atrest.PlainBytes;
import dev.cistern.engine.rdb.RdbException;
import dev.cistern.engine.rdb.RdbInput;
import dev.cistern.engine.rdb.ValueBuilder;
import dev.cistern.engine.rdb.ValueReader;
import dev.cistern.engine.rdb.ValueSink;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads a snapshot's file into a store. The caller holds all stripes, on one thread. */
final class SnapshotLoader implements SnapshotReader.Visitor, AutoCloseable {
    private final Keyspace[] keyspaces;
    private final ValueBuilder[] builders;
    private final List<byte[]> libraries = new ArrayList<>();
    private final Map<String, String> facts = new HashMap<>();
    private final long nowMillis;
    private final boolean keepsExpired;
    private final KeyDelay delay;
    private int database;
    private long loaded;
    private long fileBytes;
    private long expired;

    /** @param keepsExpired also loads keys whose time is over: what follows tells when they go */
    SnapshotLoader(Store store, long nowMillis, boolean keepsExpired, KeyDelay delay) {
        this.delay = delay;
        this.nowMillis = nowMillis;
        this.keepsExpired = keepsExpired;
        this.keyspaces = new Keyspace[store.databases()];
        this.builders = new ValueBuilder[keyspaces.length];
        for (int i = 0; i < keyspaces.length; i++) {
            keyspaces[i] = store.openKeyspace(i);
            keyspaces[i].setNowMillis(nowMillis);
            keyspaces[i].setObeys(keepsExpired);
            keyspaces[i].beginRestoring();
            builders[i] = new ValueBuilder(keyspaces[i]);
        }
    }

    /** The texts of the libraries of functions that the file has. */
    List<byte[]> libraries() {
        return libraries;
    }

    /** What the file says of who wrote it, and when. */
    Map<String, String> facts() {
        return facts;
    }

    long loaded() {
        return loaded;
    }

    /** Keys of the file whose time was over, which are left out. */
    long expired() {
        return expired;
    }

    /** All that the file says, as it was before it was encrypted. */
    long fileBytes() {
        return fileBytes;
    }

    /**
     * Throws {@link RdbException} when the file is not what it should be; then some of it may have been loaded. Answers where
     * what follows the snapshot begins, if something may.
     */
    long load(Path file, KeyRing keys, boolean mayGoOn) throws IOException {
        try (PlainBytes bytes = PlainBytes.of(file, keys); SnapshotReader reader = new SnapshotReader(this)) {
            fileBytes = bytes.length();
            return reader.read(bytes.address(), bytes.length(), mayGoOn);
        }
    }

    @Override
    public void fact(String name, String value) {
        facts.put(name, value);
    }

    @Override
    public void library(byte[] text) {
        libraries.add(text);
    }

    @Override
    public void database(long number, RdbInput input) {
        if (number >= keyspaces.length) {
            throw input.bad("database " + number + ", of which this node has " + keyspaces.length);
        }
        database = (int) number;
    }

    @Override
    public void entry(SnapshotReader.Entry entry, ValueReader values, RdbInput input) {
        if (entry.isOver(nowMillis) && !keepsExpired) {
            values.read(entry.type(), input, ValueSink.NONE);
            expired++;
        } else {
            builders[database].key(entry.key());
            values.read(entry.type(), input, builders[database]);
            loaded += finish(keyspaces[database], entry) ? 1 : 0;
        }
        delay.passed(1);
    }

    /** Whether there is such a key now: a collection of nothing is none. */
    private static boolean finish(Keyspace keyspace, SnapshotReader.Entry from) {
        Bytes key = from.key();
        if (from.deadlineMillis() != Keyspace.NO_DEADLINE) {
            keyspace.setDeadline(key, from.deadlineMillis());
        }
        long entry = keyspace.find(key, Keyspace.NO_TOUCH | Keyspace.NO_STATS);
        if (entry == Keyspace.ABSENT) {
            return false;
        }
        if (from.idleSeconds() != SnapshotReader.NONE) {
            keyspace.setIdleSeconds(entry, from.idleSeconds());
        }
        if (from.frequency() != SnapshotReader.NONE) {
            keyspace.setUseCounter(entry, from.frequency());
        }
        return true;
    }

    @Override
    public void close() {
        for (Keyspace keyspace : keyspaces) {
            keyspace.endRestoring();
            keyspace.close();
        }
    }
}
