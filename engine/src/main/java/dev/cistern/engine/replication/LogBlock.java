package dev.cistern.engine.replication;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import org.jspecify.annotations.Nullable;

/** A run of the log's bytes, off the heap, and the block that follows it. Filled and freed under the log's monitor. */
final class LogBlock {
    static final int BYTES = 256 * 1024;

    final long address = Memory.allocate(MemoryTag.REPLICATION, BYTES);
    /** The log's offset of its first byte. */
    final long start;
    /** Set before the log's end is told, so who reads up to that end finds it. */
    @Nullable
    LogBlock next;

    LogBlock(long start) {
        this.start = start;
    }

    long end() {
        return start + BYTES;
    }

    void free() {
        Memory.free(MemoryTag.REPLICATION, address, BYTES);
    }
}
