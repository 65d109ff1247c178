package dev.cistern.engine.persistence;

import dev.cistern.engine.rdb.Crc64;
import dev.cistern.engine.rdb.Rdb;
import dev.cistern.engine.rdb.RdbException;
import dev.cistern.engine.rdb.RdbInput;
import dev.cistern.engine.rdb.RdbString;
import dev.cistern.engine.rdb.ValueReader;
import dev.cistern.engine.rdb.ValueSink;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import java.nio.charset.StandardCharsets;

/**
 * Walks what a snapshot's file says: of this program, of Redis 2.8 to 7.2, or of Valkey up to 9.
 *
 * <p>The checksum is looked at before anything is shown to the visitor. One thread at a time; {@link #close} gives the
 * buffers back. Throws {@link RdbException} when the file is not what it should be; then some of it may have been shown.
 */
final class SnapshotReader implements AutoCloseable {
    private static final int REDIS_MAGIC_BYTES = 5;
    private static final int VALKEY_MAGIC_BYTES = 6;
    static final int HEADER_BYTES = 9;
    /** From this version on a checksum stands at the end. */
    static final int FIRST_CHECKED_VERSION = 5;
    static final int NONE = -1;
    private static final RdbException DAMAGED = new RdbException("the checksum is wrong: the file is damaged");

    /** Is shown what the file says, in its order. */
    interface Visitor {

        /** Something about who wrote the file, and when. */
        default void fact(String name, String value) {}

        /** The text of a library of functions. */
        default void library(byte[] text) {}

        /** The entries that follow are of this database. */
        default void database(long number, RdbInput input) {}

        /** An entry, whose value the visitor reads or skips: {@code values} knows how. */
        void entry(Entry entry, ValueReader values, RdbInput input);
    }

    /** What stands before an entry's value. Valid until the next one. */
    static final class Entry {
        private final Bytes key;
        private long address;
        private int type;
        private long deadlineMillis;
        private long idleSeconds;
        private int frequency;

        private Entry(Bytes key) {
            this.key = key;
        }

        private void clear(long begin) {
            address = begin;
            deadlineMillis = Keyspace.NO_DEADLINE;
            idleSeconds = NONE;
            frequency = NONE;
        }

        /** Where the entry begins, with all that belongs to it. */
        long address() {
            return address;
        }

        int type() {
            return type;
        }

        Bytes key() {
            return key;
        }

        /** {@link Keyspace#NO_DEADLINE} for one that stays. */
        long deadlineMillis() {
            return deadlineMillis;
        }

        boolean isOver(long nowMillis) {
            return deadlineMillis != Keyspace.NO_DEADLINE && deadlineMillis < nowMillis;
        }

        /** {@link #NONE} when it is not told. */
        long idleSeconds() {
            return idleSeconds;
        }

        /** {@link #NONE} when it is not told. */
        int frequency() {
            return frequency;
        }
    }

    private final Visitor visitor;
    private final ValueReader values = new ValueReader();
    private final RdbString name = new RdbString();
    private final RdbString text = new RdbString();
    private final Entry entry = new Entry(name.view());

    SnapshotReader(Visitor visitor) {
        this.visitor = visitor;
    }

    /** Reads the snapshot that lies there; answers where what follows it begins, if something may. */
    long read(long address, long length, boolean mayGoOn) {
        int version = Header.of(address, length).version();
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
    private static long endOfPart(long address, long length) {
        try (SnapshotReader finder = new SnapshotReader(
                (entry, values, input) -> values.read(entry.type(), input, ValueSink.NONE))) {
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
        entry.clear(input.address());
        for (int code = input.readByte(); code != Rdb.EOF; code = input.readByte()) {
            if (!belongsToEntry(code, input)) {
                read(code, input);
                entry.clear(input.address());
            }
        }
        return input.offset();
    }

    /**
     * Which version of the format a file begins with.
     *
     * @param isValkey whether it is Valkey's own, whose numbers are others than those of Redis
     */
    record Header(boolean isValkey, int version) {

        static Header of(long address, long length) {
            byte[] first = new byte[(int) Math.min(HEADER_BYTES, length)];
            Memory.copy(address, first, 0, first.length);
            return of(first);
        }

        /** Of a file's first bytes. */
        static Header of(byte[] header) {
            if (header.length < HEADER_BYTES) {
                throw new RdbException("the file has only " + header.length + " bytes");
            }
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
            return new Header(isValkey, version);
        }

        /** As it is written. */
        String text() {
            return isValkey ? "VALKEY%03d".formatted(version) : "REDIS%04d".formatted(version);
        }
    }

    /** Whether the checksum is at the end, and right. */
    private static boolean isWhole(long address, long length) {
        long end = address + length - Long.BYTES;
        long written = Memory.getLong(end);
        return written == 0 || written == Crc64.update(0, address, length - Long.BYTES);
    }

    /** Whether the code tells something about the entry that follows, which is noted then. */
    private boolean belongsToEntry(int code, RdbInput input) {
        switch (code) {
            case Rdb.EXPIRE_TIME_MS -> entry.deadlineMillis = input.readLong();
            case Rdb.EXPIRE_TIME -> entry.deadlineMillis = input.readInt() * 1000L;
            case Rdb.IDLE -> entry.idleSeconds = input.readLength();
            case Rdb.FREQ -> entry.frequency = input.readByte();
            default -> {
                return false;
            }
        }
        return true;
    }

    private void read(int code, RdbInput input) {
        switch (code) {
            case Rdb.SELECT_DB -> visitor.database(input.readLength(), input);
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
                visitor.fact(textOf(name), textOf(text));
            }
            case Rdb.FUNCTION_2 -> {
                input.readString(text);
                visitor.library(text.view().toByteArray());
            }
            default -> {
                input.readString(name);
                entry.type = code;
                visitor.entry(entry, values, input);
            }
        }
    }

    private static String textOf(RdbString string) {
        return new String(string.view().toByteArray(), StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() {
        values.close();
        name.close();
        text.close();
    }
}
