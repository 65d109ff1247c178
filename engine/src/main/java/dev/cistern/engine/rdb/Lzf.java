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
    /** So many letters in which nothing was found make the next stride longer by one. */
    private static final int STRIDE_SHIFT = 5;
    private static final int MAX_STRIDE = 15;
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
        while (at < length && out != 0) {
            int match = at + MIN_MATCH <= length ? match(from, at, length) : 0;
            if (match >= MIN_MATCH) {
                int back = at - backPlace - 1;
                out = putLetters(from + at - letters, letters, out, end);
                out = out == 0 ? 0 : putMatch(match - 2, back, out, end);
                letters = 0;
                at += match;
            } else {
                // The longer nothing was found, the less is looked for: what does not repeat itself costs little.
                int stride = 1 + Math.min(letters >>> STRIDE_SHIFT, MAX_STRIDE);
                int passed = Math.min(stride, length - at);
                letters += passed;
                at += passed;
            }
        }
        out = out == 0 ? 0 : putLetters(from + length - letters, letters, out, end);
        return out == 0 ? 0 : (int) (out - to);
    }

    private int backPlace;

    /** How many bytes from here on also stand at {@link #backPlace}, if that is near enough; else 0. */
    private int match(long from, int at, int length) {
        int slot = (threeLetters(from, at, length) * HASH_MULTIPLIER) >>> (Integer.SIZE - hashBits);
        int candidate = places[slot] - 1;
        places[slot] = at + 1;
        if (candidate < 0 || at - candidate > MAX_BACK) {
            return 0;
        }
        backPlace = candidate;
        return same(from + candidate, from + at, Math.min(MAX_MATCH, length - at));
    }

    private static int threeLetters(long from, int at, int length) {
        if (at + Integer.BYTES <= length) {
            return Memory.getInt(from + at) & 0xFF_FFFF;
        }
        return (Memory.getByte(from + at) & 0xFF) | (Memory.getByte(from + at + 1) & 0xFF) << 8
                | (Memory.getByte(from + at + 2) & 0xFF) << 16;
    }

    /** How many of the first {@code most} bytes are the same at both places. */
    private static int same(long one, long other, int most) {
        int same = 0;
        while (same + Long.BYTES <= most) {
            long difference = Memory.getLong(one + same) ^ Memory.getLong(other + same);
            if (difference != 0) {
                return same + (Long.numberOfTrailingZeros(difference) >>> 3);
            }
            same += Long.BYTES;
        }
        while (same < most && Memory.getByte(one + same) == Memory.getByte(other + same)) {
            same++;
        }
        return same;
    }

    /** Returns where writing goes on, or 0 if there is no room; as do the others. */
    private static long putLetters(long from, int count, long to, long end) {
        int runs = (count + MAX_LETTERS - 1) / MAX_LETTERS;
        if (to + runs + count > end) {
            return 0;
        }
        long out = to;
        for (int written = 0; written < count;) {
            int run = Math.min(MAX_LETTERS, count - written);
            Memory.putByte(out, (byte) (run - 1));
            Memory.copy(from + written, out + 1, run);
            out += 1 + run;
            written += run;
        }
        return out;
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
