package dev.cistern.store;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The slots that one large value takes among the elements, counted in the head of its root: how many, and their bytes.
 *
 * <p>
 * For encodings that consist of blocks of different kinds, so that no kind does these books itself. Opened on one value
 * after another; used under the stripe's lock. The root must not move while it is open.
 */
final class ValueSlots {

    private @Nullable Arena arena;
    private long root;

    ValueSlots(Arena arena, long root) {
        this.arena = arena;
        this.root = root;
    }

    private ValueSlots() {}

    /** A handle on nothing, to be opened. */
    static ValueSlots closed() {
        return new ValueSlots();
    }

    void open(Arena opened, long openedRoot) {
        arena = opened;
        root = openedRoot;
    }

    /** Throws before anything changed. */
    long allocate(long bytes) {
        long address = arena().allocate(bytes);
        count(arena().slotBytes(address), 1);
        return address;
    }

    void free(long address) {
        count(-arena().slotBytes(address), -1);
        arena().free(address);
    }

    /** How many bytes the slot here has room for. */
    long capacity(long address) {
        return arena().slotBytes(address);
    }

    private Arena arena() {
        return Objects.requireNonNull(arena);
    }

    private void count(long bytes, int slots) {
        Memory.putLong(root + LargeValue.BYTES, LargeValue.bytes(root) + bytes);
        Memory.putLong(root + LargeValue.COUNT, LargeValue.count(root) + slots);
    }
}
