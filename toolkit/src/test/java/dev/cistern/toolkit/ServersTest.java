package dev.cistern.toolkit;

import dev.cistern.toolkit.backend.Backend;
import dev.cistern.toolkit.backend.Breaker;
import dev.cistern.toolkit.backend.GuardedBackend;
import dev.cistern.toolkit.backend.MemcachedBackend;
import dev.cistern.toolkit.backend.NearBackend;
import dev.cistern.toolkit.backend.RedisBackend;
import dev.cistern.toolkit.backend.ShardedBackend;
import dev.cistern.toolkit.backend.Tls;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** The toolkit against servers: redis-server and memcached here, Cistern where another module runs it once more. */
@NullUnmarked
public class ServersTest {

    private static final Duration PATIENT = Duration.ofSeconds(20);

    private static GuardedBackend guard(String name, Backend server) {
        return new GuardedBackend(name, server, new Breaker(InstantSource.system(), 5, Duration.ofSeconds(1), Duration
                .ofSeconds(1)), PATIENT.toMillis(), CacheListener.NONE);
    }

    @Nested
    final class Redis extends BackendContract {

        private static Server server;
        private static Backend backend;

        @BeforeAll
        static void start() throws Exception {
            server = Server.redis();
            backend = RedisBackend.standalone(Tls.PLATFORM, server.redisUri(), List.of());
        }

        @AfterAll
        static void stop() throws Exception {
            if (server != null) {
                backend.close();
                server.close();
            }
        }

        @Override
        Backend backend() {
            return backend;
        }
    }

    @Nested
    final class Memcached extends BackendContract {

        private static final List<Server> servers = new ArrayList<>();
        private static Backend backend;

        @BeforeAll
        static void start() throws Exception {
            for (int n = 0; n < 3; n++) {
                servers.add(Server.memcached());
            }
            backend = MemcachedBackend.of(servers.stream().map(Server::address).toList(), null, InstantSource.system(),
                    ServersTest::guard);
        }

        @AfterAll
        static void stop() throws Exception {
            if (backend != null) {
                backend.close();
            }
            for (Server server : servers) {
                server.close();
            }
        }

        @Override
        Backend backend() {
            return backend;
        }
    }

    @Nested
    final class ShardedRedis extends BackendContract {

        private static Server one;
        private static Server two;
        private static Backend backend;

        @BeforeAll
        static void start() throws Exception {
            one = Server.redis();
            two = Server.redis();
            backend = new ShardedBackend(Map.of(one.address(), RedisBackend.standalone(Tls.PLATFORM, one.redisUri(),
                    List.of()), two.address(), RedisBackend.standalone(Tls.PLATFORM, two.redisUri(), List.of())));
        }

        @AfterAll
        static void stop() throws Exception {
            if (backend != null) {
                backend.close();
                one.close();
                two.close();
            }
        }

        @Override
        Backend backend() {
            return backend;
        }
    }

    private static CacheKit.Builder kit(Server server) {
        return CacheKit.builder().servers(server.redisUri()).timeLimit(PATIENT);
    }

    private static <T> List<T> together(int threads, Callable<T> work) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            CountDownLatch ready = new CountDownLatch(threads);
            List<Future<T>> futures = new ArrayList<>();
            for (int n = 0; n < threads; n++) {
                futures.add(pool.submit(() -> {
                    ready.countDown();
                    ready.await();
                    return work.call();
                }));
            }
            List<T> answers = new ArrayList<>();
            for (Future<T> future : futures) {
                answers.add(future.get(60, TimeUnit.SECONDS));
            }
            return answers;
        } finally {
            pool.shutdownNow();
        }
    }

    /** Three kits share nothing but the server, as three JVMs would. */
    @Test
    void threeHundredMissesOverThreeKitsLoadOnce() throws Exception {
        try (Server server = Server.redis();
                CacheKit a = kit(server).build();
                CacheKit b = kit(server).build();
                CacheKit c = kit(server).build()) {
            AtomicInteger loads = new AtomicInteger();
            List<LoadingCache<String, String>> caches = new ArrayList<>();
            for (CacheKit kit : List.of(a, b, c)) {
                caches.add(kit.cache("top10", String.class, String.class).singleFlightAcrossJvms().build(key -> {
                    Thread.sleep(300);
                    return "load " + loads.incrementAndGet();
                }));
            }
            AtomicInteger turn = new AtomicInteger();
            List<String> answers = together(300, () -> caches.get(turn.getAndIncrement() % 3).get("today"));
            assertThat(answers).containsOnly("load 1");
            assertThat(loads).hasValue(1);
        }
    }

    @Test
    void aLeaseWhoseOwnerDiedIsTakenByAnother() throws Exception {
        try (Server server = Server.redis(); CacheKit kit = kit(server).build()) {
            try (Backend raw = RedisBackend.standalone(Tls.PLATFORM, server.redisUri(), List.of())) {
                raw.add("~lease:c:k", new byte[]{1}, 500).join();
            }
            LoadingCache<String, String> cache = kit.cache("c", String.class, String.class).singleFlightAcrossJvms()
                    .build(key -> "loaded");
            assertThat(cache.get("k")).isEqualTo("loaded");
        }
    }

    @Test
    void anInvalidationElsewhereTakesTheLoadersLeaseAndItsOldValueIsNotStored() throws Exception {
        try (Server server = Server.redis(); CacheKit a = kit(server).build(); CacheKit b = kit(server).build()) {
            CacheBuilder<String, String> there = b.cache("c", String.class, String.class).singleFlightAcrossJvms();
            Cache<String, String> elsewhere = there.build();
            LoadingCache<String, String> here = a.cache("c", String.class, String.class).singleFlightAcrossJvms()
                    .build(key -> {
                        elsewhere.invalidate(key);
                        return "old";
                    });
            assertThat(here.get("k")).isEqualTo("old");
            assertThat(elsewhere.getIfPresent("k")).isNull();
        }
    }

    @Test
    void nearCopiesFollowTheServer() throws Exception {
        try (Server server = Server.redis(); CacheKit a = kit(server).build(); CacheKit b = kit(server).build()) {
            AtomicInteger loads = new AtomicInteger();
            LoadingCache<String, String> near = a.cache("c", String.class, String.class).near(100, Duration.ofMinutes(
                    5)).taggedBy(key -> List.of("t")).build(key -> "load " + loads.incrementAndGet());
            Cache<String, String> writer = b.cache("c", String.class, String.class).taggedBy(key -> List.of("t"))
                    .build();
            near.get("k");
            await().until(() -> near.get("k") != null && near.get("k").equals("load 1"));
            writer.put("k", "from b");
            await().atMost(PATIENT).until(() -> near.get("k").equals("from b"));
            b.invalidateTags("t");
            await().atMost(PATIENT).until(() -> near.get("k").equals("load 2"));
            a.invalidateTags("t");
            assertThat(near.get("k")).as("one's own invalidation shows at once").isEqualTo("load 3");
        }
    }

    @Test
    void aNearCacheServesWithoutTheNetworkAndForgetsAllWhenItsConnectionIsLost() throws Exception {
        try (Server server = Server.redis();
                Backend redis = RedisBackend.standalone(Tls.PLATFORM, server.redisUri(), List.of());
                NearBackend near = new NearBackend(redis, 100,
                        Duration.ofMinutes(5))) {
            redis.set("k", new byte[]{7}, 60_000).join();
            await().atMost(PATIENT).until(() -> {
                near.get("k", Freshness.REPLICA_OK).join();
                return near.size() == 1;
            });
            server.kill();
            await().atMost(PATIENT).until(() -> near.size() == 0);
            assertThat(near.get("k", Freshness.REPLICA_OK)).failsWithin(PATIENT);
            server.start();
            await().atMost(PATIENT).pollInterval(Duration.ofMillis(100)).ignoreExceptions().until(() -> {
                redis.set("k", new byte[]{8}, 60_000).get(1, TimeUnit.SECONDS);
                near.get("k", Freshness.REPLICA_OK).get(1, TimeUnit.SECONDS);
                return near.size() == 1;
            });
            redis.delete(List.of("k")).join();
            await().atMost(PATIENT).until(() -> near.get("k", Freshness.REPLICA_OK).join().length == 0);
        }
    }

    @Test
    void readsThatMayBeOldGoToTheReaderAndFreshOnesToThePrimary() throws Exception {
        try (Server primary = Server.redis();
                Server reader = Server.redis();
                CacheKit kit = kit(primary).readers(reader.redisUri()).build();
                CacheKit onReader = kit(reader).build()) {
            // Two servers that do not replicate show who was asked.
            Cache<String, String> cache = kit.cache("c", String.class, String.class).build();
            cache.put("k", "at the primary");
            onReader.cache("c", String.class, String.class).build().put("k", "at the reader");
            assertThat(cache.getIfPresent("k")).isEqualTo("at the primary");
            assertThat(cache.reading(Freshness.REPLICA_OK).getIfPresent("k")).isEqualTo("at the reader");
            assertThat(cache.reading(Freshness.PRIMARY).getIfPresent("k")).isEqualTo("at the primary");
            reader.kill();
            await().atMost(PATIENT).ignoreExceptions().until(() -> "at the primary".equals(cache.reading(
                    Freshness.REPLICA_OK).getIfPresent("k")));
        }
    }

    /** Business code under load while the server is killed and comes back. */
    private static void surviveAKill(Server server, CacheKit.Builder builder) throws Exception {
        Map<Breaker.State, AtomicInteger> changes = new ConcurrentHashMap<>();
        Map<Outcome, AtomicInteger> outcomes = new ConcurrentHashMap<>();
        CacheListener counts = new CacheListener() {
            @Override
            public void onGet(String cache, Outcome outcome) {
                outcomes.computeIfAbsent(outcome, key -> new AtomicInteger()).incrementAndGet();
            }

            @Override
            public void breakerChanged(String name, Breaker.State state) {
                changes.computeIfAbsent(state, key -> new AtomicInteger()).incrementAndGet();
            }
        };
        try (CacheKit kit = builder.breaker(5, Duration.ofMillis(200)).timeLimit(Duration.ofSeconds(2)).listener(counts)
                .build()) {
            LoadingCache<Long, String> cache = kit.cache("c", Long.class, String.class).build(key -> "value " + key);
            AtomicInteger wrong = new AtomicInteger();
            AtomicInteger calls = new AtomicInteger();
            Thread user = new Thread(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                    long key = calls.incrementAndGet() % 50;
                    try {
                        if (!("value " + key).equals(cache.get(key))) {
                            wrong.incrementAndGet();
                        }
                        cache.invalidate((key + 1) % 50);
                    } catch (RuntimeException e) {
                        wrong.incrementAndGet();
                    }
                }
            });
            user.start();
            await().atMost(PATIENT).until(() -> outcomes.containsKey(Outcome.MISS));
            server.kill();
            await().atMost(PATIENT).until(() -> changes.containsKey(Breaker.State.OPEN));
            await().atMost(PATIENT).until(() -> outcomes.containsKey(Outcome.UNAVAILABLE));
            server.start();
            await().atMost(Duration.ofSeconds(40)).until(() -> changes.containsKey(Breaker.State.CLOSED));
            user.interrupt();
            user.join();
            assertThat(wrong).as("of %s calls", calls).hasValue(0);
            cache.put(1_000L, "back");
            assertThat(cache.getIfPresent(1_000L)).isEqualTo("back");
        }
    }

    @Test
    void redisKilledUnderLoadShowsOnlyAsMisses() throws Exception {
        try (Server server = Server.redis()) {
            surviveAKill(server, CacheKit.builder().servers(server.redisUri()));
        }
    }

    @Test
    void memcachedKilledUnderLoadShowsOnlyAsMisses() throws Exception {
        try (Server server = Server.memcached()) {
            surviveAKill(server, CacheKit.builder().servers("memcached://" + server.address()));
        }
    }

    @Test
    void aKitStartsWithoutItsServers() throws Exception {
        try (CacheKit kit = CacheKit.connect("redis://127.0.0.1:" + Server.freePort())) {
            assertThat(kit.cache("c", String.class, String.class).build(key -> "loaded").get("k")).isEqualTo("loaded");
        }
    }

    @Test
    void oneDeadShardCostsOnlyItsOwnKeys() throws Exception {
        try (Server one = Server.redis();
                Server two = Server.redis();
                CacheKit kit = CacheKit.builder().shards(one.redisUri(), two.redisUri()).timeLimit(PATIENT).build()) {
            Cache<Integer, String> cache = kit.cache("c", Integer.class, String.class).build();
            List<Integer> keys = new ArrayList<>();
            for (int n = 0; n < 100; n++) {
                keys.add(n);
                cache.put(n, "v" + n);
            }
            two.kill();
            Map<Integer, String> found = cache.getAll(keys, missing -> Map.of());
            assertThat(found.size()).isBetween(20, 80);
            found.forEach((key, value) -> assertThat(value).isEqualTo("v" + key));
        }
    }
}
