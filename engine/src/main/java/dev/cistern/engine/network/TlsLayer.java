package dev.cistern.engine.network;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * TLS between one connection's socket and its conversation: decrypts into the loop's receive buffer, encrypts out of
 * the reply buffer.
 *
 * <p>Not a handler of Netty's, whose way needs buffers of each connection's own and moves every byte twice more. Holds
 * off-heap only a record that has not arrived whole. Its loop's thread only.
 */
final class TlsLayer {

    /** The connection, as this layer sees it. */
    interface Wire {
        /** The handshake is done: the other side may be talked to. */
        void secured();

        /** So many bytes, decrypted, are in the receive buffer. */
        void decrypted(int length);

        /** These bytes, encrypted, are to leave. */
        void transmit(long address, int length);

        /** Nothing sensible comes any more: the other side is done, or does not speak TLS as we do. */
        void ended();

        boolean isClosing();
    }

    private static final String RENEGOTIABLE = "TLSv1.2";

    private final SSLEngine engine;
    private final TlsBuffers buffers;
    private final ReceiveBuffer receiveBuffer;
    private final Wire wire;
    private long kept;
    private int keptBytes;
    private boolean secured;
    private boolean released;
    private @Nullable SSLException failure;

    TlsLayer(SSLEngine engine, TlsBuffers buffers, ReceiveBuffer receiveBuffer, Wire wire) {
        this.engine = engine;
        this.buffers = buffers;
        this.receiveBuffer = receiveBuffer;
        this.wire = wire;
    }

    boolean isSecured() {
        return secured;
    }

    /** What was wrong with what the other side sent; null if nothing was. */
    @Nullable
    SSLException failure() {
        return failure;
    }

    /** The connection is there: who has connected says the first word. */
    void connected() {
        if (engine.getUseClientMode()) {
            try {
                engine.beginHandshake();
                var _ = handshake(engine.getHandshakeStatus());
            } catch (SSLException e) {
                fail(e);
            }
        }
    }

    private void fail(SSLException why) {
        failure = why;
        answerAlert();
        wire.ended();
    }

    // --- from the socket ---

    /** So many bytes were read into the receive buffer. */
    void received(int length) {
        try {
            int more = length;
            while (more >= 0 && !wire.isClosing()) {
                more = decrypt(more);
            }
        } catch (SSLException e) {
            fail(e);
        }
    }

    /**
     * Decrypts what was kept and what was read, until the receive buffer is full; then hands that over. Says whether
     * there may be more: 0, or -1.
     */
    private int decrypt(int readBytes) throws SSLException {
        long read = receiveBuffer.readAddress();
        ByteBuffer in = buffers.in(kept, keptBytes, read, readBytes);
        forget();
        ByteBuffer plain = buffers.plain(read);
        Status status = unwrapAll(in, plain);
        // Nothing of the loop's may be needed after the hand-over: its buffers serve whoever is next.
        keep(in, status);
        if (plain.position() > 0) {
            wire.decrypted(plain.position());
        }
        if (status == Status.CLOSED) {
            wire.ended();
        }
        return status == Status.BUFFER_OVERFLOW ? 0 : -1;
    }

    private Status unwrapAll(ByteBuffer in, ByteBuffer plain) throws SSLException {
        Status status = Status.OK;
        while (status == Status.OK && !released) {
            SSLEngineResult result = engine.unwrap(in, plain);
            status = result.getStatus();
            requireNoNewHandshake(result);
            boolean stands = result.bytesConsumed() == 0 && result.bytesProduced() == 0;
            HandshakeStatus next = handshake(result.getHandshakeStatus());
            if (status == Status.OK && stands && (!in.hasRemaining() || next == HandshakeStatus.NOT_HANDSHAKING)) {
                break;
            }
        }
        return status;
    }

    /** TLS 1.2 lets clients ask for another handshake, which costs us much and them little; the JDK would agree. */
    private void requireNoNewHandshake(SSLEngineResult result) throws SSLException {
        if (secured && result.getHandshakeStatus() == HandshakeStatus.NEED_TASK
                && engine.getSession().getProtocol().equals(RENEGOTIABLE)) {
            throw new SSLException("asked to begin anew");
        }
    }

    /** Without room for what it says there may be more than one record left. */
    private void keep(ByteBuffer in, Status status) throws SSLException {
        if (status != Status.BUFFER_OVERFLOW && in.remaining() >= TlsBuffers.RECORD_BYTES) {
            throw new SSLException("no record is so long");
        }
        keptBytes = in.remaining();
        if (keptBytes > 0) {
            kept = Memory.allocate(MemoryTag.SESSION, keptBytes);
            Memory.copy(buffers.inAddress() + in.position(), kept, keptBytes);
        }
    }

    private void forget() {
        if (keptBytes > 0) {
            Memory.free(MemoryTag.SESSION, kept, keptBytes);
            kept = 0;
            keptBytes = 0;
        }
    }

    /** Does what the protocol asks of us before it goes on reading. */
    private HandshakeStatus handshake(HandshakeStatus asked) throws SSLException {
        HandshakeStatus status = asked;
        while (true) {
            switch (status) {
                case NEED_TASK -> runTasks();
                case NEED_WRAP -> {
                    HandshakeStatus after = encrypt(TlsBuffers.nothing());
                    if (after == HandshakeStatus.FINISHED) {
                        status = after;
                        continue;
                    }
                }
                case FINISHED -> secured();
                default -> {
                    return status;
                }
            }
            status = engine.getHandshakeStatus();
        }
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    private void secured() {
        if (!secured) {
            secured = true;
            wire.secured();
        }
    }

    // --- to the socket ---

    /** Encrypts these bytes and has them leave. */
    void send(long address, long length) {
        if (!secured) {
            wire.ended();
            return;
        }
        try {
            long sent = 0;
            while (sent < length && !wire.isClosing()) {
                long part = Math.min(length - sent, Integer.MAX_VALUE);
                encrypt(buffers.reply(address + sent, part));
                sent += part;
            }
        } catch (SSLException e) {
            wire.ended();
        }
    }

    private HandshakeStatus encrypt(ByteBuffer plain) throws SSLException {
        ByteBuffer out = buffers.out();
        HandshakeStatus status;
        do {
            SSLEngineResult result = engine.wrap(plain, out);
            status = result.getHandshakeStatus();
            if (plain.hasRemaining() && result.bytesConsumed() == 0 && result.bytesProduced() == 0) {
                throw new SSLException("closed, or asked to begin anew");
            }
            if (out.remaining() < TlsBuffers.RECORD_BYTES) {
                transmit(out);
            }
        } while (plain.hasRemaining());
        transmit(out);
        return status;
    }

    private void transmit(ByteBuffer out) {
        if (out.position() > 0) {
            wire.transmit(buffers.outAddress(), out.position());
            out.clear();
        }
    }

    /** Says that nothing more will come. */
    void sendEnd() {
        if (released) {
            return;
        }
        try {
            engine.closeOutbound();
            encrypt(TlsBuffers.nothing());
        } catch (SSLException e) {
            // The other side learns it from the socket.
        }
    }

    /** Tells the other side, if there still is one, what was wrong with what it sent. */
    private void answerAlert() {
        try {
            if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
                encrypt(TlsBuffers.nothing());
            }
        } catch (SSLException e) {
            // It has been told as well as it could be.
        }
    }

    /** The connection is closed: gives everything back. */
    void release() {
        if (!released) {
            released = true;
            forget();
            var _ = ReferenceCountUtil.release(engine);
        }
    }
}
