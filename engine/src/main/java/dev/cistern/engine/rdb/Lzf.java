package dev.cistern.engine.rdb;

import dev.cistern.store.Memory;
import java.util.Arrays;

/**
 * The compression of strings in dumps and snapshots: LZF, runs of letters and references up to 8 KB back.
 *
 * <pre>
 *   000lllll                     l + 1 letters follow
 *   lllooooo oooooooo            l + 2 bytes (l from 1 to 6) from o + 1 bytes back
 *   111ooooo llllllll oooooooo   l + 9 bytes from o + 1 bytes back
 * </pre>
 *
 * An object compresses one string at a time; expanding needs none.
 */
final class Lzf {
    private static final int MAX_LETTERS = 1 << 5;
    private static final int MAX_BACK = 1 << 13;
    private static final int MIN_MATCH = 3;
    private static final int MAX_MATCH = 264;
    private static final int LONG_MATCH = 7;
    private static final int MIN_HASH_BITS = 6;
    private static final int MAX_HASH_BITS = 14;
    private static final int HASH_MULTIPLIER = 0x9E37_79B1;

    /** Where in the string three letters of this hash stood last, plus 1. */
    private final int[] places = new int[1 << MAX_HASH_BITS];
    /** Of how many of them this string makes use: clearing all for each short one would cost more than the rest. */
    private int hashBits;

    /** Writes the string compressed if that takes at most {@code most} bytes, and returns how many; otherwise 0. */
    int compress(long from, int length, long to, int most) {
        int lengthBits = Integer.SIZE - Integer.numberOfLeadingZeros(length);
        hashBits = Math.clamp(lengthBits, MIN_HASH_BITS, MAX_HASH_BITS);
        Arrays.fill(places, 0, 1 << hashBits, 0);
        long end = to + most;
        long out = to;
        int letters = 0;
        int at = 0;
        while (at < length) {
            int match = at + MIN_MATCH <= length ? match(from, at, length) : 0;
            if (match >= MIN_MATCH) {
                out = putLetters(from + at - letters, letters, out, end);
                int back = at - backPlace - 1;
                out = out == 0 ? 0 : putMatch(match - 2, back, out, end);
                letters = 0;
                at += match;
            } else {
                letters++;
                at++;
                if (letters == MAX_LETTERS) {
                    out = putLetters(from + at - letters, letters, out, end);
                    letters = 0;
                }
            }
            if (out == 0) {
                return 0;
            }
        }
        out = putLetters(from + length - letters, letters, out, end);
        return out == 0 ? 0 : (int) (out - to);
    }

    private int backPlace;

    /** How many bytes from here on also stand at {@link #backPlace}, if that is near enough; else 0. */
    private int match(long from, int at, int length) {
        int three = (Memory.getByte(from + at) & 0xFF) | (Memory.getByte(from + at + 1) & 0xFF) << 8
                | (Memory.getByte(from + at + 2) & 0xFF) << 16;
        int slot = (three * HASH_MULTIPLIER) >>> (Integer.SIZE - hashBits);
        int candidate = places[slot] - 1;
        places[slot] = at + 1;
        if (candidate < 0 || at - candidate > MAX_BACK) {
            return 0;
        }
        int most = Math.min(MAX_MATCH, length - at);
        int same = 0;
        while (same < most && Memory.getByte(from + candidate + same) == Memory.getByte(from + at + same)) {
            same++;
        }
        backPlace = candidate;
        return same;
    }

    /** Returns where writing goes on, or 0 if there is no room; as do the others. */
    private static long putLetters(long from, int count, long to, long end) {
        if (count == 0) {
            return to;
        }
        if (to + 1 + count > end) {
            return 0;
        }
        Memory.putByte(to, (byte) (count - 1));
        Memory.copy(from, to + 1, count);
        return to + 1 + count;
    }

    private static long putMatch(int length, int back, long to, long end) {
        boolean isLong = length >= LONG_MATCH;
        if (to + (isLong ? 3 : 2) > end) {
            return 0;
        }
        long out = to;
        Memory.putByte(out++, (byte) (Math.min(length, LONG_MATCH) << 5 | back >>> 8));
        if (isLong) {
            Memory.putByte(out++, (byte) (length - LONG_MATCH));
        }
        Memory.putByte(out++, (byte) back);
        return out;
    }

    /** Expands to exactly {@code expanded} bytes; says whether the input was well-formed and did. */
    static boolean expand(long from, int length, long to, int expanded) {
        long at = from;
        long inEnd = from + length;
        long out = to;
        long outEnd = to + expanded;
        while (at < inEnd) {
            int control = Memory.getByte(at++) & 0xFF;
            if (control < MAX_LETTERS) {
                int count = control + 1;
                if (count > inEnd - at || count > outEnd - out) {
                    return false;
                }
                Memory.copy(at, out, count);
                at += count;
                out += count;
                continue;
            }
            int count = control >>> 5;
            if (at + (count == LONG_MATCH ? 2 : 1) > inEnd) {
                return false;
            }
            if (count == LONG_MATCH) {
                count += Memory.getByte(at++) & 0xFF;
            }
            count += 2;
            long source = out - ((control & 0x1F) << 8 | (Memory.getByte(at++) & 0xFF)) - 1;
            if (source < to || count > outEnd - out) {
                return false;
            }
            // Byte by byte: the source may reach into what is being written.
            for (int i = 0; i < count; i++) {
                Memory.putByte(out++, Memory.getByte(source++));
            }
        }
        return out == outEnd;
    }
}
