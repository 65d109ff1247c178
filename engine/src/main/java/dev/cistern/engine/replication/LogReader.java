package dev.cistern.engine.replication;

import org.jspecify.annotations.Nullable;

/**
 * A place in the log, and who reads on from there: what is behind it is kept for them.
 *
 * <p>Read by one thread at a time; the log looks at the place from others.
 */
public final class LogReader {

    /** Takes bytes of the log; they are the log's again when it returns. */
    @FunctionalInterface
    public interface Sink {
        void take(long address, int length);
    }

    private final WriteLog log;
    private final Runnable waker;
    private @Nullable LogBlock block;
    private volatile long position;
    /** What was read of what is still kept. */
    private long ahead;

    /** @param waker told, by any thread and under stripes, that there is more */
    LogReader(WriteLog log, @Nullable LogBlock block, long position, Runnable waker) {
        this.log = log;
        this.block = block;
        this.position = position;
        this.ahead = position;
        this.waker = waker;
    }

    /** How much of the log it has read. */
    public long position() {
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
        boolean found = readAhead(log.end(), most, sink);
        keep();
        return found;
    }

    /** Reads one run of bytes that end before {@code end}; all since the last {@link #keep} can be read again. */
    public boolean readAhead(long end, int most, Sink sink) {
        long at = ahead;
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
        ahead = at + length;
        return true;
    }

    /** What was read is not needed any more. */
    public void keep() {
        position = ahead;
    }

    /** Goes back to what is not known to be kept. */
    public void takeBack() {
        ahead = position;
        block = null;
    }
}
