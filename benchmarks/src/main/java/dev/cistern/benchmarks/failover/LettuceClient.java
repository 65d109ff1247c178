package dev.cistern.benchmarks.failover;

import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;

/** Lettuce on one connection to each node, which asks for the topology when it is redirected and twice a minute. */
final class LettuceClient implements ClusterClient {

    private static final Duration REFRESH = Duration.ofSeconds(30);

    private final RedisClusterClient client;
    private final StatefulRedisClusterConnection<String, String> connection;

    LettuceClient(HostAndPort cluster) {
        client = RedisClusterClient.create(RedisURI.create(cluster.getHost(), cluster.getPort()));
        client.setOptions(ClusterClientOptions.builder().topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                .enablePeriodicRefresh(REFRESH).build()).build());
        connection = client.connect();
    }

    @Override
    public void set(String key, String value) {
        connection.sync().set(key, value);
    }

    @Override
    public @Nullable String get(String key) {
        return connection.sync().get(key);
    }

    @Override
    public long increment(String key) {
        return connection.sync().incr(key);
    }

    @Override
    public void close() {
        connection.close();
        client.shutdown();
    }
}
