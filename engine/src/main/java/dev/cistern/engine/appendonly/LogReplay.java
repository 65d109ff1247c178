package dev.cistern.engine.appendonly;

import dev.cistern.engine.atrest.KeyRing;
import dev.cistern.engine.atrest.PlainBytes;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.Replay;
import dev.cistern.engine.persistence.Persistence.Loaded;
import dev.cistern.engine.scripting.Scripts;
import dev.cistern.store.Store;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings back what an append-only file holds: its base, and the commands of its increments one after the other.
 *
 * <p>A torn tail may be in the last file that has anything: what was being written when the process ended was told to
 * nobody. The thread that starts the node, or one that holds up all clients; the store is empty.
 */
final class LogReplay {
    private static final Logger LOG = LoggerFactory.getLogger(LogReplay.class);
    private static final int MAGIC_BYTES = 6;

    private final Node node;
    private final LogFolder folder;
    private LogFileReader.@Nullable End last;
    private String history = "";
    private long offset = -1;
    private int database;
    private long errors;

    LogReplay(Node node, LogFolder folder) {
        this.node = node;
        this.folder = folder;
    }

    /** How the last increment ends; null if there is none. */
    LogFileReader.@Nullable End last() {
        return last;
    }

    /** Whose bytes were loaded; empty if that is not known. */
    String history() {
        return history;
    }

    /** How far. */
    long offset() {
        return offset;
    }

    /** What the log has selected at its end. */
    int database() {
        return database;
    }

    /** Loads all parts. Throws when one is missing, damaged or, unless it is the last, torn. */
    void load() throws IOException {
        Manifest manifest = folder.manifest();
        try (Replay replay = new Replay(node)) {
            if (manifest.base() != null) {
                base(folder.path(manifest.base()), replay);
            }
            List<Manifest.Part> increments = manifest.increments();
            for (int i = 0; i < increments.size(); i++) {
                increment(folder.path(increments.get(i)), replay, hasNothing(increments.subList(i + 1,
                        increments.size())));
            }
            database = replay.database();
            errors = replay.errors();
        }
        if (errors > 0) {
            LOG.warn("{} commands of the append-only file were answered with an error", errors);
        }
    }

    /** A file that was begun, and to which nothing was written, follows on one that may be torn. */
    private boolean hasNothing(List<Manifest.Part> later) throws IOException {
        for (Manifest.Part part : later) {
            if (new LogFileReader(folder.path(part), folder.atRest().keys(), (_, _) -> {}).read(0).commands() > 0) {
                return false;
            }
        }
        return true;
    }

    static boolean isSnapshot(Path file, KeyRing keys) throws IOException {
        String magic = new String(PlainBytes.first(file, keys, MAGIC_BYTES), StandardCharsets.ISO_8859_1);
        return magic.startsWith("REDIS") || magic.equals("VALKEY");
    }

    private void base(Path file, Replay replay) throws IOException {
        if (!isSnapshot(file, folder.atRest().keys())) {
            var _ = commands(file, 0, replay, folder.manifest().increments().isEmpty());
            return;
        }
        Loaded loaded;
        Store store = node.store();
        store.lockAll();
        try {
            loaded = node.persistence().loadBase(file);
        } finally {
            store.unlockAll();
        }
        if (!loaded.libraries().isEmpty()) {
            Scripts.of(node).restoreLibraries(loaded.libraries());
        }
        note(loaded);
        if (loaded.bytes() < loaded.fileBytes()) {
            var _ = commands(file, loaded.bytes(), replay, folder.manifest().increments().isEmpty());
        }
    }

    private void note(Loaded loaded) throws IOException {
        history = loaded.facts().getOrDefault("repl-id", "");
        try {
            offset = Long.parseLong(loaded.facts().getOrDefault("repl-offset", "-1"));
        } catch (NumberFormatException e) {
            throw new IOException("the base's repl-offset is no number", e);
        }
    }

    private void increment(Path file, Replay replay, boolean isLast) throws IOException {
        LogFileReader.End end = commands(file, 0, replay, isLast);
        last = end;
        if (!end.history().isEmpty()) {
            history = end.history();
            offset = end.offset();
        } else if (end.commands() > 0) {
            // Somebody else wrote here, whose bytes are no history of ours.
            history = "";
        }
    }

    private LogFileReader.End commands(Path file, long skippedBytes, Replay replay, boolean mayBeTorn)
            throws IOException {
        LogFileReader.End end = new LogFileReader(file, folder.atRest().keys(),
                (address, bytes) -> run(file, replay, address, bytes))
                .read(skippedBytes);
        if (end.isTorn()) {
            requireForgiven(file, end, mayBeTorn);
        }
        LOG.info("ran {} commands of {}", end.commands(), file.getFileName());
        return end;
    }

    private static void run(Path file, Replay replay, long address, long bytes) throws IOException {
        try {
            replay.run(address, bytes);
        } catch (IOException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    private void requireForgiven(Path file, LogFileReader.End end, boolean mayBeTorn) throws IOException {
        long torn = end.fileBytes() - end.wholeBytes();
        if (!mayBeTorn) {
            throw new DamagedLogException(file, end.wholeBytes(), "the file ends there in the middle of something, and "
                    + "more was written to the next");
        }
        if (!node.settings().aofLoadTruncated.isOn()) {
            throw new DamagedLogException(file, end.wholeBytes(), "its last " + torn + " bytes are no whole command, "
                    + "and aof-load-truncated is no");
        }
        LOG.warn("{} is torn: its last {} bytes, behind byte {}, are left out", file, torn, end.wholeBytes());
    }
}
