package dev.cistern.store;

import java.nio.charset.StandardCharsets;

/**
 * A reusable view of bytes that lie off-heap: a key, an argument or a value.
 *
 * <p>
 * It owns nothing. Its contents are valid as long as whoever filled it says: an argument until the command returns, a
 * value until its stripe is unlocked. Thread-confined. The hash of the bytes is kept beside them, because a command
 * needs it twice: for the stripe to lock and for the bucket to look in.
 */
public final class Bytes {

    private long address;
    private int length;
    private long hash;
    /** The id of the function that {@link #hash} was computed with; a number, as a reference costs a card mark. */
    private long hashedBy = HashFunction.NONE;

    /** A view of nothing; {@link #set} points it at something. */
    public Bytes() {}

    public Bytes(long address, int length) {
        set(address, length);
    }

    /** Points this view at {@code length} bytes at {@code address}. */
    public Bytes set(long address, int length) {
        this.address = address;
        this.length = length;
        this.hashedBy = HashFunction.NONE;
        return this;
    }

    /** Points this view at what another one sees. */
    public Bytes set(Bytes other) {
        this.address = other.address;
        this.length = other.length;
        this.hash = other.hash;
        this.hashedBy = other.hashedBy;
        return this;
    }

    /** Off-heap copy of heap bytes, owned by the caller: {@link #free} gives it back. For tests and tools. */
    public static Bytes copyOf(byte[] bytes) {
        long address = Memory.allocate(MemoryTag.TEST, Math.max(1, bytes.length));
        Memory.copy(bytes, 0, address, bytes.length);
        return new Bytes(address, bytes.length);
    }

    /** Off-heap copy of a text in UTF-8, owned by the caller: {@link #free} gives it back. For tests and tools. */
    public static Bytes copyOf(String text) {
        return copyOf(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Gives back what {@link #copyOf} took. */
    public void free() {
        Memory.free(MemoryTag.TEST, address, Math.max(1, length));
        set(0, 0);
    }

    public long address() {
        return address;
    }

    public int length() {
        return length;
    }

    public byte byteAt(int index) {
        assert index >= 0 && index < length;
        return Memory.getByte(address + index);
    }

    public boolean contentEquals(Bytes other) {
        return length == other.length && Memory.equal(address, other.address, length);
    }

    public boolean contentEquals(byte[] other) {
        if (length != other.length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (byteAt(i) != other[i]) {
                return false;
            }
        }
        return true;
    }

    /** Orders as unsigned bytes, a shorter one before a longer one that begins with it. */
    public int compareContent(Bytes other) {
        return Memory.compare(address, length, other.address, other.length);
    }

    /** Copies all bytes to {@code target}, which must have room for {@link #length}. */
    public void copyTo(long target) {
        Memory.copy(address, target, length);
    }

    public void copyTo(byte[] target, int offset) {
        Memory.copy(address, target, offset, length);
    }

    public byte[] toByteArray() {
        byte[] copy = new byte[length];
        copyTo(copy, 0);
        return copy;
    }

    /** The hash of these bytes under {@code function}, computed once as long as the view is not moved. */
    long hash(HashFunction function) {
        if (hashedBy != function.id()) {
            hash = function.hash(address, length);
            hashedBy = function.id();
        }
        return hash;
    }

    /** The bytes read as UTF-8: for messages and tests. */
    @Override
    public String toString() {
        return new String(toByteArray(), StandardCharsets.UTF_8);
    }
}
