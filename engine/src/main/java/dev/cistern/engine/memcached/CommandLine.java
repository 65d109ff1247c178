package dev.cistern.engine.memcached;

import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One line of the text protocol, cut into words at spaces. A reused view of received bytes; one per event loop.
 *
 * <p>A zero byte ends a line's words as it ends a string in the original. Other control characters belong to words.
 */
final class CommandLine {
    /** What {@link #read} answers when the line has not arrived whole. */
    static final int INCOMPLETE = -1;

    private static final int USUAL_WORDS = 64;
    /** Every byte below 0x21 makes the sign bit of its place 1, up to the first such byte for certain. */
    private static final long BLANK_LIMITS = 0x2121_2121_2121_2121L;
    private static final long SIGN_BITS = 0x8080_8080_8080_8080L;
    private static final long NEWLINES = 0x0A0A_0A0A_0A0A_0A0AL;
    private static final long ONES = 0x0101_0101_0101_0101L;

    private long[] addresses = new long[USUAL_WORDS];
    private int[] lengths = new int[USUAL_WORDS];
    private int count;

    /** Where the first newline is, at {@code from} or later; {@code end} if there is none. */
    static long newline(long from, long end) {
        long at = from;
        while (end - at >= Long.BYTES) {
            long difference = Memory.getLong(at) ^ NEWLINES;
            long found = (difference - ONES) & ~difference & SIGN_BITS;
            if (found != 0) {
                return at + (Long.numberOfTrailingZeros(found) >>> 3);
            }
            at += Long.BYTES;
        }
        while (at < end && Memory.getByte(at) != '\n') {
            at++;
        }
        return at;
    }

    /** Reads the line that begins at {@code from}; answers how many bytes it took, or {@link #INCOMPLETE}. */
    int read(long from, long end) {
        count = 0;
        long word = from;
        long at = from;
        while (true) {
            at = blank(at, end);
            if (at == end) {
                return INCOMPLETE;
            }
            switch (Memory.getByte(at)) {
                case ' ' -> {
                    add(word, at);
                    word = at + 1;
                }
                case '\n' -> {
                    boolean hasReturn = at - from > 1 && Memory.getByte(at - 1) == '\r';
                    add(word, hasReturn ? at - 1 : at);
                    return (int) (at + 1 - from);
                }
                case 0 -> {
                    add(word, at);
                    long newline = newline(at, end);
                    return newline == end ? INCOMPLETE : (int) (newline + 1 - from);
                }
                default -> {
                }
            }
            at++;
        }
    }

    /** The first byte below 0x21, at {@code from} or later; {@code end} if there is none. */
    private static long blank(long from, long end) {
        long at = from;
        while (end - at >= Long.BYTES) {
            long bytes = Memory.getLong(at);
            long found = (bytes - BLANK_LIMITS) & ~bytes & SIGN_BITS;
            if (found != 0) {
                return at + (Long.numberOfTrailingZeros(found) >>> 3);
            }
            at += Long.BYTES;
        }
        while (at < end && (Memory.getByte(at) & 0xFF) > ' ') {
            at++;
        }
        return at;
    }

    private void add(long word, long end) {
        if (end <= word) {
            return;
        }
        if (count == addresses.length) {
            addresses = Arrays.copyOf(addresses, 2 * count);
            lengths = Arrays.copyOf(lengths, 2 * count);
        }
        addresses[count] = word;
        lengths[count] = (int) (end - word);
        count++;
    }

    int count() {
        return count;
    }

    long address(int index) {
        return addresses[index];
    }

    int length(int index) {
        return lengths[index];
    }

    /** The word's first byte. */
    byte first(int index) {
        return Memory.getByte(addresses[index]);
    }

    /** Points {@code target} at a word. */
    Bytes word(int index, Bytes target) {
        return target.set(addresses[index], lengths[index]);
    }

    /** Up to eight bytes of a word as a number, the first one lowest. */
    long packed(int index) {
        return pack(addresses[index], lengths[index]);
    }

    private static long pack(long address, int length) {
        long packed = 0;
        for (int i = Math.min(length, Long.BYTES) - 1; i >= 0; i--) {
            packed = packed << 8 | (Memory.getByte(address + i) & 0xFF);
        }
        return packed;
    }

    /** What {@link #packed} says of a word of ours. */
    static long packed(String word) {
        long packed = 0;
        for (int i = Math.min(word.length(), Long.BYTES) - 1; i >= 0; i--) {
            packed = packed << 8 | word.charAt(i);
        }
        return packed;
    }

    boolean is(int index, String text) {
        if (index >= count || lengths[index] != text.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (Memory.getByte(addresses[index] + i) != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** A word as text: for what is not hot. */
    String text(int index) {
        return new String(new Bytes(addresses[index], lengths[index]).toByteArray(), StandardCharsets.ISO_8859_1);
    }

    /** Lets go of what an unusually long line needed. */
    void shrink() {
        if (addresses.length > USUAL_WORDS * USUAL_WORDS) {
            addresses = new long[USUAL_WORDS];
            lengths = new int[USUAL_WORDS];
        }
    }
}
