package dev.cistern.engine.appendonly;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** A node that was restarted goes on with the log where its files end; WAITAOF, and what goes by itself. */
final class RestartedReplicaTest {

    @TempDir
    private Path directory;

    private String[] replicaOf(TestServer primary, String appendOnly) {
        return new String[]{"dir", directory.toString(), "appendonly", appendOnly, "appendfsync", "always", "replicaof",
                "127.0.0.1 " + primary.port()};
    }

    private static void awaitText(TestClient client, String section, String text) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!client.send("INFO", section).text().contains(text)) {
            assertThat(System.nanoTime()).as("still not %s in %s", text, client.send("INFO", section).text())
                    .isLessThan(end);
            Thread.onSpinWait();
        }
    }

    private static void awaitKey(TestClient client, String key, String value) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!client.send("GET", key).toString().contains(value)) {
            assertThat(System.nanoTime()).as("still no %s", key).isLessThan(end);
            Thread.onSpinWait();
        }
    }

    private void replicaResumes(TestServer primary, String appendOnly) {
        try (TestClient writer = primary.connect()) {
            try (TestServer replica = TestServer.cistern(replicaOf(primary, appendOnly));
                    TestClient reader = replica.connect()) {
                awaitText(reader, "replication", "master_link_status:up");
                AppendOnlyTest.work(writer, "a");
                writer.send("SET", "mark", "1");
                awaitKey(reader, "mark", "1");
                if (appendOnly.equals("no")) {
                    reader.send("SAVE").expect(ok());
                } else {
                    awaitText(reader, "persistence", "aof_enabled:1");
                    // The first base is the empty node's.
                    await("the base of what the primary sent",
                            () -> manifest().contains("appendonly.aof.2.base.rdb"));
                }
            }
            AppendOnlyTest.work(writer, "b");
            writer.send("SET", "mark", "2");
            try (TestServer replica = TestServer.cistern(replicaOf(primary, appendOnly));
                    TestClient reader = replica.connect()) {
                awaitKey(reader, "mark", "2");
                assertThat(AppendOnlyTest.digest(reader)).isEqualTo(AppendOnlyTest.digest(writer));
            }
            assertThat(List.of(writer.send("INFO", "stats").text().split("\r\n"))).contains("sync_full:1",
                    "sync_partial_ok:1");
        }
    }

    private String manifest() {
        try {
            return Files.readString(directory.resolve("appendonlydir/appendonly.aof.manifest"));
        } catch (IOException e) {
            return "";
        }
    }

    private static void await(String what, java.util.function.BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("still not %s", what).isLessThan(end);
            Thread.onSpinWait();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"yes", "no"})
    void aReplicaResumes(String appendOnly) {
        try (TestServer primary = TestServer.cistern()) {
            replicaResumes(primary, appendOnly);
        }
    }

    @Test
    void aReplicaOfTheOriginalResumes() {
        Assumptions.assumeTrue(TestServer.original().isPresent(), "no redis-server or valkey-server is installed");
        try (TestServer primary = TestServer.original(TestServer.original().orElseThrow(), "repl-diskless-sync-delay",
                "0")) {
            replicaResumes(primary, "no");
        }
    }

    @Test
    void replicasOfARestartedPrimaryResume() throws IOException {
        String port;
        try (ServerSocket socket = new ServerSocket(0)) {
            port = Integer.toString(socket.getLocalPort());
        }
        String[] settings = {"port", port, "dir", directory.toString(), "appendonly", "yes", "appendfsync", "always"};
        TestServer primary = TestServer.cistern(settings);
        try (TestServer replica = TestServer.cistern("replicaof", "127.0.0.1 " + port);
                TestClient reader = replica.connect()) {
            try (TestClient writer = primary.connect()) {
                awaitText(reader, "replication", "master_link_status:up");
                AppendOnlyTest.work(writer, "a");
                writer.send("SET", "mark", "1");
                awaitKey(reader, "mark", "1");
            } finally {
                primary.close();
            }
            awaitText(reader, "replication", "master_link_status:down");
            try (TestServer again = TestServer.cistern(settings); TestClient writer = again.connect()) {
                awaitText(reader, "replication", "master_link_status:up");
                writer.send("SET", "mark", "2");
                awaitKey(reader, "mark", "2");
                assertThat(AppendOnlyTest.digest(reader)).isEqualTo(AppendOnlyTest.digest(writer));
                assertThat(List.of(writer.send("INFO", "stats").text().split("\r\n"))).contains("sync_full:0",
                        "sync_partial_ok:1");
            }
        }
    }

    @Test
    void disksAreWaitedFor() {
        try (TestServer primary = TestServer.cistern("dir", directory.resolve("..").resolve(directory.getFileName())
                .normalize().toString(), "appendonly", "yes", "appendfsync", "everysec");
                TestClient writer = primary.connect()) {
            writer.send("SET", "a", "1").expect(ok());
            assertThat(writer.send("WAITAOF", "1", "0", "0").toString()).contains("Int[value=1], Int[value=0]");
            assertThat(writer.send("WAITAOF", "0", "1", "10").toString()).contains("Int[value=1], Int[value=0]");
            assertThat(writer.send("WAITAOF", "2", "0", "0").text()).contains("out of range");
        }
        try (TestServer off = TestServer.cistern(); TestClient client = off.connect()) {
            assertThat(client.send("WAITAOF", "1", "0", "0").text()).contains("appendonly is disabled");
        }
    }

    @Test
    void replicasDisksAreWaitedFor() {
        try (TestServer primary = TestServer.cistern();
                TestClient writer = primary.connect();
                TestServer replica = TestServer.cistern(replicaOf(primary, "yes"));
                TestClient reader = replica.connect()) {
            awaitText(reader, "replication", "master_link_status:up");
            writer.send("SET", "a", "1").expect(ok());
            assertThat(writer.send("WAITAOF", "0", "1", "0").toString()).contains("Int[value=0], Int[value=1]");
        }
    }

    @Test
    void fieldsThatGoByThemselvesGoFromTheReplica() {
        try (TestServer primary = TestServer.cistern();
                TestClient writer = primary.connect();
                TestServer replica = TestServer.cistern("replicaof", "127.0.0.1 " + primary.port());
                TestClient reader = replica.connect()) {
            awaitText(reader, "replication", "master_link_status:up");
            writer.send("HSET", "h", "stays", "1", "goes", "2");
            writer.send("HPEXPIRE", "h", "1", "FIELDS", "1", "goes");
            await("the field to go", () -> reader.send("HLEN", "h").equals(integer(1)));
            writer.send("HSET", "gone", "f", "1");
            writer.send("HPEXPIRE", "gone", "1", "FIELDS", "1", "f");
            writer.send("SET", "mark", "1");
            awaitKey(reader, "mark", "1");
            await("the hash to go", () -> reader.send("EXISTS", "gone").equals(integer(0)));
        }
    }
}
