package dev.cistern.engine.replication;

import dev.cistern.engine.network.Conversation;
import dev.cistern.engine.network.ReceiveBuffer;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What a primary sends behind its snapshot, until that is loaded: it waits here, off the heap, and not at the primary, which
 * would drop a replica that lets too much wait there.
 *
 * <p>One thread, the link's loop's.
 */
final class HeldStream implements AutoCloseable {

    /** Takes bytes that are its own only until it returns, as {@link Conversation#received} does. */
    @FunctionalInterface
    interface Taker {
        void take(long address, int length);
    }

    /** Bytes with such room around them as a receive buffer has. */
    private static final class Block {
        static final int BYTES = 256 * 1024;
        private static final int WHOLE_BYTES = ReceiveBuffer.HEADROOM_BYTES + BYTES + ReceiveBuffer.SLACK_BYTES;

        private final long start = Memory.allocate(MemoryTag.REPLICATION, WHOLE_BYTES);
        private int length;

        long address() {
            return start + ReceiveBuffer.HEADROOM_BYTES;
        }

        /** Takes as many as there is room for. */
        int add(long from, long most) {
            int fits = (int) Math.min(most, BYTES - length);
            Memory.copy(from, address() + length, fits);
            length += fits;
            return fits;
        }

        void free() {
            Memory.free(MemoryTag.REPLICATION, start, WHOLE_BYTES);
        }
    }

    private final Deque<Block> blocks = new ArrayDeque<>();
    private long bytes;

    /** How much waits. */
    long bytes() {
        return bytes;
    }

    void add(long from, long length) {
        long at = from;
        long end = from + length;
        while (at < end) {
            Block last = blocks.peekLast();
            if (last == null || last.length == Block.BYTES) {
                last = new Block();
                blocks.add(last);
            }
            at += last.add(at, end - at);
        }
        bytes += length;
    }

    /** Hands over what came first, a block of it at most. */
    void passOn(Taker taker) {
        Block first = blocks.poll();
        if (first == null) {
            return;
        }
        bytes -= first.length;
        try {
            taker.take(first.address(), first.length);
        } finally {
            first.free();
        }
    }

    @Override
    public void close() {
        blocks.forEach(Block::free);
        blocks.clear();
        bytes = 0;
    }
}
