package dev.cistern.lua;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * A Lua string: immutable bytes of any value, with their hash. Not text: no charset is implied.
 *
 * <p>Strings are not interned; a table lookup compares references first, then hashes, then bytes. Safe to share between
 * threads: the lazily kept hash is the same whoever computes it.
 */
public final class LuaString implements Comparable<LuaString> {
    public static final LuaString EMPTY = new LuaString(new byte[0]);

    /** Strings of one byte, so that loops over characters allocate nothing. */
    private static final LuaString[] ONE_BYTE = new LuaString[256];

    static {
        for (int value = 0; value < 256; value++) {
            ONE_BYTE[value] = new LuaString(new byte[]{(byte) value});
        }
    }

    /** Estimate of an object header, the fields and the array header, for memory accounting. */
    static final int OVERHEAD_BYTES = 40;

    final byte[] bytes;
    private int hash;
    /** The census that saw this string last; see {@link Memory}. */
    int mark;

    private LuaString(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Takes the array over: the caller must not change it afterwards. */
    public static LuaString wrap(byte[] bytes) {
        if (bytes.length > 1) {
            return new LuaString(bytes);
        }
        return bytes.length == 0 ? EMPTY : ONE_BYTE[bytes[0] & 0xff];
    }

    public static LuaString copyOf(byte[] bytes, int offset, int length) {
        if (length > 1) {
            return new LuaString(Arrays.copyOfRange(bytes, offset, offset + length));
        }
        return length == 0 ? EMPTY : ONE_BYTE[bytes[offset] & 0xff];
    }

    public static LuaString of(String text) {
        return wrap(text.getBytes(UTF_8));
    }

    public int length() {
        return bytes.length;
    }

    /** The byte at {@code index}, 0 to 255. */
    public int at(int index) {
        return bytes[index] & 0xff;
    }

    public byte[] toByteArray() {
        return bytes.clone();
    }

    /** The bytes themselves, for readers that promise not to write. */
    public byte[] shared() {
        return bytes;
    }

    LuaString substring(int from, int to) {
        return from == 0 && to == bytes.length ? this : copyOf(bytes, from, to - from);
    }

    @Override
    public int hashCode() {
        int known = hash;
        if (known == 0) {
            known = computeHash(bytes);
            hash = known;
        }
        return known;
    }

    /**
     * The hash of the original interpreter, because it decides the order of {@code pairs}, which scripts expose through
     * cjson and cmsgpack. Of a long string it samples at most 32 bytes.
     */
    private static int computeHash(byte[] bytes) {
        int length = bytes.length;
        int value = length;
        int step = (length >> 5) + 1;
        for (int i = length; i >= step; i -= step) {
            value ^= (value << 5) + (value >>> 2) + (bytes[i - 1] & 0xff);
        }
        return value;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof LuaString that && sameAs(that);
    }

    boolean sameAs(LuaString that) {
        return this == that || hashCode() == that.hashCode() && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int compareTo(LuaString that) {
        return Arrays.compareUnsigned(bytes, that.bytes);
    }

    @Override
    public String toString() {
        return new String(bytes, UTF_8);
    }
}
