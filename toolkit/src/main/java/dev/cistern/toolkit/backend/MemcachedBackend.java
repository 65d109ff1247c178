package dev.cistern.toolkit.backend;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;

import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Memcached nodes on a ketama ring: a fixed list, or the list that a configuration endpoint tells and keeps telling.
 *
 * <p>With discovery, the endpoint is asked when the backend opens and then once in a while. A greater version changes
 * the membership; another address behind a name of the same version is a replaced node, which keeps its place on the
 * ring. Only the event loop that polls changes the membership.
 */
public final class MemcachedBackend extends ShardedBackend {

    private static final long ANSWER_LIMIT_MILLIS = 2_000;
    private static final long RETRY_MILLIS = 1_000;

    private final EventLoopGroup loops;
    private final @Nullable SslContext tls;
    private final InstantSource clock;
    private final Guard guard;
    private final Map<String, Member> members = new HashMap<>();
    private long version = Long.MIN_VALUE;

    private record Member(MemcachedNode node, GuardedBackend guarded) {}

    private MemcachedBackend(@Nullable Tls tls, InstantSource clock, Guard guard) {
        super(Map.of());
        this.tls = tls == null ? null : tls.forMemcached();
        this.clock = clock;
        this.guard = guard;
        this.loops = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("cistern-memcached", true),
                NioIoHandler.newFactory());
    }

    /** Over nodes given as {@code host:port}; without {@code tls} in clear. */
    public static MemcachedBackend of(List<String> addresses, @Nullable Tls tls, InstantSource clock, Guard guard) {
        MemcachedBackend backend = new MemcachedBackend(tls, clock, guard);
        backend.change(addresses.stream().map(MemcachedAddress::parse).toList());
        return backend;
    }

    /**
     * Over the nodes that the configuration endpoint tells, asked every {@code interval}. {@code onChange} hears the
     * ring names after each change of membership. Until the first answer, every key is a miss.
     */
    public static MemcachedBackend discovering(String configurationEndpoint, Duration interval, @Nullable Tls tls,
            InstantSource clock, Guard guard, Consumer<List<String>> onChange) {
        MemcachedBackend backend = new MemcachedBackend(tls, clock, guard);
        MemcachedNode endpoint = new MemcachedNode(backend.loops, MemcachedAddress.parse(configurationEndpoint),
                backend.tls, clock);
        EventLoop loop = backend.loops.next();
        loop.execute(() -> backend.poll(loop, endpoint, interval.toMillis(), onChange));
        return backend;
    }

    private void poll(EventLoop loop, MemcachedNode endpoint, long intervalMillis, Consumer<List<String>> onChange) {
        var unused = endpoint.clusterConfig().orTimeout(ANSWER_LIMIT_MILLIS, TimeUnit.MILLISECONDS)
                .thenApply(MemcachedTopology::parse).whenCompleteAsync((topology, failure) -> {
                    long pauseMillis = intervalMillis;
                    if (failure == null) {
                        apply(topology, onChange);
                    } else {
                        // A new connection asks DNS again: the endpoint's name may lead to another node by now.
                        endpoint.reconnect();
                        pauseMillis = Math.min(intervalMillis, RETRY_MILLIS);
                    }
                    var unusedNext = loop.schedule(() -> poll(loop, endpoint, intervalMillis, onChange), pauseMillis,
                            TimeUnit.MILLISECONDS);
                }, loop);
    }

    private void apply(MemcachedTopology topology, Consumer<List<String>> onChange) {
        if (topology.version() > version) {
            version = topology.version();
            change(topology.nodes());
            onChange.accept(topology.nodes().stream().map(MemcachedAddress::ringName).toList());
        } else if (topology.version() == version) {
            for (MemcachedAddress address : topology.nodes()) {
                Member member = members.get(address.ringName());
                if (member != null) {
                    member.node().moveTo(address);
                }
            }
        }
    }

    private void change(List<MemcachedAddress> addresses) {
        Map<String, GuardedBackend> next = new LinkedHashMap<>();
        for (MemcachedAddress address : addresses) {
            Member member = members.computeIfAbsent(address.ringName(), name -> member(address));
            member.node().moveTo(address);
            next.put(address.ringName(), member.guarded());
        }
        replaceServers(next);
        members.entrySet().removeIf(member -> {
            boolean left = !next.containsKey(member.getKey());
            if (left) {
                member.getValue().node().close();
            }
            return left;
        });
    }

    private Member member(MemcachedAddress address) {
        MemcachedNode node = new MemcachedNode(loops, address, tls, clock);
        return new Member(node, guard.around(address.ringName(), node));
    }

    @Override
    public void close() {
        super.close();
        var unused = loops.shutdownGracefully(0, ANSWER_LIMIT_MILLIS, TimeUnit.MILLISECONDS);
    }
}
