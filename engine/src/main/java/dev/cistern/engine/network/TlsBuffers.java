package dev.cistern.engine.network;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Where an event loop encrypts and decrypts, one connection after the other.
 *
 * <p>A record that is not whole yet is copied away between two reads, so nothing here belongs to a connection. The
 * memory is taken when the first client comes by TLS. Its loop's thread only.
 *
 * <pre>
 *   in    what arrived, after the rest of the read before
 *   out   records on their way to the socket
 * </pre>
 */
final class TlsBuffers implements AutoCloseable {
    /** No record is larger: 16 KB, what encryption may add (2 KB), and a header (5 bytes, rounded up). */
    static final int RECORD_BYTES = 18 * 1024 + 64;
    private static final int IN_BYTES = RECORD_BYTES + ReceiveBuffer.READ_BYTES;
    private static final int OUT_BYTES = 4 * RECORD_BYTES;
    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

    private long address;
    private ByteBuffer in = NOTHING;
    private ByteBuffer out = NOTHING;
    private ByteBuffer plain = NOTHING;
    private ByteBuffer reply = NOTHING;
    private long plainAddress;
    private long replyAddress;

    private void take() {
        if (address == 0) {
            address = Memory.allocate(MemoryTag.SESSION, IN_BYTES + OUT_BYTES);
            in = view(address, IN_BYTES);
            out = view(outAddress(), OUT_BYTES);
        }
    }

    private static ByteBuffer view(long start, long length) {
        return MemorySegment.ofAddress(start).reinterpret(length).asByteBuffer();
    }

    /** What was kept and what was read behind it, ready to be decrypted. */
    ByteBuffer in(long kept, int keptBytes, long read, int readBytes) {
        take();
        Memory.copy(kept, address, keptBytes);
        Memory.copy(read, address + keptBytes, readBytes);
        return in.clear().limit(keptBytes + readBytes);
    }

    long inAddress() {
        return address;
    }

    ByteBuffer out() {
        take();
        return out.clear();
    }

    long outAddress() {
        return address + IN_BYTES;
    }

    /** The loop's receive buffer, to decrypt into. */
    ByteBuffer plain(long start) {
        if (plainAddress != start) {
            plainAddress = start;
            plain = view(start, ReceiveBuffer.READ_BYTES);
        }
        return plain.clear();
    }

    /** Bytes that are to be encrypted; the loop's reply buffer nearly always. */
    ByteBuffer reply(long start, long length) {
        if (replyAddress != start || reply.capacity() < length) {
            replyAddress = start;
            reply = view(start, Math.max(length, SendBuffer.USUAL_BYTES));
        }
        return reply.clear().limit((int) length);
    }

    /** No bytes: what is encrypted when the protocol itself has something to say. */
    static ByteBuffer nothing() {
        return NOTHING;
    }

    @Override
    public void close() {
        if (address != 0) {
            Memory.free(MemoryTag.SESSION, address, IN_BYTES + OUT_BYTES);
            address = 0;
        }
    }
}
