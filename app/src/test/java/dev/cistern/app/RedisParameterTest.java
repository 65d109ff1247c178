package dev.cistern.app;

import dev.cistern.control.node.AdminCredential;
import dev.cistern.control.node.EngineType;
import dev.cistern.control.node.NodeSpec;
import dev.cistern.control.node.Secret;
import dev.cistern.control.resource.NodeParameters;
import dev.cistern.control.resource.NodeType;
import dev.cistern.control.resource.ParameterFamily;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.dispatch.CommandView;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Every parameter of the Redis and Valkey families that is said to act, from its value in a parameter group to what a node
 * then does in another way. Where the original has the setting and answers alike, it is asked the same.
 */
final class RedisParameterTest {

    private static final long PATIENCE_SECONDS = 20;
    /** Long enough for what must not happen to have happened. */
    private static final int WATCHED_MILLIS = 1_500;
    private static final String MEGABYTE = "1048576";
    private static final String NO_LIMIT = "0";
    private static final String OUTPUT_LIMIT = "client-output-buffer-limit-";
    private static final Path TESTS_OF_ENGINE = Path.of("..", "engine", "src", "test", "java", "dev", "cistern",
            "engine");

    /** Those whose effect is shown among their like. */
    private static final Map<String, String> ELSEWHERE = Map.ofEntries(
            Map.entry("appendfsync", "appendonly/AppendOnlyTest.java"),
            Map.entry("appendonly", "appendonly/AppendOnlyTest.java"),
            Map.entry("client-query-buffer-limit", "LimitsTest.java"),
            Map.entry("cluster-require-full-coverage", "cluster/ClusterCommandsTest.java"),
            Map.entry("lazyfree-lazy-expire", "replication/WriteLogTest.java"),
            Map.entry("lazyfree-lazy-server-del", "replication/WriteLogTest.java"),
            Map.entry("lfu-decay-time", "EvictionTest.java"),
            Map.entry("maxclients", "ConnectionTest.java"),
            Map.entry("maxmemory", "EvictionTest.java"),
            Map.entry("maxmemory-policy", "EvictionTest.java"),
            Map.entry("notify-keyspace-events", "commands/NotificationsTest.java"),
            Map.entry("timeout", "ConnectionTest.java"),
            Map.entry("tracking-table-max-keys", "tracking/TrackingTest.java"));

    @TempDir
    private Path folder;
    private final List<AutoCloseable> open = new ArrayList<>();

    static Set<String> acting() {
        return ParameterEffectTest.actingOfRedis();
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    @ParameterizedTest
    @MethodSource("acting")
    void acts(String name) throws Exception {
        String elsewhere = ELSEWHERE.get(name);
        if (elsewhere != null) {
            assertThat(TESTS_OF_ENGINE.resolve(elsewhere)).content().contains('"' + name + '"');
        } else if (name.startsWith(OUTPUT_LIMIT)) {
            whoDoesNotReadIsSentAway(name);
        } else if (name.startsWith("active")) {
            worksInTheBackground(name);
        } else if (name.startsWith("repl") || name.startsWith("close-on-") || name.startsWith("lazyfree-")) {
            replicates(name);
        } else {
            answers(name);
        }
    }

    // --- what one reply shows ---

    private void answers(String name) throws IOException {
        switch (name) {
            case "acl-pubsub-default" -> differs(name, "resetchannels", "allchannels",
                    reply -> reply.equals(WireReply.ok()), "ACL SETUSER ann on +@all", "ACL DRYRUN ann PUBLISH c m");
            case "acllog-max-len" -> differs(name, "2", "128", reply -> reply.members().size(), "AUTH a x", "AUTH b x",
                    "AUTH c x", "ACL LOG");
            case "cluster-allow-pubsubshard-when-down" -> differs(with("cluster-enabled", "yes",
                    "cluster-require-full-coverage", "yes"), name, "no", "yes", "CLUSTER ADDSLOTS 12182",
                    "SSUBSCRIBE foo");
            case "cluster-allow-reads-when-down" -> differs(with("cluster-enabled", "yes",
                    "cluster-require-full-coverage", "yes"), name, "no", "yes", "CLUSTER ADDSLOTS 12182", "GET foo");
            case "cluster-enabled" -> differs(name, "no", "yes", "GET foo");
            case "commandlog-large-reply-max-len" -> differsHere(with("commandlog-reply-larger-than", "10"), name,
                    "2", "128", "SET k " + "v".repeat(50), "GET k", "GET k", "GET k", "COMMANDLOG LEN large-reply");
            case "commandlog-large-request-max-len" -> differsHere(with("commandlog-request-larger-than", "90"),
                    name, "2", "128", "SET k " + "v".repeat(90), "SET k " + "v".repeat(90), "SET k " + "v".repeat(90),
                    "COMMANDLOG LEN large-request");
            case "commandlog-reply-larger-than" -> differsHere(Map.of(), name, "10", "100", "SET k " + "v".repeat(50),
                    "GET k", "COMMANDLOG LEN large-reply");
            case "commandlog-request-larger-than" -> differsHere(Map.of(), name, "90", "900",
                    "SET k " + "v".repeat(90), "COMMANDLOG LEN large-request");
            case "databases" -> differs(name, "16", "32", "SELECT 20");
            case "extended-redis-compatibility" -> differsHere(Map.of(), name, "no", "yes",
                    reply -> reply.text().contains("redis_mode:"), "INFO server");
            case "hash-max-listpack-entries", "hash-max-ziplist-entries" -> differs(name, "1", "128",
                    "HSET h a 1 b 2", "OBJECT ENCODING h");
            case "hash-max-listpack-value", "hash-max-ziplist-value" -> differs(name, "2", "64", "HSET h a 333",
                    "OBJECT ENCODING h");
            case "hll-sparse-max-bytes" -> differs(name, "20", "3000", "PFADD h a b c d e f g h i j", "STRLEN h");
            case "latency-tracking" -> differs(name, "no", "yes", reply -> reply.text().contains("usec_set:"),
                    "SET k v", "INFO latencystats");
            case "lfu-log-factor" -> differs(with("maxmemory-policy", "allkeys-lfu"), name, "0", "1000000000",
                    "SET k v", "GET k", "GET k", "GET k", "OBJECT FREQ k");
            // 7.0 has but one encoding for lists.
            case "list-max-listpack-size", "list-max-ziplist-size" -> differsHere(Map.of(), name, "1", "-2",
                    "RPUSH l a b", "OBJECT ENCODING l");
            case "lua-time-limit" -> othersHearOfALongScript(name);
            case "maxmemory-samples" -> betterSamplesEvictBetter(name);
            case "min-replicas-to-write", "min-slaves-to-write" -> differs(name, "0", "1", "SET k v");
            case "min-replicas-max-lag" -> differs(with("min-replicas-to-write", "1"), name, "0", "10", "SET k v");
            case "min-slaves-max-lag" -> differs(with("min-slaves-to-write", "1"), name, "0", "10", "SET k v");
            case "proto-max-bulk-len" -> differs(name, MEGABYTE, "536870912", "SETRANGE k 2000000 x");
            case "rename-commands" -> differsHere(Map.of(), name, "", "get fetch", "GET k");
            case "reserved-memory" -> differsHere(Map.of(), name, "0", "1000000000", "CONFIG GET maxmemory");
            case "reserved-memory-percent" -> differsHere(Map.of(), name, "0", "25", "CONFIG GET maxmemory");
            // What 7.0 has no packed form for, later versions and ours have.
            case "set-max-intset-entries" -> differsHere(Map.of(), name, "2", "512", "SADD s 1 2 3",
                    "OBJECT ENCODING s");
            case "slowlog-log-slower-than" -> differs(name, "0", "10000000", "SLOWLOG RESET", "PING", "SLOWLOG LEN");
            case "slowlog-max-len" -> differs(with("slowlog-log-slower-than", "0"), name, "2", "128", "SLOWLOG RESET",
                    "PING", "PING", "SLOWLOG LEN");
            case "stream-node-max-bytes" ->
                differs(name, "100", "4096", RedisParameterTest::nodes, "XADD s 1 f " + "v".repeat(60),
                        "XADD s 2 f " + "v".repeat(60), "XADD s 3 f " + "v".repeat(60), "XINFO STREAM s");
            case "stream-node-max-entries" ->
                differs(name, "1", "100", RedisParameterTest::nodes, "XADD s 1 f v", "XADD s 2 f v",
                        "XADD s 3 f v", "XINFO STREAM s");
            case "tcp-keepalive" -> {
                assertThat(hasKeepAliveTimer(name, "300")).isTrue();
                assertThat(hasKeepAliveTimer(name, "0")).isFalse();
            }
            case "zset-max-listpack-entries", "zset-max-ziplist-entries" -> differs(name, "1", "128",
                    "ZADD z 1 a 2 b", "OBJECT ENCODING z");
            case "zset-max-listpack-value", "zset-max-ziplist-value" -> differs(name, "2", "64", "ZADD z 1 aaa",
                    "OBJECT ENCODING z");
            default -> throw new AssertionError("no test shows what " + name + " changes");
        }
    }

    private void differs(String name, String one, String other, String... requests) {
        differs(Map.of(), name, one, other, requests);
    }

    private void differs(String name, String one, String other, Function<WireReply, Object> seen, String... requests) {
        differs(Map.of(), name, one, other, seen, requests);
    }

    private void differs(Map<String, String> base, String name, String one, String other, String... requests) {
        differs(base, name, one, other, WireReply::toString, requests);
    }

    /** By the value the last reply is another one, and is the original's. */
    private void differs(Map<String, String> base, String name, String one, String other,
            Function<WireReply, Object> seen, String... requests) {
        differsHere(base, name, one, other, seen, requests);
        TestServer.original().ifPresent(program -> {
            for (String value : List.of(one, other)) {
                assertThat(seen.apply(last(node(base, name, value), requests))).as(name + " " + value)
                        .isEqualTo(seen.apply(last(original(program, base, name, value), requests)));
            }
        });
    }

    private void differsHere(Map<String, String> base, String name, String one, String other, String... requests) {
        differsHere(base, name, one, other, WireReply::toString, requests);
    }

    private void differsHere(Map<String, String> base, String name, String one, String other,
            Function<WireReply, Object> seen, String... requests) {
        assertThat(seen.apply(last(node(base, name, one), requests))).as(name)
                .isNotEqualTo(seen.apply(last(node(base, name, other), requests)));
    }

    private WireReply last(TestServer server, String... requests) {
        TestClient client = client(server);
        WireReply reply = WireReply.ok();
        for (String request : requests) {
            reply = client.send(request.split(" ", -1));
        }
        return reply;
    }

    /** Of a stream, as XINFO tells them. */
    private static Object nodes(WireReply reply) {
        List<WireReply> facts = reply.members();
        return facts.get(facts.indexOf(WireReply.bulk("radix-tree-keys")) + 1);
    }

    /** A socket that the system asks for a sign of life now and then has a timer of kind 2. */
    private boolean hasKeepAliveTimer(String name, String value) throws IOException {
        TestServer server = node(Map.of(), name, value);
        TestClient client = client(server);
        client.send("PING");
        String ends = "%04X [0-9A-F]+:%04X 01 .*".formatted(server.port(), client.socket().getLocalPort());
        List<String> lines = new ArrayList<>(Files.readAllLines(Path.of("/proc/net/tcp")));
        lines.addAll(Files.readAllLines(Path.of("/proc/net/tcp6")));
        String line = lines.stream().filter(each -> each.matches(".*[0-9A-F]+:" + ends)).findFirst().orElseThrow();
        return line.split(" 01 ", 2)[1].split(" ", 3)[1].startsWith("02:");
    }

    private void othersHearOfALongScript(String name) {
        TestServer impatient = node(Map.of(), name, "100");
        TestClient script = client(impatient);
        TestClient other = client(impatient);
        script.write("EVAL", "while true do end", "0");
        await("BUSY", () -> other.send("PING").text().startsWith("BUSY"));
        assertThat(other.send("SCRIPT", "KILL")).isEqualTo(WireReply.ok());
        assertThat(script.read().text()).contains("killed");

        TestServer patient = node(Map.of(), name, "600000");
        TestClient slow = client(patient);
        TestClient waiting = client(patient);
        slow.write("EVAL", "for i = 1, 30000000 do end return 1", "0");
        String heard = "";
        while (slow.isSilentFor(1)) {
            heard += waiting.send("GET", "k") instanceof WireReply.ErrorLine refused ? refused.text() : "";
        }
        assertThat(heard).isEmpty();
        slow.read().expect(WireReply.integer(1));
    }

    /** Of keys with deadlines those that are nearest should go; who looks at more keys finds them more often. */
    private void betterSamplesEvictBetter(String name) {
        assertThat(nearestThatStayed(name, "64")).isLessThan(nearestThatStayed(name, "1") / 2);
    }

    private long nearestThatStayed(String name, String samples) {
        TestClient client = client(node(with("maxmemory", "12000000", "maxmemory-policy", "volatile-ttl"), name,
                samples));
        int keys = 6_000;
        int mixing = 2_741;
        for (int i = 0; i < keys; i++) {
            int rank = i * mixing % keys;
            client.send("SET", "k" + rank, "v".repeat(3_000), "EX", "" + (10_000 + rank));
        }
        String[] exists = new String[keys / 4 + 1];
        exists[0] = "EXISTS";
        for (int i = 1; i < exists.length; i++) {
            exists[i] = "k" + (i - 1);
        }
        assertThat(client.send("DBSIZE").number()).isBetween(keys / 4L, keys * 3L / 4);
        return client.send(exists).number();
    }

    // --- those who do not read ---

    private void whoDoesNotReadIsSentAway(String name) throws IOException {
        String[] words = name.substring(OUTPUT_LIMIT.length()).split("-", 2);
        String limits = OUTPUT_LIMIT + words[0];
        boolean bySeconds = words[1].equals("soft-seconds");
        Map<String, String> base = with(limits + "-hard-limit", NO_LIMIT, limits + "-soft-limit",
                bySeconds ? MEGABYTE : NO_LIMIT, limits + "-soft-seconds", "0");
        assertThat(isSentAway(words[0], node(base, name, bySeconds ? "0" : MEGABYTE), true)).as(name).isTrue();
        assertThat(isSentAway(words[0], node(base, name, bySeconds ? "1000" : NO_LIMIT), false)).as(name).isFalse();
    }

    /** Whether a client of that class is disconnected that has not read the first 20 megabytes that are for it. */
    private boolean isSentAway(String kind, TestServer server, boolean expected) throws IOException {
        int messages = 200;
        String text = "v".repeat(100_000);
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4096);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
        TestClient slow = new TestClient(socket);
        open.add(slow);
        TestClient busy = client(server);
        busy.send("SET", "k", text);
        switch (kind) {
            case "normal" -> {
                for (int i = 0; i < messages; i++) {
                    slow.write("GET", "k");
                }
            }
            case "pubsub" -> slow.send("SUBSCRIBE", "c");
            default -> slow.send("PSYNC", "?", "-1");
        }
        for (int i = 0; i < messages && !kind.equals("normal"); i++) {
            busy.send(kind.equals("pubsub") ? "PUBLISH" : "SET", "c", text);
        }
        if (expected) {
            await("disconnection", () -> !fact(busy, "client_output_buffer_limit_disconnections").equals("0"));
            return true;
        }
        slow.skipBytes((long) messages * text.length());
        return !fact(busy, "client_output_buffer_limit_disconnections").equals("0");
    }

    // --- what goes on in the background ---

    private void worksInTheBackground(String name) {
        switch (name) {
            case "active-defrag-cycle-max" -> {
                assertThat(healingPercent(name, "75")).isGreaterThan(20);
                assertThat(healingPercent(name, "2")).isBetween(1, 2);
            }
            case "active-defrag-cycle-min" -> {
                assertThat(healingPercent(name, "75")).isEqualTo(75);
                assertThat(healingPercent(name, "1")).isBetween(1, 70);
            }
            case "active-defrag-ignore-bytes" -> {
                assertThat(healingPercent(name, MEGABYTE)).isPositive();
                assertThat(isHealed(name, "104857600")).isFalse();
            }
            case "active-defrag-threshold-lower" -> {
                assertThat(healingPercent(name, "10")).isPositive();
                assertThat(isHealed(name, "100")).isFalse();
            }
            case "active-defrag-threshold-upper" -> {
                assertThat(healingPercent(name, "11")).isEqualTo(75);
                assertThat(healingPercent(name, "100")).isBetween(1, 70);
            }
            case "activedefrag" -> {
                assertThat(healingPercent(name, "yes")).isPositive();
                assertThat(isHealed(name, "no")).isFalse();
            }
            case "active-expire-effort" -> {
                assertThat(hurriesAfterFewExpired(name, "10")).isPositive();
                assertThat(hurriesAfterFewExpired(name, "1")).isZero();
            }
            default -> throw new AssertionError("no test shows what " + name + " changes");
        }
    }

    /** How much of a core goes into healing. */
    private int healingPercent(String name, String value) {
        return healingPercent(name, value, TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
    }

    private boolean isHealed(String name, String value) {
        return healingPercent(name, value, WATCHED_MILLIS) > 0;
    }

    /** When two of five entries of 25 megabytes have gone; 0 if nothing in so much time. */
    private int healingPercent(String name, String value, long millis) {
        TestClient client = client(node(with("activedefrag", "yes", "active-defrag-ignore-bytes", MEGABYTE,
                "active-defrag-cycle-min", "1", "active-defrag-cycle-max", "75", "active-defrag-threshold-lower", "10",
                "active-defrag-threshold-upper", "100"), name, value));
        String wanted = client.send("CONFIG", "GET", "activedefrag").texts().get(1);
        client.send("CONFIG", "SET", "activedefrag", "no").expect(WireReply.ok());
        client.send("DEBUG", "POPULATE", "100000", "key", "200").expect(WireReply.ok());
        client.send("EVAL", "for i = 0, 99999 do if i % 5 < 2 then redis.call('DEL', 'key:' .. i) end end", "0");
        client.send("CONFIG", "SET", "activedefrag", wanted).expect(WireReply.ok());
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        int percent = 0;
        while (percent == 0 && System.nanoTime() < deadline) {
            percent = Integer.parseInt(fact(client, "active_defrag_running"));
        }
        return percent;
    }

    /** How often the next slice came soon, when 3 % of the keys had expired: the effort says how many are many. */
    private long hurriesAfterFewExpired(String name, String value) {
        TestClient client = client(node(Map.of(), name, value));
        client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0").expect(WireReply.ok());
        client.send("EVAL", "for i = 0, 199999 do redis.call('SET', i, 'v', 'PX', i % 100 < 3 and 1 or 10000000) end",
                "0");
        client.send("DEBUG", "SET-ACTIVE-EXPIRE", "1").expect(WireReply.ok());
        await("expired", () -> client.send("DBSIZE").number() == 194_000);
        return Long.parseLong(fact(client, "expired_time_cap_reached_count"));
    }

    // --- nodes that follow each other ---

    private void replicates(String name) throws IOException, InterruptedException {
        switch (name) {
            case "close-on-replica-write", "close-on-slave-write" -> {
                assertThat(isClosedAfterAWrite(name, "yes")).isTrue();
                assertThat(isClosedAfterAWrite(name, "no")).isFalse();
            }
            case "lazyfree-lazy-eviction" -> {
                assertThat(whatEvictionLooksLike(name, "yes")).contains("cmdstat_unlink").doesNotContain("cmdstat_del");
                assertThat(whatEvictionLooksLike(name, "no")).contains("cmdstat_del").doesNotContain("cmdstat_unlink");
            }
            case "repl-backlog-size" -> {
                assertThat(afterFourMegabytes(name, MEGABYTE)).startsWith("FULLRESYNC");
                assertThat(afterFourMegabytes(name, "67108864")).startsWith("CONTINUE");
            }
            case "repl-backlog-ttl" -> {
                TestClient hasty = left(name, "1");
                await("freed", () -> fact(hasty, "repl_backlog_active").equals("0"));
                TestClient patient = left(name, "0");
                TimeUnit.MILLISECONDS.sleep(WATCHED_MILLIS);
                assertThat(fact(patient, "repl_backlog_active")).isEqualTo("1");
            }
            case "repl-timeout" -> {
                assertThat(comesAgainToASilentPrimary(name, "1", PATIENCE_SECONDS * 1000)).isTrue();
                assertThat(comesAgainToASilentPrimary(name, "60", WATCHED_MILLIS)).isFalse();
            }
            case "replica-ignore-maxmemory" -> {
                assertThat(leftOnAFullReplica(name, "yes")).isEqualTo(2_000);
                assertThat(leftOnAFullReplica(name, "no")).isLessThan(2_000);
            }
            default -> throw new AssertionError("no test shows what " + name + " changes");
        }
    }

    private boolean isClosedAfterAWrite(String name, String value) {
        TestServer replica = node(Map.of(), name, value);
        client(replica).send("REPLICAOF", "127.0.0.1", "" + TestServer.freePort()).expect(WireReply.ok());
        TestClient writer = client(replica);
        assertThat(writer.send("SET", "k", "v").text()).startsWith("READONLY");
        writer.write("PING");
        return writer.isClosedByServer();
    }

    private String whatEvictionLooksLike(String name, String value) {
        TestServer primary = node(with("maxmemory", "6000000", "maxmemory-policy", "allkeys-random"), name, value);
        TestClient replica = follower(primary, node(Map.of(), "timeout", "0"));
        TestClient client = client(primary);
        fill(client);
        awaitEqual(client, replica);
        assertThat(Long.parseLong(fact(client, "evicted_keys"))).isPositive();
        return replica.send("INFO", "commandstats").text();
    }

    /** What a replica is told that was away while so much was written. */
    private String afterFourMegabytes(String name, String value) {
        TestServer server = node(Map.of(), name, value);
        String[] history;
        try (TestClient replica = server.connect()) {
            history = replica.send("PSYNC", "?", "-1").text().split(" ", -1);
        }
        TestClient client = client(server);
        for (int i = 0; i < 40; i++) {
            client.send("SET", "k", "v".repeat(100_000));
        }
        long next = Long.parseLong(history[2]) + 1;
        return client(server).send("PSYNC", history[1], "" + next).text();
    }

    /** To a primary whose only replica has gone. */
    private TestClient left(String name, String value) {
        TestServer server = node(Map.of(), name, value);
        TestClient client = client(server);
        try (TestClient replica = server.connect()) {
            replica.send("PSYNC", "?", "-1");
        }
        await("gone", () -> fact(client, "connected_slaves").equals("0"));
        return client;
    }

    private boolean comesAgainToASilentPrimary(String name, String value, long millis) throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            client(node(Map.of(), name, value)).send("REPLICAOF", "127.0.0.1", "" + silent.getLocalPort());
            silent.setSoTimeout((int) millis);
            try (Socket first = silent.accept(); Socket second = silent.accept()) {
                return first.isConnected() && second.isConnected();
            } catch (SocketTimeoutException nobodyCame) {
                return false;
            }
        }
    }

    private long leftOnAFullReplica(String name, String value) {
        TestServer primary = node(Map.of(), "timeout", "0");
        TestClient replica = follower(primary,
                node(with("maxmemory", "6000000", "maxmemory-policy", "allkeys-random"), name, value));
        TestClient client = client(primary);
        fill(client);
        awaitEqual(client, replica);
        return replica.send("DBSIZE").number();
    }

    private static void fill(TestClient client) {
        for (int i = 0; i < 2_000; i++) {
            client.send("SET", "k" + i, "v".repeat(4_000)).expect(WireReply.ok());
        }
    }

    private TestClient follower(TestServer primary, TestServer server) {
        TestClient replica = client(server);
        replica.send("REPLICAOF", "127.0.0.1", "" + primary.port()).expect(WireReply.ok());
        await("link up", () -> fact(replica, "master_link_status").equals("up"));
        return replica;
    }

    private static void awaitEqual(TestClient primary, TestClient replica) {
        await("the same offset",
                () -> fact(primary, "master_repl_offset").equals(fact(replica, "master_repl_offset")));
    }

    // --- servers ---

    /** A node as the control plane starts it for a group that has these values, but for the commands that it hides. */
    private TestServer node(Map<String, String> base, String name, String value) {
        SortedMap<String, String> values = new TreeMap<>(base);
        values.put(name, value);
        ParameterFamily family = ParameterFamily.ALL.stream().filter(each -> each.engine() != EngineType.MEMCACHED
                && each.parameters().keySet().containsAll(values.keySet())).toList().getLast();
        NodeParameters parameters = new NodeParameters(family, "99.0.0", NodeType.named("cache.r6g.large"), values);
        // Which is no caller's to set.
        long maxMemoryBytes = values.containsKey("maxmemory")
                ? Long.parseLong(values.get("maxmemory"))
                : parameters.maxMemoryBytes();
        NodeOptions options = NodeSettings.of(new NodeSpec("node", family.engine(), "99.0.0", "127.0.0.1", 0,
                maxMemoryBytes, parameters.settings(), true,
                new AdminCredential(AdminCredential.USER, new Secret("swordfish-of-the-admin")), folder));
        return keep(TestServer.cistern(options.with("enable-debug-command", "yes").with("dir", "")
                .withCustomerView(CommandView.EVERYTHING.renaming(values.getOrDefault("rename-commands", "")))));
    }

    private TestServer original(Path program, Map<String, String> base, String name, String value) {
        List<String> settings = new ArrayList<>();
        base.forEach((setting, text) -> settings.addAll(List.of(setting, text)));
        settings.addAll(List.of(name, value));
        if (settings.contains("cluster-enabled")) {
            settings.addAll(List.of("cluster-port", "" + TestServer.freePort()));
        }
        return keep(TestServer.original(program, settings.toArray(String[]::new)));
    }

    private TestClient client(TestServer server) {
        return keep(server.connect());
    }

    private <T extends AutoCloseable> T keep(T opened) {
        open.add(opened);
        return opened;
    }

    private static Map<String, String> with(String... namesAndValues) {
        Map<String, String> all = new TreeMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            all.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return all;
    }

    private static String fact(TestClient client, String name) {
        return client.send("INFO").text().lines().filter(line -> line.startsWith(name + ":")).findFirst()
                .orElseThrow(() -> new AssertionError("INFO has no " + name)).substring(name.length() + 1).strip();
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("never: " + what).isLessThan(deadline);
            pause();
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(2);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
