package dev.cistern.engine.appendonly;

import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.NodeLoop;
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
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's append-only file: when it is written, and what happens when that fails. When and how it is begun anew decides
 * {@link BaseRewrite}.
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

    private final BaseRewrite rewrite;

    public AppendOnly(Node node, WriteLog log) {
        this.node = node;
        this.log = log;
        this.settings = node.settings();
        this.rewrite = new BaseRewrite(node, this);
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
        rewrite.run();
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
        if (opened.isToBeSealed()) {
            rewrite.schedule();
        }
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
        rewrite.baseIs(manifest.base() == null ? 0 : opened.length(manifest.base()));
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
    void work() {
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
            rewrite.soon();
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
        rewrite.soon();
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

    void fail(IOException why) {
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
            rewrite.soon();
        }
    }

    // --- a new base ---

    /** What decides when the file is begun anew. */
    public BaseRewrite rewrite() {
        return rewrite;
    }

    boolean isStarting() {
        return state == State.STARTING;
    }

    /** Whether a file that is trusted grows by what is written. */
    boolean isWritten() {
        return state == State.ON && !isFailing();
    }

    boolean isWaitingForData() {
        return isSuspended;
    }

    boolean isClosed() {
        return isClosed;
    }

    /** Where the files are; null as long as there is no place for them. */
    @Nullable
    LogFolder folder() {
        return folder;
    }

    /** From time to time, on the first loop. */
    public void tick() {
        if (settings.noAppendFsyncOnRewrite.isOn()) {
            work();
        }
        LogWriter present = writer;
        if (present != null && present.isStuck() && log.end() - present.written() > FULL_BYTES) {
            // What goes by itself is logged even now; a new base will say the same in less.
            node.inBackground(this::replaceBroken);
        }
        rewrite.tick();
    }

    /** A base's cut: what is logged from here on goes to a file of its own; null if it is off. All stripes are held. */
    BaseRewrite.@Nullable Turn turn(LogFolder opened) {
        if (state == State.OFF) {
            return null;
        }
        long offset = node.replication().beginLog();
        Replication replication = node.replication();
        int database = replication.isReplica() ? replication.streamDatabase() : -1;
        LogWriter present = writer;
        if (present == null) {
            provisionalOffset = 0;
            present = start(offset, null, opened);
        }
        return new BaseRewrite.Turn(offset, present.turnAt(offset, database));
    }

    /** The manifest names the new base from here on, and the file that begins at its cut, if there is one. */
    synchronized void adopt(LogFolder opened, Manifest.Part base, Manifest.@Nullable Part increment, long offset)
            throws IOException {
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
                state = State.ON;
                // Before anybody hears that his write is kept: the next one is not to be refused.
                healed();
                keptOffset = Math.max(offset, provisionalOffset);
            }
            work();
        }
    }

    /** A writer that never came to be trusted ends. */
    synchronized void abandon() {
        if (state == State.STARTING) {
            endWriter();
        }
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

    /** Bytes of the log that the operating system does not have yet. */
    public long bufferedBytes() {
        LogWriter present = writer;
        return present == null ? 0 : Math.max(0, log.end() - present.written());
    }

    public boolean isSyncing() {
        LogWriter present = writer;
        return present != null && present.isSyncing();
    }
}
