package dev.cistern.engine.rdb;

import dev.cistern.store.Bytes;
import dev.cistern.store.Decimal;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;

/**
 * A string that was read: a view of the input where its bytes stand there as they are, or of memory of its own where
 * they had to be expanded or spelled out. Valid until the next string is read into it, or the input is gone.
 */
public final class RdbString implements AutoCloseable {
    private static final int USUAL_BYTES = 256;

    private final Bytes view = new Bytes();
    private long memory = Memory.allocate(MemoryTag.SNAPSHOT, USUAL_BYTES);
    private long capacity = USUAL_BYTES;

    public Bytes view() {
        return view;
    }

    void set(long address, int length) {
        view.set(address, length);
    }

    void setNumber(long number) {
        view.set(memory, Decimal.write(number, memory));
    }

    /** Memory for so many bytes, which become the string. */
    long room(int length) {
        if (length > capacity) {
            Memory.free(MemoryTag.SNAPSHOT, memory, capacity);
            capacity = 0;
            memory = Memory.allocate(MemoryTag.SNAPSHOT, length);
            capacity = length;
        }
        view.set(memory, length);
        return memory;
    }

    @Override
    public void close() {
        Memory.free(MemoryTag.SNAPSHOT, memory, capacity);
        capacity = 0;
        memory = 0;
    }
}
