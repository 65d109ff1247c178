package dev.cistern.engine.replication;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** Nodes that follow each other, ours and the original in either role. */
final class ReplicationTest {
    private static final long WAIT_SECONDS = 20;
    private static final long SAME_SECONDS = 5;
    private final List<AutoCloseable> open = new ArrayList<>();

    /** Who is the primary, and who the replica. */
    enum Pair {
        OURS_OURS(true, true), OURS_ORIGINAL(true, false), ORIGINAL_OURS(false, true);

        private final boolean primaryIsOurs;
        private final boolean replicaIsOurs;

        Pair(boolean primaryIsOurs, boolean replicaIsOurs) {
            this.primaryIsOurs = primaryIsOurs;
            this.replicaIsOurs = replicaIsOurs;
        }
    }

    private <T extends AutoCloseable> T keep(T opened) {
        open.add(opened);
        return opened;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    private TestServer server(boolean isOurs, String... settings) {
        if (isOurs) {
            return keep(TestServer.cistern(settings));
        }
        Assumptions.assumeTrue(TestServer.original().isPresent(), "no redis-server or valkey-server is installed");
        Path original = TestServer.original().orElseThrow();
        return keep(TestServer.original(original, Stream.concat(Stream.of(settings),
                Stream.of("repl-diskless-sync-delay", "0", "repl-backlog-size", "64mb")).toArray(String[]::new)));
    }

    private TestClient client(TestServer server) {
        return keep(server.connect());
    }

    private static void follow(TestClient replica, int port) {
        replica.send("REPLICAOF", "127.0.0.1", "" + port).expect(ok());
    }

    static String fact(TestClient client, String name) {
        String text = switch (client.send("INFO", "everything")) {
            case WireReply.Bulk whole -> whole.text();
            case WireReply.Verbatim whole -> whole.text();
            default -> "";
        };
        return text.lines().filter(line -> line.startsWith(name + ":")).findFirst().orElse(name + ":")
                .substring(name.length() + 1).strip();
    }

    interface Condition {
        boolean holds();
    }

    static void await(String what, Condition condition) {
        long deadline = System.nanoTime() + WAIT_SECONDS * 1_000_000_000;
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("never: " + what);
            }
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private static void awaitUp(TestClient replica) {
        await("link up", () -> fact(replica, "master_link_status").equals("up"));
    }

    /** Waits until the replica has all that the primary has written. */
    private static void awaitEqual(TestClient primary, TestClient replica) {
        awaitUp(replica);
        await("the same offset", () -> fact(primary, "master_repl_offset").equals(fact(replica, "master_repl_offset")));
    }

    /** Waits until both have the same: keys whose time is over go a moment later. */
    private static void awaitSame(TestClient one, TestClient other) {
        long deadline = System.nanoTime() + SAME_SECONDS * 1_000_000_000;
        while (!dump(one).equals(dump(other)) && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertThat(dump(one).equals(dump(other)) ? "" : difference(dump(one), dump(other))).isEmpty();
    }

    private static String difference(Map<String, String> one, Map<String, String> other) {
        StringBuilder text = new StringBuilder();
        one.forEach((key, value) -> {
            if (!value.equals(other.get(key))) {
                text.append(key).append(": ").append(value).append("\n   but ").append(other.get(key)).append('\n');
            }
        });
        other.forEach((key, value) -> text.append(one.containsKey(key) ? "" : key + " is too much: " + value + "\n"));
        return text.toString();
    }

    /** All keys of all databases, with their values and deadlines. */
    static Map<String, String> dump(TestClient client) {
        Map<String, String> all = new TreeMap<>();
        for (int database = 0; database < 16; database++) {
            client.send("SELECT", "" + database);
            WireReply.Array keys = (WireReply.Array) client.send("KEYS", "*");
            for (WireReply name : keys.members()) {
                String key = ((WireReply.Bulk) name).text();
                all.put(database + " " + key, value(client, key) + " " + client.send("PEXPIRETIME", key));
            }
        }
        client.send("SELECT", "0");
        return all;
    }

    private static String value(TestClient client, String key) {
        String type = ((WireReply.Status) client.send("TYPE", key)).text();
        return type + switch (type) {
            case "string" -> client.send("GET", key).toString();
            case "list" -> client.send("LRANGE", key, "0", "-1").toString();
            case "zset" -> client.send("ZRANGE", key, "0", "-1", "WITHSCORES").toString();
            case "set" -> sorted(client.send("SMEMBERS", key));
            case "hash" -> sorted(client.send("HGETALL", key));
            case "stream" -> client.send("XRANGE", key, "-", "+").toString()
                    + client.send("XPENDING", key, "g");
            default -> "?";
        };
    }

    private static String sorted(WireReply reply) {
        return ((WireReply.Array) reply).members().stream().map(WireReply::toString).sorted().toList().toString();
    }

    private static void write(TestClient client, SplittableRandom random, int commands) {
        for (int i = 0; i < commands; i++) {
            write(client, random);
        }
    }

    private static void write(TestClient client, SplittableRandom random) {
        String k = "k" + random.nextInt(50);
        String v = "v" + random.nextInt(1000);
        switch (random.nextInt(24)) {
            case 0 -> client.send("SET", "s" + k, v, "EX", "1000");
            case 1 -> client.send("INCR", "n" + k);
            case 2 -> client.send("INCRBYFLOAT", "f" + k, "0.25");
            case 3 -> client.send("APPEND", "a" + k, v);
            case 4 -> client.send("RPUSH", "l" + k, v, v + "x");
            case 5 -> client.send("LPOP", "l" + k);
            case 6 -> client.send("SADD", "t" + k, v, v + "y", "7");
            case 7 -> client.send("SPOP", "t" + k);
            case 8 -> client.send("ZADD", "z" + k, "" + random.nextInt(9), v);
            case 9 -> client.send("ZPOPMIN", "z" + k);
            case 10 -> client.send("HSET", "h" + k, v, v);
            case 11 -> client.send("HINCRBYFLOAT", "g" + k, "f", "1.5");
            case 12 -> client.send("XADD", "x" + k, "MAXLEN", "~", "20", "*", "f", v);
            case 13 -> {
                client.send("XGROUP", "CREATE", "x" + k, "g", "0");
                client.send("XREADGROUP", "GROUP", "g", "c" + random.nextInt(3), "COUNT", "2", "STREAMS", "x" + k, ">");
            }
            case 14 -> {
                client.send("MULTI");
                client.send("SET", "m" + k, v);
                client.send("INCR", "n" + k);
                client.send("EXEC");
            }
            case 15 -> client.send("EVAL", "redis.call('SET', KEYS[1], ARGV[1]); return redis.call('INCR', KEYS[2])",
                    "2", "e" + k, "n" + k, v);
            case 16 -> client.send("DEL", "s" + k);
            case 17 -> client.send("EXPIRE", "a" + k, "5000");
            case 18 -> client.send("PEXPIRE", "m" + k, "20");
            case 19 -> client.send("SELECT", "" + random.nextInt(3));
            case 20 -> client.send("RENAME", "l" + k, "l" + v);
            case 21 -> client.send("SPOP", "t" + k, "2");
            case 22 -> client.send("LMOVE", "l" + k, "lk1", "LEFT", "RIGHT");
            default -> client.send("XAUTOCLAIM", "x" + k, "g", "c1", "0", "0", "COUNT", "2");
        }
    }

    private static SplittableRandom random() {
        long seed = Long.getLong("cistern.seed", 1);
        System.out.println("seed " + seed);
        return new SplittableRandom(seed);
    }

    @ParameterizedTest
    @EnumSource
    void aReplicaHasWhatItsPrimaryHas(Pair pair) {
        TestServer primary = server(pair.primaryIsOurs);
        TestServer replica = server(pair.replicaIsOurs);
        TestClient writer = client(primary);
        TestClient reader = client(replica);
        reader.send("SET", "old", "gone").expect(ok());
        SplittableRandom random = random();
        write(writer, random, 2000);
        follow(reader, primary.port());
        write(writer, random, 3000);
        awaitEqual(writer, reader);
        awaitSame(writer, reader);
        assertThat(reader.send("EXISTS", "old")).isEqualTo(integer(0));
        assertThat(fact(writer, "sync_full")).isEqualTo("1");
        assertThat(fact(writer, "connected_slaves")).isEqualTo("1");
        assertThat(fact(writer, "slave0")).contains("ip=127.0.0.1,port=" + replica.port() + ",state=online");
    }

    @ParameterizedTest
    @EnumSource
    void brokenLinksGoOnWhereTheyWere(Pair pair) throws InterruptedException {
        TestServer primary = server(pair.primaryIsOurs);
        TestServer replica = server(pair.replicaIsOurs);
        LinkProxy proxy = keep(new LinkProxy(primary.port()));
        TestClient reader = client(replica);
        TestClient watcher = client(primary);
        follow(reader, proxy.port());
        AtomicBoolean ended = new AtomicBoolean();
        Thread load = Thread.ofPlatform().start(() -> {
            try (TestClient writer = primary.connect()) {
                SplittableRandom random = random();
                while (!ended.get()) {
                    write(writer, random, 100);
                }
            }
        });
        for (int i = 0; i < 3; i++) {
            awaitUp(reader);
            String offset = fact(reader, "master_repl_offset");
            await("something came", () -> !fact(reader, "master_repl_offset").equals(offset));
            proxy.cut();
            await("the link is down", () -> !fact(reader, "master_link_status").equals("up")
                    || Integer.parseInt(fact(watcher, "sync_partial_ok")) > 0);
        }
        awaitUp(reader);
        ended.set(true);
        load.join();
        awaitEqual(watcher, reader);
        awaitSame(watcher, reader);
        assertThat(fact(watcher, "sync_full")).isEqualTo("1");
        assertThat(Integer.parseInt(fact(watcher, "sync_partial_ok"))).isBetween(1, 3);
    }

    @Test
    void aReplicaIsReadOnlyAndSaysWhatItIs() {
        TestServer primary = server(true);
        TestServer replica = server(true);
        TestClient reader = client(replica);
        follow(reader, primary.port());
        awaitUp(reader);
        reader.send("SET", "a", "1").expect(error("READONLY You can't write against a read only replica."));
        assertThat(reader.send("EVAL", "return redis.call('SET', 'a', '1')", "0").toString()).contains("READONLY");
        assertThat(reader.send("ROLE").toString()).contains("slave", "127.0.0.1", "connected");
        assertThat(reader.send("REPLICAOF", "127.0.0.1", "" + primary.port()).toString())
                .contains("Already connected");
        reader.send("CONFIG", "SET", "replica-read-only", "no").expect(ok());
        reader.send("SET", "a", "1").expect(ok());
        reader.send("REPLICAOF", "NO", "ONE").expect(ok());
        assertThat(fact(reader, "role")).isEqualTo("master");
    }

    @Test
    void staleDataMayBeRefused() {
        TestServer replica = server(true, "replica-serve-stale-data", "no");
        TestClient reader = client(replica);
        TestServer primary = server(true);
        int port = primary.port();
        follow(reader, port);
        awaitUp(reader);
        reader.send("GET", "a").expect(WireReply.nil());
        primary.close();
        await("the link is down", () -> fact(reader, "master_link_status").equals("down"));
        reader.send("GET", "a").expect(error(
                "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."));
        assertThat(reader.send("PING").toString()).contains("MASTERDOWN");
    }

    @ParameterizedTest
    @EnumSource
    void whoWritesCanWaitForReplicas(Pair pair) {
        TestServer primary = server(pair.primaryIsOurs, "min-replicas-to-write", "1");
        TestServer replica = server(pair.replicaIsOurs);
        TestClient writer = client(primary);
        TestClient reader = client(replica);
        writer.send("SET", "a", "1").expect(error("NOREPLICAS Not enough good replicas to write."));
        follow(reader, primary.port());
        await("the replica counts", () -> writer.send("SET", "a", "1").equals(ok()));
        writer.send("WAIT", "1", "0").expect(integer(1));
        reader.send("GET", "a").expect(bulk("1"));
        writer.send("WAIT", "2", "50").expect(integer(1));
    }

    @ParameterizedTest
    @EnumSource
    void replicasOfReplicasGoOnWithOneThatIsPromoted(Pair pair) {
        TestServer primary = server(pair.primaryIsOurs);
        TestServer middle = server(true);
        TestServer last = server(pair.replicaIsOurs);
        TestClient writer = client(primary);
        TestClient between = client(middle);
        TestClient reader = client(last);
        SplittableRandom random = random();
        follow(between, primary.port());
        awaitUp(between);
        write(writer, random, 300);
        follow(reader, middle.port());
        write(writer, random, 700);
        awaitEqual(writer, between);
        awaitEqual(writer, reader);
        awaitSame(writer, reader);
        awaitSame(between, reader);
        String history = fact(between, "master_replid");
        assertThat(fact(reader, "master_replid")).isEqualTo(history);
        between.send("REPLICAOF", "NO", "ONE").expect(ok());
        write(between, random, 500);
        awaitEqual(between, reader);
        awaitSame(between, reader);
        assertThat(fact(between, "master_replid2")).isEqualTo(history);
        assertThat(fact(between, "sync_full")).isEqualTo("1");
        follow(writer, middle.port());
        awaitEqual(between, writer);
        awaitSame(between, writer);
        assertThat(fact(between, "sync_full")).isEqualTo("1");
    }

    @ParameterizedTest
    @EnumSource
    void primaryAndReplicaChangePlaces(Pair pair) {
        TestServer primary = server(pair.primaryIsOurs);
        TestServer replica = server(pair.replicaIsOurs);
        TestClient first = client(primary);
        TestClient second = client(replica);
        first.send("FAILOVER").expect(error("ERR FAILOVER requires connected replicas."));
        follow(second, primary.port());
        awaitUp(second);
        write(first, random(), 500);
        await("online", () -> fact(first, "slave0").contains("state=online"));
        first.send("FAILOVER", "TO", "127.0.0.1", "" + replica.port(), "TIMEOUT", "20000").expect(ok());
        await("changed", () -> fact(second, "role").equals("master") && fact(first, "role").equals("slave"));
        awaitEqual(second, first);
        assertThat(fact(first, "master_failover_state")).isEqualTo("no-failover");
        second.send("SELECT", "0");
        second.send("SET", "after", "1").expect(ok());
        awaitEqual(second, first);
        awaitSame(first, second);
        assertThat(fact(second, "sync_full")).isEqualTo("0");
    }
}
