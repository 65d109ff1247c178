package dev.cistern.app;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
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
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Moving in from a real redis-server that goes on serving its clients until they change over. */
final class MigrationTest extends CisternTest {

    /** The database that is written to all the while. */
    private static final int WRITTEN = 2;

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
    void everyWriteBeforeTheChangeOverIsThereAfterIt() throws InterruptedException {
        client.createReplicationGroup(r -> r.replicationGroupId("home").replicationGroupDescription("moves in")
                .engine("redis").engineVersion("7.0").cacheNodeType("cache.t4g.micro").numCacheClusters(2)
                .automaticFailoverEnabled(true).multiAZEnabled(true));
        Endpoint primary = Probe.awaitAvailable(client, "home");
        Endpoint reader = Probe.group(client, "home").nodeGroups().getFirst().readerEndpoint();
        AtomicInteger written = new AtomicInteger();
        AtomicBoolean isOver = new AtomicBoolean();
        try (Jedis jedis = new Jedis("127.0.0.1", port)) {
            BackupTest.fill(jedis);
        }
        Thread writer = Thread.ofVirtual().start(() -> write(written, isOver));
        client.testMigration(r -> r.replicationGroupId("home").customerNodeEndpointList(
                CustomerNodeEndpoint.builder().address("127.0.0.1").port(port).build()));
        Probe.awaitAvailable(client, "home");
        client.startMigration(r -> r.replicationGroupId("home").customerNodeEndpointList(
                CustomerNodeEndpoint.builder().address("127.0.0.1").port(port).build()));
        Probe.await(() -> said("Start Migration successful for home"));
        assertThat(said("Test Migration successful for home")).isTrue();
        assertThat(Probe.group(client, "home").status()).isEqualTo("migrating");
        int before = written.get();
        Probe.await(() -> written.get() > before + 200);
        holds(primary, WRITTEN, "k" + before);
        holds(reader, WRITTEN, "k" + before);
        try (Jedis jedis = Probe.connect(primary)) {
            assertThatThrownBy(() -> jedis.set("a", "b")).hasMessageContaining("READONLY");
        }

        isOver.set(true);
        writer.join();
        client.completeMigration(r -> r.replicationGroupId("home"));
        Endpoint after = Probe.awaitAvailable(client, "home");
        assertThat(after).isEqualTo(primary);
        assertThat(said("Complete Migration successful for home")).isTrue();
        try (Jedis ours = Probe.connect(after); Jedis theirs = new Jedis("127.0.0.1", port)) {
            assertThat(BackupTest.contents(ours)).isEqualTo(BackupTest.contents(theirs));
            ours.select(WRITTEN);
            assertThat(ours.dbSize()).isEqualTo(written.get());
            assertThat(ours.set("ours", "alone")).isEqualTo("OK");
            assertThat(theirs.exists("ours")).isFalse();
        }
        holds(reader, WRITTEN, "ours");
        client.testFailover(r -> r.replicationGroupId("home").nodeGroupId("0001"));
        holds(Probe.awaitAvailable(client, "home"), WRITTEN, "ours");
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
        holds(primary, 0, "first");
        startServer();
        try (Jedis jedis = new Jedis("127.0.0.1", port)) {
            jedis.set("second", "2");
        }
        holds(primary, 0, "second");
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

    private static void holds(Endpoint endpoint, int database, String key) {
        Probe.await(() -> {
            try (Jedis jedis = Probe.connect(endpoint)) {
                jedis.select(database);
                return jedis.exists(key);
            } catch (JedisException e) {
                return false;
            }
        });
    }

    private void write(AtomicInteger written, AtomicBoolean isOver) {
        try (Jedis jedis = new Jedis("127.0.0.1", port)) {
            jedis.select(WRITTEN);
            while (!isOver.get()) {
                jedis.set("k" + written.get(), "v");
                written.incrementAndGet();
            }
        }
    }
}
