package dev.cistern.engine.protocol;

import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.util.Arrays;

/**
 * Copies of whole requests, to be run later: what they were read from is overwritten by then.
 *
 * <p>All arguments lie one after the other in one off-heap buffer. Belongs to one session; its loop's thread only, or
 * whoever the session was lent to.
 */
public final class QueuedRequests {
    private static final int FEW_REQUESTS = 8;
    private static final int FEW_ARGUMENTS = 32;
    private static final int SMALL_BYTES = 512;
    /** A command's name is compared eight bytes at a time, which may reach beyond the last argument. */
    private static final int SLACK_BYTES = Long.BYTES;

    private long address;
    private long capacity;
    private long length;
    private int count;
    /** For each request, how many arguments there are up to its end. */
    private int[] argumentsUpTo = new int[FEW_REQUESTS];
    private int[] argumentLengths = new int[FEW_ARGUMENTS];
    private long[] argumentOffsets = new long[FEW_ARGUMENTS];

    /** Appends a copy. */
    public void add(Request request) {
        int first = arguments();
        int end = first + request.count();
        if (count == argumentsUpTo.length) {
            argumentsUpTo = Arrays.copyOf(argumentsUpTo, count * 2);
        }
        if (end > argumentLengths.length) {
            argumentLengths = Arrays.copyOf(argumentLengths, Math.max(end, argumentLengths.length * 2));
            argumentOffsets = Arrays.copyOf(argumentOffsets, argumentLengths.length);
        }
        for (int i = 0; i < request.count(); i++) {
            Bytes argument = request.argument(i);
            reserve(argument.length());
            argument.copyTo(address + length);
            argumentOffsets[first + i] = length;
            argumentLengths[first + i] = argument.length();
            length += argument.length();
        }
        argumentsUpTo[count++] = end;
    }

    private int arguments() {
        return count == 0 ? 0 : argumentsUpTo[count - 1];
    }

    private void reserve(long bytes) {
        long needed = length + bytes + SLACK_BYTES;
        if (needed <= capacity) {
            return;
        }
        long larger = Math.max(needed, Math.max(SMALL_BYTES, capacity * 2));
        long moved = Memory.allocate(MemoryTag.SESSION, larger);
        if (capacity > 0) {
            Memory.copy(address, moved, length);
            Memory.free(MemoryTag.SESSION, address, capacity);
        }
        address = moved;
        capacity = larger;
    }

    /** How many requests there are. */
    public int count() {
        return count;
    }

    /** Makes {@code target} the request with this number; its views are valid until something is added or cleared. */
    public void read(int number, Request target) {
        target.clear();
        int first = number == 0 ? 0 : argumentsUpTo[number - 1];
        for (int i = first; i < argumentsUpTo[number]; i++) {
            target.add(address + argumentOffsets[i], argumentLengths[i]);
        }
    }

    /** Memory that the copies take. */
    public long heldBytes() {
        return capacity + (long) Integer.BYTES * (argumentsUpTo.length + argumentLengths.length)
                + (long) Long.BYTES * argumentOffsets.length;
    }

    /** Forgets all requests; what is more than a few is given back. */
    public void clear() {
        count = 0;
        length = 0;
        if (capacity > SMALL_BYTES) {
            close();
        }
        if (argumentLengths.length > FEW_ARGUMENTS) {
            argumentLengths = new int[FEW_ARGUMENTS];
            argumentOffsets = new long[FEW_ARGUMENTS];
        }
        if (argumentsUpTo.length > FEW_REQUESTS) {
            argumentsUpTo = new int[FEW_REQUESTS];
        }
    }

    /** Gives the buffer back. */
    public void close() {
        if (capacity > 0) {
            Memory.free(MemoryTag.SESSION, address, capacity);
        }
        capacity = 0;
        length = 0;
        count = 0;
    }
}
