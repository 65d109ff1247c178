package dev.cistern.engine.cluster;

import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.sync.RedisAdvancedClusterCommands;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.HostAndPort;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Clients that know clusters go on working while three shards, each with a replica, become four, and three again: nothing
 * fails, nothing is lost, nothing is there twice, and replicas have what their primaries have.
 */
final class ReshardingTest {
    private static final long SEED = Long.getLong("cistern.seed", 1);
    private static final int KEYS_PER_CLIENT = 400;
    private static final int CALLS_BETWEEN_MOVES = 300 * Integer.getInteger("cistern.effort", 1);

    /** A client that works until it is told to end. */
    interface Load extends AutoCloseable {
        /** How much it has done. */
        long calls();

        boolean isAlive();

        /** Ends the work, and compares all its keys with what they must be. */
        void end() throws InterruptedException;

        /** How many keys there are of its. */
        long keys();

        @Override
        void close();
    }

    /** What clients of this JVM can do. */
    private interface Commands {
        void set(String key, String value);

        String get(String key);

        long increment(String key);

        void setBoth(String key, String value, String otherKey, String otherValue);

        long push(String key, String element);
    }

    /** One client's thread: changes keys of its own, and remembers what they must be. */
    private static final class Worker extends Thread implements Load {
        private final String name;
        private final Commands commands;
        private final Random random;
        private final Queue<String> failures;
        private final Map<String, String> texts = new HashMap<>();
        private final Map<String, Long> counters = new HashMap<>();
        private final Map<String, Long> lists = new HashMap<>();
        private final AtomicLong calls = new AtomicLong();
        private volatile boolean ended;

        Worker(String name, Commands commands, Queue<String> failures) {
            super(name);
            this.name = name;
            this.commands = commands;
            this.random = new Random(SEED + name.hashCode());
            this.failures = failures;
            start();
        }

        @Override
        public void run() {
            while (!ended) {
                try {
                    step();
                } catch (RuntimeException e) {
                    failures.add(name + ": " + e);
                    return;
                }
                calls.incrementAndGet();
            }
        }

        private void step() {
            int number = random.nextInt(KEYS_PER_CLIENT);
            switch (random.nextInt(5)) {
                case 0 -> {
                    String value = Long.toString(random.nextLong());
                    commands.set(name + "text" + number, value);
                    texts.put(name + "text" + number, value);
                }
                case 1 -> check(name + "text" + number);
                case 2 -> {
                    String key = name + "counter" + number;
                    long expected = counters.merge(key, 1L, Long::sum);
                    same(key, expected, commands.increment(key));
                }
                case 3 -> {
                    String value = Long.toString(random.nextLong());
                    String tag = "{" + name + number + "}";
                    commands.setBoth(tag + "a", value, tag + "b", value);
                    texts.put(tag + "a", value);
                    texts.put(tag + "b", value);
                }
                default -> {
                    String key = name + "list" + number;
                    long expected = lists.merge(key, 1L, Long::sum);
                    same(key, expected, commands.push(key, "element"));
                }
            }
        }

        private void check(String key) {
            same(key, String.valueOf(texts.get(key)), String.valueOf(commands.get(key)));
        }

        private void same(String key, Object expected, Object found) {
            if (!expected.equals(found)) {
                failures.add(key + " should be " + expected + " and is " + found);
            }
        }

        @Override
        public long calls() {
            return calls.get();
        }

        @Override
        public void end() throws InterruptedException {
            close();
            join();
            texts.keySet().forEach(this::check);
            counters.forEach((key, expected) -> same(key, Long.toString(expected), commands.get(key)));
            lists.forEach((key, expected) -> same(key, expected + 1, commands.push(key, "last")));
        }

        @Override
        public long keys() {
            return (long) texts.size() + counters.size() + lists.size();
        }

        @Override
        public void close() {
            ended = true;
        }
    }

    @Test
    void nothingIsLostWhileSlotsMove(@TempDir Path folder) throws InterruptedException {
        System.out.println("seed " + SEED);
        try (TestCluster cluster = TestCluster.withReplicas(4, 3);
                redis.clients.jedis.RedisClusterClient jedis = redis.clients.jedis.RedisClusterClient
                        .create(Set.of(new HostAndPort("127.0.0.1", cluster.port(0))));
                RedisClusterClient lettuce = lettuce(cluster);
                StatefulRedisClusterConnection<String, String> connection = lettuce.connect()) {
            Queue<String> failures = new ConcurrentLinkedQueue<>();
            List<Load> loads = new ArrayList<>();
            try {
                for (int i = 0; i < 2; i++) {
                    loads.add(new Worker("jedis" + i, ofJedis(jedis), failures));
                    loads.add(new Worker("lettuce" + i, ofLettuce(connection.sync()), failures));
                }
                if (PythonLoad.isPossible()) {
                    loads.add(new PythonLoad(folder, cluster.port(0), SEED, KEYS_PER_CLIENT, failures));
                }
                reshard(cluster, loads, failures);
                for (Load load : loads) {
                    load.end();
                }
            } finally {
                loads.forEach(Load::close);
            }
            assertThat(failures).isEmpty();
            assertThat(cluster.keys()).isEqualTo(loads.stream().mapToLong(Load::keys).sum());
            assertThat(loads).allMatch(load -> load.calls() > CALLS_BETWEEN_MOVES);
            System.out.printf("%d clients, %d calls, %d keys, longest hold %d microseconds%n", loads.size(),
                    loads.stream().mapToLong(Load::calls).sum(), cluster.keys(),
                    Math.max(cluster.longestHoldMicros(0), cluster.longestHoldMicros(3)));
            requireSameReplicas(cluster);
        }
    }

    private static void requireSameReplicas(TestCluster cluster) throws InterruptedException {
        for (int i = 0; i < 4; i++) {
            String digest = cluster.admin(i).send("DEBUG", "DIGEST").text();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (!cluster.replica(i).send("DEBUG", "DIGEST").text().equals(digest) && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
            assertThat(cluster.replica(i).send("DEBUG", "DIGEST").text()).isEqualTo(digest);
            assertThat(cluster.replica(i).send("DBSIZE")).isEqualTo(cluster.admin(i).send("DBSIZE"));
        }
    }

    /** Each of three gives the fourth a quarter of what it has; then the fourth gives all back. */
    private static void reshard(TestCluster cluster, List<Load> loads, Queue<String> failures)
            throws InterruptedException {
        awaitCalls(loads, failures);
        for (int from = 0; from < 3; from++) {
            cluster.move(from, 3, cluster.some(from, cluster.slots(from).cardinality() / 4));
            awaitCalls(loads, failures);
        }
        assertThat(cluster.slots(3).cardinality()).isBetween(4000, 4200);
        for (int to = 0; to < 3; to++) {
            BitSet back = to == 2 ? (BitSet) cluster.slots(3).clone() : cluster.some(3, 1365);
            cluster.move(3, to, back);
            awaitCalls(loads, failures);
        }
        assertThat(cluster.admin(3).send("DBSIZE").text()).isEqualTo("0");
    }

    /** Lets every client work for a while, unless one has failed. */
    private static void awaitCalls(List<Load> loads, Queue<String> failures) throws InterruptedException {
        for (Load load : loads) {
            long until = load.calls() + CALLS_BETWEEN_MOVES;
            while (load.isAlive() && failures.isEmpty() && load.calls() < until) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
        }
    }

    private static RedisClusterClient lettuce(TestCluster cluster) {
        RedisClusterClient client = RedisClusterClient.create(RedisURI.create("127.0.0.1", cluster.port(0)));
        client.setOptions(ClusterClientOptions.builder().topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                .adaptiveRefreshTriggersTimeout(Duration.ofMillis(100)).build())
                .build());
        return client;
    }

    private static Commands ofJedis(redis.clients.jedis.RedisClusterClient jedis) {
        return new Commands() {
            @Override
            public void set(String key, String value) {
                jedis.set(key, value);
            }

            @Override
            public String get(String key) {
                return jedis.get(key);
            }

            @Override
            public long increment(String key) {
                return jedis.incr(key);
            }

            @Override
            public void setBoth(String key, String value, String otherKey, String otherValue) {
                jedis.mset(key, value, otherKey, otherValue);
            }

            @Override
            public long push(String key, String element) {
                return jedis.rpush(key, element);
            }
        };
    }

    private static Commands ofLettuce(RedisAdvancedClusterCommands<String, String> lettuce) {
        return new Commands() {
            @Override
            public void set(String key, String value) {
                lettuce.set(key, value);
            }

            @Override
            public String get(String key) {
                return lettuce.get(key);
            }

            @Override
            public long increment(String key) {
                return lettuce.incr(key);
            }

            @Override
            public void setBoth(String key, String value, String otherKey, String otherValue) {
                lettuce.mset(Map.of(key, value, otherKey, otherValue));
            }

            @Override
            public long push(String key, String element) {
                return lettuce.rpush(key, element);
            }
        };
    }
}
