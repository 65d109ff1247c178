package dev.cistern.store;

/**
 * A packed set of integers in Redis' intset format: sorted, all as wide as the widest of them needs.
 *
 * <pre>
 *   offset  size  field
 *        0     4  width    bytes of each: 2, 4 or 8
 *        4     4  count
 *        8   ...  integers, ascending, little-endian
 * </pre>
 *
 * The format is what dumps and snapshots of the originals hold. Works on addresses and allocates nothing: whoever adds has
 * made the memory large enough before ({@link #bytes(int, int)}). Not a safe reader: bytes from outside go through
 * {@link #isValid} first.
 */
final class Intset {

    static final int WIDTH = 0;
    static final int COUNT = WIDTH + Integer.BYTES;
    static final int HEADER_BYTES = COUNT + Integer.BYTES;

    private Intset() {}

    /** Writes an empty one, {@link #HEADER_BYTES} long. */
    static void create(long intset) {
        Memory.putInt(intset + WIDTH, Short.BYTES);
        Memory.putInt(intset + COUNT, 0);
    }

    static int width(long intset) {
        return Memory.getInt(intset + WIDTH);
    }

    static int count(long intset) {
        return Memory.getInt(intset + COUNT);
    }

    /** Bytes of so many integers of this width. */
    static int bytes(int count, int width) {
        return HEADER_BYTES + count * width;
    }

    /** The width that {@code value} needs. */
    static int widthOf(long value) {
        if (value == (short) value) {
            return Short.BYTES;
        }
        return value == (int) value ? Integer.BYTES : Long.BYTES;
    }

    static long get(long intset, int index) {
        return get(intset, index, width(intset));
    }

    private static long get(long intset, int index, int width) {
        long at = intset + HEADER_BYTES + (long) index * width;
        return switch (width) {
            case Short.BYTES -> Memory.getShort(at);
            case Integer.BYTES -> Memory.getInt(at);
            default -> Memory.getLong(at);
        };
    }

    private static void put(long intset, int index, int width, long value) {
        long at = intset + HEADER_BYTES + (long) index * width;
        switch (width) {
            case Short.BYTES -> Memory.putShort(at, (short) value);
            case Integer.BYTES -> Memory.putInt(at, (int) value);
            default -> Memory.putLong(at, value);
        }
    }

    /** The place of {@code value}; if it is not there, its future place's complement, which is negative. */
    static int search(long intset, long value) {
        int width = width(intset);
        int low = 0;
        int high = count(intset) - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            long there = get(intset, middle, width);
            if (there == value) {
                return middle;
            }
            if (there < value) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return ~low;
    }

    /** Makes all integers wider, in place; the memory has room for them. */
    static void widen(long intset, int width) {
        int old = width(intset);
        for (int i = count(intset) - 1; i >= 0; i--) {
            put(intset, i, width, get(intset, i, old));
        }
        Memory.putInt(intset + WIDTH, width);
    }

    /** Puts {@code value}, which is not there and not too wide, at its place. */
    static void insert(long intset, int place, long value) {
        int width = width(intset);
        int count = count(intset);
        long at = intset + HEADER_BYTES + (long) place * width;
        Memory.copy(at, at + width, (long) (count - place) * width);
        put(intset, place, width, value);
        Memory.putInt(intset + COUNT, count + 1);
    }

    /** Takes out the integer at this place. */
    static void remove(long intset, int place) {
        int width = width(intset);
        int count = count(intset);
        long at = intset + HEADER_BYTES + (long) place * width;
        Memory.copy(at + width, at, (long) (count - place - 1) * width);
        Memory.putInt(intset + COUNT, count - 1);
    }

    /** Whether {@code length} bytes from outside are an intset, in order and without anything twice. */
    static boolean isValid(long intset, int length) {
        if (length < HEADER_BYTES) {
            return false;
        }
        int width = width(intset);
        int count = count(intset);
        boolean fits = width == Short.BYTES || width == Integer.BYTES || width == Long.BYTES;
        if (!fits || count <= 0 || HEADER_BYTES + (long) count * width != length) {
            return false;
        }
        for (int i = 1; i < count; i++) {
            if (get(intset, i - 1, width) >= get(intset, i, width)) {
                return false;
            }
        }
        return true;
    }
}
