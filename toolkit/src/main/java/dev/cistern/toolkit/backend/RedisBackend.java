package dev.cistern.toolkit.backend;

import dev.cistern.toolkit.Freshness;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.KeyValue;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.ReadFrom;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisReadOnlyException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.SetArgs;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Redis or Valkey through Lettuce: a primary with its readers, or a cluster.
 *
 * <p>The endpoints of ElastiCache keep their names when roles move, so the split of reads and writes is by endpoint and
 * needs no topology: writes and {@link Freshness#PRIMARY} go to the primary endpoint, the rest to the readers in turn,
 * and to the primary when a reader fails. Nothing connects before the first call.
 */
public final class RedisBackend implements Backend {

    private static final RedisCodec<String, byte[]> CODEC = RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE);

    /** Redis has no verb for it before Valkey 9's DELIFEQ; a script is atomic everywhere. */
    private static final String DELETE_IF_EQUALS = "if redis.call('get', KEYS[1]) == ARGV[1] then "
            + "return redis.call('del', KEYS[1]) else return 0 end";

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(2);

    private final Link<? extends StatefulConnection<String, byte[]>> primary;
    private final List<Link<? extends StatefulConnection<String, byte[]>>> readers;
    private final AtomicInteger turn = new AtomicInteger();
    private final Function<InvalidationListener, Backend> trackedTwin;
    private final Runnable shutdown;

    private RedisBackend(Link<? extends StatefulConnection<String, byte[]>> primary,
            List<Link<? extends StatefulConnection<String, byte[]>>> readers,
            Function<InvalidationListener, Backend> trackedTwin, Runnable shutdown) {
        this.primary = primary;
        this.readers = List.copyOf(readers);
        this.trackedTwin = trackedTwin;
        this.shutdown = shutdown;
    }

    /** A stand-alone server or a primary endpoint, with the reader endpoints it may have. */
    public static RedisBackend standalone(Tls tls, String primaryUri, List<String> readerUris) {
        ClientResources resources = DefaultClientResources.create();
        RedisClient client = RedisClient.create(resources);
        client.setOptions(options(tls));
        RedisURI primaryAddress = uri(primaryUri);
        List<Link<? extends StatefulConnection<String, byte[]>>> readers = new ArrayList<>();
        for (String reader : readerUris) {
            RedisURI address = uri(reader);
            readers.add(link(() -> client.connectAsync(CODEC, address)));
        }
        return new RedisBackend(link(() -> client.connectAsync(CODEC, primaryAddress)), readers,
                listener -> tracking(client, primaryAddress, listener), () -> {
                    client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
                    resources.shutdown(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(2_000);
                });
    }

    /** A cluster, by its configuration endpoint or any of its nodes. */
    public static RedisBackend cluster(Tls tls, String uri) {
        RedisClusterClient client = RedisClusterClient.create(uri(uri));
        client.setOptions(ClusterClientOptions.builder(options(tls)).build());
        return new RedisBackend(link(() -> client.connectAsync(CODEC)),
                List.of(link(() -> client.connectAsync(CODEC).thenApply(connection -> {
                    connection.setReadFrom(ReadFrom.REPLICA_PREFERRED);
                    return connection;
                }))), listener -> {
                    throw new UnsupportedOperationException("A near cache over cluster mode is not supported");
                }, () -> client.shutdown(Duration.ZERO, Duration.ofSeconds(2)));
    }

    @Override
    public CompletableFuture<byte[]> get(String key, Freshness freshness) {
        return read(freshness, redis -> redis.get(key)).thenApply(value -> value == null ? ABSENT : value);
    }

    @Override
    public CompletableFuture<Map<String, byte[]>> getAll(Collection<String> keys, Freshness freshness) {
        if (keys.isEmpty()) {
            return CompletableFuture.completedFuture(Map.of());
        }
        String[] wanted = keys.toArray(String[]::new);
        return read(freshness, redis -> redis.mget(wanted)).thenApply(values -> {
            Map<String, byte[]> found = new HashMap<>();
            for (KeyValue<String, byte[]> value : values) {
                if (value.hasValue()) {
                    found.put(value.getKey(), value.getValue());
                }
            }
            return found;
        });
    }

    @Override
    public CompletableFuture<Void> set(String key, byte[] value, long ttlMillis) {
        return write(redis -> redis.set(key, value, lasting(new SetArgs(), ttlMillis))).thenApply(ok -> null);
    }

    @Override
    public CompletableFuture<Boolean> add(String key, byte[] value, long ttlMillis) {
        return write(redis -> redis.set(key, value, lasting(SetArgs.Builder.nx(), ttlMillis)))
                .thenApply(ok -> ok != null);
    }

    @Override
    public CompletableFuture<Void> delete(Collection<String> keys) {
        if (keys.isEmpty()) {
            return CompletableFuture.completedFuture(null);
        }
        String[] unwanted = keys.toArray(String[]::new);
        return write(redis -> redis.del(unwanted)).thenApply(count -> null);
    }

    @Override
    public CompletableFuture<Boolean> deleteIfEquals(String key, byte[] expected) {
        return write(redis -> redis.<Long>eval(DELETE_IF_EQUALS, ScriptOutputType.INTEGER, new String[]{key},
                expected)).thenApply(count -> count > 0);
    }

    @Override
    public Backend tracked(InvalidationListener listener) {
        return trackedTwin.apply(listener);
    }

    @Override
    public void reconnect() {
        primary.reconnect();
        readers.forEach(Link::reconnect);
    }

    @Override
    public void close() {
        shutdown.run();
    }

    private <T> CompletableFuture<T> read(Freshness freshness,
            Function<RedisClusterAsyncCommands<String, byte[]>, ? extends CompletionStage<T>> call) {
        if (freshness != Freshness.REPLICA_OK || readers.isEmpty()) {
            return on(primary, call);
        }
        var reader = readers.get(Math.floorMod(turn.getAndIncrement(), readers.size()));
        return on(reader, call).exceptionallyCompose(failure -> on(primary, call));
    }

    private <T> CompletableFuture<T> write(
            Function<RedisClusterAsyncCommands<String, byte[]>, ? extends CompletionStage<T>> call) {
        return on(primary, call).whenComplete((answer, failure) -> {
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            if (cause instanceof RedisReadOnlyException) {
                // The primary's name points elsewhere by now, and only a new connection finds out.
                primary.reconnect();
            }
        });
    }

    private static <C extends StatefulConnection<String, byte[]>, T> CompletableFuture<T> on(Link<C> link,
            Function<RedisClusterAsyncCommands<String, byte[]>, ? extends CompletionStage<T>> call) {
        return link.on(connection -> call.apply(commandsOf(connection)));
    }

    private static RedisClusterAsyncCommands<String, byte[]> commandsOf(StatefulConnection<String, byte[]> connection) {
        if (connection instanceof StatefulRedisClusterConnection<String, byte[]> cluster) {
            return cluster.async();
        }
        return ((StatefulRedisConnection<String, byte[]>) connection).async();
    }

    private static RedisBackend tracking(RedisClient client, RedisURI address, InvalidationListener listener) {
        Link<StatefulRedisConnection<String, byte[]>> link = link(() -> client.connectAsync(CODEC,
                address).thenCompose(connection -> RedisTracking.on(connection, listener)));
        return new RedisBackend(link, List.of(), another -> {
            throw new UnsupportedOperationException("This view is tracked already");
        }, link::close);
    }

    private static <C extends StatefulConnection<String, byte[]>> Link<C> link(
            Supplier<? extends CompletionStage<C>> connect) {
        return new Link<>(connect, connection -> {
            var unused = connection.closeAsync();
        });
    }

    private static SetArgs lasting(SetArgs args, long ttlMillis) {
        return ttlMillis == NO_EXPIRY ? args : args.px(ttlMillis);
    }

    /** Without a connection a call fails at once: its caller has a time limit, and a loader to turn to. */
    private static ClientOptions options(Tls tls) {
        SocketOptions socket = SocketOptions.builder().connectTimeout(CONNECT_LIMIT).keepAlive(true).build();
        return ClientOptions.builder().disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .maintNotificationsConfig(MaintNotificationsConfig.disabled()).socketOptions(socket)
                .sslOptions(tls.forRedis()).build();
    }

    private static RedisURI uri(String uri) {
        return RedisURI.create(uri.replaceFirst("^valkey(s?)://", "redis$1://"));
    }
}
