package dev.cistern.benchmarks.failover;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisClusterClient;

/** Jedis as it is without options. */
final class JedisClient implements ClusterClient {

    private final RedisClusterClient jedis;

    JedisClient(HostAndPort cluster) {
        jedis = RedisClusterClient.create(Set.of(cluster));
    }

    @Override
    public void set(String key, String value) {
        jedis.set(key, value);
    }

    @Override
    public @Nullable String get(String key) {
        return jedis.get(key);
    }

    @Override
    public long increment(String key) {
        return jedis.incr(key);
    }

    @Override
    public void close() {
        jedis.close();
    }
}
