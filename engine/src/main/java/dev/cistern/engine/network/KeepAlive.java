package dev.cistern.engine.network;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.uring.IoUringChannelOption;

/** TCP keep-alive as the original sets it: the first probe after the interval, three more a third of it apart. */
final class KeepAlive {
    private static final int PROBES = 3;

    private KeepAlive() {}

    static void set(Channel channel, int seconds) {
        channel.config().setOption(ChannelOption.SO_KEEPALIVE, seconds > 0);
        if (seconds <= 0) {
            return;
        }
        int between = Math.max(1, seconds / PROBES);
        // Each transport ignores the other's options, except NIO, which takes the system's intervals.
        if (channel.getClass().getName().contains("epoll")) {
            channel.config().setOption(EpollChannelOption.TCP_KEEPIDLE, seconds);
            channel.config().setOption(EpollChannelOption.TCP_KEEPINTVL, between);
            channel.config().setOption(EpollChannelOption.TCP_KEEPCNT, PROBES);
        } else if (channel.getClass().getName().contains("uring")) {
            channel.config().setOption(IoUringChannelOption.TCP_KEEPIDLE, seconds);
            channel.config().setOption(IoUringChannelOption.TCP_KEEPINTVL, between);
            channel.config().setOption(IoUringChannelOption.TCP_KEEPCNT, PROBES);
        }
    }
}
