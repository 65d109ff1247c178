package dev.cistern.toolkit.backend;

import dev.cistern.toolkit.Freshness;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.SslContext;

import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One Memcached server. It has no replicas, so {@link Freshness} makes no difference. A later address for the same
 * node, after a replacement, is taken up without a new place on the ring.
 */
final class MemcachedNode implements Backend {

    private static final int KEYS_PER_GET = 100;

    /** Longer times to live must be written as a date: memcached takes larger numbers for seconds since 1970. */
    private static final long MAX_RELATIVE_SECONDS = 30L * 24 * 60 * 60;

    private final InstantSource clock;
    private final Link<MemcachedConnection> link;
    private volatile MemcachedAddress address;

    MemcachedNode(EventLoopGroup loops, MemcachedAddress address, @Nullable SslContext tls, InstantSource clock) {
        this.clock = clock;
        this.address = address;
        this.link = new Link<>(() -> open(loops, tls), MemcachedConnection::close);
    }

    private CompletableFuture<MemcachedConnection> open(EventLoopGroup loops, @Nullable SslContext tls) {
        MemcachedAddress now = address;
        return MemcachedConnection.open(loops, now.connectTo(), now.port(), tls, this::lost);
    }

    private void lost(MemcachedConnection connection) {
        link.lost(connection);
    }

    /** The node stands at another address now; its old connection is dropped. */
    void moveTo(MemcachedAddress newAddress) {
        if (!newAddress.equals(address)) {
            address = newAddress;
            link.reconnect();
        }
    }

    @Override
    public CompletableFuture<byte[]> get(String key, Freshness freshness) {
        return link.on(node -> node.values(node.command("get " + key)))
                .thenApply(values -> values.isEmpty() ? ABSENT : values.get(0).data());
    }

    @Override
    public CompletableFuture<Map<String, byte[]>> getAll(Collection<String> keys, Freshness freshness) {
        List<String> wanted = List.copyOf(keys);
        List<CompletableFuture<List<MemcachedReplyDecoder.Value>>> parts = new ArrayList<>();
        for (int from = 0; from < wanted.size(); from += KEYS_PER_GET) {
            List<String> some = wanted.subList(from, Math.min(from + KEYS_PER_GET, wanted.size()));
            parts.add(link.on(node -> node.values(node.command("get " + String.join(" ", some)))));
        }
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new)).thenApply(nothing -> {
            Map<String, byte[]> found = new HashMap<>();
            parts.forEach(part -> part.join().forEach(value -> found.put(value.key(), value.data())));
            return found;
        });
    }

    @Override
    public CompletableFuture<Void> set(String key, byte[] value, long ttlMillis) {
        return store("set " + key + " 0 " + expiry(ttlMillis), "", value).thenApply(line -> null);
    }

    @Override
    public CompletableFuture<Boolean> add(String key, byte[] value, long ttlMillis) {
        return store("add " + key + " 0 " + expiry(ttlMillis), "", value).thenApply("STORED"::equals);
    }

    @Override
    public CompletableFuture<Void> delete(Collection<String> keys) {
        return CompletableFuture.allOf(keys.stream().map(key -> link.on(node -> node.line(node.command(
                "delete " + key)))).toArray(CompletableFuture[]::new));
    }

    /** A compare-and-swap with something that has expired already: the text protocol has no conditional delete. */
    @Override
    public CompletableFuture<Boolean> deleteIfEquals(String key, byte[] expected) {
        return link.on(node -> node.values(node.command("gets " + key))).thenCompose(values -> {
            if (values.isEmpty() || !Arrays.equals(values.get(0).data(), expected)) {
                return CompletableFuture.completedFuture(false);
            }
            return store("cas " + key + " 0 -1", " " + Long.toUnsignedString(values.get(0).cas()), ABSENT)
                    .thenApply("STORED"::equals);
        });
    }

    /** The payload that describes the cluster, or an empty text when the server has none. */
    CompletableFuture<String> clusterConfig() {
        return link.on(node -> node.values(node.command("config get cluster"))).thenApply(MemcachedNode::payload)
                .exceptionally(notKnown -> "").thenCompose(payload -> payload.isEmpty()
                        ? get("AmazonElastiCache:cluster", Freshness.PRIMARY).thenApply(MemcachedNode::text)
                        : CompletableFuture.completedFuture(payload));
    }

    @Override
    public void reconnect() {
        link.reconnect();
    }

    @Override
    public void close() {
        link.close();
    }

    private CompletableFuture<String> store(String start, String end, byte[] value) {
        return link.on(node -> {
            ByteBuf command = node.command(start + " " + value.length + end);
            return node.line(command.writeBytes(value).writeByte('\r').writeByte('\n'));
        });
    }

    private long expiry(long ttlMillis) {
        if (ttlMillis == NO_EXPIRY) {
            return 0;
        }
        long seconds = (ttlMillis + 999) / 1_000;
        return seconds <= MAX_RELATIVE_SECONDS ? seconds : clock.instant().getEpochSecond() + seconds;
    }

    private static String payload(List<MemcachedReplyDecoder.Value> values) {
        return values.isEmpty() ? "" : text(values.get(0).data());
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
