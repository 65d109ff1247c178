package dev.cistern.engine.persistence;

import dev.cistern.engine.rdb.RdbOutput;
import dev.cistern.store.Snapshot;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes a snapshot's entries from several threads, without one waiting for another or for the disk.
 *
 * <pre>
 *   the thread that walks       page ──────────────┐
 *   a client's loop             page ──┐           ├──▶ output ──▶ disk
 *   a client's loop             page ──┴▶ full ────┘
 *                                          pages    by the walking thread, between two steps, when it holds no stripe
 * </pre>
 *
 * Only when more pages wait than is reasonable, as the disk or the walk is slower than the clients, a loop writes one of
 * them itself. And an entry that is larger than a page by far goes straight to the output, which stays that thread's
 * for so long.
 *
 * <p>The output's lock is a leaf: who has it waits for nothing but the disk. What goes wrong is kept until {@link #end}:
 * a command that happens to write an entry down must not fail for it.
 */
final class SnapshotPages implements Snapshot.Writer, AutoCloseable {
    private static final int PAGE_BYTES = 64 * 1024;
    /** One that a large entry has made larger is not kept. */
    private static final int MOST_PAGE_BYTES = 4 * PAGE_BYTES;

    private final Supplier<EntryWriter> writers;
    private final boolean compresses;
    private final long mostWaitingBytes;
    /** Used under its lock. */
    private final RdbOutput output;
    private final ReentrantLock outputLock = new ReentrantLock();

    private final Scribe walker;
    private final ConcurrentHashMap<Thread, Scribe> scribes = new ConcurrentHashMap<>();
    private final Queue<RdbOutput> full = new ConcurrentLinkedQueue<>();
    private final Queue<RdbOutput> empty = new ConcurrentLinkedQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final LongAdder entries = new LongAdder();
    private volatile @Nullable RuntimeException failure;

    /** The calling thread is the one that walks. The output remains the caller's. */
    SnapshotPages(Supplier<EntryWriter> writers, RdbOutput output, boolean compresses, long mostWaitingBytes) {
        this.writers = writers;
        this.output = output;
        this.compresses = compresses;
        this.mostWaitingBytes = mostWaitingBytes;
        this.walker = new Scribe();
        scribes.put(Thread.currentThread(), walker);
    }

    /** What one thread has written down. */
    private final class Scribe {
        private final EntryWriter writer = writers.get();
        private RdbOutput page = page();

        void write(int database, long entry) {
            try {
                writer.write(page, database, entry);
                if (outputLock.isHeldByCurrentThread()) {
                    page.flush();
                    writer.breakOff();
                }
            } finally {
                if (outputLock.isHeldByCurrentThread()) {
                    outputLock.unlock();
                }
            }
            entries.increment();
        }

        boolean isPageFull() {
            return page.keptBytes() >= PAGE_BYTES;
        }

        void handOver() {
            RdbOutput spare = empty.poll();
            RdbOutput next = spare == null ? page() : spare;
            waitingBytes.addAndGet(page.keptBytes());
            full.add(page);
            page = next;
            writer.breakOff();
        }
    }

    private RdbOutput page() {
        RdbOutput page = new RdbOutput(this::writeThrough);
        page.compresses(compresses);
        page.doesNotCheck();
        return page;
    }

    /** Part of an entry that is not whole yet: no other may come between. */
    private void writeThrough(long address, int length) {
        if (!outputLock.isHeldByCurrentThread()) {
            outputLock.lock();
        }
        output.putBytes(address, length);
    }

    /** Writes what stands before the entries. */
    void begin(boolean hasFieldDeadlines, Map<String, String> facts, List<byte[]> libraries) {
        walker.writer.begin(output, hasFieldDeadlines, facts);
        libraries.forEach(library -> walker.writer.library(output, library));
    }

    @Override
    public void write(int database, long entry) {
        if (failure != null) {
            return;
        }
        try {
            Scribe scribe = scribes.computeIfAbsent(Thread.currentThread(), thread -> new Scribe());
            scribe.write(database, entry);
            if (scribe != walker && scribe.isPageFull()) {
                scribe.handOver();
                if (waitingBytes.get() > mostWaitingBytes) {
                    writeOne();
                }
            }
        } catch (RuntimeException e) {
            failure = e;
        }
    }

    /** The walk lets go of its stripe before it goes to the disk. */
    @Override
    public boolean wantsPause() {
        return walker.isPageFull();
    }

    /** Writes what is whole to the output. The walking thread does, and holds no stripe. */
    void writeFull() {
        try {
            if (walker.isPageFull()) {
                walker.handOver();
            }
            boolean more = writeOne();
            while (more) {
                more = writeOne();
            }
        } catch (RuntimeException e) {
            failure = e;
        }
    }

    private boolean writeOne() {
        RdbOutput page = full.poll();
        if (page == null) {
            return false;
        }
        waitingBytes.addAndGet(-page.keptBytes());
        outputLock.lock();
        try {
            output.take(page);
        } finally {
            outputLock.unlock();
            giveBack(page);
        }
        return true;
    }

    private void giveBack(RdbOutput page) {
        if (page.capacityBytes() > MOST_PAGE_BYTES || page.keptBytes() > 0) {
            page.close();
        } else {
            empty.add(page);
        }
    }

    /** Whether something went wrong, so that going on is no use. */
    boolean hasFailed() {
        return failure != null;
    }

    long entries() {
        return entries.sum();
    }

    /** Writes the rest and the end, and throws what went wrong before. Nobody writes entries any more. */
    void end() {
        scribes.values().forEach(Scribe::handOver);
        writeFull();
        RuntimeException why = failure;
        if (why != null) {
            throw why;
        }
        walker.writer.end(output);
        output.flush();
    }

    /** Nobody writes entries any more. */
    @Override
    public void close() {
        scribes.values().forEach(scribe -> {
            scribe.page.close();
            scribe.writer.close();
        });
        full.forEach(RdbOutput::close);
        empty.forEach(RdbOutput::close);
    }
}
