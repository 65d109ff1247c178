package dev.cistern.engine.network;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.unix.Socket;
import io.netty.channel.unix.UnixChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One socket: what arrives goes to its {@link Conversation}, what is sent goes out at once or waits in a backlog.
 *
 * <p>The common case leaves Netty aside: a turn's replies are written to the file descriptor straight from the reply
 * buffer, one system call and no objects. Only what the kernel does not take becomes Netty's, which waits for the
 * socket. Where TLS is spoken, a {@link TlsLayer} stands between, and there is no conversation before its handshake is
 * done. Used on its loop's thread alone, but for {@link #execute}.
 */
public final class Connection extends ChannelInboundHandlerAdapter {
    /** A reply buffer of more than this goes into the backlog as it is; a smaller rest is copied. */
    private static final long HAND_OVER_BYTES = 256 * 1024;
    private static final int LARGEST_CHUNK_BYTES = 1 << 30;
    /** What a TLS handshake begins with, and no request does. */
    private static final byte HANDSHAKE = 0x16;

    private final Channel channel;
    private final ReceiveBuffer receiveBuffer;
    /** The descriptor to write to without Netty; null for transports that hide theirs. */
    private final @Nullable Socket socket;
    private @Nullable Conversation conversation;
    /** Where it came in and who talks behind it, until that is settled: see {@link #secure} and {@link #mayBeSecure}. */
    private @Nullable Entrance entrance;
    private @Nullable TlsLayer tls;
    private boolean hasBacklog;
    /** Netty tells that a buffer has left before it takes it off its own account: so they are counted here. */
    private int backlogBuffers;
    private boolean closing;
    private boolean isForInsiders;
    /** Closing at once, or closed: nothing can be sent any more. */
    private boolean isGone;

    /** What a connection needs to become an encrypted one, and who is told if that does not work. */
    record Entrance(Door door, EventLoops.Loop loop, EventLoops.Acceptor acceptor, Consumer<Throwable> failed) {}

    Connection(Channel channel, ReceiveBuffer receiveBuffer) {
        this.channel = channel;
        this.receiveBuffer = receiveBuffer;
        this.socket = channel instanceof UnixChannel unix && unix.fd() instanceof Socket direct ? direct : null;
    }

    /** A connection without another side: what is sent is lost. */
    public static Connection toNobody(EventLoops.Loop loop) {
        return new Connection(new EmbeddedChannel(), loop.receiveBuffer());
    }

    /** Whoever is at the other end may only prove to be one of those who run the node: see {@link Door}. */
    public boolean isForInsiders() {
        return isForInsiders;
    }

    /** Whether what is said here is encrypted on its way. */
    public boolean isEncrypted() {
        return tls != null;
    }

    void forInsiders(boolean value) {
        isForInsiders = value;
    }

    void conversation(Conversation value) {
        conversation = value;
    }

    /** TLS from the first byte on; the conversation begins behind the handshake. */
    void secure(Entrance through) {
        entrance = through;
        beginHandshake(through);
    }

    /** The first byte will tell; until it comes this is a plain connection. */
    void mayBeSecure(Entrance through) {
        entrance = through;
    }

    private void beginHandshake(Entrance through) {
        try {
            tls = new TlsLayer(through.door().newEngine(), through.loop().tlsBuffers(), receiveBuffer,
                    new SecureWire());
            through.loop().handshakes().begin(this);
        } catch (SSLException e) {
            through.door().countFailedHandshake();
            closeNow();
        }
    }

    // --- from Netty ---

    @Override
    public void channelActive(ChannelHandlerContext context) {
        if (conversation != null) {
            conversation.opened();
        } else if (tls != null) {
            tls.connected();
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf buffer = (ByteBuf) message;
        if (receiveBuffer.is(buffer)) {
            receive(buffer.writerIndex());
            return;
        }
        try {
            // Read into memory that is not ours: by io_uring, which reads many sockets at a time, or by TLS.
            while (buffer.isReadable() && !closing) {
                int length = Math.min(buffer.readableBytes(), ReceiveBuffer.READ_BYTES);
                receiveBuffer.buffer().clear().writeBytes(buffer, length);
                receive(length);
            }
        } finally {
            buffer.release();
        }
    }

    private void receive(int length) {
        if (entrance == null && tls == null) {
            hand(length);
        } else {
            receiveAtEntrance(length);
        }
    }

    private void hand(int length) {
        if (conversation != null && !closing) {
            conversation.received(receiveBuffer.readAddress(), length);
        }
    }

    private void receiveAtEntrance(int length) {
        if (tls == null && entrance != null) {
            if (Memory.getByte(receiveBuffer.readAddress()) == HANDSHAKE) {
                beginHandshake(entrance);
            } else {
                entrance = null;
            }
        }
        if (tls == null) {
            hand(length);
        } else if (!closing) {
            tls.received(length);
        }
    }

    /** What the TLS layer tells. */
    private final class SecureWire implements TlsLayer.Wire {

        @Override
        public void secured() {
            Entrance through = entrance;
            entrance = null;
            if (through == null) {
                return;
            }
            through.loop().handshakes().end(Connection.this);
            if (conversation == null) {
                conversation = through.acceptor().accept(Connection.this, through.loop());
                conversation.opened();
            }
        }

        @Override
        public void decrypted(int length) {
            hand(length);
        }

        @Override
        public void transmit(long address, int length) {
            long sent = hasBacklog ? 0 : sendNow(address, length);
            if (sent < length && !isGone) {
                copyToBacklog(address + sent, length - sent);
                channel.flush();
            }
        }

        @Override
        public void ended() {
            closeAfterSending();
        }

        @Override
        public boolean isClosing() {
            return closing;
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        closing = true;
        isGone = true;
        leaveEntrance();
        if (tls != null) {
            tls.release();
        }
        if (conversation != null) {
            conversation.closed();
            conversation = null;
        }
    }

    private void leaveEntrance() {
        Entrance through = entrance;
        entrance = null;
        if (through != null && tls != null) {
            through.loop().handshakes().end(this);
            through.door().countFailedHandshake();
            SSLException known = tls.failure();
            through.failed().accept(known == null ? new SSLException("closed before it was encrypted") : known);
        }
    }

    /** What was wrong with the encryption of what the other side sent; null if nothing was. */
    public @Nullable IOException failure() {
        return tls == null ? null : tls.failure();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        // A socket that broke: reset by the other side, or timed out. There is nobody left to tell.
        closeNow();
    }

    // --- sending ---

    /** Sends what is in the reply buffer, and leaves the buffer empty. */
    public void send(SendBuffer reply) {
        long length = reply.length();
        if (length == 0) {
            return;
        }
        if (closing) {
            reply.clear();
            return;
        }
        if (tls != null) {
            tls.send(reply.address(), length);
            reply.clear();
            return;
        }
        long sent = hasBacklog ? 0 : sendNow(reply.address(), length);
        if (sent < length && !closing) {
            keep(reply, sent);
        } else {
            reply.clear();
        }
    }

    /** Sends bytes that stay the caller's. */
    public void send(long address, long length) {
        if (closing || length == 0) {
            return;
        }
        if (tls != null) {
            tls.send(address, length);
            return;
        }
        long sent = hasBacklog ? 0 : sendNow(address, length);
        if (sent < length && !closing) {
            copyToBacklog(address + sent, length - sent);
            channel.flush();
        }
    }

    private long sendNow(long address, long length) {
        if (socket == null) {
            return 0;
        }
        try {
            long sent = 0;
            while (sent < length) {
                int wanted = (int) Math.min(length - sent, LARGEST_CHUNK_BYTES);
                int taken = socket.sendAddress(address + sent, 0, wanted);
                sent += taken;
                if (taken < wanted) {
                    break;
                }
            }
            return sent;
        } catch (IOException gone) {
            closeNow();
            return length;
        }
    }

    /** Puts what was not sent into the backlog and has Netty wait for the socket. */
    private void keep(SendBuffer reply, long sent) {
        boolean handOver = reply.capacity() > HAND_OVER_BYTES && reply.length() <= LARGEST_CHUNK_BYTES;
        if (handOver) {
            ForeignBuffer whole = ForeignBuffer.owned(reply.address(), (int) reply.length(), reply.capacity());
            whole.readerIndex((int) sent);
            reply.handOver();
            backlog(whole);
        } else {
            copyToBacklog(reply.address() + sent, reply.length() - sent);
            reply.clear();
        }
        channel.flush();
    }

    private void copyToBacklog(long address, long length) {
        for (long copied = 0; copied < length;) {
            int chunk = (int) Math.min(length - copied, LARGEST_CHUNK_BYTES);
            long copy = Memory.allocate(MemoryTag.SESSION, chunk);
            Memory.copy(address + copied, copy, chunk);
            backlog(ForeignBuffer.owned(copy, chunk, chunk));
            copied += chunk;
        }
    }

    private void backlog(ForeignBuffer bytes) {
        hasBacklog = true;
        backlogBuffers++;
        channel.write(bytes).addListener(written -> {
            backlogBuffers--;
            if (backlogBuffers == 0) {
                hasBacklog = false;
                // Later: a socket that takes all at once calls from the middle of the sending, and whoever sends has not
                // counted yet what he sent.
                execute(this::tellDrained);
            }
        });
    }

    private void tellDrained() {
        if (conversation != null && !hasBacklog && !closing) {
            conversation.drained();
        }
    }

    /** Bytes that were sent but that the kernel has not taken yet. */
    public long backlogBytes() {
        ChannelOutboundBuffer pending = hasBacklog ? channel.unsafe().outboundBuffer() : null;
        return pending == null ? 0 : pending.totalPendingWriteBytes();
    }

    // --- state ---

    public boolean isClosing() {
        return closing;
    }

    /** Whether what it carries is encrypted. */
    public boolean isSecure() {
        return tls != null;
    }

    /** Stops reading from the socket until {@link #resumeReading}; the sender then feels it. */
    public void pauseReading() {
        channel.config().setAutoRead(false);
    }

    public void resumeReading() {
        channel.config().setAutoRead(true);
    }

    public boolean isReading() {
        return channel.config().isAutoRead();
    }

    /** Closes at once; what waits to be sent is lost. */
    public void closeNow() {
        closing = true;
        isGone = true;
        var _ = channel.close();
    }

    /** Closes when everything sent so far has left. */
    public void closeAfterSending() {
        if (closing) {
            return;
        }
        closing = true;
        if (tls != null) {
            tls.sendEnd();
        }
        if (hasBacklog) {
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        } else {
            var _ = channel.close();
        }
    }

    /** Has the kernel probe a silent peer after so many seconds; 0 for never. Nothing once the connection is closed. */
    public void keepAlive(int seconds) {
        if (channel.isOpen()) {
            KeepAlive.set(channel, seconds);
        }
    }

    /** Runs the task on this connection's loop. Any thread may ask for it. */
    public void execute(Runnable task) {
        channel.eventLoop().execute(task);
    }

    /** {@code host:port} of the other side. */
    public String remoteAddress() {
        return text(channel.remoteAddress());
    }

    /** {@code host:port} of our side. */
    public String localAddress() {
        return text(channel.localAddress());
    }

    private static String text(@Nullable Object address) {
        if (address instanceof InetSocketAddress inet && inet.getAddress() != null) {
            String host = inet.getAddress().getHostAddress();
            return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + inet.getPort();
        }
        return "?:0";
    }

    /** Whether the other side is on this machine. */
    public boolean isLoopback() {
        return channel.remoteAddress() instanceof InetSocketAddress inet && inet.getAddress() != null
                && inet.getAddress().isLoopbackAddress();
    }

    /** The file descriptor, or a number that stands for it where the transport hides it. */
    public int descriptor() {
        return socket == null ? channel.id().hashCode() & 0xffff : socket.intValue();
    }
}
