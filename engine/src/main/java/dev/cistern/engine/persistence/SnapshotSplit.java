package dev.cistern.engine.persistence;

import dev.cistern.engine.atrest.AtRest;
import dev.cistern.engine.atrest.PlainBytes;
import dev.cistern.engine.rdb.Rdb;
import dev.cistern.engine.rdb.RdbException;
import dev.cistern.engine.rdb.RdbInput;
import dev.cistern.engine.rdb.RdbOutput;
import dev.cistern.engine.rdb.ValueReader;
import dev.cistern.engine.rdb.ValueSink;
import dev.cistern.store.KeySlot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes what some snapshots' files say anew, as other files of which each has the keys of its own slots.
 *
 * <p>An entry is copied as it stands, however it is encoded: nothing of it is lost, and it costs no more than reading. Each
 * file gets all libraries of functions, as every node of a cluster must have them. Of what the old files tell of their
 * servers only that stays which is true of any copy.
 *
 * <p>One thread. Holds one file at a time in memory, if it is sealed, and {@value #BUFFER_BYTES} bytes for each that it writes.
 */
public final class SnapshotSplit implements SnapshotReader.Visitor, AutoCloseable {
    private static final int BUFFER_BYTES = 64 * 1024;
    private static final int HEADER_BYTES = SnapshotReader.HEADER_BYTES;
    private static final Set<String> LASTING_FACTS = Set.of("redis-ver", "valkey-ver", "redis-bits", "ctime");

    /**
     * One of the files to be written.
     *
     * @param place where it will lie; nothing is to be seen there before every share is written
     * @param slots whose keys it gets
     * @param hasOneDatabase whether its node knows no other than the first, as those of a cluster do
     */
    public record Share(Path place, BitSet slots, boolean hasOneDatabase) {}

    private final List<Path> files;
    private final AtRest atRest;
    private final List<Part> parts = new ArrayList<>();
    private final Part[] partOfSlot = new Part[KeySlot.COUNT];
    private final Map<String, byte[]> libraries = new HashMap<>();
    private boolean isFirstFile = true;
    private long database;

    private SnapshotSplit(List<Path> files, AtRest atRest) {
        this.files = files;
        this.atRest = atRest;
    }

    /**
     * Reads the files, one after another, and writes the shares, sealed as {@code atRest} says.
     *
     * @throws RdbException a file is damaged, or has what a share cannot take: the message says so
     * @throws IOException a file cannot be read or written
     */
    public static void write(List<Path> files, List<Share> shares, AtRest atRest) throws IOException {
        try (SnapshotSplit split = new SnapshotSplit(files, atRest)) {
            split.open(shares);
            for (Path file : files) {
                split.add(file);
            }
            for (Part part : split.parts) {
                part.end();
            }
            for (Part part : split.parts) {
                part.file.commit();
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void open(List<Share> shares) throws IOException {
        String header = header();
        for (Share share : shares) {
            Part part = new Part(share, atRest);
            parts.add(part);
            part.output.putAscii(header);
            share.slots().stream().forEach(slot -> partOfSlot[slot] = part);
        }
    }

    /** What can have everything that one of the files has. */
    private String header() throws IOException {
        SnapshotReader.Header newest = new SnapshotReader.Header(false, SnapshotReader.FIRST_CHECKED_VERSION);
        for (Path file : files) {
            SnapshotReader.Header header = reading(file,
                    () -> SnapshotReader.Header.of(PlainBytes.first(file, atRest.keys(), HEADER_BYTES)));
            newest = header.version() > newest.version() ? header : newest;
        }
        return newest.text();
    }

    private void add(Path file) throws IOException {
        database = 0;
        reading(file, () -> {
            try (PlainBytes plain = PlainBytes.of(file, atRest.keys());
                    SnapshotReader reader = new SnapshotReader(this)) {
                return reader.read(plain.address(), plain.length(), false);
            }
        });
        isFirstFile = false;
    }

    /** Says of which file it is that something is wrong. */
    private <T> T reading(Path file, Reading<T> reading) throws IOException {
        try {
            return reading.read();
        } catch (RdbException e) {
            throw files.size() == 1
                    ? e
                    : new RdbException(
                            "file " + (files.indexOf(file) + 1) + " of " + files.size() + ": " + e.getMessage());
        }
    }

    private interface Reading<T> {
        T read() throws IOException;
    }

    @Override
    public void fact(String name, String value) {
        if (isFirstFile && LASTING_FACTS.contains(name)) {
            for (Part part : parts) {
                part.output.putByte(Rdb.AUX);
                part.output.putString(name);
                part.output.putString(value);
            }
        }
    }

    /** One that several files have goes to each node once; nobody could say which of two is right. */
    @Override
    public void library(byte[] text) {
        String title = new String(text, StandardCharsets.ISO_8859_1).lines().findFirst().orElse("");
        byte[] known = libraries.putIfAbsent(title, text);
        if (known == null) {
            for (Part part : parts) {
                part.output.putByte(Rdb.FUNCTION_2);
                part.output.putString(text);
            }
        } else if (!Arrays.equals(known, text)) {
            throw new RdbException("the library of functions '" + title + "' is another one than before");
        }
    }

    @Override
    public void database(long number, RdbInput input) {
        database = number;
    }

    @Override
    public void entry(SnapshotReader.Entry entry, ValueReader values, RdbInput input) {
        Part part = partOfSlot[KeySlot.of(entry.key())];
        values.read(entry.type(), input, ValueSink.NONE);
        if (database > 0 && part.hasOneDatabase) {
            throw input.bad("a key in database " + database + ", where cluster mode knows only database 0");
        }
        part.take(database, entry.address(), input.address() - entry.address());
    }

    @Override
    public void close() throws IOException {
        for (Part part : parts) {
            part.close();
        }
    }

    /** A share that is being written. */
    private static final class Part {
        private final SnapshotFile file;
        private final RdbOutput output;
        private final boolean hasOneDatabase;
        private long database = -1;

        Part(Share share, AtRest atRest) throws IOException {
            hasOneDatabase = share.hasOneDatabase();
            file = new SnapshotFile(share.place(), atRest);
            output = new RdbOutput(file);
        }

        void take(long number, long address, long length) {
            if (number != database) {
                output.putByte(Rdb.SELECT_DB);
                output.putLength(number);
                database = number;
            }
            output.putBytes(address, length);
            if (output.keptBytes() >= BUFFER_BYTES) {
                output.flush();
            }
        }

        void end() {
            output.putByte(Rdb.EOF);
            output.putLong(output.checksum());
            output.flush();
        }

        void close() throws IOException {
            output.close();
            file.close();
        }
    }
}
