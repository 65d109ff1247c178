package dev.cistern.engine;

import dev.cistern.engine.testing.TestServer;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;

import static org.assertj.core.api.Assertions.assertThat;

/** The clients that Java programs use: their handshakes, and a first conversation. */
final class ClientLibrariesTest {
    private TestServer server;

    @BeforeEach
    void start() {
        server = TestServer.cistern("requirepass", "secret");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @EnumSource(RedisProtocol.class)
    void jedis(RedisProtocol protocol) {
        DefaultJedisClientConfig config = DefaultJedisClientConfig.builder().protocol(protocol).password("secret")
                .clientName("jedis-test").database(2).build();
        try (Jedis jedis = new Jedis(new HostAndPort("127.0.0.1", server.port()), config)) {
            assertThat(jedis.set("key", "value")).isEqualTo("OK");
            assertThat(jedis.get("key")).isEqualTo("value");
            assertThat(jedis.clientGetname()).isEqualTo("jedis-test");
            assertThat(jedis.configGet("maxmemory")).containsEntry("maxmemory", "0");
            Pipeline pipeline = jedis.pipelined();
            Response<Long> sum = pipeline.incrBy("counter", 5);
            Response<String> read = pipeline.get("counter");
            pipeline.sync();
            assertThat(sum.get()).isEqualTo(5);
            assertThat(read.get()).isEqualTo("5");
            assertThat(jedis.info("server")).contains("redis_version:7.2.4");
        }
    }

    @Test
    void lettuceInResp2() {
        lettuce(ProtocolVersion.RESP2);
    }

    @Test
    void lettuceInResp3() {
        lettuce(ProtocolVersion.RESP3);
    }

    private void lettuce(ProtocolVersion protocol) {
        RedisURI uri = RedisURI.builder().withHost("127.0.0.1").withPort(server.port())
                .withPassword("secret".toCharArray()).withClientName("lettuce-test").withDatabase(3).build();
        RedisClient client = RedisClient.create(uri);
        client.setOptions(io.lettuce.core.ClientOptions.builder().protocolVersion(protocol).build());
        try (StatefulRedisConnection<String, String> connection = client.connect(StringCodec.UTF8)) {
            RedisCommands<String, String> commands = connection.sync();
            assertThat(commands.set("key", "value")).isEqualTo("OK");
            assertThat(commands.get("key")).isEqualTo("value");
            assertThat(commands.clientGetname()).isEqualTo("lettuce-test");
            assertThat(commands.command()).isNotEmpty();
            assertThat(commands.configGet("maxmemory")).containsEntry("maxmemory", "0");
            assertThat(connection.async().incr("counter").toCompletableFuture())
                    .succeedsWithin(java.time.Duration.ofSeconds(10));
        } finally {
            client.shutdown();
        }
    }
}
