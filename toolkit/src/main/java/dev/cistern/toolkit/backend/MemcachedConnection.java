package dev.cistern.toolkit.backend;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One pipelined connection speaking Memcached's text protocol: commands go out in the order in which they are sent,
 * and answers are given to them in that order.
 *
 * <p>Written here rather than taken from a client library because the part those libraries are for, choosing nodes,
 * has to be ours: the ring, discovery, a breaker per node. What was left is seven verbs over Netty, which Lettuce
 * brings along anyway. The queue of waiting commands belongs to the event loop.
 */
final class MemcachedConnection extends SimpleChannelInboundHandler<Object> {

    private static final int CONNECT_LIMIT_MILLIS = 2_000;

    private final Channel channel;
    private final Queue<Waiting> waiting = new ArrayDeque<>();
    private final Consumer<MemcachedConnection> onClose;

    private MemcachedConnection(Channel channel, Consumer<MemcachedConnection> onClose) {
        this.channel = channel;
        this.onClose = onClose;
    }

    /** What an answer looks like: a line, or values up to a line that says END. */
    private record Waiting(boolean wantsValues, List<MemcachedReplyDecoder.Value> values,
            CompletableFuture<Answer> answer) {}

    /** An answer: the line that ended it and the values before that. */
    record Answer(String line, List<MemcachedReplyDecoder.Value> values) {}

    /** Connects; {@code onClose} hears when the connection that came of it ends. */
    static CompletableFuture<MemcachedConnection> open(EventLoopGroup loops, String host, int port,
            @Nullable SslContext tls, Consumer<MemcachedConnection> onClose) {
        CompletableFuture<MemcachedConnection> opened = new CompletableFuture<>();
        Bootstrap bootstrap = new Bootstrap().group(loops).channel(NioSocketChannel.class)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_LIMIT_MILLIS)
                .option(ChannelOption.TCP_NODELAY, true).option(ChannelOption.SO_KEEPALIVE, true)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        if (tls != null) {
                            channel.pipeline().addLast(tls.newHandler(channel.alloc(), host, port));
                        }
                        channel.pipeline().addLast(new MemcachedReplyDecoder(),
                                new MemcachedConnection(channel, onClose));
                    }
                });
        var unused = bootstrap.connect(InetSocketAddress.createUnresolved(host, port))
                .addListener((ChannelFuture done) -> {
                    if (done.isSuccess()) {
                        opened.complete(done.channel().pipeline().get(MemcachedConnection.class));
                    } else {
                        opened.completeExceptionally(done.cause());
                    }
                });
        return opened;
    }

    /** Sends a command that is answered by one line. */
    CompletableFuture<String> line(ByteBuf command) {
        return send(command, false).thenApply(Answer::line);
    }

    /** Sends a command that is answered by values and END. */
    CompletableFuture<List<MemcachedReplyDecoder.Value>> values(ByteBuf command) {
        return send(command, true).thenApply(Answer::values);
    }

    /** A command line, ready to have data appended. */
    ByteBuf command(String line) {
        ByteBuf command = channel.alloc().buffer(line.length() + 2);
        command.writeCharSequence(line, StandardCharsets.UTF_8);
        return command.writeByte('\r').writeByte('\n');
    }

    void close() {
        var unused = channel.close();
    }

    private CompletableFuture<Answer> send(ByteBuf command, boolean wantsValues) {
        Waiting mine = new Waiting(wantsValues, new ArrayList<>(), new CompletableFuture<>());
        channel.eventLoop().execute(() -> {
            if (!channel.isActive()) {
                command.release();
                mine.answer().completeExceptionally(new IOException("the connection is closed"));
                return;
            }
            waiting.add(mine);
            var unused = channel.writeAndFlush(command, channel.voidPromise());
        });
        return mine.answer();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, Object part) {
        Waiting first = waiting.peek();
        if (first == null) {
            // An answer that nobody asked for: out of step, and so no later answer can be trusted.
            close();
        } else if (part instanceof MemcachedReplyDecoder.Value value) {
            first.values().add(value);
        } else {
            ended(first, (String) part);
        }
    }

    private void ended(Waiting first, String line) {
        waiting.remove();
        boolean isError = line.equals("ERROR") || line.startsWith("SERVER_ERROR") || line.startsWith("CLIENT_ERROR");
        if (isError || (first.wantsValues() && !line.equals("END"))) {
            first.answer().completeExceptionally(new MemcachedErrorException(line));
        } else {
            first.answer().complete(new Answer(line, first.values()));
        }
        if (line.startsWith("CLIENT_ERROR")) {
            // The server may take the data we sent along for commands.
            close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        onClose.accept(this);
        IOException closed = new IOException("the connection was closed");
        for (Waiting one = waiting.poll(); one != null; one = waiting.poll()) {
            one.answer().completeExceptionally(closed);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        close();
    }
}
