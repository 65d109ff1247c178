package dev.cistern.gateway.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Listens on one address and hands whole requests to a {@link WebHandler}.
 *
 * <p>Holds what connections share: the limits on how many there are and on what they hold. Safe for many threads.
 */
public final class HttpServer implements AutoCloseable {

    private static final long SHUTDOWN_MILLIS = 1000;

    private final HttpLimits limits;
    private final WebHandler handler;
    private final InstantSource clock;
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1,
            new DefaultThreadFactory("gateway-io", true), NioIoHandler.newFactory());
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final ThreadFactory threads = Thread.ofVirtual().name("gateway-request-", 0).factory();
    private final Semaphore running;
    private final AtomicLong bodiesBytes = new AtomicLong();
    private final Channel listener;
    private volatile boolean draining;

    private HttpServer(String host, int port, HttpLimits limits, WebHandler handler, InstantSource clock) {
        this.limits = limits;
        this.handler = handler;
        this.clock = clock;
        this.running = new Semaphore(limits.requests());
        this.listener = listen(host, port);
    }

    /**
     * Starts listening; port 0 takes a free one.
     *
     * @throws ListenException when the address cannot be listened on
     */
    public static HttpServer start(String host, int port, HttpLimits limits, WebHandler handler, InstantSource clock) {
        return new HttpServer(host, port, limits, handler, clock);
    }

    public int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /** Stops listening, lets running requests end, closes what is left. */
    @Override
    public void close() {
        draining = true;
        listener.close().awaitUninterruptibly();
        for (Channel connection : connections) {
            ChannelHandlerContext context = connection.pipeline().context(HttpConnection.class);
            if (context != null) {
                connection.eventLoop().execute(() -> ((HttpConnection) context.handler()).drain(context));
            }
        }
        connections.newCloseFuture().awaitUninterruptibly(limits.drainMillis());
        connections.close().awaitUninterruptibly(SHUTDOWN_MILLIS);
        group.shutdownGracefully(0, SHUTDOWN_MILLIS, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }

    private Channel listen(String host, int port) {
        var bound = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accept(channel);
                    }
                })
                .bind(host, port)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            group.shutdownGracefully(0, SHUTDOWN_MILLIS, TimeUnit.MILLISECONDS);
            throw new ListenException(host, port, Objects.requireNonNull(bound.cause()));
        }
        return bound.channel();
    }

    private void accept(Channel channel) {
        if (draining || connections.size() >= limits.connections()) {
            channel.close();
            return;
        }
        connections.add(channel);
        channel.pipeline().addLast(
                new RequestDecoder(limits), new HttpResponseEncoder(), new FlowControlHandler(),
                new HttpConnection(this));
    }

    HttpLimits limits() {
        return limits;
    }

    WebHandler handler() {
        return handler;
    }

    InstantSource clock() {
        return clock;
    }

    boolean isDraining() {
        return draining;
    }

    /** Runs {@code request} on a thread of its own; false when too many run already. */
    boolean startRequest(Runnable request) {
        if (!running.tryAcquire()) {
            return false;
        }
        threads.newThread(() -> {
            try {
                request.run();
            } finally {
                running.release();
            }
        }).start();
        return true;
    }

    boolean reserveBody(int bytes) {
        if (bodiesBytes.addAndGet(bytes) <= limits.allBodiesBytes()) {
            return true;
        }
        bodiesBytes.addAndGet(-bytes);
        return false;
    }

    /** What unanswered requests hold. */
    long heldBodyBytes() {
        return bodiesBytes.get();
    }

    void releaseBody(int bytes) {
        bodiesBytes.addAndGet(-bytes);
    }
}
