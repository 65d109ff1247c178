package dev.cistern.store;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The allocator of one stripe's part of one database: slots of a size class in spans of the store's {@link Region},
 * larger things in spans of their own.
 *
 * <pre>
 *   descriptor of a span: one cache line
 *   offset  size  field
 *        0     8  slotBytes    of each slot; of a large thing: its bytes rounded to pages
 *        8     4  sizeClass    LARGE for a large thing
 *       12     4  used         slots in use; of a large thing: how many spans it takes
 *       16     4  freeSlot     offset of the first freed slot, which holds the offset of the next; -1 = none
 *       20     4  untouched    offset of the first slot that was never used
 *       24     4  next         span with room of the same class; -1 = none
 *       28     4  previous     ; -1 = none
 *       32     4  evacuating   1 = nothing may be allocated here any more
 *       36     4  heldNext     the arena's next span, with room or without; -1 = none
 *       40     4  heldPrevious ; -1 = none
 *       44     4  copy         while this arena is copied: the span of the other one with the same bytes
 * </pre>
 *
 * A span's slots are handed out from freed ones first, and untouched ones in order, so that a half-filled span costs only
 * the pages it has come to. The span that a slot was freed in last is the first to be filled again; sparse ones are
 * left to drain. An empty span goes back at once.
 *
 * <p>
 * Used under the stripe's lock.
 */
final class Arena implements AutoCloseable {

    /** Overflow lines of an index have their class to themselves: they move and die by other rules than entries. */
    static final int LINES = SizeClass.COUNT;
    static final int LARGE = LINES + 1;
    /** A large thing of which only its owner knows what is in use. */
    private static final int AREA = LARGE + 1;

    private static final int SLOT_BYTES = 0;
    private static final int SIZE_CLASS = SLOT_BYTES + Long.BYTES;
    private static final int USED = SIZE_CLASS + Integer.BYTES;
    private static final int FREE_SLOT = USED + Integer.BYTES;
    private static final int UNTOUCHED = FREE_SLOT + Integer.BYTES;
    private static final int NEXT = UNTOUCHED + Integer.BYTES;
    private static final int PREVIOUS = NEXT + Integer.BYTES;
    private static final int EVACUATING = PREVIOUS + Integer.BYTES;
    private static final int HELD_NEXT = EVACUATING + Integer.BYTES;
    private static final int HELD_PREVIOUS = HELD_NEXT + Integer.BYTES;
    private static final int COPY = HELD_PREVIOUS + Integer.BYTES;

    private static final int NONE = -1;

    /**
     * A span is sparse when at least an eighth of the bytes that it has touched is free. Moving the rest always wins that:
     * wherever it goes, it touches only what it needs. Where a move wins most goes first: it costs about the same for a
     * small entry and for a large one.
     */
    private static final int SPARSE_SHIFT = 3;
    private static final int WORTH_MOVING_BYTES = 4 * Memory.PAGE_BYTES;

    private final Region region;
    /** Per size class: the first of the spans that have room. */
    private final int[] withRoom = new int[LARGE];
    /** The first of all spans that this arena holds. */
    private int held = NONE;
    private long usedBytes;
    private long touchedBytes;
    /** The span being emptied, which of its slots were free when its slots were listed, and the next one to look at. */
    private int evacuated = NONE;
    private int evacuatedSlot;
    private final BitSet freeSlots = new BitSet();

    Arena(Region region) {
        this.region = region;
        Arrays.fill(withRoom, NONE);
    }

    /** Returns the address of {@code bytes} bytes, aligned to 8, with any contents. Throws before anything changed. */
    long allocate(long bytes) {
        return bytes <= SizeClass.MAX_BYTES ? allocateSlot(SizeClass.of((int) bytes)) : allocateLarge(bytes, bytes);
    }

    /** Returns the address of a cache line, aligned to one. */
    long allocateLine() {
        return allocateSlot(LINES);
    }

    private long allocateSlot(int sizeClass) {
        int span = withRoom[sizeClass];
        if (span == NONE) {
            span = openSpan(sizeClass);
        }
        long descriptor = region.descriptor(span);
        long slotBytes = Memory.getLong(descriptor + SLOT_BYTES);
        long address = region.address(span);
        int free = Memory.getInt(descriptor + FREE_SLOT);
        if (free != NONE) {
            address += free;
            Memory.putInt(descriptor + FREE_SLOT, Memory.getInt(address));
        } else {
            int untouched = Memory.getInt(descriptor + UNTOUCHED);
            Memory.putInt(descriptor + UNTOUCHED, untouched + (int) slotBytes);
            address += untouched;
            touchedBytes += slotBytes;
        }
        Memory.putInt(descriptor + USED, Memory.getInt(descriptor + USED) + 1);
        usedBytes += slotBytes;
        if (isFull(descriptor, slotBytes)) {
            unlink(descriptor);
        }
        return address;
    }

    private static boolean isFull(long descriptor, long slotBytes) {
        return Memory.getInt(descriptor + FREE_SLOT) == NONE
                && Memory.getInt(descriptor + UNTOUCHED) + slotBytes > Region.SPAN_BYTES;
    }

    private int openSpan(int sizeClass) {
        int span = region.take(1, 0);
        long descriptor = region.descriptor(span);
        Memory.putLong(descriptor + SLOT_BYTES, slotBytesOf(sizeClass));
        Memory.putInt(descriptor + SIZE_CLASS, sizeClass);
        Memory.putInt(descriptor + USED, 0);
        Memory.putInt(descriptor + FREE_SLOT, NONE);
        Memory.putInt(descriptor + UNTOUCHED, 0);
        Memory.putInt(descriptor + EVACUATING, 0);
        hold(span, descriptor);
        link(span, descriptor);
        return span;
    }

    private static int slotBytesOf(int sizeClass) {
        return sizeClass == LINES ? Bucket.BYTES : SizeClass.slotBytes(sizeClass);
    }

    private long allocateLarge(long bytes, long written) {
        int count = (int) ((bytes + Region.SPAN_BYTES - 1) >>> Region.SPAN_SHIFT);
        long rounded = bytes + Memory.PAGE_BYTES - 1 & -Memory.PAGE_BYTES;
        int span = region.take(count, written);
        long descriptor = region.descriptor(span);
        Memory.putLong(descriptor + SLOT_BYTES, rounded);
        Memory.putInt(descriptor + SIZE_CLASS, LARGE);
        Memory.putInt(descriptor + USED, count);
        Memory.putInt(descriptor + EVACUATING, 0);
        hold(span, descriptor);
        count(rounded);
        return region.address(span);
    }

    /** Spans for {@code bytes} bytes of an index, which {@link #count}s them or keeps its own books. */
    long allocateArea(long bytes) {
        long address = allocateLarge(bytes, 0);
        long descriptor = region.descriptorOf(address);
        Memory.putInt(descriptor + SIZE_CLASS, AREA);
        count(-Memory.getLong(descriptor + SLOT_BYTES));
        return address;
    }

    void freeArea(long address) {
        count(Memory.getLong(region.descriptorOf(address) + SLOT_BYTES));
        free(address);
    }

    /** Counts pages of an area that its owner has begun to use, or will not use any more. */
    void count(long bytes) {
        usedBytes += bytes;
        touchedBytes += bytes;
    }

    /** Takes back what {@link #allocate} or {@link #allocateLine} returned. */
    void free(long address) {
        long descriptor = region.descriptorOf(address);
        long slotBytes = Memory.getLong(descriptor + SLOT_BYTES);
        usedBytes -= slotBytes;
        if (isLarge(descriptor)) {
            touchedBytes -= slotBytes;
            giveBack(region.spanOf(address), descriptor, spans(descriptor));
            return;
        }
        int span = region.spanOf(address);
        boolean wasFull = isFull(descriptor, slotBytes);
        Memory.putInt(address, Memory.getInt(descriptor + FREE_SLOT));
        Memory.putInt(descriptor + FREE_SLOT, (int) (address - region.address(span)));
        int used = Memory.getInt(descriptor + USED) - 1;
        Memory.putInt(descriptor + USED, used);
        boolean evacuating = Memory.getInt(descriptor + EVACUATING) != 0;
        if (wasFull && !evacuating) {
            link(span, descriptor);
        }
        if (span == evacuated) {
            markFree(address);
        }
        if (used == 0) {
            closeSpan(span, descriptor, evacuating);
        }
    }

    private static boolean isLarge(long descriptor) {
        return Memory.getInt(descriptor + SIZE_CLASS) >= LARGE;
    }

    /** How many spans are described here. */
    private static int spans(long descriptor) {
        return isLarge(descriptor) ? Memory.getInt(descriptor + USED) : 1;
    }

    private void closeSpan(int span, long descriptor, boolean evacuating) {
        if (!evacuating) {
            unlink(descriptor);
        } else if (span == evacuated) {
            evacuated = NONE;
        }
        touchedBytes -= Memory.getInt(descriptor + UNTOUCHED);
        giveBack(span, descriptor, 1);
    }

    private void giveBack(int span, long descriptor, int count) {
        int next = Memory.getInt(descriptor + HELD_NEXT);
        int previous = Memory.getInt(descriptor + HELD_PREVIOUS);
        if (next != NONE) {
            Memory.putInt(region.descriptor(next) + HELD_PREVIOUS, previous);
        }
        if (previous != NONE) {
            Memory.putInt(region.descriptor(previous) + HELD_NEXT, next);
        } else {
            held = next;
        }
        region.give(span, count, isLarge(descriptor)
                ? Memory.getLong(descriptor + SLOT_BYTES)
                : Memory.getInt(descriptor + UNTOUCHED));
    }

    private void hold(int span, long descriptor) {
        Memory.putInt(descriptor + HELD_NEXT, held);
        Memory.putInt(descriptor + HELD_PREVIOUS, NONE);
        if (held != NONE) {
            Memory.putInt(region.descriptor(held) + HELD_PREVIOUS, span);
        }
        held = span;
    }

    /** How many bytes the slot at {@code address} has, of which its entry may use all. */
    long slotBytes(long address) {
        return Memory.getLong(region.descriptorOf(address) + SLOT_BYTES);
    }

    private void link(int span, long descriptor) {
        int sizeClass = Memory.getInt(descriptor + SIZE_CLASS);
        int next = withRoom[sizeClass];
        Memory.putInt(descriptor + NEXT, next);
        Memory.putInt(descriptor + PREVIOUS, NONE);
        if (next != NONE) {
            Memory.putInt(region.descriptor(next) + PREVIOUS, span);
        }
        withRoom[sizeClass] = span;
    }

    private void unlink(long descriptor) {
        int next = Memory.getInt(descriptor + NEXT);
        int previous = Memory.getInt(descriptor + PREVIOUS);
        if (next != NONE) {
            Memory.putInt(region.descriptor(next) + PREVIOUS, previous);
        }
        if (previous != NONE) {
            Memory.putInt(region.descriptor(previous) + NEXT, next);
        } else {
            withRoom[Memory.getInt(descriptor + SIZE_CLASS)] = next;
        }
    }

    boolean isReadable(long address) {
        return region.isReadable(address);
    }

    /** Bytes of all slots in use. */
    long usedBytes() {
        return usedBytes;
    }

    /** Bytes of all slots that were ever used and whose span is still held: what the operating system has to back. */
    long touchedBytes() {
        return touchedBytes;
    }

    /**
     * Chooses a sparse span, if none is chosen yet; from then on nothing is allocated in it. Says whether there is one.
     */
    boolean beginEvacuation() {
        int best = NONE;
        for (int sizeClass = 0; evacuated == NONE && sizeClass < SizeClass.COUNT; sizeClass++) {
            int span = sparsest(sizeClass);
            if (span != NONE && (best == NONE || gain(span) * slots(best) > gain(best) * slots(span))) {
                best = span;
            }
        }
        if (best != NONE) {
            beginEvacuation(best);
        }
        return evacuated != NONE;
    }

    /** Bytes that a span has touched and that nothing uses. */
    private long gain(int span) {
        long descriptor = region.descriptor(span);
        return Memory.getInt(descriptor + UNTOUCHED) - slots(span) * Memory.getLong(descriptor + SLOT_BYTES);
    }

    /** Slots of a span that are in use: never none. */
    private long slots(int span) {
        return Memory.getInt(region.descriptor(span) + USED);
    }

    private void beginEvacuation(int span) {
        long descriptor = region.descriptor(span);
        unlink(descriptor);
        Memory.putInt(descriptor + EVACUATING, 1);
        evacuated = span;
        evacuatedSlot = 0;
        freeSlots.clear();
        int slotBytes = (int) Memory.getLong(descriptor + SLOT_BYTES);
        long base = region.address(span);
        for (int free = Memory.getInt(descriptor + FREE_SLOT); free != NONE; free = Memory.getInt(base + free)) {
            freeSlots.set(free / slotBytes);
        }
    }

    /** The span that wins most by being emptied, if one is sparse: wherever its entries go, they touch only what they need. */
    private int sparsest(int sizeClass) {
        int best = NONE;
        for (int span = withRoom[sizeClass]; span != NONE; span = Memory.getInt(region.descriptor(span) + NEXT)) {
            if (isSparse(span) && (best == NONE || gain(span) > gain(best))) {
                best = span;
            }
        }
        return best;
    }

    private boolean isSparse(int span) {
        long touched = Memory.getInt(region.descriptor(span) + UNTOUCHED);
        return gain(span) >= Math.max(touched >>> SPARSE_SHIFT, WORTH_MOVING_BYTES);
    }

    /** The next slot in use of the span being emptied; 0 when there is none, and then the span is gone. */
    long nextToEvacuate() {
        if (evacuated == NONE) {
            return 0;
        }
        evacuatedSlot = freeSlots.nextClearBit(evacuatedSlot);
        long slotBytes = Memory.getLong(region.descriptor(evacuated) + SLOT_BYTES);
        return region.address(evacuated) + evacuatedSlot * slotBytes;
    }

    /** A slot of the span being emptied was freed, by the one who empties it or by a command in between. */
    private void markFree(long address) {
        long slotBytes = Memory.getLong(region.descriptor(evacuated) + SLOT_BYTES);
        freeSlots.set((int) ((address - region.address(evacuated)) / slotBytes));
    }

    /**
     * Begins to empty all sparse spans at once: nothing is allocated in them any more, and whoever knows the slots moves
     * those that {@link #isEvacuating} until {@link #endSweep}. For slots of which this arena cannot tell who refers to
     * them; the other way to empty spans, one by one, is not for the same arena. Says whether there are any.
     */
    boolean beginSweep() {
        boolean some = false;
        for (int sizeClass = 0; sizeClass <= LINES; sizeClass++) {
            int next = NONE;
            for (int span = withRoom[sizeClass]; span != NONE; span = next) {
                long descriptor = region.descriptor(span);
                next = Memory.getInt(descriptor + NEXT);
                if (isSparse(span)) {
                    unlink(descriptor);
                    Memory.putInt(descriptor + EVACUATING, 1);
                    some = true;
                }
            }
        }
        return some;
    }

    /** Whether this slot should move, so that its span gets empty. */
    boolean isEvacuating(long address) {
        return Memory.getInt(region.descriptorOf(address) + EVACUATING) != 0;
    }

    /** Moves a slot's bytes to another slot of its size, and answers where that is. */
    long moveSlot(long address) {
        long moved = copySlot(address);
        free(address);
        return moved;
    }

    /** As {@link #moveSlot}, but the old slot is the caller's to free. Throws before anything changed. */
    long copySlot(long address) {
        long descriptor = region.descriptorOf(address);
        long copy = allocateSlot(Memory.getInt(descriptor + SIZE_CLASS));
        Memory.copy(address, copy, Memory.getLong(descriptor + SLOT_BYTES));
        return copy;
    }

    /** Spans that did not get empty have room again. */
    void endSweep() {
        for (int span = held; span != NONE; span = Memory.getInt(region.descriptor(span) + HELD_NEXT)) {
            long descriptor = region.descriptor(span);
            if (Memory.getInt(descriptor + EVACUATING) != 0) {
                Memory.putInt(descriptor + EVACUATING, 0);
                if (!isFull(descriptor, Memory.getLong(descriptor + SLOT_BYTES))) {
                    link(span, descriptor);
                }
            }
        }
    }

    /**
     * Copies all of another arena to this one, which is empty and of the same region, span by span: that is some ten times
     * as fast as slot by slot. Addresses within are still those of the other one, which knows {@link #copyOf} each, and of
     * areas only the room is there; both are the owner's to see to. Throws with nothing taken.
     */
    void copyAll(Arena other) {
        try {
            for (int span = other.held; span != NONE; span = Memory.getInt(region.descriptor(span) + HELD_NEXT)) {
                copySpan(span, region.descriptor(span));
            }
        } catch (OutOfNativeMemoryException e) {
            close();
            throw e;
        }
        usedBytes = other.usedBytes;
        touchedBytes = other.touchedBytes;
    }

    private void copySpan(int from, long fromDescriptor) {
        int sizeClass = Memory.getInt(fromDescriptor + SIZE_CLASS);
        long written = sizeClass < LARGE
                ? Memory.getInt(fromDescriptor + UNTOUCHED)
                : sizeClass == LARGE ? Memory.getLong(fromDescriptor + SLOT_BYTES) : 0;
        int span = region.take(spans(fromDescriptor), written);
        long descriptor = region.descriptor(span);
        Memory.copy(fromDescriptor, descriptor, HELD_NEXT);
        Memory.putInt(descriptor + EVACUATING, 0);
        Memory.putInt(fromDescriptor + COPY, span);
        hold(span, descriptor);
        Memory.copy(region.address(from), region.address(span), written);
        if (sizeClass < LARGE && !isFull(descriptor, Memory.getLong(descriptor + SLOT_BYTES))) {
            link(span, descriptor);
        }
    }

    /** Where the arena that has {@linkplain #copyAll copied} this one has what begins here; nothing for nothing. */
    long copyOf(long address) {
        if (address == 0) {
            return 0;
        }
        long descriptor = region.descriptorOf(address);
        return address + ((long) (Memory.getInt(descriptor + COPY) - region.spanOf(address)) << Region.SPAN_SHIFT);
    }

    /** Gives back every span, whatever is in it. */
    @Override
    public void close() {
        while (held != NONE) {
            long descriptor = region.descriptor(held);
            giveBack(held, descriptor, spans(descriptor));
        }
        Arrays.fill(withRoom, NONE);
        evacuated = NONE;
        usedBytes = 0;
        touchedBytes = 0;
    }
}
