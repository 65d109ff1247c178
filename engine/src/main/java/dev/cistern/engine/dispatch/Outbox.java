package dev.cistern.engine.dispatch;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;

/**
 * Bytes that a session gets outside of its own turn and that have not been written to its socket yet.
 *
 * <p>Off-heap, and held only from the first push to the end of the loop's round; the loop pools empty ones. The loop's
 * thread only.
 */
final class Outbox {
    private static final int SMALL_BYTES = 1024;

    private long address;
    private long capacity;
    private long length;

    long address() {
        return address;
    }

    long length() {
        return length;
    }

    void append(byte[] bytes) {
        if (capacity - length < bytes.length) {
            grow(length + bytes.length);
        }
        Memory.copy(bytes, 0, address + length, bytes.length);
        length += bytes.length;
    }

    void append(long from, long bytes) {
        if (capacity - length < bytes) {
            grow(length + bytes);
        }
        Memory.copy(from, address + length, bytes);
        length += bytes;
    }

    /** Overwrites one byte. */
    void set(long offset, byte value) {
        Memory.putByte(address + offset, value);
    }

    private void grow(long needed) {
        long larger = Math.max(needed, Math.max(SMALL_BYTES, 2 * capacity));
        long moved = Memory.allocate(MemoryTag.SESSION, larger);
        if (capacity > 0) {
            Memory.copy(address, moved, length);
            Memory.free(MemoryTag.SESSION, address, capacity);
        }
        address = moved;
        capacity = larger;
    }

    /** Empties it; what is more than a little is given back. */
    void clear() {
        length = 0;
        if (capacity > SMALL_BYTES) {
            free();
        }
    }

    void free() {
        if (capacity > 0) {
            Memory.free(MemoryTag.SESSION, address, capacity);
        }
        address = 0;
        capacity = 0;
        length = 0;
    }
}
