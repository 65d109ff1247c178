package dev.cistern.engine.network;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.UnixChannelOption;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import java.net.StandardSocketOptions;
import java.util.Locale;

/** Which of the operating system's ways an event loop waits for its sockets. */
public enum Transport {
    EPOLL, IO_URING, NIO;

    /**
     * The best that works here. Measured with redis-benchmark on two busy cores (50 connections, 100,000 keys, values of
     * 64 bytes, loopback, Linux 6.18), as microseconds of server CPU per GET, medians of one interleaved run:
     *
     * <pre>
     *                epoll  io_uring  NIO   Redis 7.0
     *   pipeline 16   0.90   1.13     1.08   1.68
     *   pipeline  1   5.8    8.0      7.0    6.5
     * </pre>
     *
     * Epoll leads because a ready socket is read into one shared buffer and answered by one call. With Unsafe (and
     * Netty's use of it) switched on, nothing was gained: 1.21 against 1.00 at pipeline 16, in a run of their own.
     */
    public static Transport preferred() {
        return Epoll.isAvailable() ? EPOLL : NIO;
    }

    /** By its name in small letters, or {@code auto}. */
    public static Transport named(String name) {
        return name.equals("auto") ? preferred() : valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
    }

    public boolean isAvailable() {
        return switch (this) {
            case EPOLL -> Epoll.isAvailable();
            case IO_URING -> IoUring.isAvailable();
            case NIO -> true;
        };
    }

    IoHandlerFactory handlerFactory() {
        return switch (this) {
            case EPOLL -> EpollIoHandler.newFactory();
            case IO_URING -> IoUringIoHandler.newFactory();
            case NIO -> NioIoHandler.newFactory();
        };
    }

    Class<? extends ServerChannel> serverChannel() {
        return switch (this) {
            case EPOLL -> EpollServerSocketChannel.class;
            case IO_URING -> IoUringServerSocketChannel.class;
            case NIO -> NioServerSocketChannel.class;
        };
    }

    /** By which several sockets listen on one port, and the kernel deals the connections out among them. */
    ChannelOption<Boolean> sharedPort() {
        return this == NIO ? NioChannelOption.of(StandardSocketOptions.SO_REUSEPORT) : UnixChannelOption.SO_REUSEPORT;
    }

    Class<? extends Channel> clientChannel() {
        return switch (this) {
            case EPOLL -> EpollSocketChannel.class;
            case IO_URING -> IoUringSocketChannel.class;
            case NIO -> NioSocketChannel.class;
        };
    }

    /** Whether a read happens at once when a socket is ready, so that all sockets of a loop can share one buffer. */
    boolean readsWhenReady(Channel channel) {
        return this != IO_URING && channel.isOpen();
    }
}
