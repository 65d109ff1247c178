package dev.cistern.engine.commands;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import dev.cistern.store.OutOfNativeMemoryException;

/**
 * The longest common subsequence of two strings, as LCS answers it: of several that are equally long, the original's.
 *
 * <p>The usual table of lengths is never whole in memory. The way back through it needs one bit for each cell (whether
 * the cell above is greater than the one to the left), so beside two rows there are only those bits: a thirty-second
 * part of the original's table. Its limit holds all the same, because users may know the error.
 *
 * <p>One object serves one command on one thread; {@link #close} gives the table back.
 */
final class LongestCommonSubsequence implements AutoCloseable {
    private static final CommandException TABLE_TOO_LARGE = CommandException.of(
            "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
    private static final CommandException OUT_OF_MEMORY = CommandException.of(
            "ERR Insufficient memory, failed allocating transient memory for LCS");
    private static final int CELL_BYTES_OF_ORIGINAL = 4;

    /** Sees the matching ranges from the last to the first; all bounds are inclusive. */
    interface RangeVisitor {
        void range(int firstInA, int lastInA, int firstInB, int lastInB);
    }

    private final Bytes a;
    private final Bytes b;
    /** One row of lengths, 4 bytes each, and behind it the bits of the table, row by row. */
    private final long row;
    private final long table;
    private final long bytes;
    private final long rowBits;
    private final int length;

    LongestCommonSubsequence(Bytes a, Bytes b, long maxTableBytes) {
        this.a = a;
        this.b = b;
        long cells = (a.length() + 1L) * (b.length() + 1L);
        // Cells are at most 2^62, so the comparison is by division.
        if (cells > maxTableBytes / CELL_BYTES_OF_ORIGINAL) {
            throw TABLE_TOO_LARGE;
        }
        rowBits = b.length();
        long rowBytes = (rowBits + 1) * Integer.BYTES;
        bytes = rowBytes + (a.length() * rowBits + 7) / 8;
        row = map(bytes);
        table = row + rowBytes;
        length = fill();
    }

    int length() {
        return length;
    }

    /** Zeroed, so the first row needs no filling. */
    private static long map(long bytes) {
        try {
            return Memory.map(MemoryTag.SCRATCH, bytes);
        } catch (OutOfNativeMemoryException e) {
            throw OUT_OF_MEMORY;
        }
    }

    /** Computes row by row; one row overwrites the one before, and the cell up left waits in a variable. */
    private int fill() {
        for (int i = 0; i < a.length(); i++) {
            byte letter = a.byteAt(i);
            int upLeft = 0;
            int left = 0;
            for (int j = 0; j < b.length(); j++) {
                long cell = row + (j + 1L) * Integer.BYTES;
                int up = Memory.getInt(cell);
                if (b.byteAt(j) == letter) {
                    left = upLeft + 1;
                } else if (up > left) {
                    mark(i, j);
                    left = up;
                }
                Memory.putInt(cell, left);
                upLeft = up;
            }
        }
        return Memory.getInt(row + rowBits * Integer.BYTES);
    }

    private void mark(int i, int j) {
        long bit = i * rowBits + j;
        long at = table + (bit >>> 3);
        Memory.putByte(at, (byte) (Memory.getByte(at) | (1 << (bit & 7))));
    }

    private boolean goesUp(int i, int j) {
        long bit = i * rowBits + j;
        return ((Memory.getByte(table + (bit >>> 3)) >>> (bit & 7)) & 1) != 0;
    }

    /** Walks from the ends of both strings to their beginnings and shows each run of common letters. */
    void eachRange(RangeVisitor visitor) {
        int i = a.length() - 1;
        int j = b.length() - 1;
        int run = 0;
        while (i >= 0 && j >= 0) {
            if (a.byteAt(i) == b.byteAt(j)) {
                run++;
                i--;
                j--;
                continue;
            }
            show(visitor, i, j, run);
            run = 0;
            if (goesUp(i, j)) {
                i--;
            } else {
                j--;
            }
        }
        show(visitor, i, j, run);
    }

    private static void show(RangeVisitor visitor, int beforeA, int beforeB, int run) {
        if (run > 0) {
            visitor.range(beforeA + 1, beforeA + run, beforeB + 1, beforeB + run);
        }
    }

    /** Writes the subsequence to {@code target}, which has its length. */
    void copyTo(byte[] target) {
        int[] end = {length};
        eachRange((firstInA, lastInA, firstInB, lastInB) -> {
            int run = lastInA - firstInA + 1;
            end[0] -= run;
            Memory.copy(a.address() + firstInA, target, end[0], run);
        });
    }

    @Override
    public void close() {
        Memory.unmap(MemoryTag.SCRATCH, row, bytes);
    }
}
