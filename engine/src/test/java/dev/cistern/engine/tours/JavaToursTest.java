package dev.cistern.engine.tours;

import dev.cistern.engine.testing.TestServer;
import io.lettuce.core.GeoArgs;
import io.lettuce.core.GeoSearch;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScoredValue;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.XReadArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.NestedMultiOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.params.XAddParams;
import redis.clients.jedis.params.XReadGroupParams;
import redis.clients.jedis.resps.Tuple;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Jedis and Lettuce. */
@Timeout(120)
final class JavaToursTest {
    private TestServer server;

    @BeforeEach
    void start() {
        server = TestServer.cistern();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    // --- Jedis ---

    private Jedis jedisClient(RedisProtocol protocol) {
        return new Jedis(new HostAndPort("127.0.0.1", server.port()),
                DefaultJedisClientConfig.builder().protocol(protocol).build());
    }

    @ParameterizedTest
    @EnumSource(RedisProtocol.class)
    void jedis(RedisProtocol protocol) throws InterruptedException {
        try (Jedis jedis = jedisClient(protocol); Jedis other = jedisClient(protocol)) {
            assertThat(jedis.set("s", "v")).isEqualTo("OK");
            assertThat(jedis.append("s", "w")).isEqualTo(2);
            assertThat(jedis.incrByFloat("f", 0.5)).isEqualTo(0.5);
            assertThat(jedis.mget("s", "none")).containsExactly("vw", null);
            assertThat(jedis.setbit("bits", 7, true)).isFalse();
            assertThat(jedis.bitfield("bits", "SET", "u8", "8", "200", "GET", "u8", "8")).containsExactly(0L, 200L);
            assertThat(jedis.rpush("l", "a", "b", "c")).isEqualTo(3);
            assertThat(jedis.lrange("l", 0, -1)).containsExactly("a", "b", "c");
            assertThat(jedis.blpop(1, "l")).containsExactly("l", "a");
            assertThat(jedis.sadd("set", "x", "y")).isEqualTo(2);
            assertThat(jedis.smembers("set")).containsExactlyInAnyOrder("x", "y");
            assertThat(jedis.zadd("z", Map.of("one", 1.0, "two", 2.5))).isEqualTo(2);
            assertThat(jedis.zscore("z", "two")).isEqualTo(2.5);
            assertThat(jedis.zrangeWithScores("z", 0, -1)).containsExactly(new Tuple("one", 1.0),
                    new Tuple("two", 2.5));
            assertThat(jedis.hset("h", Map.of("f", "1", "g", "2"))).isEqualTo(2);
            assertThat(jedis.hgetAll("h")).isEqualTo(Map.of("f", "1", "g", "2"));
            assertThat(jedis.hexpire("h", 100, "f")).containsExactly(1L);
            assertThat(jedis.httl("h", "f").getFirst()).isBetween(1L, 100L);
            StreamEntryID id = jedis.xadd("x", Map.of("k", "v"), XAddParams.xAddParams());
            assertThat(jedis.xrange("x", "-", "+").getFirst().getID()).isEqualTo(id);
            assertThat(jedis.xgroupCreate("x", "g", new StreamEntryID(0, 0), false)).isEqualTo("OK");
            assertThat(jedis.xreadGroup("g", "me", XReadGroupParams.xReadGroupParams(),
                    Map.of("x", StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY)).getFirst().getValue()).hasSize(1);
            assertThat(jedis.xack("x", "g", id)).isEqualTo(1);
            assertThat(jedis.pfadd("p", "a", "b", "c")).isEqualTo(1);
            assertThat(jedis.pfcount("p")).isEqualTo(3);
            assertThat(jedis.geoadd("geo", 13.361389, 38.115556, "Palermo")).isEqualTo(1);
            assertThat(jedis.geopos("geo", "Palermo").getFirst().getLongitude()).isCloseTo(13.361389,
                    org.assertj.core.api.Assertions.within(0.0001));
            Transaction transaction = jedis.multi();
            transaction.incr("n");
            transaction.get("n");
            assertThat(transaction.exec()).containsExactly(1L, "1");
            assertThat(jedis.eval("return {KEYS[1], ARGV[1]}", List.of("k"), List.of("a")))
                    .isEqualTo(List.of("k", "a"));
            assertThat(jedis.functionLoadReplace("#!lua name=tour\nredis.register_function('twice', "
                    + "function(k, a) return a[1] * 2 end)")).isEqualTo("tour");
            assertThat(jedis.fcall("twice", List.of(), List.of("21"))).isEqualTo(42L);
            assertThat(jedis.scan("0", new redis.clients.jedis.params.ScanParams().match("set*").count(1000))
                    .getResult()).containsExactly("set");
            assertThatThrownBy(() -> jedis.incr("s")).hasMessageContaining("not an integer");
            jedisMessages(jedis, other);
        }
    }

    private static void jedisMessages(Jedis publisher, Jedis listener) throws InterruptedException {
        BlockingQueue<String> heard = new ArrayBlockingQueue<>(2);
        JedisPubSub ears = new JedisPubSub() {
            @Override
            public void onPSubscribe(String pattern, int channels) {
                heard.add("listening");
            }

            @Override
            public void onPMessage(String pattern, String channel, String message) {
                heard.add(channel + " " + message);
                punsubscribe();
            }
        };
        Thread thread = Thread.ofVirtual().start(() -> listener.psubscribe(ears, "news.*"));
        assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo("listening");
        assertThat(publisher.publish("news.today", "hello")).isEqualTo(1);
        assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo("news.today hello");
        thread.join();
    }

    // --- Lettuce ---

    @ParameterizedTest
    @EnumSource(value = ProtocolVersion.class)
    void lettuce(ProtocolVersion protocol) throws InterruptedException {
        RedisClient client = RedisClient.create(RedisURI.create("127.0.0.1", server.port()));
        client.setOptions(io.lettuce.core.ClientOptions.builder().protocolVersion(protocol).build());
        try (StatefulRedisConnection<String, String> connection = client.connect();
                StatefulRedisPubSubConnection<String, String> listener = client.connectPubSub()) {
            RedisCommands<String, String> redis = connection.sync();
            assertThat(redis.set("s", "v")).isEqualTo("OK");
            assertThat(redis.append("s", "w")).isEqualTo(2);
            assertThat(redis.incrbyfloat("f", 0.5)).isEqualTo(0.5);
            assertThat(redis.mget("s", "none").getFirst().getValue()).isEqualTo("vw");
            assertThat(redis.setbit("bits", 7, 1)).isZero();
            assertThat(redis.bitcount("bits")).isEqualTo(1);
            assertThat(redis.rpush("l", "a", "b", "c")).isEqualTo(3);
            assertThat(redis.lrange("l", 0, -1)).containsExactly("a", "b", "c");
            assertThat(redis.blpop(1, "l").getValue()).isEqualTo("a");
            assertThat(redis.sadd("set", "x", "y")).isEqualTo(2);
            assertThat(redis.smembers("set")).isEqualTo(Set.of("x", "y"));
            assertThat(redis.zadd("z", 1.0, "one", 2.5, "two")).isEqualTo(2);
            assertThat(redis.zscore("z", "two")).isEqualTo(2.5);
            assertThat(redis.zrangeWithScores("z", 0, -1)).containsExactly(ScoredValue.just(1, "one"),
                    ScoredValue.just(2.5, "two"));
            assertThat(redis.hset("h", Map.of("f", "1", "g", "2"))).isEqualTo(2);
            assertThat(redis.hgetall("h")).isEqualTo(Map.of("f", "1", "g", "2"));
            assertThat(redis.hexpire("h", 100, "f")).containsExactly(1L);
            String id = redis.xadd("x", Map.of("k", "v"));
            assertThat(redis.xgroupCreate(XReadArgs.StreamOffset.from("x", "0"), "g")).isEqualTo("OK");
            assertThat(redis.dispatch(CommandType.XREADGROUP, new NestedMultiOutput<>(StringCodec.UTF8),
                    new CommandArgs<>(StringCodec.UTF8).add("GROUP").add("g").add("me").add("STREAMS").add("x")
                            .add(">"))
                    .toString()).contains(id);
            assertThat(redis.xack("x", "g", id)).isEqualTo(1);
            assertThat(redis.pfadd("p", "a", "b", "c")).isEqualTo(1);
            assertThat(redis.pfcount("p")).isEqualTo(3);
            assertThat(redis.geoadd("geo", 13.361389, 38.115556, "Palermo")).isEqualTo(1);
            assertThat(redis.geosearch("geo", GeoSearch.fromCoordinates(13, 38),
                    GeoSearch.byRadius(100, GeoArgs.Unit.km))).containsExactly("Palermo");
            redis.multi();
            redis.incr("n");
            redis.get("n");
            List<Object> results = new ArrayList<>();
            redis.exec().forEach(results::add);
            assertThat(results).containsExactly(1L, "1");
            assertThat(redis.<List<String>>eval("return {KEYS[1], ARGV[1]}", ScriptOutputType.MULTI,
                    new String[]{"k"}, "a")).containsExactly("k", "a");
            assertThat(redis.scan(io.lettuce.core.ScanArgs.Builder.matches("set*").limit(1000)).getKeys())
                    .containsExactly("set");
            assertThatThrownBy(() -> redis.incr("s")).hasMessageContaining("not an integer");
            BlockingQueue<String> heard = new ArrayBlockingQueue<>(2);
            listener.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(String pattern, String channel, String message) {
                    heard.add(channel + " " + message);
                }
            });
            listener.sync().psubscribe("news.*");
            assertThat(redis.publish("news.today", "hello")).isEqualTo(1);
            assertThat(heard.poll(20, TimeUnit.SECONDS)).isEqualTo("news.today hello");
        } finally {
            client.shutdown();
        }
    }
}
