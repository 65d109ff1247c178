package dev.cistern.engine.appendonly;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.nil;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What was written is there after a restart; files of ours in the original, and the other way round. */
final class AppendOnlyTest {
    private static final String LIBRARY = "#!lua name=lib\nredis.register_function('twice', function(keys, args) "
            + "return args[1] * 2 end)";

    @TempDir
    private Path directory;

    private TestServer ours(String... more) {
        return TestServer.cistern(Stream.concat(Stream.of("dir", directory.toString(), "appendonly", "yes"),
                Stream.of(more)).toArray(String[]::new));
    }

    private static void requireOriginal() {
        Assumptions.assumeTrue(TestServer.original().isPresent(), "no redis-server or valkey-server is installed");
    }

    private TestServer original(String... more) {
        requireOriginal();
        TestServer server = TestServer.original(TestServer.original().orElseThrow(), Stream.concat(
                Stream.of("dir", directory.toString(), "appendonly", "yes"), Stream.of(more)).toArray(String[]::new));
        try (TestClient client = server.connect()) {
            await(client, "loading:0");
        }
        return server;
    }

    /** Some of everything that is logged otherwise than it was asked for. */
    static void work(TestClient client, String prefix) {
        for (int i = 0; i < 50; i++) {
            client.send("SET", prefix + "s" + i, "value " + i).expect(ok());
            client.send("RPUSH", prefix + "list", "e" + i);
            client.send("HSET", prefix + "hash", "f" + i, "v" + i);
            client.send("ZADD", prefix + "zset", "" + i / 4.0, "m" + i);
            client.send("SADD", prefix + "set", "m" + i);
        }
        client.send("SPOP", prefix + "set", "7");
        client.send("SET", prefix + "short", "v", "EX", "10000");
        client.send("INCRBYFLOAT", prefix + "real", "0.1");
        client.send("XADD", prefix + "stream", "*", "a", "1");
        client.send("XGROUP", "CREATE", prefix + "stream", "g", "0");
        client.send("XREADGROUP", "GROUP", "g", "c", "STREAMS", prefix + "stream", ">");
        client.send("MULTI");
        client.send("INCR", prefix + "n");
        client.send("SELECT", "3");
        client.send("INCR", prefix + "n");
        client.send("EXEC");
        client.send("SET", prefix + "in three", "3");
        client.send("SELECT", "0");
        client.send("EVAL", "redis.call('incr', KEYS[1]) redis.call('lpop', KEYS[2])", "2", prefix + "n",
                prefix + "list");
        client.send("DEL", prefix + "s1", prefix + "s2");
        client.send("RENAME", prefix + "s3", prefix + "renamed");
    }

    /** All keys with a number for their value, and their deadline. */
    static String digest(TestClient client) {
        TreeMap<String, String> all = new TreeMap<>();
        for (String database : List.of("0", "3", "5")) {
            client.send("SELECT", database);
            for (String key : client.send("KEYS", "*").texts()) {
                all.put(database + " " + key, client.send("DEBUG", "DIGEST-VALUE", key).texts() + " "
                        + client.send("PEXPIRETIME", key));
            }
        }
        client.send("SELECT", "0");
        return all.toString().replace(", ", "\n");
    }

    private Path file(String name) {
        return directory.resolve("appendonlydir").resolve(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"always", "everysec", "no"})
    void whatWasWrittenIsThereAfterARestart(String policy) {
        String before;
        try (TestServer server = ours("appendfsync", policy); TestClient client = server.connect()) {
            work(client, "a");
            client.send("FUNCTION", "LOAD", LIBRARY).expect(bulk("lib"));
            before = digest(client);
        }
        try (TestServer server = ours("appendfsync", policy); TestClient client = server.connect()) {
            assertThat(digest(client)).isEqualTo(before);
            client.send("FCALL", "twice", "0", "21").expect(integer(42));
            work(client, "b");
            before = digest(client);
        }
        try (TestServer server = ours("appendfsync", policy); TestClient client = server.connect()) {
            assertThat(digest(client)).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"yes", "no"})
    void aRewriteHoldsTheSame(String preamble) throws IOException {
        String before;
        try (TestServer server = ours("aof-use-rdb-preamble", preamble); TestClient client = server.connect()) {
            work(client, "a");
            client.send("FUNCTION", "LOAD", LIBRARY).expect(bulk("lib"));
            rewrite(client);
            work(client, "b");
            before = digest(client);
        }
        assertThat(Files.readString(file("appendonly.aof.manifest"))).startsWith("file appendonly.aof.2.base."
                + (preamble.equals("yes") ? "rdb" : "aof")
                + " seq 2 type b\nfile appendonly.aof.2.incr.aof seq 2 type i");
        try (Stream<Path> files = Files.list(directory.resolve("appendonlydir"))) {
            assertThat(files).hasSize(3);
        }
        try (TestServer server = ours(); TestClient client = server.connect()) {
            assertThat(digest(client)).isEqualTo(before);
            client.send("FCALL", "twice", "0", "21").expect(integer(42));
        }
    }

    private static void rewrite(TestClient client) {
        client.send("BGREWRITEAOF").expect(status("Background append only file rewriting started"));
        await(client, "aof_rewrite_in_progress:0");
        assertThat(client.send("INFO", "persistence").text()).contains("aof_last_bgrewrite_status:ok");
    }

    static void await(TestClient client, String fact) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!client.send("INFO", "persistence").text().contains(fact + "\r\n")) {
            assertThat(System.nanoTime()).as("still not %s", fact).isLessThan(end);
            Thread.onSpinWait();
        }
    }

    @Test
    void theOriginalLoadsOursAndWeLoadWhatItAdded() throws Exception {
        String before;
        try (TestServer server = ours(); TestClient client = server.connect()) {
            work(client, "a");
            rewrite(client);
            work(client, "b");
            client.send("FUNCTION", "LOAD", LIBRARY).expect(bulk("lib"));
            before = digest(client);
        }
        check();
        try (TestServer server = original(); TestClient client = server.connect()) {
            assertThat(digest(client)).isEqualTo(before);
            client.send("FCALL", "twice", "0", "21").expect(integer(42));
            client.send("SET", "theirs", "1").expect(ok());
            client.send("SELECT", "5");
            client.send("SET", "theirs", "5").expect(ok());
            before = digest(client);
            client.write("SHUTDOWN");
            assertThat(client.isClosedByServer()).isTrue();
        }
        try (TestServer server = ours(); TestClient client = server.connect()) {
            client.send("GET", "theirs").expect(bulk("1"));
            assertThat(digest(client)).isEqualTo(before);
            work(client, "c");
            before = digest(client);
        }
        check();
        try (TestServer server = original(); TestClient client = server.connect()) {
            assertThat(digest(client)).isEqualTo(before);
            client.send("BGREWRITEAOF");
            await(client, "aof_rewrite_in_progress:0");
            client.write("SHUTDOWN");
            assertThat(client.isClosedByServer()).isTrue();
        }
        try (TestServer server = ours(); TestClient client = server.connect()) {
            assertThat(digest(client)).isEqualTo(before);
        }
    }

    /** The original's own tool finds nothing wrong. */
    private void check() throws IOException, InterruptedException {
        requireOriginal();
        Process process = new ProcessBuilder("redis-check-aof", file("appendonly.aof.manifest").toString())
                .redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    @Test
    void itIsSwitchedOnAndOffWhileTheNodeRuns() {
        String before;
        try (TestServer server = TestServer.cistern("dir", directory.toString());
                TestClient client = server.connect()) {
            work(client, "a");
            client.send("CONFIG", "SET", "appendonly", "yes").expect(ok());
            work(client, "b");
            await(client, "aof_current_rewrite_time_sec:-1");
            awaitFiles(client);
            work(client, "c");
            before = digest(client);
            client.send("CONFIG", "SET", "appendonly", "no").expect(ok());
            await(client, "aof_enabled:0");
            client.send("SET", "not", "logged").expect(ok());
        }
        try (TestServer server = ours(); TestClient client = server.connect()) {
            assertThat(digest(client)).isEqualTo(before);
        }
    }

    private void awaitFiles(TestClient client) {
        while (Files.notExists(file("appendonly.aof.manifest"))) {
            client.send("PING");
        }
    }

    @Test
    void switchingItOnNeedsAPlace() {
        try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
            assertThat(client.send("CONFIG", "SET", "appendonly", "yes").text()).contains("start it with a directory");
            client.send("CONFIG", "GET", "appendonly").expect(WireReply.array("appendonly", "no"));
        }
    }

    @Test
    void aSnapshotIsTheFirstBase() {
        try (TestServer server = TestServer.cistern("dir", directory.toString());
                TestClient client = server.connect()) {
            client.send("SET", "a", "1").expect(ok());
            client.send("SAVE").expect(ok());
        }
        try (TestServer server = ours(); TestClient client = server.connect()) {
            client.send("GET", "a").expect(bulk("1"));
            client.send("SET", "b", "2").expect(ok());
        }
        try (TestServer server = ours(); TestClient client = server.connect()) {
            client.send("MGET", "a", "b").expect(WireReply.array("1", "2"));
        }
    }

    @Test
    void theOneFileOfFormerVersionsBecomesTheBase() throws IOException {
        String former = String.join("\r\n", "*2", "$6", "SELECT", "$1", "0", "*3", "$3", "set", "$1", "a", "$1", "1",
                "");
        Files.writeString(directory.resolve("appendonly.aof"), former);
        try (TestServer server = ours(); TestClient client = server.connect()) {
            client.send("GET", "a").expect(bulk("1"));
            client.send("INCR", "a").expect(integer(2));
        }
        assertThat(Files.exists(file("appendonly.aof"))).isTrue();
        try (TestServer server = ours(); TestClient client = server.connect()) {
            client.send("GET", "a").expect(bulk("2"));
        }
    }

    @Test
    void expiredKeysOfTheBaseAreThereUntilTheLogDeletesThem() throws InterruptedException {
        try (TestServer server = ours(); TestClient client = server.connect()) {
            client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
            client.send("SET", "n", "41", "PX", "300");
            rewrite(client);
            client.send("INCR", "n");
            client.send("PERSIST", "n");
        }
        Thread.sleep(400);
        try (TestServer server = ours(); TestClient client = server.connect()) {
            assertThat(client.send("GET", "n").text()).isIn("42", "1");
        }
    }

    @Test
    void debugLoadAofPutsItInPlaceOfAll() {
        try (TestServer server = ours(); TestClient client = server.connect()) {
            work(client, "a");
            String before = digest(client);
            client.send("DEBUG", "LOADAOF").expect(ok());
            assertThat(digest(client)).isEqualTo(before);
            client.send("SET", "after", "1").expect(ok());
        }
        try (TestServer server = ours(); TestClient client = server.connect()) {
            client.send("GET", "after").expect(bulk("1"));
        }
    }

    @Test
    void debugLoadAofTakesWhatARewriteLeftWhileNothingIsAppended() {
        try (TestServer server = ours("appendonly", "no"); TestClient client = server.connect()) {
            client.send("DEBUG", "LOADAOF").expect(error("ERR Error trying to load the AOF files, check server logs."));
            client.send("SET", "k", "1").expect(ok());
            rewrite(client);
            client.send("SET", "k", "2").expect(ok());
            client.send("DEBUG", "LOADAOF").expect(ok());
            client.send("GET", "k").expect(bulk("1"));
        }
    }

    @Test
    void aTransactionWithoutItsEndIsLeftOut() throws IOException {
        try (TestServer server = ours("appendfsync", "always"); TestClient client = server.connect()) {
            client.send("SET", "a", "1").expect(ok());
        }
        Files.writeString(file("appendonly.aof.1.incr.aof"),
                "*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2"
                        + "\r\n",
                StandardOpenOption.APPEND);
        try (TestServer server = ours(); TestClient client = server.connect()) {
            client.send("GET", "b").expect(nil());
            client.send("GET", "a").expect(bulk("1"));
            client.send("SET", "c", "3").expect(ok());
        }
        try (TestServer server = ours(); TestClient client = server.connect()) {
            client.send("MGET", "a", "c").expect(WireReply.array("1", "3"));
        }
    }

    @Test
    void aTornTailIsRefusedIfItIsToBe() throws IOException {
        try (TestServer server = ours("appendfsync", "always"); TestClient client = server.connect()) {
            client.send("SET", "a", "1").expect(ok());
        }
        Files.writeString(file("appendonly.aof.1.incr.aof"), "*3\r\n$3\r\nSET\r\n$1\r\nb", StandardOpenOption.APPEND);
        assertThatThrownBy(() -> ours("aof-load-truncated", "no").close())
                .hasStackTraceContaining("aof-load-truncated");
    }

    @Test
    void pipelinesKeepTheirOrderWhileRepliesWait() {
        try (TestServer server = ours("appendfsync", "always"); TestClient client = server.connect()) {
            for (int round = 0; round < 20; round++) {
                for (int i = 0; i < 300; i++) {
                    client.write("INCR", "n");
                    client.write("GET", "n");
                }
                for (int i = 1; i <= 300; i++) {
                    client.read().expect(integer(round * 300L + i));
                    client.read().expect(bulk("" + (round * 300 + i)));
                }
            }
            client.write("SET", "last", "1");
            client.write("QUIT");
            client.read().expect(ok());
            client.read().expect(ok());
            assertThat(client.isClosedByServer()).isTrue();
        }
    }

    @Test
    void infoTellsOfIt() {
        try (TestServer server = ours(); TestClient client = server.connect()) {
            work(client, "a");
            assertThat(List.of(client.send("INFO", "persistence").text().split("\r\n"))).contains("aof_enabled:1",
                    "aof_last_write_status:ok", "aof_last_bgrewrite_status:ok").anyMatch(
                            line -> line.startsWith("aof_current_size:"));
        }
    }
}
