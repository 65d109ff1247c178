package dev.cistern.store;

import java.util.BitSet;

/**
 * The addresses of all entries of one store: one reservation, cut into spans that the arenas take and give back.
 *
 * <pre>
 *   base ┌────────┬────────┬────────┬─ ─ ─ ─┬─────────────────────────────┐
 *        │ span 0 │ span 1 │ span 2 │       │ reserved, nothing behind it │
 *        └────────┴────────┴────────┴─ ─ ─ ─┴─────────────────────────────┘
 *                            one cache line in a table beside it describes each span
 * </pre>
 *
 * One range has three uses. The descriptor of an address is found by a shift, so an entry needs no note of its size.
 * The kernel sees two mappings instead of one per span, of which it allows 65,530. And descriptors lie side by side:
 * at the head of each span they would all fall into the same few sets of the processor's caches.
 *
 * <p>
 * A freed span keeps its pages for the next taker, as far as that writes at once, while there are few such; beyond
 * {@link #DIRTY_SPANS_KEPT} each giving back returns some of them to the operating system, so that no single operation
 * pays for a large one.
 *
 * <p>
 * Pages have their usual 4 KB. Huge ones (MADV_HUGEPAGE) took about a quarter off the CPU time of random reads over a
 * million keys, but cost 20 to 37 bytes of resident memory a key, half as much again as a small entry: a span that has
 * just begun is backed as a whole, and discarding a span splits what the kernel had joined.
 *
 * <p>
 * Called under a stripe's lock or none; its own monitor is the last in the lock order.
 */
final class Region implements AutoCloseable {

    /** 256 KB: 6,553 slots of 40 bytes, or four of the largest size class. Costs memory only where touched. */
    static final int SPAN_SHIFT = 18;
    static final int SPAN_BYTES = 1 << SPAN_SHIFT;

    static final int DESCRIPTOR_SHIFT = 6;
    static final int DESCRIPTOR_BYTES = 1 << DESCRIPTOR_SHIFT;

    /** Spans made usable at a time: their descriptors are one page. */
    private static final int COMMIT_SPANS = Memory.PAGE_BYTES / DESCRIPTOR_BYTES;

    /** 16 MB of pages kept for the next taker. */
    private static final int DIRTY_SPANS_KEPT = 64;

    /** 4 MB: at about 50 ns a page, some 50 microseconds. */
    private static final int DISCARDED_AT_ONCE = 16;

    /** From a readable address on, so many bytes may be read. */
    static final int READABLE_BYTES = 2 * Bucket.BYTES + Long.BYTES;

    private final long reservation;
    private final long reservedBytes;
    private final long base;
    private final long descriptors;
    private final int spans;

    /** Spans below the frontier that nobody uses, and those among them whose pages were not given back. */
    private final BitSet free = new BitSet();
    private final BitSet dirty = new BitSet();
    /** Those among them that have one page at most: to discard it would cost more than it is worth. */
    private final BitSet slight = new BitSet();
    private int dirtyCount;
    private int frontier;
    private int committed;
    private int used;
    /** Read without a lock, so it may be seen too small. */
    private long readableBytes;

    /** Reserves {@code bytes} of addresses, or as much as the system allows, but for one gigabyte at least. */
    Region(long bytes) {
        long wanted = Math.max(bytes, SPAN_BYTES);
        long address = Memory.reserve(wanted + SPAN_BYTES);
        while (address == 0 && wanted > 1L << 30) {
            wanted >>>= 1;
            address = Memory.reserve(wanted + SPAN_BYTES);
        }
        if (address == 0) {
            throw new OutOfNativeMemoryException(MemoryTag.SPAN, wanted);
        }
        this.reservation = address;
        this.reservedBytes = wanted + SPAN_BYTES;
        this.base = address + SPAN_BYTES - 1 & -SPAN_BYTES;
        this.spans = (int) (wanted >>> SPAN_SHIFT);
        this.descriptors = Memory.reserve(descriptorTableBytes());
        if (descriptors == 0) {
            Memory.unreserve(reservation, reservedBytes);
            throw new OutOfNativeMemoryException(MemoryTag.DESCRIPTOR, descriptorTableBytes());
        }
    }

    private long descriptorTableBytes() {
        return Math.max(Memory.PAGE_BYTES, (long) spans << DESCRIPTOR_SHIFT);
    }

    /**
     * Whether {@link #READABLE_BYTES} from {@code address} on may be read, whatever is there. Needs no lock: a page that
     * was once made usable stays readable until the store is closed.
     */
    boolean isReadable(long address) {
        long offset = address - base;
        return offset >= 0 && offset < readableBytes;
    }

    /** The descriptor of the span that {@code address} lies in; for a run of spans, of one below it too. */
    long descriptorOf(long address) {
        return descriptors + ((address - base) >>> SPAN_SHIFT << DESCRIPTOR_SHIFT);
    }

    long descriptor(int span) {
        return descriptors + ((long) span << DESCRIPTOR_SHIFT);
    }

    int spanOf(long address) {
        return (int) ((address - base) >>> SPAN_SHIFT);
    }

    long address(int span) {
        return base + ((long) span << SPAN_SHIFT);
    }

    /**
     * Takes {@code count} spans in a row, the lowest there are, and returns the first. Their contents are undefined. Pages of
     * a former life are left in the first {@code written} bytes only, which the caller is going to write: kept beyond, they
     * would take memory that nobody counts until the span is full. One that had but one page keeps it, as a list does that
     * grows and shrinks by the same element.
     */
    int take(int count, long written) {
        int first;
        int dirtyEnd;
        synchronized (this) {
            first = firstFree(count);
            if (first + count > frontier) {
                advance(first + count);
            }
            free.clear(first, first + count);
            dirtyEnd = first;
            for (int span = dirty.nextSetBit(first); span >= 0 && span < first + count; span = dirty.nextSetBit(span)) {
                dirty.clear(span);
                dirtyCount--;
                dirtyEnd = slight.get(span) ? dirtyEnd : span + 1;
            }
            used += count;
            Memory.count(MemoryTag.SPAN, (long) count << SPAN_SHIFT);
        }
        long unwritten = address(first) + written + Memory.PAGE_BYTES - 1 & -Memory.PAGE_BYTES;
        if (unwritten < address(dirtyEnd)) {
            Memory.discard(unwritten, address(dirtyEnd) - unwritten);
        }
        return first;
    }

    /** First fit: low spans stay dense, so the high ones have a chance to become free. */
    private int firstFree(int count) {
        int first = free.nextSetBit(0);
        while (first >= 0) {
            int end = free.nextClearBit(first);
            if (end - first >= count || end == frontier) {
                return first;
            }
            first = free.nextSetBit(end);
        }
        return frontier;
    }

    private void advance(int end) {
        if (end > spans) {
            throw new OutOfNativeMemoryException(MemoryTag.SPAN, (long) (end - frontier) << SPAN_SHIFT);
        }
        if (end > committed) {
            commit(Math.min(spans, (end + COMMIT_SPANS - 1) / COMMIT_SPANS * COMMIT_SPANS));
        }
        free.set(frontier, end);
        frontier = end;
    }

    private void commit(int end) {
        long table = (long) committed << DESCRIPTOR_SHIFT;
        long tableEnd = (long) (end + COMMIT_SPANS - 1) / COMMIT_SPANS * Memory.PAGE_BYTES;
        Memory.commit(MemoryTag.DESCRIPTOR, descriptors + table, tableEnd - table);
        Memory.commit(MemoryTag.SPAN, address(committed), (long) (end - committed) << SPAN_SHIFT);
        Memory.count(MemoryTag.DESCRIPTOR, (long) (end - committed) << DESCRIPTOR_SHIFT);
        committed = end;
        readableBytes = ((long) end << SPAN_SHIFT) - READABLE_BYTES;
    }

    /** Gives spans back, of which so many bytes were written at most. Their pages follow, now or at one of the next calls. */
    synchronized void give(int first, int count, long written) {
        free.set(first, first + count);
        dirty.set(first, first + count);
        slight.set(first, first + count, written <= Memory.PAGE_BYTES);
        dirtyCount += count;
        used -= count;
        Memory.count(MemoryTag.SPAN, -((long) count << SPAN_SHIFT));
        if (dirtyCount > DIRTY_SPANS_KEPT) {
            discard(DISCARDED_AT_ONCE);
        }
    }

    /** Returns the pages of free spans to the operating system, at most {@code maxSpans}; says whether some are left. */
    synchronized boolean purge(int maxSpans) {
        discard(maxSpans);
        return dirtyCount > 0;
    }

    /** From above, because {@link #take} takes from below. */
    private void discard(int maxSpans) {
        int left = maxSpans;
        while (left > 0 && dirtyCount > 0) {
            int last = dirty.length() - 1;
            int first = Math.max(dirty.previousClearBit(last) + 1, last - left + 1);
            int count = last - first + 1;
            Memory.discard(address(first), (long) count << SPAN_SHIFT);
            dirty.clear(first, last + 1);
            dirtyCount -= count;
            left -= count;
        }
    }

    synchronized long usedBytes() {
        return (long) used << SPAN_SHIFT;
    }

    /** Bytes of free spans whose pages the operating system did not get back yet, at most. */
    synchronized long dirtyBytes() {
        return (long) dirtyCount << SPAN_SHIFT;
    }

    @Override
    public synchronized void close() {
        Memory.count(MemoryTag.SPAN, -((long) used << SPAN_SHIFT));
        Memory.count(MemoryTag.DESCRIPTOR, -((long) committed << DESCRIPTOR_SHIFT));
        Memory.unreserve(descriptors, descriptorTableBytes());
        Memory.unreserve(reservation, reservedBytes);
    }
}
