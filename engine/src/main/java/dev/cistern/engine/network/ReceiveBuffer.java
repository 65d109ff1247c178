package dev.cistern.engine.network;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;

/**
 * The one buffer into which all sockets of an event loop are read, one after the other.
 *
 * <p>A read is executed before the next socket is read, so nothing has to be kept, guessed or allocated: this object
 * is also Netty's allocator handle, for all channels of its loop. Ready sockets are read once a turn; a socket that
 * has more is ready again at once, after the others.
 *
 * <pre>
 *   headroom   room for bytes that were left over from the last turn, put back in front of the new ones
 *   read       what the socket gives
 *   slack      readers may load eight bytes where one is left
 * </pre>
 */
public final class ReceiveBuffer implements RecvByteBufAllocator, RecvByteBufAllocator.ExtendedHandle, AutoCloseable {
    public static final int HEADROOM_BYTES = 16 * 1024;
    public static final int READ_BYTES = 64 * 1024;
    public static final int SLACK_BYTES = 64;
    private static final int TOTAL_BYTES = HEADROOM_BYTES + READ_BYTES + SLACK_BYTES;

    private final long address = Memory.allocate(MemoryTag.SESSION, TOTAL_BYTES);
    private final ForeignBuffer buffer = ForeignBuffer.borrowed(readAddress(), READ_BYTES);
    private int lastBytesRead;
    private int attemptedBytesRead;

    /** Where received bytes begin; {@link #HEADROOM_BYTES} before it are free. */
    public long readAddress() {
        return address + HEADROOM_BYTES;
    }

    ForeignBuffer buffer() {
        return buffer;
    }

    /** Whether a buffer that Netty hands over is this one, not merely one with the same contents. */
    @SuppressWarnings("ReferenceEquality")
    boolean is(ByteBuf other) {
        return other == buffer;
    }

    @Override
    public ExtendedHandle newHandle() {
        return this;
    }

    @Override
    public ByteBuf allocate(ByteBufAllocator alloc) {
        return buffer.clear();
    }

    @Override
    public int guess() {
        return READ_BYTES;
    }

    @Override
    public void reset(ChannelConfig config) {
        lastBytesRead = 0;
    }

    @Override
    public void incMessagesRead(int count) {}

    @Override
    public void lastBytesRead(int bytes) {
        lastBytesRead = bytes;
    }

    @Override
    public int lastBytesRead() {
        return lastBytesRead;
    }

    @Override
    public void attemptedBytesRead(int bytes) {
        attemptedBytesRead = bytes;
    }

    @Override
    public int attemptedBytesRead() {
        return attemptedBytesRead;
    }

    @Override
    public boolean continueReading() {
        return false;
    }

    @Override
    public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
        return false;
    }

    @Override
    public void readComplete() {}

    @Override
    public void close() {
        Memory.free(MemoryTag.SESSION, address, TOTAL_BYTES);
    }
}
