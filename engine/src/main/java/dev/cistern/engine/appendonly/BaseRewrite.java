package dev.cistern.engine.appendonly;

import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.persistence.Persistence;
import dev.cistern.engine.persistence.SnapshotFile;
import dev.cistern.engine.settings.Settings;
import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The append-only file begun anew: a base that says all there is, so that the log before its cut is not needed any more.
 * When that is due, how it is done, and what INFO tells of it.
 *
 * <p>Not the file's own state, which is {@link AppendOnly}'s. A rewrite runs on a thread of its own, one at a time; what
 * others ask for is volatile.
 */
public final class BaseRewrite {
    private static final Logger LOG = LoggerFactory.getLogger(BaseRewrite.class);
    private static final long RETRY_MILLIS = 1000;
    private static final long RETRY_AFTER_FAILURE_MILLIS = 60_000;
    private static final long TURN_SECONDS = 60;

    /** What BGREWRITEAOF is told. */
    public enum Answer {
        STARTED, SCHEDULED, RUNNING
    }

    /** Where the log stood at the base's cut, and the file that begins there. */
    record Turn(long offset, CompletableFuture<Manifest.Part> increment) {

        Manifest.Part await() throws IOException, InterruptedException {
            try {
                return increment.get(TURN_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                throw new IOException("the log's next file did not begin", e);
            }
        }
    }

    private final Node node;
    private final Settings settings;
    private final AppendOnly file;
    private volatile boolean isScheduled;
    private volatile boolean isRunning;
    private volatile long tryMillis;
    private volatile long beganMillis;
    private volatile long lastSeconds = -1;
    private volatile boolean lastFailed;
    private final LongAdder count = new LongAdder();
    private volatile long baseBytes;

    BaseRewrite(Node node, AppendOnly file) {
        this.node = node;
        this.settings = node.settings();
        this.file = file;
    }

    // --- when ---

    /** BGREWRITEAOF. */
    public Answer request() {
        if (isRunning) {
            return Answer.RUNNING;
        }
        if (file.folder() == null || !node.persistence().beginBase()) {
            isScheduled = true;
            return Answer.SCHEDULED;
        }
        isRunning = true;
        node.inBackground(this::run);
        return Answer.STARTED;
    }

    /** As soon as no other snapshot is being written. */
    void schedule() {
        isScheduled = true;
    }

    /** The next try need not wait. */
    void soon() {
        tryMillis = 0;
    }

    /** From time to time, on the first loop. */
    void tick() {
        long now = node.clock().wallMillis();
        boolean isMissing = file.isStarting() && now - tryMillis >= RETRY_MILLIS && !file.isWaitingForData();
        boolean isDue = isScheduled || isMissing || isGrown(now);
        if (isDue && !file.isClosed() && file.folder() != null && node.persistence().beginBase()) {
            isRunning = true;
            node.inBackground(this::run);
        }
    }

    private boolean isGrown(long now) {
        long percent = settings.autoAofRewritePercentage.value();
        if (!file.isWritten() || percent == 0 || now - tryMillis < RETRY_MILLIS
                || (lastFailed && now - tryMillis < RETRY_AFTER_FAILURE_MILLIS)) {
            return false;
        }
        long size = file.bytes();
        long before = Math.max(1, baseBytes);
        return size > settings.autoAofRewriteMinSize.value() && (size - baseBytes) / (double) before * 100 >= percent;
    }

    // --- how ---

    /** {@link Persistence#beginBase} said that this thread may. */
    void run() {
        isRunning = true;
        isScheduled = false;
        tryMillis = node.clock().wallMillis();
        beganMillis = tryMillis;
        file.work();
        boolean worked = false;
        try {
            write(Objects.requireNonNull(file.folder()));
            worked = true;
            count.increment();
        } catch (IOException | RuntimeException e) {
            LOG.error("node {}: the append-only file cannot be rewritten", node.identity().name(), e);
            if (file.isStarting() && file.isFailing() && e instanceof IOException failed) {
                file.fail(failed);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lastFailed = !worked;
            lastSeconds = (node.clock().wallMillis() - beganMillis) / 1000;
            if (!worked) {
                file.abandon();
            }
            isRunning = false;
            file.work();
        }
    }

    private void write(LogFolder opened) throws IOException, InterruptedException {
        boolean asSnapshot = settings.aofUseRdbPreamble.isOn();
        @Nullable
        Turn[] turn = new Turn[1];
        Manifest.Part base;
        try {
            opened.openOnce();
            opened.prepare();
            base = opened.nextBase(asSnapshot);
        } catch (IOException e) {
            node.persistence().forgo();
            throw e;
        }
        try (SnapshotFile written = new SnapshotFile(opened.path(base), opened.atRest())) {
            node.persistence().writeBase(written, () -> turn[0] = file.turn(opened), asSnapshot);
            written.commit();
        } catch (IOException e) {
            node.persistence().forgo();
            throw e;
        }
        adopt(opened, base, turn[0]);
    }

    private void adopt(LogFolder opened, Manifest.Part base, @Nullable Turn turn)
            throws IOException, InterruptedException {
        if (turn == null) {
            file.adopt(opened, base, null, 0);
        } else {
            file.adopt(opened, base, turn.await(), turn.offset);
        }
        opened.deleteHistory();
        baseIs(opened.length(base));
        LOG.info("node {}: the append-only file has a new base of {} bytes", node.identity().name(), baseBytes);
    }

    // --- what INFO tells ---

    void baseIs(long bytes) {
        baseBytes = bytes;
    }

    public long baseBytes() {
        return baseBytes;
    }

    public boolean isScheduled() {
        return isScheduled;
    }

    public long count() {
        return count.sum();
    }

    public long lastSeconds() {
        return lastSeconds;
    }

    /** Whether a new base is being written, has still to take the old one's place, or will be written at once. */
    public boolean isUnderWay() {
        boolean isNext = file.isStarting() && !file.isFailing() && !file.isWaitingForData() && !lastFailed;
        return isRunning || isNext;
    }

    public long currentSeconds() {
        return isRunning
                ? (node.clock().wallMillis() - beganMillis) / 1000
                : -1;
    }

    public boolean lastFailed() {
        return lastFailed;
    }
}
