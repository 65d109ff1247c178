package dev.cistern.engine.persistence;

import dev.cistern.engine.atrest.KeyRing;
import dev.cistern.engine.atrest.PlainBytes;
import dev.cistern.engine.rdb.Crc64;
import dev.cistern.engine.rdb.Rdb;
import dev.cistern.engine.rdb.RdbException;
import dev.cistern.engine.rdb.RdbInput;
import dev.cistern.engine.rdb.RdbString;
import dev.cistern.engine.rdb.ValueBuilder;
import dev.cistern.engine.rdb.ValueReader;
import dev.cistern.engine.rdb.ValueSink;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.Store;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a snapshot's file into a store: of this program, of Redis 2.8 to 7.2, or of Valkey up to 9.
 *
 * <p>The checksum is looked at before anything is loaded. The caller holds all stripes, on one thread.
 */
final class SnapshotLoader implements AutoCloseable {
    private static final int REDIS_MAGIC_BYTES = 5;
    private static final int VALKEY_MAGIC_BYTES = 6;
    private static final int HEADER_BYTES = 9;
    /** From this version on a checksum stands at the end. */
    private static final int FIRST_CHECKED_VERSION = 5;
    private static final int NONE = -1;
    private static final RdbException DAMAGED = new RdbException("the checksum is wrong: the file is damaged");

    private final Keyspace[] keyspaces;
    private final ValueBuilder[] builders;
    private final ValueReader reader = new ValueReader();
    private final RdbString name = new RdbString();
    private final RdbString text = new RdbString();
    private final List<byte[]> libraries = new ArrayList<>();
    private final Map<String, String> facts = new HashMap<>();
    private final long nowMillis;
    private final boolean keepsExpired;
    private final KeyDelay delay;
    private int database;
    private long loaded;
    private long fileBytes;
    private long expired;
    private long deadlineMillis = Keyspace.NO_DEADLINE;
    private long idleSeconds = NONE;
    private int frequency = NONE;

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

    private SnapshotLoader(long nowMillis) {
        this.delay = new KeyDelay(() -> 0);
        this.nowMillis = nowMillis;
        this.keepsExpired = false;
        this.keyspaces = new Keyspace[0];
        this.builders = new ValueBuilder[0];
    }

    /** One that reads and checks, and loads nothing. */
    static SnapshotLoader checking(long nowMillis) {
        return new SnapshotLoader(nowMillis);
    }

    private boolean checksOnly() {
        return keyspaces.length == 0;
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

    /**
     * Throws {@link RdbException} when the file is not what it should be; then some of it may have been loaded. Answers where
     * what follows the snapshot begins, if something may.
     */
    long load(Path file, KeyRing keys, boolean mayGoOn) throws IOException {
        try (PlainBytes bytes = PlainBytes.of(file, keys)) {
            fileBytes = bytes.length();
            return load(bytes.address(), bytes.length(), mayGoOn);
        }
    }

    /** All that the file says, as it was before it was encrypted. */
    long fileBytes() {
        return fileBytes;
    }

    private long load(long address, long length, boolean mayGoOn) {
        int version = version(address, length);
        long end = length;
        if (version >= FIRST_CHECKED_VERSION && !isWhole(address, length)) {
            if (!mayGoOn) {
                throw DAMAGED;
            }
            end = endOfPart(address, length);
        }
        var _ = readAll(address, end);
        return end;
    }

    /** Something follows the snapshot, or it is damaged: where it ends, which only reading it tells. */
    private long endOfPart(long address, long length) {
        try (SnapshotLoader finder = checking(nowMillis)) {
            long end = finder.readAll(address, length) + Long.BYTES;
            if (end <= length && isWhole(address, end)) {
                return end;
            }
        } catch (RdbException damage) {
            // What is told of it is less true than that the checksum is wrong.
        }
        throw DAMAGED;
    }

    /** Answers where the end stands. */
    private long readAll(long address, long length) {
        RdbInput input = new RdbInput(address, length);
        input.skip(HEADER_BYTES);
        for (int code = input.readByte(); code != Rdb.EOF; code = input.readByte()) {
            read(code, input);
        }
        return input.offset();
    }

    private static int version(long address, long length) {
        if (length < HEADER_BYTES) {
            throw new RdbException("the file has only " + length + " bytes");
        }
        byte[] header = new byte[HEADER_BYTES];
        Memory.copy(address, header, 0, HEADER_BYTES);
        String letters = new String(header, StandardCharsets.ISO_8859_1);
        boolean isValkey = letters.startsWith("VALKEY");
        String digits = letters.substring(isValkey ? VALKEY_MAGIC_BYTES : REDIS_MAGIC_BYTES);
        if (!(isValkey || letters.startsWith("REDIS")) || !digits.chars().allMatch(Character::isDigit)) {
            throw new RdbException("the file does not begin as a snapshot does");
        }
        int version = Integer.parseInt(digits);
        boolean known = isValkey ? version == Rdb.VALKEY_VERSION : version >= 1 && version <= Rdb.MAX_VERSION;
        if (!known) {
            throw new RdbException("the file has version " + version + ", which we cannot read");
        }
        return version;
    }

    /** Whether the checksum is at the end, and right. */
    private static boolean isWhole(long address, long length) {
        long end = address + length - Long.BYTES;
        long written = Memory.getLong(end);
        return written == 0 || written == Crc64.update(0, address, length - Long.BYTES);
    }

    private void read(int code, RdbInput input) {
        switch (code) {
            case Rdb.EXPIRE_TIME_MS -> deadlineMillis = input.readLong();
            case Rdb.EXPIRE_TIME -> deadlineMillis = input.readInt() * 1000L;
            case Rdb.IDLE -> idleSeconds = input.readLength();
            case Rdb.FREQ -> frequency = input.readByte();
            case Rdb.SELECT_DB -> select(input);
            case Rdb.RESIZE_DB -> {
                input.readLength();
                input.readLength();
            }
            case Rdb.SLOT_INFO -> {
                input.readLength();
                input.readLength();
                input.readLength();
            }
            case Rdb.AUX -> {
                input.readString(name);
                input.readString(text);
                facts.put(textOf(name), textOf(text));
            }
            case Rdb.FUNCTION_2 -> {
                input.readString(text);
                libraries.add(text.view().toByteArray());
            }
            default -> readEntry(code, input);
        }
    }

    private static String textOf(RdbString string) {
        return new String(string.view().toByteArray(), StandardCharsets.ISO_8859_1);
    }

    private void select(RdbInput input) {
        long wanted = input.readLength();
        if (wanted >= keyspaces.length && !checksOnly()) {
            throw input.bad("database " + wanted + ", of which this node has " + keyspaces.length);
        }
        database = (int) wanted;
    }

    private void readEntry(int type, RdbInput input) {
        input.readString(name);
        Bytes key = name.view();
        if (deadlineMillis != Keyspace.NO_DEADLINE && deadlineMillis < nowMillis && !keepsExpired) {
            reader.read(type, input, ValueSink.NONE);
            expired++;
        } else if (checksOnly()) {
            reader.read(type, input, ValueSink.NONE);
            loaded++;
        } else {
            builders[database].key(key);
            reader.read(type, input, builders[database]);
            finish(keyspaces[database], key);
            loaded++;
        }
        deadlineMillis = Keyspace.NO_DEADLINE;
        idleSeconds = NONE;
        frequency = NONE;
        delay.passed(1);
    }

    private void finish(Keyspace keyspace, Bytes key) {
        if (deadlineMillis != Keyspace.NO_DEADLINE) {
            keyspace.setDeadline(key, deadlineMillis);
        }
        long entry = keyspace.find(key, Keyspace.NO_TOUCH | Keyspace.NO_STATS);
        if (entry == Keyspace.ABSENT) {
            return;
        }
        if (idleSeconds != NONE) {
            keyspace.setIdleSeconds(entry, idleSeconds);
        }
        if (frequency != NONE) {
            keyspace.setUseCounter(entry, frequency);
        }
    }

    @Override
    public void close() {
        for (Keyspace keyspace : keyspaces) {
            keyspace.endRestoring();
            keyspace.close();
        }
        reader.close();
        name.close();
        text.close();
    }
}
