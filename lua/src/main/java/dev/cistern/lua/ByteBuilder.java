package dev.cistern.lua;

import java.util.Arrays;

/** Bytes being put together by a host function. Its growth counts as memory while it goes on. */
final class ByteBuilder {
    private static final int FIRST_CAPACITY = 64;

    private final LuaState state;
    private byte[] bytes = new byte[FIRST_CAPACITY];
    private int length;

    ByteBuilder(LuaState state) {
        this.state = state;
    }

    int length() {
        return length;
    }

    /** Makes room; beyond what an array can hold is an error of the script. */
    private void require(int more) {
        if (bytes.length - length < more) {
            long wanted = Math.max((long) length + more, 2L * bytes.length);
            if ((long) length + more > LuaState.MAX_STRING_BYTES) {
                throw new LuaError("string length overflow");
            }
            int capacity = (int) Math.min(wanted, LuaState.MAX_STRING_BYTES);
            state.memory.reserve(capacity - bytes.length);
            bytes = Arrays.copyOf(bytes, capacity);
        }
    }

    void add(int value) {
        if (length == bytes.length) {
            require(1);
        }
        bytes[length++] = (byte) value;
    }

    void add(byte[] source) {
        add(source, 0, source.length);
    }

    void add(byte[] source, int from, int count) {
        require(count);
        System.arraycopy(source, from, bytes, length, count);
        length += count;
    }

    /** ASCII text. */
    void add(String text) {
        for (int i = 0; i < text.length(); i++) {
            add(text.charAt(i));
        }
    }

    void repeat(int value, int count) {
        for (int i = 0; i < count; i++) {
            add(value);
        }
    }

    /** The lowest {@code width} bytes of a value. */
    void addNumber(long value, int width, boolean littleEndian) {
        for (int i = 0; i < width; i++) {
            int shift = 8 * (littleEndian ? i : width - 1 - i);
            add(shift < Long.SIZE ? (int) (value >>> shift) : value < 0 ? 0xff : 0);
        }
    }

    void truncate(int newLength) {
        length = newLength;
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, length);
    }

    /** The finished string; what the building took beyond it is given back. */
    LuaString finish() {
        LuaString string = LuaString.wrap(length == bytes.length ? bytes : Arrays.copyOf(bytes, length));
        state.memory.charge(LuaString.OVERHEAD_BYTES + FIRST_CAPACITY + (long) length - bytes.length);
        return string;
    }
}
