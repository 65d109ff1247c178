package dev.cistern.app.process;

import dev.cistern.control.node.NodeAddress;
import dev.cistern.control.node.NodeRuntimeException;
import dev.cistern.engine.network.AddressRanges;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.Closeable;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Ports at which the connections of clients are handed on to a server that cannot listen there itself; where several servers
 * stand behind a port, each connection goes to the next one.
 *
 * <p>A port without a server is closed, and the connections of a server end when it is taken from the port. Whoever comes
 * from where a server does not take connections from is not handed to it; who is in stays in. Bytes run on one event loop and
 * wait where the other side is slow; routes are changed from any thread.
 */
final class Forwarder implements Closeable {

    private static final int CONNECT_MILLIS = 1_000;

    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Map<NodeAddress, Port> ports = new HashMap<>();

    /** From where servers take connections; everywhere, if nothing is said of one. */
    private final Map<NodeAddress, AddressRanges> admitted = new ConcurrentHashMap<>();

    /** The server takes connections from these ranges of addresses alone, at whatever port; blank for all. */
    void admit(NodeAddress server, String ranges) {
        if (ranges.isBlank()) {
            admitted.remove(server);
        } else {
            admitted.put(server, AddressRanges.parse(ranges));
        }
    }

    private boolean isAdmitted(SocketChannel client, NodeAddress server) {
        AddressRanges ranges = admitted.get(server);
        return ranges == null || ranges.admit(client.remoteAddress());
    }

    /** Hands connections to {@code at} on to the server as well. */
    void add(NodeAddress at, NodeAddress server) {
        add(at, server, this::isAdmitted);
    }

    /** The same at the server's own address, where those come too who run it, and other servers that follow it. */
    void addOwn(NodeAddress at, NodeAddress server) {
        add(at, server, (client, asked) -> isAdmitted(client, asked) || isOfThisMachine(client));
    }

    private static boolean isOfThisMachine(SocketChannel client) {
        InetAddress from = client.remoteAddress().getAddress();
        return from.isLoopbackAddress() || from.equals(client.localAddress().getAddress());
    }

    private synchronized void add(NodeAddress at, NodeAddress server, BiPredicate<SocketChannel, NodeAddress> admits) {
        Port port = ports.computeIfAbsent(at, _ -> new Port(admits));
        if (port.server == null) {
            port.server = listen(at, port);
        }
        port.add(server);
    }

    /** Ends the server's connections at that port, and takes no new ones for it. One that is not there is fine. */
    synchronized void remove(NodeAddress at, NodeAddress server) {
        Port port = ports.get(at);
        if (port == null) {
            return;
        }
        port.remove(server);
        if (port.isEmpty()) {
            port.close();
            ports.remove(at);
        }
    }

    private Channel listen(NodeAddress at, Port port) {
        ChannelFuture bound = new ServerBootstrap().group(loops).channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel client) {
                        port.connect(client);
                    }
                }).bind(at.host(), at.port()).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            ports.remove(at);
            throw new NodeRuntimeException("nothing can listen at " + at + ": " + bound.cause().getMessage(),
                    bound.cause());
        }
        return bound.channel();
    }

    @Override
    public synchronized void close() {
        ports.values().forEach(Port::close);
        ports.clear();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /** A port and who stands behind it. */
    private static final class Port {

        private final AtomicInteger turns = new AtomicInteger();
        private volatile List<Route> routes = List.of();
        private final BiPredicate<SocketChannel, NodeAddress> admits;
        private @Nullable Channel server;

        Port(BiPredicate<SocketChannel, NodeAddress> admits) {
            this.admits = admits;
        }

        /** A server, and the connections of clients that were handed to it. */
        private record Route(NodeAddress server, ChannelGroup clients) {}

        void add(NodeAddress address) {
            if (routes.stream().noneMatch(route -> route.server.equals(address))) {
                List<Route> more = new ArrayList<>(routes);
                more.add(new Route(address, new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true)));
                routes = List.copyOf(more);
            }
        }

        void remove(NodeAddress address) {
            for (Route route : routes) {
                if (route.server.equals(address)) {
                    routes = routes.stream().filter(other -> !other.server.equals(address)).toList();
                    // The group is closed for those too that are on their way into it.
                    var _ = route.clients.close();
                }
            }
        }

        boolean isEmpty() {
            return routes.isEmpty();
        }

        /** The selector keeps a closed port until its next turn: who opens it anew at once would find it taken. */
        void close() {
            routes.forEach(route -> remove(route.server));
            Channel listening = server;
            if (listening != null) {
                SocketAddress at = listening.localAddress();
                listening.close().awaitUninterruptibly();
                var _ = FreePort.await(at);
            }
        }

        void connect(SocketChannel client) {
            List<Route> now = routes.stream().filter(route -> admits.test(client, route.server)).toList();
            if (now.isEmpty()) {
                var _ = client.close();
                return;
            }
            Route route = now.get(Math.floorMod(turns.getAndIncrement(), now.size()));
            route.clients.add(client);
            ChannelFuture connected = new Bootstrap().group(client.eventLoop()).channel(NioSocketChannel.class)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .option(ChannelOption.AUTO_READ, false)
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
                    .handler(new Relay(client)).connect(route.server.host(), route.server.port());
            client.pipeline().addLast(new Relay(connected.channel()));
            var _ = connected.addListener((ChannelFutureListener) done -> {
                if (done.isSuccess()) {
                    client.read();
                    done.channel().read();
                } else {
                    var _ = client.close();
                }
            });
        }
    }

    /** Writes what comes from one side to the other, and reads on when it is written. */
    private static final class Relay extends ChannelInboundHandlerAdapter {

        private final Channel other;

        Relay(Channel other) {
            this.other = other;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object bytes) {
            var _ = other.writeAndFlush(bytes).addListener((ChannelFutureListener) written -> {
                if (written.isSuccess()) {
                    context.channel().read();
                } else {
                    var _ = context.close();
                }
            });
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (other.isActive()) {
                var _ = other.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            } else {
                var _ = other.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable broken) {
            var _ = context.close();
        }
    }
}
