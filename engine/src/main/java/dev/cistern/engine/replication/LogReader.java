package dev.cistern.engine.replication;

import org.jspecify.annotations.Nullable;

/**
 * A place in the log, and who reads on from there: what is behind it is kept for them.
 *
 * <p>Read by one thread at a time; the log looks at the place from others.
 */
final class LogReader {

    /** Takes bytes of the log; they are the log's again when it returns. */
    @FunctionalInterface
    interface Sink {
        void take(long address, int length);
    }

    private final WriteLog log;
    private final Runnable waker;
    private @Nullable LogBlock block;
    private volatile long position;

    /** @param waker told, by any thread and under stripes, that there is more */
    LogReader(WriteLog log, @Nullable LogBlock block, long position, Runnable waker) {
        this.log = log;
        this.block = block;
        this.position = position;
        this.waker = waker;
    }

    /** How much of the log it has read. */
    long position() {
        return position;
    }

    void wake() {
        waker.run();
    }

    boolean hasMore() {
        return position < log.end();
    }

    /** Reads one run of bytes, of {@code most} at most; false if there is none. */
    boolean read(int most, Sink sink) {
        long end = log.end();
        long at = position;
        if (at >= end) {
            return false;
        }
        LogBlock present = block == null ? log.blockAt(at) : block;
        while (present != null && present.end() <= at) {
            present = present.next;
        }
        block = present;
        if (present == null) {
            throw new IllegalStateException("the log has no byte " + at);
        }
        int length = (int) Math.min(Math.min(end, present.end()) - at, most);
        sink.take(present.address + (at - present.start), length);
        position = at + length;
        return true;
    }
}
