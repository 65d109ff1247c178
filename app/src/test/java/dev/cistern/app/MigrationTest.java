package dev.cistern.app;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;
import software.amazon.awssdk.services.elasticache.model.CustomerNodeEndpoint;
import software.amazon.awssdk.services.elasticache.model.Endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Moving in from a real redis-server: what the group does while that one serves, is away, comes back and is given up. */
final class MigrationTest extends CisternTest {

    @TempDir
    private Path folder;

    private @Nullable Process server;
    private int port;

    @BeforeEach
    void startSource() throws Exception {
        assumeTrue(Programs.works("redis-server", "--version"), "redis-server is not installed");
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = probe.getLocalPort();
        }
        startServer();
    }

    private void startServer() throws IOException {
        server = new ProcessBuilder("redis-server", "--port", Integer.toString(port), "--bind", "127.0.0.1", "--dir",
                folder.toString(), "--save", "", "--repl-diskless-sync-delay", "0")
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        Probe.await(() -> {
            try (Jedis jedis = new Jedis("127.0.0.1", port)) {
                return "PONG".equals(jedis.ping());
            } catch (JedisException e) {
                return false;
            }
        });
    }

    @AfterEach
    void endSource() {
        if (server != null) {
            server.destroyForcibly();
        }
    }

    @Test
    void aSourceThatGoesAwayIsWaitedForOrGivenUp() throws Exception {
        client.createReplicationGroup(r -> r.replicationGroupId("home").replicationGroupDescription("moves in")
                .engine("redis").engineVersion("7.0").cacheNodeType("cache.t4g.micro").numCacheClusters(2)
                .automaticFailoverEnabled(true).multiAZEnabled(true));
        Endpoint primary = Probe.awaitAvailable(client, "home");
        try (Jedis jedis = new Jedis("127.0.0.1", port)) {
            jedis.set("first", "1");
        }
        client.startMigration(r -> r.replicationGroupId("home").customerNodeEndpointList(
                CustomerNodeEndpoint.builder().address("127.0.0.1").port(port).build()));
        Probe.await(() -> said("Start Migration successful for home"));
        endSource();
        client.completeMigration(r -> r.replicationGroupId("home"));
        Probe.await(() -> client.describeEvents(r -> r.sourceType("replication-group").duration(60)).events().stream()
                .anyMatch(event -> event.message().startsWith("Complete Migration failed for home: ")));
        holds(primary, "first");
        startServer();
        try (Jedis jedis = new Jedis("127.0.0.1", port)) {
            jedis.set("second", "2");
        }
        holds(primary, "second");
        endSource();
        client.completeMigration(r -> r.replicationGroupId("home").force(true));
        try (Jedis jedis = Probe.connect(Probe.awaitAvailable(client, "home"))) {
            assertThat(jedis.get("second")).isEqualTo("2");
            assertThat(jedis.set("a", "b")).isEqualTo("OK");
        }
    }

    private boolean said(String message) {
        return client.describeEvents(r -> r.sourceType("replication-group").duration(60)).events().stream()
                .anyMatch(event -> event.message().equals(message));
    }

    private static void holds(Endpoint endpoint, String key) {
        Probe.await(() -> {
            try (Jedis jedis = Probe.connect(endpoint)) {
                return jedis.exists(key);
            } catch (JedisException e) {
                return false;
            }
        });
    }
}
