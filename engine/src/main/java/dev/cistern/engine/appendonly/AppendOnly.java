package dev.cistern.engine.appendonly;

import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.persistence.Persistence;
import dev.cistern.engine.persistence.SnapshotFile;
import dev.cistern.engine.replication.LogReader;
import dev.cistern.engine.replication.Replication;
import dev.cistern.engine.replication.WriteLog;
import dev.cistern.engine.settings.InvalidSettingException;
import dev.cistern.engine.settings.Setting;
import dev.cistern.engine.settings.Settings;
import dev.cistern.store.DetachedKeys;
import dev.cistern.store.Store;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's append-only file: when it is written, what happens when that fails, and when it is begun anew.
 *
 * <pre>
 *   OFF ──switched on──▶ STARTING: a base is written, and what the log has from its cut on ──both are there──▶ ON
 *                           ▲                                                                               │
 *                           └──────── the disk did not keep something, or all data were replaced ◀──────────┘
 * </pre>
 *
 * <p>Its state changes under the monitor, which is never taken under stripes; what loops ask for is volatile. Whoever
 * writes the base takes the cut, the {@link LogWriter} does the rest.
 */
public final class AppendOnly {
    private static final Logger LOG = LoggerFactory.getLogger(AppendOnly.class);
    /** So much may wait for the disk; more, and who writes waits as well. */
    private static final long FULL_BYTES = 64L << 20;
    private static final long RELAXED_BYTES = FULL_BYTES / 2;
    private static final long RETRY_MILLIS = 1000;
    private static final long REWRITE_RETRY_MILLIS = 60_000;
    private static final long TURN_SECONDS = 60;

    enum State {
        /** Nothing is written. */
        OFF,
        /** There is no file yet that could be trusted. */
        STARTING,
        /** The file has all that was written, as far as the policy says. */
        ON
    }

    private final Node node;
    private final WriteLog log;
    private final Settings settings;
    private volatile State state = State.OFF;
    private volatile @Nullable LogWriter writer;
    private volatile @Nullable LogFolder folder;
    /** All data are being replaced: nothing is begun until that is over. */
    private boolean isSuspended;
    private boolean isClosed;
    /** Guards the passage from a file that nobody trusts to one that is; a leaf. */
    private final Object keeping = new Object();
    private volatile long keptOffset;
    private long provisionalOffset;
    private volatile boolean holdsReplies;
    private volatile @Nullable String failure;
    private volatile LogWriter.Policy policy = LogWriter.Policy.EVERY_SECOND;

    private volatile boolean isScheduled;
    private volatile boolean isRewriting;
    private volatile long tryMillis;
    private volatile long rewriteBeganMillis;
    private volatile long lastRewriteSeconds = -1;
    private volatile boolean lastRewriteFailed;
    private final LongAdder rewrites = new LongAdder();
    private volatile long baseBytes;

    public AppendOnly(Node node, WriteLog log) {
        this.node = node;
        this.log = log;
        this.settings = node.settings();
        settings.applier(this::requirePlace);
    }

    private void requirePlace(Set<Setting> changed) throws InvalidSettingException {
        if (changed.contains(settings.appendOnly) && isWanted() && !node.persistence().hasPlace()) {
            throw new InvalidSettingException("appendonly",
                    "this node keeps nothing on disk: start it with a directory "
                            + "(setting dir)");
        }
    }

    // --- asked by loops ---

    /** Whether replies wait until the disk has what they tell of. */
    public boolean holdsReplies() {
        return holdsReplies;
    }

    /** Whether the log has something that is not on the disk. */
    public boolean isAhead() {
        return log.whole() > keptOffset;
    }

    /** The log up to here is on the disk. */
    public long keptOffset() {
        return keptOffset;
    }

    /** Whether the file holds the log up to here, on the disk. */
    public boolean hasKept(long offset) {
        return state == State.ON && keptOffset >= offset;
    }

    public long logEnd() {
        return log.whole();
    }

    /** Whether the disk refuses what is written. */
    public boolean isFailing() {
        return failure != null;
    }

    /** In the words of the operating system. */
    public String failure() {
        String present = failure;
        return present == null ? "" : present;
    }

    /** Whether it is to be written. */
    public boolean isOn() {
        return state != State.OFF;
    }

    // --- its life ---

    /** Whether the node has an append-only file that is to be loaded. */
    public boolean isWanted() {
        return settings.appendOnly.isOn();
    }

    /**
     * Loads what there is when the node starts, and goes on with it. Says false, and has done nothing, if there is no
     * append-only file yet; then {@link #beginAtStart} is to follow on whatever is loaded.
     */
    public boolean loadAtStart() throws IOException {
        if (!node.persistence().hasPlace()) {
            throw new IOException("an append-only file needs a directory (setting dir)");
        }
        settingsChanged();
        LogFolder opened = LogFolder.of(settings, node.persistence().atRest());
        opened.open(true);
        folder = opened;
        if (opened.manifest().isEmpty()) {
            return false;
        }
        LogReplay replay = new LogReplay(node, opened);
        replay.load();
        node.persistence().loaded();
        if (!replay.history().isEmpty() && replay.offset() >= 0) {
            node.replication().goOnFrom(replay.history(), replay.offset(), replay.database());
        }
        goOn(opened, replay);
        return true;
    }

    /** The first base, of what was loaded from elsewhere; nobody is served yet. */
    public void beginAtStart() throws IOException {
        state = State.STARTING;
        if (!node.persistence().beginBase()) {
            throw new IllegalStateException("a snapshot is being taken before the node has started");
        }
        rewrite();
        if (state != State.ON) {
            throw new IOException("the append-only file cannot be begun: " + failure());
        }
    }

    private synchronized void goOn(LogFolder opened, LogReplay replay) throws IOException {
        Manifest manifest = opened.manifest();
        LogFileReader.End last = replay.last();
        boolean isOurs = last != null && !last.word().isEmpty();
        LogFile file = isOurs && last != null ? opened.reopen(manifest.increments().getLast(), last) : null;
        if (file != null && !opened.atRest().isAsWanted(file.path())) {
            file.close();
            file = null;
        }
        isScheduled |= opened.isToBeSealed();
        if (file == null) {
            Manifest.Part part = opened.nextIncrement();
            file = opened.create(part, replay.database());
            file.sync();
            opened.update(present -> present.with(part));
        }
        long[] cut = new long[1];
        underGate(() -> cut[0] = node.replication().beginLog());
        start(cut[0], file, opened);
        keptOffset = cut[0];
        baseBytes = manifest.base() == null ? 0 : opened.length(manifest.base());
        become(State.ON);
        opened.deleteHistory();
    }

    /** At a cut: nothing is logged meanwhile, or nobody is there yet. */
    private LogWriter start(long offset, @Nullable LogFile file, LogFolder opened) {
        LogReader reader = log.read(offset, this::wake);
        if (reader == null) {
            throw new IllegalStateException("the log does not reach to its own end");
        }
        LogWriter begun = new LogWriter(log, reader, opened, file, new Owner(), node.identity().name());
        writer = begun;
        begun.start();
        return begun;
    }

    private void underGate(Runnable change) {
        Store store = node.store();
        boolean held = store.isAllHeldByMe();
        if (!held) {
            store.lockAll();
        }
        try {
            change.run();
        } finally {
            if (!held) {
                store.unlockAll();
            }
        }
    }

    private void become(State next) {
        state = next;
        work();
    }

    /** Works out what follows from the state and the settings. */
    private void work() {
        boolean rests = settings.noAppendFsyncOnRewrite.isOn()
                && (node.persistence().isSaving() || node.persistence().isWritingBase());
        policy = rests ? LogWriter.Policy.NEVER : switch (settings.appendFsync.value()) {
            case "always" -> LogWriter.Policy.ALWAYS;
            case "no" -> LogWriter.Policy.NEVER;
            default -> LogWriter.Policy.EVERY_SECOND;
        };
        boolean hasPromised = state == State.ON || (state == State.STARTING && isFailing());
        holdsReplies = policy == LogWriter.Policy.ALWAYS && hasPromised;
        releaseReplies();
    }

    private void releaseReplies() {
        for (NodeLoop loop : node.loops()) {
            loop.releaseReplies();
        }
    }

    /** Settings were changed. */
    public void settingsChanged() {
        work();
        if (state != State.OFF && !isWanted()) {
            node.inBackground(this::switchOff);
        } else if (state == State.OFF && isWanted() && folder != null) {
            switchOn();
        }
    }

    private synchronized void switchOn() {
        if (state == State.OFF && isWanted() && !isClosed) {
            tryMillis = 0;
            become(State.STARTING);
        }
    }

    private synchronized void switchOff() {
        if (state != State.OFF && !isWanted()) {
            endWriter();
            become(State.OFF);
            healed();
        }
    }

    private void endWriter() {
        LogWriter present = writer;
        writer = null;
        if (present != null) {
            present.end();
        }
        node.set(Condition.LOG_FULL, false);
        letGoOn();
    }

    /** The node runs: from here on it may be switched on. */
    public void nodeStarted() {
        if (folder == null && node.persistence().hasPlace()) {
            folder = LogFolder.of(settings, node.persistence().atRest());
        }
    }

    /** All data are about to be replaced. Waits for the disk; no stripe is held. */
    public synchronized void suspend() {
        isSuspended = true;
        endWriter();
        if (state == State.ON) {
            become(State.STARTING);
        }
    }

    /** They are: a new file begins. */
    public synchronized void resume() {
        isSuspended = false;
        tryMillis = 0;
    }

    /** The last thing: all is written, and kept. */
    public synchronized void close() {
        isClosed = true;
        endWriter();
    }

    // --- what its writer tells ---

    private void wake() {
        LogWriter present = writer;
        if (present != null) {
            present.wake();
            if (log.end() - present.written() > FULL_BYTES && !node.is(Condition.LOG_FULL)) {
                node.set(Condition.LOG_FULL, true);
            }
        }
    }

    private final class Owner implements LogWriter.Owner {

        @Override
        public LogWriter.Policy policy() {
            return policy;
        }

        @Override
        public void wrote(long offset) {
            if (node.is(Condition.LOG_FULL) && log.end() - offset < RELAXED_BYTES) {
                node.set(Condition.LOG_FULL, false);
                letGoOn();
            }
        }

        @Override
        public void kept(long offset) {
            AppendOnly.this.kept(offset);
        }

        @Override
        public void failed(IOException why) {
            fail(why);
        }

        @Override
        public void recovered() {
            healed();
        }

        @Override
        public void broken(IOException why) {
            fail(why);
            node.inBackground(AppendOnly.this::replaceBroken);
        }
    }

    private void letGoOn() {
        node.loops().forEach(loop -> loop.execute(loop::letGoOn));
    }

    private void kept(long offset) {
        synchronized (keeping) {
            if (state != State.ON) {
                provisionalOffset = offset;
                return;
            }
            keptOffset = offset;
        }
        releaseReplies();
        node.replication().kept();
    }

    private void fail(IOException why) {
        String text = why.getMessage();
        boolean isNew = failure == null;
        failure = text == null ? why.toString() : text;
        node.set(Condition.LOG_FAILED, true);
        if (isNew) {
            releaseReplies();
        }
    }

    private void healed() {
        if (failure != null) {
            failure = null;
            node.set(Condition.LOG_FAILED, false);
            LOG.info("node {}: the append-only file is written again", node.identity().name());
            work();
        }
    }

    private synchronized void replaceBroken() {
        if (state == State.ON && !isClosed) {
            endWriter();
            become(State.STARTING);
            tryMillis = 0;
        }
    }

    // --- a new base ---

    /** What BGREWRITEAOF is told. */
    public enum Answer {
        STARTED, SCHEDULED, RUNNING
    }

    /** BGREWRITEAOF. */
    public Answer requestRewrite() {
        if (isRewriting) {
            return Answer.RUNNING;
        }
        if (folder == null || !node.persistence().beginBase()) {
            isScheduled = true;
            return Answer.SCHEDULED;
        }
        isRewriting = true;
        node.inBackground(this::rewrite);
        return Answer.STARTED;
    }

    /** From time to time, on the first loop. */
    public void tick() {
        long now = node.clock().wallMillis();
        if (settings.noAppendFsyncOnRewrite.isOn()) {
            work();
        }
        LogWriter present = writer;
        if (present != null && present.isStuck() && log.end() - present.written() > FULL_BYTES) {
            // What goes by itself is logged even now; a new base will say the same in less.
            node.inBackground(this::replaceBroken);
        }
        boolean isDue = isScheduled || (state == State.STARTING && now - tryMillis >= RETRY_MILLIS && !isSuspended)
                || isGrown(now);
        if (isDue && !isClosed && folder != null && node.persistence().beginBase()) {
            isRewriting = true;
            node.inBackground(this::rewrite);
        }
    }

    private boolean isGrown(long now) {
        long percent = settings.autoAofRewritePercentage.value();
        if (state != State.ON || percent == 0 || isFailing() || now - tryMillis < RETRY_MILLIS
                || (lastRewriteFailed && now - tryMillis < REWRITE_RETRY_MILLIS)) {
            return false;
        }
        long size = bytes();
        long before = Math.max(1, baseBytes);
        return size > settings.autoAofRewriteMinSize.value() && (size - baseBytes) / (double) before * 100 >= percent;
    }

    /** {@link Persistence#beginBase} said that this thread may. */
    private void rewrite() {
        isRewriting = true;
        isScheduled = false;
        tryMillis = node.clock().wallMillis();
        rewriteBeganMillis = tryMillis;
        work();
        boolean worked = false;
        try {
            write(Objects.requireNonNull(folder));
            worked = true;
            rewrites.increment();
        } catch (IOException | RuntimeException e) {
            LOG.error("node {}: the append-only file cannot be rewritten", node.identity().name(), e);
            if (state == State.STARTING && isFailing() && e instanceof IOException failed) {
                fail(failed);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lastRewriteFailed = !worked;
            lastRewriteSeconds = (node.clock().wallMillis() - rewriteBeganMillis) / 1000;
            if (!worked) {
                abandon();
            }
            isRewriting = false;
            work();
        }
    }

    /** A writer that never came to be trusted ends. */
    private synchronized void abandon() {
        if (state == State.STARTING) {
            endWriter();
        }
    }

    private void write(LogFolder opened) throws IOException, InterruptedException {
        boolean asSnapshot = settings.aofUseRdbPreamble.isOn();
        Cut cut = new Cut(opened);
        Manifest.Part base;
        try {
            opened.openOnce();
            opened.prepare();
            base = opened.nextBase(asSnapshot);
        } catch (IOException e) {
            node.persistence().forgo();
            throw e;
        }
        try (SnapshotFile file = new SnapshotFile(opened.path(base), opened.atRest())) {
            node.persistence().writeBase(file, cut::take, asSnapshot);
            file.commit();
        } catch (IOException e) {
            node.persistence().forgo();
            throw e;
        }
        adopt(opened, base, cut);
    }

    /** Where the log stood at the snapshot's cut, and the file that begins there. */
    private final class Cut {
        private final LogFolder opened;
        private long offset;
        private @Nullable CompletableFuture<Manifest.Part> turn;

        Cut(LogFolder opened) {
            this.opened = opened;
        }

        /** All stripes are held. */
        void take() {
            if (state == State.OFF) {
                return;
            }
            offset = node.replication().beginLog();
            Replication replication = node.replication();
            int database = replication.isReplica() ? replication.streamDatabase() : -1;
            LogWriter present = writer;
            if (present == null) {
                provisionalOffset = 0;
                present = start(offset, null, opened);
            }
            turn = present.turnAt(offset, database);
        }

        Manifest.@Nullable Part increment() throws IOException, InterruptedException {
            CompletableFuture<Manifest.Part> asked = turn;
            if (asked == null) {
                return null;
            }
            try {
                return asked.get(TURN_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                throw new IOException("the log's next file did not begin", e);
            }
        }
    }

    /** The manifest names the new base from here on. */
    private void adopt(LogFolder opened, Manifest.Part base, Cut cut) throws IOException, InterruptedException {
        Manifest.Part increment = cut.increment();
        synchronized (this) {
            boolean goesOn = state == State.ON && increment != null;
            opened.update(manifest -> goesOn && increment != null
                    ? manifest.rebased(base, increment.number())
                    : manifest.replacedBy(base, increment));
            LogWriter present = writer;
            if (state == State.STARTING && increment != null) {
                if (present == null || !present.isRunning()) {
                    throw new IOException("the log's file was given up before its base was there");
                }
                present.listed();
                synchronized (keeping) {
                    keptOffset = Math.max(cut.offset, provisionalOffset);
                    become(State.ON);
                }
                healed();
            }
        }
        opened.deleteHistory();
        baseBytes = opened.length(base);
        releaseReplies();
        LOG.info("node {}: the append-only file has a new base of {} bytes", node.identity().name(), baseBytes);
    }

    // --- DEBUG LOADAOF ---

    /**
     * Puts in place of all data what the file has; also one that BGREWRITEAOF wrote while nothing is appended to it.
     * Clients are told meanwhile that data are being loaded.
     */
    public void reload() throws IOException {
        LogFolder opened = folder;
        boolean isAppended = state == State.ON;
        if (opened == null || !(isAppended || (state == State.OFF && opened.manifest().base() != null))) {
            throw new IOException("there is no append-only file");
        }
        boolean isLogged = log.isOn();
        List<DetachedKeys> old = new ArrayList<>();
        suspend();
        node.set(Condition.LOADING, true);
        try {
            underGate(() -> {
                node.replication().pauseLog();
                for (int database = 0; database < node.store().databases(); database++) {
                    old.add(node.store().detach(database));
                }
            });
            opened.open(true);
            LogReplay replay = new LogReplay(node, opened);
            replay.load();
            node.persistence().loaded();
            if (isAppended) {
                goOn(opened, replay);
            } else if (isLogged) {
                underGate(() -> node.replication().beginLog());
            }
        } finally {
            node.set(Condition.LOADING, false);
            resume();
            old.forEach(DetachedKeys::close);
        }
    }

    // --- what INFO tells ---

    /** All bytes of the file. */
    public long bytes() {
        LogFolder opened = folder;
        if (opened == null) {
            return 0;
        }
        long sum = 0;
        for (Manifest.Part part : opened.manifest().parts()) {
            sum += opened.length(part);
        }
        return sum;
    }

    public long baseBytes() {
        return baseBytes;
    }

    /** Bytes of the log that the operating system does not have yet. */
    public long bufferedBytes() {
        LogWriter present = writer;
        return present == null ? 0 : Math.max(0, log.end() - present.written());
    }

    public boolean isSyncing() {
        LogWriter present = writer;
        return present != null && present.isSyncing();
    }

    public boolean isScheduled() {
        return isScheduled;
    }

    public long rewrites() {
        return rewrites.sum();
    }

    public long lastRewriteSeconds() {
        return lastRewriteSeconds;
    }

    /** Whether a new base is being written, or has still to take the old one's place. */
    public boolean isRewriting() {
        return isRewriting;
    }

    public long currentRewriteSeconds() {
        return isRewriting
                ? (node.clock().wallMillis() - rewriteBeganMillis) / 1000
                : -1;
    }

    public boolean lastRewriteFailed() {
        return lastRewriteFailed;
    }
}
