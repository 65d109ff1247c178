package dev.cistern.engine.persistence;

import com.sun.management.OperatingSystemMXBean;
import dev.cistern.engine.atrest.AtRest;
import dev.cistern.engine.atrest.PlainBytes;
import dev.cistern.engine.rdb.RdbException;
import dev.cistern.engine.rdb.RdbOutput;
import dev.cistern.engine.settings.Settings;
import dev.cistern.store.DetachedKeys;
import dev.cistern.store.Snapshot;
import dev.cistern.store.Store;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Saves a node's data to its snapshot's file, and loads it: by command, at the points that are set, and when the node
 * starts.
 *
 * <p>One saving at a time. Any thread; who saves waits for the disk, so that should be no event loop but for SAVE.
 */
public final class Persistence {
    private static final Logger LOG = LoggerFactory.getLogger(Persistence.class);
    /** Some 50 microseconds under one stripe. */
    private static final int BUCKETS_A_STEP = 16;
    /** What clients wrote down first may wait for the disk until it is so much, or this part of all data. */
    private static final long LEAST_WAITING_BYTES = 4 << 20;
    private static final int PARTS_WAITING = 40;
    /** After a failure it waits so long before it tries again by itself. */
    private static final long RETRY_SECONDS = 5;
    /** Emptying a database ends a saving early; then it begins anew, but not for ever. */
    private static final int TRIES = 5;

    private final Store store;
    private final Settings settings;
    private final AtRest atRest;
    private final String version;
    private final LongSupplier wallMillis;
    private volatile Supplier<List<byte[]>> libraries = List::of;
    private volatile Supplier<Map<String, String>> moreFacts = Map::of;
    private final AtomicBoolean saving = new AtomicBoolean();
    /** What is being written is the base of the append-only file. */
    private volatile boolean isBase;
    private volatile SavePoints savePoints = new SavePoints(List.of());
    private volatile long lastSaveMillis;
    private volatile long lastTryMillis;
    private volatile long dirtyAtSave;
    private volatile boolean lastFailed;
    private volatile boolean savesAtEnd = true;
    private volatile long beganMillis;
    private volatile long lastSeconds = -1;
    private final LongAdder saves = new LongAdder();
    private volatile long keysLoaded;
    private volatile long keysExpired;

    public Persistence(Store store, Settings settings, String version, LongSupplier wallMillis) {
        this.store = store;
        this.settings = settings;
        this.atRest = new AtRest(settings);
        this.version = version;
        this.wallMillis = wallMillis;
        this.lastSaveMillis = wallMillis.getAsLong();
    }

    /** Who tells the texts of the libraries of functions, which are saved with the data. */
    public void libraries(Supplier<List<byte[]>> texts) {
        libraries = texts;
    }

    /** Who has more to say at the head of a snapshot, at its cut. */
    public void facts(Supplier<Map<String, String>> names) {
        moreFacts = names;
    }

    // --- what INFO tells ---

    public boolean isSaving() {
        return saving.get() && !isBase;
    }

    /** Whether the base of the append-only file is being written. */
    public boolean isWritingBase() {
        return saving.get() && isBase;
    }

    public long lastSaveMillis() {
        return lastSaveMillis;
    }

    /** Changes since what the file has. */
    public long changesSinceSave() {
        return store.stats().dirty() - dirtyAtSave;
    }

    public boolean lastFailed() {
        return lastFailed;
    }

    /** How long the last saving took, in whole seconds; -1 for none. */
    public long lastSeconds() {
        return lastSeconds;
    }

    /** How long the saving that is going on has taken; -1 for none. */
    public long currentSeconds() {
        return isSaving() ? (wallMillis.getAsLong() - beganMillis) / 1000 : -1;
    }

    public long saves() {
        return saves.sum();
    }

    public long keysLoaded() {
        return keysLoaded;
    }

    public long keysExpired() {
        return keysExpired;
    }

    /** The keys of what this node writes and reads. */
    public AtRest atRest() {
        return atRest;
    }

    /** Whether there is a place to save to. */
    public boolean hasPlace() {
        return !settings.dir.value().isEmpty();
    }

    /** Whether the node saves by itself. */
    public boolean hasSavePoints() {
        return !savePoints.isEmpty();
    }

    /** Whether writing is to be refused, because what is written could not be kept. */
    public boolean refusesWrites() {
        return lastFailed && hasSavePoints() && settings.stopWritesOnBgsaveError.isOn();
    }

    public void settingsChanged() {
        savePoints = SavePoints.of(settings.save.value());
    }

    /** Whether a point is reached at which the node saves by itself. */
    public boolean isDue() {
        if (savePoints.isEmpty() || isSaving() || !hasPlace()) {
            return false;
        }
        long now = wallMillis.getAsLong();
        boolean mayTry = !lastFailed || now - lastTryMillis > RETRY_SECONDS * 1000;
        return mayTry && savePoints.isDue((now - lastSaveMillis) / 1000, changesSinceSave());
    }

    // --- saving ---

    /** Takes the right to save, which {@link #save} needs and gives back; false if there is a saving going on. */
    public boolean begin() {
        if (!saving.compareAndSet(false, true)) {
            return false;
        }
        beganMillis = wallMillis.getAsLong();
        return true;
    }

    /** The same for the base of the append-only file: {@link #writeBase} gives it back. */
    public boolean beginBase() {
        boolean begun = begin();
        isBase = begun || isBase;
        return begun;
    }

    /** Gives back the right to write, of which no use was made. */
    public void forgo() {
        isBase = false;
        saving.set(false);
    }

    /** Saves to the file; says whether that worked. {@link #begin} said that this thread may. */
    public boolean save() {
        return save(Pace.NONE);
    }

    /** The same without haste, so that clients notice little of it. */
    public void saveInBackground() {
        var _ = save(pace(() -> 0));
    }

    private static Pace pace(DoubleSupplier urgency) {
        return new Pace(System::nanoTime, Persistence::busyShare, urgency);
    }

    /** What part of the machine's processors is in use; 0 if that cannot be known. */
    private static double busyShare() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? system.getCpuLoad()
                : 0;
    }

    private boolean save(Pace pace) {
        lastTryMillis = wallMillis.getAsLong();
        try {
            boolean whole = false;
            for (int tries = 0; !whole; tries++) {
                if (tries == TRIES) {
                    throw new IOException("databases were emptied each time it was tried");
                }
                whole = trySave(pace);
            }
            lastFailed = false;
            saves.increment();
        } catch (IOException | RuntimeException e) {
            lastFailed = true;
            LOG.error("could not save to {}", settings.dir.value(), e);
        } finally {
            lastSeconds = (wallMillis.getAsLong() - beganMillis) / 1000;
            saving.set(false);
        }
        return !lastFailed;
    }

    private boolean trySave(Pace pace) throws IOException {
        long now = wallMillis.getAsLong();
        long[] dirty = new long[1];
        try (SnapshotFile file = new SnapshotFile(file(), atRest)) {
            if (!writeAll(file, now, () -> dirty[0] = store.stats().dirty(), pace, false, true)) {
                return false;
            }
            file.commit();
            dirtyAtSave = dirty[0];
            lastSaveMillis = now;
            return true;
        }
    }

    /** False if the snapshot was aborted, and what was written is worth nothing. */
    private boolean writeAll(RdbOutput.Sink sink, long now, Runnable atTheCut, Pace pace, boolean base,
            boolean asSnapshot) throws IOException {
        try (RdbOutput output = new RdbOutput(sink); SnapshotPages pages = pages(output, now, asSnapshot)) {
            Snapshot snapshot = store.beginSnapshot(pages, () -> {
                atTheCut.run();
                pages.begin(store.hasFieldDeadlines(), facts(now, base), libraries.get());
            });
            try {
                KeyDelay delay = new KeyDelay(settings.rdbKeySaveDelay::value);
                long written = 0;
                while (!pages.hasFailed() && snapshot.step(BUCKETS_A_STEP)) {
                    pages.writeFull();
                    delay.passed(pages.entries() - written);
                    written = pages.entries();
                    pace.rest();
                }
            } finally {
                snapshot.end();
            }
            if (snapshot.isAborted()) {
                return false;
            }
            pages.end();
            LOG.info("wrote a snapshot of {} keys, {} bytes", pages.entries(), output.length());
            return true;
        }
    }

    private SnapshotPages pages(RdbOutput output, long now, boolean asSnapshot) {
        long mostWaitingBytes = Math.max(LEAST_WAITING_BYTES, store.usedBytes() / PARTS_WAITING);
        return new SnapshotPages(() -> writer(now, asSnapshot), output, settings.rdbCompression.isOn(),
                mostWaitingBytes);
    }

    /** A place to write to that forgets what was written when a snapshot has to be begun anew. */
    public interface Place extends RdbOutput.Sink {
        void restart() throws IOException;

        /** What part of the time the writing shall work whatever clients need, from 0 to 1. */
        default double urgency() {
            return 0;
        }
    }

    /**
     * Writes all data to some other place; {@code atTheCut} runs while nothing changes, each time that it is tried.
     * {@link #begin} said that this thread may.
     */
    public void write(Place place, Runnable atTheCut) throws IOException {
        try {
            write(place, atTheCut, false, true);
        } finally {
            saving.set(false);
        }
    }

    /**
     * Writes a snapshot that has no keys, for somebody who wants none, after {@code atTheCut}, once. {@link #begin} said that
     * this thread may.
     */
    public void writeWithoutKeys(Place place, Runnable atTheCut, boolean functions) throws IOException {
        long now = wallMillis.getAsLong();
        try (RdbOutput output = new RdbOutput(place); EntryWriter writer = writer(now, true)) {
            place.restart();
            atTheCut.run();
            writer.begin(output, false, facts(now, false));
            if (functions) {
                libraries.get().forEach(library -> writer.library(output, library));
            }
            writer.end(output);
            output.flush();
        } finally {
            saving.set(false);
        }
    }

    /** Writes the base of an append-only file, as a snapshot or as commands. {@link #beginBase} said that this thread may. */
    public void writeBase(Place place, Runnable atTheCut, boolean asSnapshot) throws IOException {
        try {
            write(place, atTheCut, true, asSnapshot);
        } finally {
            forgo();
        }
    }

    private void write(Place place, Runnable atTheCut, boolean base, boolean asSnapshot) throws IOException {
        for (int tries = 0; tries < TRIES; tries++) {
            place.restart();
            if (writeAll(place, wallMillis.getAsLong(), atTheCut, pace(place::urgency), base, asSnapshot)) {
                return;
            }
        }
        throw new IOException("databases were emptied each time it was tried");
    }

    private EntryWriter writer(long now, boolean asSnapshot) {
        if (!asSnapshot) {
            return new CommandWriter(store, now);
        }
        boolean tellsIdleTime = settings.maxMemoryPolicy.value().endsWith("-lru");
        return new SnapshotWriter(store, now, tellsIdleTime, settings.rdbChecksum.isOn());
    }

    /** The node will end without a last saving. */
    public void forgoLastSave() {
        savesAtEnd = false;
    }

    /** Saves what was changed since, if the node saves by itself: the last thing before its data are gone. */
    public void saveAtEnd() {
        if (savesAtEnd && hasSavePoints() && hasPlace() && changesSinceSave() > 0 && begin()) {
            save();
        }
    }

    private Map<String, String> facts(long nowMillis, boolean base) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("redis-ver", version);
        facts.put("redis-bits", "64");
        facts.put("ctime", Long.toString(nowMillis / 1000));
        facts.put("used-mem", Long.toString(store.usedBytes()));
        facts.put("aof-base", base ? "1" : "0");
        facts.putAll(moreFacts.get());
        return facts;
    }

    private Path file() {
        return Path.of(settings.dir.value()).resolve(settings.dbFilename.value());
    }

    // --- loading ---

    /**
     * Loads the file if there is one, and returns what else is in it. Takes the exclusive gate.
     *
     * @throws IOException the file cannot be read, or is damaged: the message says where
     */
    public Loaded load() throws IOException {
        if (!hasPlace() || !Files.exists(file())) {
            return Loaded.NOTHING;
        }
        store.lockAll();
        try {
            Loaded loaded = loadUnderGate();
            requireEachOnce();
            sealIfPlain();
            return loaded;
        } finally {
            store.unlockAll();
        }
    }

    /** One that was put together of several would else be a mixture of two values, or the one or the other. */
    private void requireEachOnce() throws IOException {
        long keys = 0;
        for (int database = 0; database < store.databases(); database++) {
            keys += store.size(database);
        }
        if (keys < keysLoaded) {
            throw new IOException(file() + ": " + (keysLoaded - keys) + " keys stand in it more than once");
        }
    }

    /** A file of the time before there was a key does not stay as it is. */
    private void sealIfPlain() throws IOException {
        if (atRest.key() != null && !PlainBytes.isSealed(file())) {
            try (SnapshotFile sealed = new SnapshotFile(file(), atRest)) {
                sealed.copy(file());
                sealed.commit();
            }
            LOG.info("{} was not encrypted, and is now", file());
        }
    }

    private Loaded loadUnderGate() throws IOException {
        return loadUnderGate(file(), false, false);
    }

    /**
     * What a file says beside its keys.
     *
     * @param bytes how much of the file the snapshot is
     * @param fileBytes all that the file says
     */
    public record Loaded(List<byte[]> libraries, Map<String, String> facts, long bytes, long fileBytes) {
        /** There was no file. */
        public static final Loaded NOTHING = new Loaded(List.of(), Map.of(), 0, 0);
    }

    private Loaded loadUnderGate(Path file, boolean keepsExpired, boolean mayGoOn) throws IOException {
        long now = wallMillis.getAsLong();
        try (SnapshotLoader loader = new SnapshotLoader(store, now, keepsExpired,
                new KeyDelay(settings.keyLoadDelay::value))) {
            long bytes = loader.load(file, atRest.keys(), mayGoOn);
            keysLoaded = loader.loaded();
            keysExpired = loader.expired();
            LOG.info("loaded {} keys from {}", loader.loaded(), file);
            return new Loaded(loader.libraries(), loader.facts(), bytes, loader.fileBytes());
        } catch (RdbException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Loads some other file, whose log follows: also keys whose time is over, as the log tells when they go. This thread
     * has the exclusive gate, and the store is empty.
     */
    public Loaded loadFrom(Path file) throws IOException {
        return loadUnderGate(file, true, false);
    }

    /** The same for the base of an append-only file, in which commands may follow. */
    public Loaded loadBase(Path file) throws IOException {
        return loadUnderGate(file, true, true);
    }

    /** All that there is now was loaded, and is no change. */
    public void loaded() {
        dirtyAtSave = store.stats().dirty();
    }

    /**
     * Loads the keys that the file has, in place of all keys or into them; its libraries are the caller's to restore. Takes
     * the exclusive gate unless this thread has it.
     */
    public Loaded reload(boolean replaces) throws IOException {
        List<DetachedKeys> old = new ArrayList<>();
        boolean held = store.isAllHeldByMe();
        if (!held) {
            store.lockAll();
        }
        try {
            for (int database = 0; replaces && database < store.databases(); database++) {
                old.add(store.detach(database));
            }
            return loadUnderGate();
        } finally {
            if (!held) {
                store.unlockAll();
            }
            old.forEach(DetachedKeys::close);
        }
    }
}
