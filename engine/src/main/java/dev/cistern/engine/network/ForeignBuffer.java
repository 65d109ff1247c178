package dev.cistern.engine.network;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Our own off-heap memory in the clothes of Netty's buffer, with its address in the open.
 *
 * <p>Netty without Unsafe does not tell addresses, and its transports then ask the JVM for them in every call; here
 * they are known from the start. Either borrowed (the loop's receive buffer, which outlives every reader and is not
 * counted) or owned (replies that wait for their socket, freed when Netty lets go of them).
 */
final class ForeignBuffer extends UnpooledDirectByteBuf {
    private final long address;
    private final long ownedBytes;

    private ForeignBuffer(long address, int length, long ownedBytes) {
        super(UnpooledByteBufAllocator.DEFAULT, view(address, length), length);
        this.address = address;
        this.ownedBytes = ownedBytes;
    }

    private static ByteBuffer view(long address, int length) {
        return MemorySegment.ofAddress(address).reinterpret(length).asByteBuffer();
    }

    /** A buffer over memory that somebody else frees; reference counts mean nothing to it. */
    static ForeignBuffer borrowed(long address, int length) {
        return new ForeignBuffer(address, length, 0);
    }

    /** A buffer of {@code length} readable bytes that frees all {@code capacity} bytes of them at its end. */
    static ForeignBuffer owned(long address, int length, long capacity) {
        return new ForeignBuffer(address, length, capacity);
    }

    @Override
    public boolean hasMemoryAddress() {
        return true;
    }

    @Override
    public long memoryAddress() {
        return address;
    }

    @Override
    public ByteBuf retain() {
        return ownedBytes == 0 ? this : super.retain();
    }

    @Override
    public ByteBuf retain(int increment) {
        return ownedBytes == 0 ? this : super.retain(increment);
    }

    @Override
    public boolean release() {
        return ownedBytes != 0 && super.release();
    }

    @Override
    public boolean release(int decrement) {
        return ownedBytes != 0 && super.release(decrement);
    }

    @Override
    protected void deallocate() {
        super.deallocate();
        Memory.free(MemoryTag.SESSION, address, ownedBytes);
    }
}
