package dev.cistern.engine.protocol;

import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Received bytes that could not be executed yet, and how far the parser has read in them.
 *
 * <p>A session has one only while it has such bytes: ten thousand idle connections hold none. The buffer grows as
 * bytes arrive, never by what a client merely announces. Belongs to one session at a time, on its event loop's thread.
 */
public final class Leftover {
    /** What a pooled one keeps: most leftovers are the tail of a pipeline that met the end of the receive buffer. */
    private static final int SMALL_BYTES = 16 * 1024;
    private static final int FEW_ARGUMENTS = 64;

    private long address;
    private long capacity;
    private long length;

    long scannedBytes;
    int missingArguments;
    long bulkBytes;
    int argumentCount;
    long[] argumentOffsets = new long[FEW_ARGUMENTS];
    int[] argumentLengths = new int[FEW_ARGUMENTS];

    public long address() {
        return address;
    }

    public long length() {
        return length;
    }

    public long capacity() {
        return capacity;
    }

    /** How many bytes the argument that was being read still lacks; 0 if its length is not known. */
    public long missingBytes() {
        return bulkBytes < 0 ? 0 : Math.max(0, scannedBytes + bulkBytes + 2 - length);
    }

    /** Adds bytes at the end. {@code announced} more are known to be on their way: a hint, believed only in part. */
    public void append(long from, long bytes, long announced) {
        if (capacity - length < bytes) {
            grow(length + bytes, announced);
        }
        Memory.copy(from, address + length, bytes);
        length += bytes;
    }

    /** Adds a request that was read but not executed, spelled as an array: what it was read from may be overwritten. */
    public void append(Request request) {
        appendText("*" + request.count() + "\r\n");
        for (int i = 0; i < request.count(); i++) {
            Bytes argument = request.argument(i);
            appendText("$" + argument.length() + "\r\n");
            append(argument.address(), argument.length(), 0);
            appendText("\r\n");
        }
    }

    private void appendText(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        if (capacity - length < bytes.length) {
            grow(length + bytes.length, 0);
        }
        Memory.copy(bytes, 0, address + length, bytes.length);
        length += bytes.length;
    }

    /** Begins anew: nothing of what it holds has been read. */
    public void unread() {
        scannedBytes = 0;
        missingArguments = RequestParser.NONE;
        bulkBytes = RequestParser.NONE;
        argumentCount = 0;
    }

    /** Forgets the first bytes, which have been executed. */
    public void dropFirst(long bytes) {
        length -= bytes;
        if (length > 0) {
            Memory.copy(address + bytes, address, length);
        }
    }

    private void grow(long needed, long announced) {
        long doubled = Math.max(needed, Math.max(SMALL_BYTES, capacity * 2));
        // The exact size once it is within reach: a value of 512 MB must not end in a buffer of 1 GB.
        long exact = needed + announced;
        long larger = announced > 0 && exact <= doubled ? Math.max(exact, SMALL_BYTES) : doubled;
        long moved = Memory.allocate(MemoryTag.SESSION, larger);
        if (length > 0) {
            Memory.copy(address, moved, length);
        }
        if (capacity > 0) {
            Memory.free(MemoryTag.SESSION, address, capacity);
        }
        address = moved;
        capacity = larger;
    }

    void noteArguments(int count) {
        argumentCount = count;
        if (argumentOffsets.length < count) {
            int enough = Math.max(count, argumentOffsets.length * 2);
            argumentOffsets = new long[enough];
            argumentLengths = new int[enough];
        }
    }

    /** Makes it empty for another session; what is more than the usual is given back. */
    public void reset() {
        length = 0;
        argumentCount = 0;
        if (capacity > SMALL_BYTES) {
            free();
        }
        if (argumentOffsets.length > FEW_ARGUMENTS) {
            argumentOffsets = Arrays.copyOf(argumentOffsets, FEW_ARGUMENTS);
            argumentLengths = Arrays.copyOf(argumentLengths, FEW_ARGUMENTS);
        }
    }

    /** Gives the buffer back. */
    public void free() {
        if (capacity > 0) {
            Memory.free(MemoryTag.SESSION, address, capacity);
        }
        address = 0;
        capacity = 0;
        length = 0;
    }
}
