package dev.cistern.engine.tours;

import dev.cistern.engine.testing.TestServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.redisson.Redisson;
import org.redisson.api.RBatch;
import org.redisson.api.RBlockingQueue;
import org.redisson.api.RGeo;
import org.redisson.api.RLock;
import org.redisson.api.RMapCache;
import org.redisson.api.RScoredSortedSet;
import org.redisson.api.RScript;
import org.redisson.api.RStream;
import org.redisson.api.RTopic;
import org.redisson.api.RedissonClient;
import org.redisson.api.geo.GeoUnit;
import org.redisson.api.stream.StreamAddArgs;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;
import org.redisson.config.Protocol;

import static org.assertj.core.api.Assertions.assertThat;

/** Redisson, whose services rest on scripts, messages and waiting. */
@Timeout(120)
final class RedissonTourTest {

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void redisson(Protocol protocol) throws InterruptedException {
        try (TestServer server = TestServer.cistern()) {
            tour(client(server, protocol));
        }
    }

    private static RedissonClient client(TestServer server, Protocol protocol) {
        Config config = new Config();
        config.setProtocol(protocol).setCodec(StringCodec.INSTANCE).setThreads(2).setNettyThreads(2);
        config.useSingleServer().setAddress("redis://127.0.0.1:" + server.port()).setConnectionMinimumIdleSize(2)
                .setConnectionPoolSize(8);
        return Redisson.create(config);
    }

    private static void tour(RedissonClient redisson) throws InterruptedException {
        try {
            redisson.<String>getBucket("s").set("v", Duration.ofSeconds(100));
            assertThat(redisson.<String>getBucket("s").get()).isEqualTo("v");
            assertThat(redisson.getAtomicLong("n").addAndGet(5)).isEqualTo(5);
            assertThat(redisson.getAtomicDouble("f").addAndGet(0.5)).isEqualTo(0.5);
            assertThat(redisson.getBitSet("bits").set(7, true)).isFalse();
            redisson.<String>getList("l").addAll(List.of("a", "b", "c"));
            assertThat(redisson.<String>getList("l").readAll()).containsExactly("a", "b", "c");
            redisson.<String>getSet("set").addAll(Set.of("x", "y"));
            assertThat(redisson.<String>getSet("set").readAll()).containsExactlyInAnyOrder("x", "y");
            RScoredSortedSet<String> sorted = redisson.getScoredSortedSet("z");
            sorted.add(2.5, "two");
            sorted.add(1, "one");
            assertThat(sorted.valueRange(0, -1)).containsExactly("one", "two");
            assertThat(sorted.getScore("two")).isEqualTo(2.5);
            redisson.<String, String>getMap("h").putAll(Map.of("f", "1", "g", "2"));
            assertThat(redisson.<String, String>getMap("h").readAllMap()).isEqualTo(Map.of("f", "1", "g", "2"));
            RMapCache<String, String> cache = redisson.getMapCache("cache");
            cache.put("k", "v", 100, TimeUnit.SECONDS);
            assertThat(cache.get("k")).isEqualTo("v");
            RStream<String, String> stream = redisson.getStream("x");
            assertThat(stream.add(StreamAddArgs.entry("k", "v"))).isNotNull();
            assertThat(stream.size()).isEqualTo(1);
            assertThat(redisson.<String>getHyperLogLog("p").addAll(List.of("a", "b", "c"))).isTrue();
            assertThat(redisson.<String>getHyperLogLog("p").count()).isEqualTo(3);
            RGeo<String> places = redisson.getGeo("geo");
            assertThat(places.add(13.361389, 38.115556, "Palermo")).isEqualTo(1);
            places.add(15.087269, 37.502669, "Catania");
            assertThat(places.dist("Palermo", "Catania", GeoUnit.KILOMETERS)).isEqualTo(166.2742);
            redissonServices(redisson);
        } finally {
            redisson.shutdown();
        }
    }

    /** What rests on scripts, messages and waiting. */
    private static void redissonServices(RedissonClient redisson) throws InterruptedException {
        RLock lock = redisson.getLock("lock");
        assertThat(lock.tryLock(10, 100, TimeUnit.SECONDS)).isTrue();
        assertThat(lock.isHeldByCurrentThread()).isTrue();
        assertThat(CompletableFuture.supplyAsync(() -> redisson.getLock("lock").tryLock()).join()).isFalse();
        lock.unlock();
        RBlockingQueue<String> queue = redisson.getBlockingQueue("later");
        CompletableFuture<String> waiting = queue.pollAsync(30, TimeUnit.SECONDS).toCompletableFuture();
        queue.add("here");
        assertThat(waiting.join()).isEqualTo("here");
        assertThat(redisson.getScript().<Long>eval(RScript.Mode.READ_ONLY, "return 42", RScript.ReturnType.LONG))
                .isEqualTo(42);
        RBatch batch = redisson.createBatch();
        CompletableFuture<Long> sum = batch.getAtomicLong("n").incrementAndGetAsync().toCompletableFuture();
        batch.execute();
        assertThat(sum.join()).isEqualTo(6);
        BlockingQueue<String> heard = new ArrayBlockingQueue<>(1);
        RTopic topic = redisson.getTopic("news");
        topic.addListener(String.class, (channel, message) -> heard.add(message));
        assertThat(topic.publish("hello")).isEqualTo(1);
        assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo("hello");
        assertThat(redisson.getKeys().count()).isGreaterThan(10);
    }
}
