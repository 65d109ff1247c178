package dev.cistern.engine.network;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The threads that carry all connections of a process: shared by its nodes, owned by whoever started them.
 *
 * <p>One loop per core. Start, stop and listen may be called by any thread; everything else of a loop happens on it.
 */
public final class EventLoops implements AutoCloseable {
    private static final int STOP_SECONDS = 10;

    private final Transport transport;
    private final MultiThreadIoEventLoopGroup group;
    private final List<Loop> loops = new ArrayList<>();

    /** One thread, the buffer into which its sockets are read, and what it needs for those that are encrypted. */
    public record Loop(int number, EventLoop executor, ReceiveBuffer receiveBuffer, TlsBuffers tlsBuffers,
            Handshakes handshakes) {

        private static Loop of(int number, EventLoop executor) {
            return new Loop(number, executor, new ReceiveBuffer(), new TlsBuffers(), new Handshakes(executor));
        }

        /** Runs the task in the loop's next round, after the sockets that are ready by then. On the loop's thread. */
        public void afterIteration(Runnable task) {
            ((SingleThreadEventLoop) executor).executeAfterEventLoopIteration(() -> executor.execute(task));
        }

        /** Serves sockets and tasks, once, in the middle of a long task. Called by that task. */
        public void serveOthers() {
            ((PatientLoop) executor).serveOthers();
        }
    }

    private EventLoops(Transport transport, int threads) {
        this.transport = transport;
        group = new MultiThreadIoEventLoopGroup(threads, new LoopThreads(), transport.handlerFactory()) {
            @Override
            protected IoEventLoop newChild(Executor executor, IoHandlerFactory factory, Object... more) {
                return new PatientLoop(this, executor, factory);
            }
        };
        for (EventExecutor executor : group) {
            loops.add(Loop.of(loops.size(), (EventLoop) executor));
        }
    }

    /** Makes threads that have the stack for a script's deepest reply, even before the JIT has made its frames small. */
    private static final class LoopThreads extends DefaultThreadFactory {
        private static final long STACK_BYTES = 4L << 20;

        private LoopThreads() {
            super("cistern-loop", true);
        }

        @Override
        protected Thread newThread(Runnable task, String name) {
            return new FastThreadLocalThread(threadGroup, task, name, STACK_BYTES);
        }
    }

    /** Starts {@link #usualCount} loops, waiting in the way that suits this machine best. */
    public static EventLoops start() {
        return start(Transport.preferred(), usualCount());
    }

    /**
     * One loop for each CPU but one, which is left to the kernel's side of the network and to whatever else runs here.
     *
     * <p>Measured on two CPUs, the client on the same ones (GET of 64 bytes, 50 connections, medians of six interleaved
     * rounds, server CPU per operation relative to redis-server): one loop 0.88 at pipeline 1, 0.60 at 16, 0.46 at 64;
     * two loops 0.93, 0.65, 0.51. Throughput was equal but at pipeline 64, where two loops did 14 % more.
     */
    public static int usualCount() {
        return Math.max(1, Runtime.getRuntime().availableProcessors() - 1);
    }

    public static EventLoops start(Transport transport, int threads) {
        if (!transport.isAvailable()) {
            throw new IllegalArgumentException("this machine does not offer " + transport);
        }
        return new EventLoops(transport, threads);
    }

    public Transport transport() {
        return transport;
    }

    public List<Loop> loops() {
        return List.copyOf(loops);
    }

    /** Makes the conversation for a connection that was accepted, on the connection's loop. */
    public interface Acceptor {
        Conversation accept(Connection connection, Loop loop);
    }

    /**
     * Listens until the channel is closed. A port that is in use, or an address that is not ours, is an IOException
     * that says so.
     */
    public Channel listen(InetSocketAddress address, int backlog, Acceptor acceptor) throws IOException {
        return listen(address, backlog, new Door(), acceptor, false);
    }

    /** Listens behind a door. */
    public Channel listen(InetSocketAddress address, int backlog, Door door, Acceptor acceptor) throws IOException {
        return listen(address, backlog, door, acceptor, false);
    }

    /**
     * The same on a port that others of this user listen on in the same way, in this process and in others: each
     * connection goes to one of them.
     */
    public Channel listenWithOthers(InetSocketAddress address, int backlog, Door door, Acceptor acceptor)
            throws IOException {
        return listen(address, backlog, door, acceptor, true);
    }

    private Channel listen(InetSocketAddress address, int backlog, Door door, Acceptor acceptor, boolean isShared)
            throws IOException {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(group)
                .channel(transport.serverChannel())
                .option(ChannelOption.SO_BACKLOG, backlog)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        open(channel, door, acceptor, _ -> {});
                    }
                });
        if (isShared) {
            bootstrap.option(transport.sharedPort(), true);
        }
        ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
        Throwable failure = bound.cause();
        if (failure != null) {
            throw new IOException("cannot listen on %s:%d: %s".formatted(address.getHostString(), address.getPort(),
                    failure.getMessage()), failure);
        }
        return bound.channel();
    }

    /**
     * Connects, on a loop, which then has the connection, encrypted if there is a context for that; {@code failed} is told
     * if that does not work, and nothing else. The context is the caller's.
     */
    public void connect(InetSocketAddress address, Loop loop, int timeoutSeconds, @Nullable TlsContext context,
            Function<Connection, Conversation> maker, Consumer<Throwable> failed) {
        Door door = new Door();
        if (context != null) {
            door.speak(Door.Speech.TLS, context);
        }
        Bootstrap bootstrap = new Bootstrap()
                .group(loop.executor())
                .channel(transport.clientChannel())
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutSeconds * 1000)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        open(channel, door, (connection, _) -> maker.apply(connection), failed);
                    }
                });
        bootstrap.connect(address).addListener(done -> {
            Throwable cause = done.cause();
            if (cause != null) {
                failed.accept(cause);
            }
        });
    }

    private void open(Channel channel, Door door, Acceptor acceptor, Consumer<Throwable> failed) {
        Door.Welcome welcome = door.welcome(channel.remoteAddress(), channel.localAddress());
        if (welcome == Door.Welcome.NONE) {
            refuse(channel);
            return;
        }
        Loop loop = loopOf(channel.eventLoop());
        if (transport.readsWhenReady(channel)) {
            channel.config().setRecvByteBufAllocator(loop.receiveBuffer());
        }
        Connection connection = new Connection(channel, loop.receiveBuffer());
        connection.forInsiders(welcome == Door.Welcome.INSIDERS);
        Door.Speech speech = door.speech();
        if (speech == Door.Speech.TLS) {
            connection.secure(new Connection.Entrance(door, loop, acceptor, failed));
        } else {
            connection.conversation(acceptor.accept(connection, loop));
            if (speech == Door.Speech.BOTH) {
                connection.mayBeSecure(new Connection.Entrance(door, loop, acceptor, failed));
            }
        }
        channel.pipeline().addLast(connection);
    }

    /** The other side sees a reset, as from a port where nobody listens. */
    private static void refuse(Channel channel) {
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        var _ = channel.close();
    }

    private Loop loopOf(EventLoop executor) {
        for (Loop loop : loops) {
            if (loop.executor().equals(executor)) {
                return loop;
            }
        }
        throw new IllegalStateException("a loop of another group");
    }

    /** Ends the threads; the nodes that used them have been stopped before. */
    @Override
    public void close() {
        group.shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
        loops.forEach(loop -> {
            loop.receiveBuffer().close();
            loop.tlsBuffers().close();
        });
        loops.clear();
    }
}
