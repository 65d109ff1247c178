package dev.cistern.benchmarks.failover;

import java.util.Locale;
import redis.clients.jedis.HostAndPort;

/** A client library that knows clusters. */
enum Library {

    JEDIS, LETTUCE, REDIS_PY;

    /** Whether this machine has what it takes. */
    boolean isPossible() {
        return this != REDIS_PY || PythonLoad.isPossible();
    }

    /**
     * Has so many threads work until they are told to end.
     *
     * @param pauseMillis for how long each rests between two steps
     */
    ClusterLoad start(HostAndPort cluster, int threads, int pauseMillis) {
        return switch (this) {
            case JEDIS -> new ThreadsLoad(toString(), new JedisClient(cluster), threads, pauseMillis);
            case LETTUCE -> new ThreadsLoad(toString(), new LettuceClient(cluster), threads, pauseMillis);
            case REDIS_PY -> new PythonLoad(toString(), cluster, threads, pauseMillis);
        };
    }

    /** As it is named on the command line. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
