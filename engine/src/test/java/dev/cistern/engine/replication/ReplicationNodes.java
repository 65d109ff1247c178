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
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;

import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;

/** What tests of nodes that follow each other have in common: servers of both kinds, a mixed load, and a comparison. */
abstract class ReplicationNodes {
    private static final long WAIT_SECONDS = 20;
    private static final long SAME_SECONDS = 5;
    private final List<AutoCloseable> open = new ArrayList<>();

    /** Who is the primary, and who the replica. */
    enum Pair {
        OURS_OURS(true, true), OURS_ORIGINAL(true, false), ORIGINAL_OURS(false, true);

        final boolean primaryIsOurs;
        final boolean replicaIsOurs;

        Pair(boolean primaryIsOurs, boolean replicaIsOurs) {
            this.primaryIsOurs = primaryIsOurs;
            this.replicaIsOurs = replicaIsOurs;
        }
    }

    final <T extends AutoCloseable> T keep(T opened) {
        open.add(opened);
        return opened;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    final TestServer server(boolean isOurs, String... settings) {
        if (isOurs) {
            return keep(TestServer.cistern(settings));
        }
        Assumptions.assumeTrue(TestServer.original().isPresent(), "no redis-server or valkey-server is installed");
        Path original = TestServer.original().orElseThrow();
        return keep(TestServer.original(original, Stream.concat(Stream.of(settings),
                Stream.of("repl-diskless-sync-delay", "0", "repl-backlog-size", "64mb")).toArray(String[]::new)));
    }

    final TestClient client(TestServer server) {
        return keep(server.connect());
    }

    static void follow(TestClient replica, int port) {
        replica.send("REPLICAOF", "127.0.0.1", "" + port).expect(ok());
    }

    static String fact(TestClient client, String name) {
        String text = switch (client.send("INFO", "server", "replication", "stats")) {
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

    static void awaitUp(TestClient replica) {
        await("link up", () -> fact(replica, "master_link_status").equals("up"));
    }

    /** Waits until the replica has all that the primary has written. */
    static void awaitEqual(TestClient primary, TestClient replica) {
        awaitUp(replica);
        await("the same offset", () -> fact(primary, "master_repl_offset").equals(fact(replica, "master_repl_offset")));
    }

    /** Waits until both have the same: keys whose time is over go a moment later. */
    static void awaitSame(TestClient one, TestClient other) {
        long deadline = System.nanoTime() + SAME_SECONDS * 1_000_000_000;
        Map<String, String> first = dump(one);
        Map<String, String> second = dump(other);
        while (!first.equals(second) && System.nanoTime() < deadline) {
            first = dump(one);
            second = dump(other);
        }
        assertThat(difference(first, second)).isEmpty();
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

    static void write(TestClient client, SplittableRandom random, int commands) {
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

    static SplittableRandom random() {
        long seed = Long.getLong("cistern.seed", 1);
        System.out.println("seed " + seed);
        return new SplittableRandom(seed);
    }
}
