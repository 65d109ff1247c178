package dev.cistern.engine.cluster;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** MIGRATE between nodes that stand alone, to and from the original as well, and while the keys change. */
final class MigrateTest {
    private static final WireReply OK = new WireReply.Status("OK");

    @WireTest
    void movesCopiesAndReplaces(TestClient client, TestServer server) {
        try (TestServer other = TestServer.cistern(); TestClient target = other.connect()) {
            String port = Integer.toString(other.port());
            assertThat(client.send("MIGRATE", "127.0.0.1", port, "none", "0", "1000").text()).isEqualTo("NOKEY");
            client.send("SET", "text", "value");
            client.send("RPUSH", "list", "1", "2", "3");
            client.send("HSET", "hash", "field", "value");
            client.send("ZADD", "zset", "1.5", "one");
            client.send("PEXPIRE", "hash", "100000");
            assertThat(client.send("MIGRATE", "127.0.0.1", port, "", "3", "1000", "KEYS", "text", "list", "hash",
                    "zset", "none")).isEqualTo(OK);
            assertThat(client.send("EXISTS", "text", "list", "hash", "zset")).isEqualTo(new WireReply.Int(0));
            target.send("SELECT", "3");
            assertThat(target.send("GET", "text").text()).isEqualTo("value");
            assertThat(target.send("LRANGE", "list", "0", "-1").texts()).containsExactly("1", "2", "3");
            assertThat(target.send("HGET", "hash", "field").text()).isEqualTo("value");
            assertThat(target.send("ZSCORE", "zset", "one").text()).isEqualTo("1.5");
            assertThat(Long.parseLong(target.send("PTTL", "hash").text())).isBetween(1L, 100_000L);
            client.send("SET", "text", "newer");
            assertThat(client.send("MIGRATE", "127.0.0.1", port, "text", "3", "1000").text())
                    .isEqualTo("ERR Target instance replied with error: BUSYKEY Target key name already exists.");
            assertThat(client.send("GET", "text").text()).isEqualTo("newer");
            assertThat(client.send("MIGRATE", "127.0.0.1", port, "text", "3", "1000", "COPY", "REPLACE"))
                    .isEqualTo(OK);
            assertThat(client.send("GET", "text").text()).isEqualTo("newer");
            assertThat(target.send("GET", "text").text()).isEqualTo("newer");
        }
    }

    @WireTest
    void complains(TestClient client) {
        client.send("SET", "k", "v");
        assertThat(client.send("MIGRATE", "127.0.0.1", "1", "k", "0", "1000").text())
                .isEqualTo("IOERR error or timeout writing to target instance");
        assertThat(client.send("MIGRATE", "127.0.0.1", "1", "k", "0", "1000", "KEYS", "k").text()).isEqualTo(
                "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string");
        assertThat(client.send("MIGRATE", "127.0.0.1", "1", "k", "0", "1000", "WHAT").text())
                .isEqualTo("ERR syntax error");
        assertThat(client.send("MIGRATE", "127.0.0.1", "1", "k", "x", "1000").text())
                .isEqualTo("ERR value is not an integer or out of range");
        assertThat(client.send("GET", "k").text()).isEqualTo("v");
    }

    @WireTest
    void saysWhoItIs(TestClient client) {
        try (TestServer other = TestServer.cistern("requirepass", "secret"); TestClient target = other.connect()) {
            String port = Integer.toString(other.port());
            client.send("SET", "k", "v");
            assertThat(client.send("MIGRATE", "127.0.0.1", port, "k", "0", "1000", "AUTH", "wrong").text())
                    .startsWith("ERR Target instance replied with error: WRONGPASS");
            assertThat(client.send("MIGRATE", "127.0.0.1", port, "k", "0", "1000", "AUTH2", "default", "secret"))
                    .isEqualTo(OK);
            target.send("AUTH", "secret");
            assertThat(target.send("GET", "k").text()).isEqualTo("v");
        }
    }

    @Test
    void theOriginalUnderstandsUs() {
        Optional<Path> program = TestServer.original();
        Assumptions.assumeTrue(program.isPresent(), "no redis-server or valkey-server is installed to compare with");
        try (TestServer ours = TestServer.cistern();
                TestServer theirs = TestServer.original(program.orElseThrow());
                TestClient client = ours.connect();
                TestClient target = theirs.connect()) {
            for (int i = 0; i < 200; i++) {
                client.send("RPUSH", "list", "element " + i);
                client.send("ZADD", "zset", Integer.toString(i), "member " + i);
            }
            client.send("XADD", "stream", "1-1", "field", "value");
            assertThat(client.send("MIGRATE", "127.0.0.1", Integer.toString(theirs.port()), "", "0", "5000", "KEYS",
                    "list", "zset", "stream")).isEqualTo(OK);
            assertThat(client.send("DBSIZE")).isEqualTo(new WireReply.Int(0));
            assertThat(target.send("LLEN", "list")).isEqualTo(new WireReply.Int(200));
            assertThat(target.send("ZCARD", "zset")).isEqualTo(new WireReply.Int(200));
            assertThat(target.send("XLEN", "stream")).isEqualTo(new WireReply.Int(1));
        }
    }

    @Test
    void noChangeIsLostOnTheWay() throws InterruptedException {
        try (TestServer from = TestServer.cistern();
                TestServer to = TestServer.cistern();
                TestClient client = from.connect();
                TestClient writer = from.connect();
                TestClient target = to.connect()) {
            long total = 0;
            for (int round = 0; round < 50; round++) {
                client.send("SET", "counter", "0");
                target.send("DEL", "counter");
                AtomicBoolean ended = new AtomicBoolean();
                long[] written = new long[1];
                Thread thread = Thread.ofPlatform().start(() -> {
                    while (!ended.get()) {
                        writer.send("INCR", "counter");
                        written[0]++;
                    }
                });
                WireReply reply = client.send("MIGRATE", "127.0.0.1", Integer.toString(to.port()), "counter", "0",
                        "5000", "REPLACE");
                ended.set(true);
                thread.join();
                WireReply stayed = client.send("GET", "counter");
                WireReply went = target.send("GET", "counter");
                // After it went, INCR makes it anew here, counting from 1: together they have all.
                long sum = (stayed instanceof WireReply.Null ? 0 : Long.parseLong(stayed.text()))
                        + (reply.equals(OK) ? Long.parseLong(went.text()) : 0);
                assertThat(sum).as("round %d: %s", round, reply).isEqualTo(written[0]);
                total += written[0];
            }
            assertThat(total).isPositive();
        }
    }

    @Test
    void doesNotWaitInsideATransaction() {
        try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
            client.send("SET", "k", "v");
            client.send("MULTI");
            client.send("MIGRATE", "127.0.0.1", "1", "k", "0", "1000");
            assertThat(client.send("EXEC").members().getFirst().text()).startsWith("ERR MIGRATE waits");
        }
    }
}
