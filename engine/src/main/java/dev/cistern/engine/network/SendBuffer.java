package dev.cistern.engine.network;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;

/**
 * The reused off-heap buffer in which a turn's replies are gathered until a {@link Connection} sends them at once.
 *
 * <p>Knows no protocol: what a reply looks like is written by those who extend it. One per event loop; its own thread
 * only.
 */
public abstract class SendBuffer {
    /** A turn's usual output; a larger reply enlarges the buffer until the turn ends. */
    public static final long USUAL_BYTES = 128 * 1024;

    private long base;
    /** Where the next byte goes. There is room for as many as were asked for with {@link #ensure}. */
    protected long position;
    private long limit;

    protected SendBuffer() {
        allocate(USUAL_BYTES);
    }

    private void allocate(long bytes) {
        base = Memory.allocate(MemoryTag.SESSION, bytes);
        position = base;
        limit = base + bytes;
    }

    public final long address() {
        return base;
    }

    public final long length() {
        return position - base;
    }

    public final long capacity() {
        return limit - base;
    }

    /** Takes back everything after the first {@code length} bytes. */
    public final void truncate(long length) {
        position = base + length;
    }

    /** Starts the next turn with an empty buffer of the usual size. */
    public final void clear() {
        position = base;
        if (limit - base > USUAL_BYTES) {
            Memory.free(MemoryTag.SESSION, base, limit - base);
            allocate(USUAL_BYTES);
        }
    }

    /** Gives the buffer, whose address and capacity the caller has noted, out of hand and goes on with a new one. */
    final void handOver() {
        allocate(USUAL_BYTES);
    }

    /** Gives the memory back; nothing may be written any more. */
    public final void close() {
        Memory.free(MemoryTag.SESSION, base, limit - base);
        base = 0;
        position = 0;
        limit = 0;
    }

    /** Makes room for so many bytes more. */
    protected final void ensure(long bytes) {
        if (limit - position < bytes) {
            grow(bytes);
        }
    }

    /** Told before the buffer grows, so that it holds this many bytes; may refuse by an exception. */
    protected void growing(long bytes) {}

    private void grow(long bytes) {
        long used = position - base;
        growing(used + bytes);
        long larger = Math.max(2 * (limit - base), used + bytes + USUAL_BYTES);
        long moved = Memory.allocate(MemoryTag.SESSION, larger);
        Memory.copy(base, moved, used);
        Memory.free(MemoryTag.SESSION, base, limit - base);
        base = moved;
        position = moved + used;
        limit = moved + larger;
    }
}
