package dev.cistern.engine.appendonly;

import dev.cistern.engine.replication.LogReader;
import dev.cistern.engine.replication.WriteLog;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that writes the log to its file: all that there is as one batch, one checksum, one wait for the disk.
 *
 * <pre>
 *   WRITING ──write fails──▶ STUCK: takes the batch back, tries again until there is room
 *      │  └──the disk does not keep it──▶ BROKEN: this file is never trusted again, somebody begins another
 *      └──a snapshot's cut──▶ the file ends there, is kept, and the next one begins
 * </pre>
 *
 * <p>When the disk has failed to keep something, the operating system may have dropped it and say nothing the next time:
 * so there is no second try on the same file. Many sessions' writes share one wait: while the disk works, the next batch
 * gathers. Its own thread; others call what says so.
 */
final class LogWriter implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(LogWriter.class);
    private static final long MILLI_NANOS = 1_000_000;
    /** A little less than the second that is promised, as the disk takes its time. */
    private static final long SYNC_EVERY_NANOS = 900 * MILLI_NANOS;
    /** While commands come, it looks again so soon without being woken: waking it would cost each of them. */
    private static final long LINGER_NANOS = MILLI_NANOS;
    private static final long RETRY_NANOS = 200 * MILLI_NANOS;
    private static final int RUN_BYTES = 256 * 1024;

    /** When what was written is to be kept by the disk. */
    enum Policy {
        ALWAYS, EVERY_SECOND, NEVER
    }

    /** What it asks of, and tells to, the room it works for. Called on its thread. */
    interface Owner {
        Policy policy();

        /** All bytes below are with the operating system. */
        void wrote(long offset);

        /** All bytes below are on the disk. */
        void kept(long offset);

        /** Nothing can be written now; writing goes on by itself when it can. */
        void failed(IOException why);

        /** Writing goes on. */
        void recovered();

        /** It has given up this file, and ends. */
        void broken(IOException why);
    }

    /** A place in the log at which another file is to begin. */
    private record Turn(long offset, int database, CompletableFuture<Manifest.Part> begun) {}

    private final WriteLog log;
    private final LogReader reader;
    private final LogFolder folder;
    private final Owner owner;
    private final Deque<Turn> turns = new ArrayDeque<>();
    private final Thread thread;
    private final LogReader.Sink taking = this::put;
    /** Null until the first turn, if there was none to go on with. */
    private @Nullable LogFile file;
    /** The manifest names what it writes. */
    private volatile boolean isListed;
    private volatile long written;
    private volatile long bytes;
    private long synced;
    private long syncedNanos = System.nanoTime();
    private volatile boolean isSleeping;
    private volatile boolean isEnding;
    private volatile boolean isStuck;
    private volatile boolean syncs;
    private volatile boolean isBroken;

    /**
     * @param reader stands where the file ends
     * @param file which the manifest names; null for none, then a turn at that place is to come first
     */
    LogWriter(WriteLog log, LogReader reader, LogFolder folder, @Nullable LogFile file, Owner owner, String name) {
        this.log = log;
        this.reader = reader;
        this.folder = folder;
        this.file = file;
        this.owner = owner;
        this.written = reader.position();
        this.synced = written;
        this.bytes = file == null ? 0 : file.length();
        this.isListed = file != null;
        this.thread = Thread.ofPlatform().daemon().name("append-only " + name).unstarted(this);
    }

    void start() {
        thread.start();
    }

    // --- any thread ---

    /** There is more in the log. Called under stripes. */
    void wake() {
        if (isSleeping) {
            isSleeping = false;
            LockSupport.unpark(thread);
        }
    }

    /** How much of the log is with the operating system. */
    long written() {
        return written;
    }

    /** Bytes of the file that is being written. */
    long bytes() {
        return bytes;
    }

    /** Whether it waits for the disk to keep something. */
    boolean isSyncing() {
        return syncs;
    }

    /** Whether it writes, or will. */
    boolean isRunning() {
        return !isEnding && !isBroken;
    }

    boolean isStuck() {
        return isStuck;
    }

    /**
     * Another file begins at this place of the log, which all stripes guard now. Completes with it when the file before
     * is whole and kept and, if the manifest names that, names this one as well.
     */
    CompletableFuture<Manifest.Part> turnAt(long offset, int database) {
        CompletableFuture<Manifest.Part> begun = new CompletableFuture<>();
        synchronized (turns) {
            if (isEnding) {
                begun.completeExceptionally(new IOException("the log's file is closed"));
            } else {
                turns.add(new Turn(offset, database, begun));
            }
        }
        wake();
        return begun;
    }

    /** The manifest names its file now. */
    void listed() {
        isListed = true;
    }

    private @Nullable Turn nextTurn() {
        synchronized (turns) {
            return turns.peek();
        }
    }

    /** Writes what there is, has it kept, and ends. Waits until then, unless nothing can be written. */
    void end() {
        isEnding = true;
        isSleeping = false;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // --- its thread ---

    @Override
    public void run() {
        try {
            while (!isBroken && !(isEnding && (isStuck || !hasMore()))) {
                step();
            }
            if (!isBroken) {
                sync();
            }
        } finally {
            finish();
        }
    }

    private void finish() {
        log.forget(reader);
        synchronized (turns) {
            isEnding = true;
            turns.forEach(turn -> turn.begun.completeExceptionally(new IOException("the log's file is closed")));
            turns.clear();
        }
        closeQuietly(file);
    }

    private void step() {
        Turn turn = nextTurn();
        long end = log.whole();
        long target = turn == null ? end : Math.min(end, turn.offset);
        LogFile present = file;
        if (present != null && target > reader.position()) {
            write(present, target);
        }
        if (isBroken || isStuck) {
            rest(RETRY_NANOS);
            return;
        }
        if (turn != null && reader.position() == turn.offset) {
            turn(turn);
        }
        syncIfDue();
        if (!isBroken && nextTurn() == null && !hasMore()) {
            rest();
        }
    }

    private void write(LogFile file, long target) {
        try {
            file.history(log.id(), reader.position());
            boolean more = true;
            while (more) {
                more = reader.readAhead(target, RUN_BYTES, taking);
            }
            file.endBatch();
            reader.keep();
            written = target;
            bytes = file.length();
            if (isStuck) {
                isStuck = false;
                owner.recovered();
            }
            owner.wrote(target);
        } catch (UncheckedWriteException | IOException e) {
            takeBack(file, e instanceof IOException failure ? failure : ((UncheckedWriteException) e).failure);
        }
    }

    private void put(long address, int length) {
        try {
            Objects.requireNonNull(file).put(address, length);
        } catch (IOException e) {
            throw new UncheckedWriteException(e);
        }
    }

    private static final class UncheckedWriteException extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final IOException failure;

        UncheckedWriteException(IOException failure) {
            super(failure);
            this.failure = failure;
        }
    }

    private void takeBack(LogFile file, IOException why) {
        try {
            file.rollBack();
            reader.takeBack();
            if (!isStuck) {
                LOG.error("nothing can be written to {}", file.path(), why);
            }
            isStuck = true;
            owner.failed(why);
        } catch (IOException e) {
            why.addSuppressed(e);
            breakOff(why);
        }
    }

    private void breakOff(IOException why) {
        LOG.error("the log's file cannot be trusted any more", why);
        isBroken = true;
        owner.broken(why);
    }

    // --- the disk ---

    private void syncIfDue() {
        boolean isDue = switch (owner.policy()) {
            case ALWAYS -> true;
            case EVERY_SECOND -> System.nanoTime() - syncedNanos >= SYNC_EVERY_NANOS;
            case NEVER -> false;
        };
        if (isDue) {
            sync();
        }
    }

    private void sync() {
        LogFile present = file;
        if (present == null || synced == written || isBroken) {
            return;
        }
        syncedNanos = System.nanoTime();
        long upTo = written;
        try {
            syncs = true;
            present.sync();
            synced = upTo;
            owner.kept(upTo);
        } catch (IOException e) {
            breakOff(e);
        } finally {
            syncs = false;
        }
    }

    /** Ends this file, and begins the next: first all of this one is kept, then the manifest names the other. */
    private void turn(Turn turn) {
        sync();
        if (isBroken) {
            return;
        }
        synchronized (turns) {
            turns.remove(turn);
        }
        LogFile next = null;
        try {
            Manifest.Part part = folder.nextIncrement();
            next = folder.create(part, turn.database);
            // Known at once: a node that stops before it writes more goes on from here.
            next.history(log.id(), turn.offset);
            next.endBatch();
            next.sync();
            if (isListed) {
                folder.update(manifest -> manifest.with(part));
            }
            closeQuietly(file);
            file = next;
            bytes = next.length();
            turn.begun.complete(part);
        } catch (IOException e) {
            closeQuietly(next);
            LOG.error("no other file can be begun", e);
            turn.begun.completeExceptionally(e);
            // Whether the manifest names the new file is not known: so neither may go on.
            breakOff(e);
        }
    }

    private static void closeQuietly(@Nullable LogFile closed) {
        try {
            if (closed != null) {
                closed.close();
            }
        } catch (IOException e) {
            LOG.warn("closing {}", closed.path(), e);
        }
    }

    private boolean hasMore() {
        return reader.position() < log.whole();
    }

    private void rest() {
        if (owner.policy() != Policy.ALWAYS) {
            rest(LINGER_NANOS);
        }
        if (hasMore() || isEnding || nextTurn() != null) {
            return;
        }
        isSleeping = true;
        if (hasMore() || isEnding || nextTurn() != null) {
            isSleeping = false;
        } else if (synced < written && owner.policy() == Policy.EVERY_SECOND) {
            LockSupport.parkNanos(Math.max(MILLI_NANOS, syncedNanos + SYNC_EVERY_NANOS - System.nanoTime()));
        } else {
            LockSupport.park();
        }
        isSleeping = false;
    }

    private void rest(long nanos) {
        if (!isEnding) {
            LockSupport.parkNanos(nanos);
        }
    }
}
