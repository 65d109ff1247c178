package dev.cistern.gateway.dns;

import dev.cistern.gateway.http.ListenException;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryDecoder;
import io.netty.handler.codec.dns.DatagramDnsResponse;
import io.netty.handler.codec.dns.DatagramDnsResponseEncoder;
import io.netty.handler.codec.dns.DefaultDnsResponse;
import io.netty.handler.codec.dns.DnsQuery;
import io.netty.handler.codec.dns.TcpDnsQueryDecoder;
import io.netty.handler.codec.dns.TcpDnsResponseEncoder;
import io.netty.handler.timeout.ReadTimeoutHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Function;

/**
 * Listens for DNS queries on a UDP and a TCP port of the same number.
 *
 * <p>One thread for everything, also for the look-up: whoever asks more than it can answer loses packets, and disturbs
 * nobody else. A packet that is no query is dropped.
 */
public final class DnsServer implements AutoCloseable {

    private static final int CONNECTIONS = 64;
    private static final int IDLE_SECONDS = 10;
    private static final long SHUTDOWN_MILLIS = 1_000;

    private final DnsAnswers answers;
    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("dns", true),
            NioIoHandler.newFactory());
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final Channel tcp;
    private final Channel udp;

    private DnsServer(String host, int port, DnsAnswers answers) {
        this.answers = answers;
        try {
            this.tcp = opened(host, port, new ServerBootstrap().group(group).channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInitializer<SocketChannel>() {
                        @Override
                        protected void initChannel(SocketChannel channel) {
                            admit(channel);
                        }
                    }).bind(host, port));
            int same = port();
            this.udp = opened(host, same, new Bootstrap().group(group).channel(NioDatagramChannel.class)
                    .handler(new ChannelInitializer<NioDatagramChannel>() {
                        @Override
                        protected void initChannel(NioDatagramChannel channel) {
                            channel.pipeline().addLast(new DatagramDnsQueryDecoder(), new DatagramDnsResponseEncoder(),
                                    new Packets());
                        }
                    }).bind(host, same));
        } catch (ListenException e) {
            group.shutdownGracefully();
            throw e;
        }
    }

    /**
     * Starts; port 0 takes a free one.
     *
     * @param domain  below which all names are that it knows
     * @param names   what a name in it stands for, in any letter case; called on the server's thread
     * @throws ListenException when the address cannot be listened on
     */
    public static DnsServer start(String host, int port, String domain,
            Function<String, Optional<InetAddress>> names) {
        return new DnsServer(host, port, new DnsAnswers(domain, names));
    }

    public int port() {
        return ((InetSocketAddress) tcp.localAddress()).getPort();
    }

    @Override
    public void close() {
        tcp.close();
        udp.close();
        connections.close().awaitUninterruptibly(SHUTDOWN_MILLIS);
        group.shutdownGracefully();
    }

    private static Channel opened(String host, int port, ChannelFuture future) {
        future.awaitUninterruptibly();
        Throwable cause = future.cause();
        if (cause != null) {
            throw new ListenException(host, port, cause);
        }
        return future.channel();
    }

    private void admit(SocketChannel channel) {
        if (connections.size() >= CONNECTIONS) {
            channel.close();
            return;
        }
        connections.add(channel);
        channel.pipeline().addLast(new ReadTimeoutHandler(IDLE_SECONDS), new TcpDnsQueryDecoder(),
                new TcpDnsResponseEncoder(), new Stream());
    }

    private final class Packets extends SimpleChannelInboundHandler<DatagramDnsQuery> {

        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramDnsQuery query) {
            context.writeAndFlush(answers.fill(query,
                    new DatagramDnsResponse(/* sender= */ query.recipient(), /* recipient= */ query.sender(),
                            query.id())));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            // What cannot be read cannot be answered; the next packet is another one's.
        }
    }

    private final class Stream extends SimpleChannelInboundHandler<DnsQuery> {

        @Override
        protected void channelRead0(ChannelHandlerContext context, DnsQuery query) {
            context.writeAndFlush(answers.fill(query, new DefaultDnsResponse(query.id())));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
