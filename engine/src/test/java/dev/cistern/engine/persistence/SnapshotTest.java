package dev.cistern.engine.persistence;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.error;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** SAVE, BGSAVE, save points and what a start finds; files of ours in the original and the other way round. */
final class SnapshotTest {
    private static final int KEYS = 500;
    private static final String LIBRARY = "#!lua name=lib\nredis.register_function('twice', function(keys, args) "
            + "return args[1] * 2 end)";

    @TempDir
    private Path directory;

    private TestServer ours(String... more) {
        return TestServer.cistern(Stream.concat(Stream.of("dir", directory.toString()), Stream.of(more))
                .toArray(String[]::new));
    }

    private TestServer original() {
        Assumptions.assumeTrue(TestServer.original().isPresent(), "no redis-server or valkey-server is installed");
        return TestServer.original(TestServer.original().orElseThrow(), "dir", directory.toString());
    }

    private static void fill(TestClient client) {
        SplittableRandom random = new SplittableRandom(11);
        for (int i = 0; i < KEYS; i++) {
            client.send("SELECT", i % 2 == 0 ? "0" : "3");
            String value = i % 3 == 0 ? "" + random.nextLong() : "v" + "ab".repeat(random.nextInt(200));
            client.send("SET", "key" + i, value).expect(ok());
            if (i % 5 == 0) {
                client.send("PEXPIREAT", "key" + i, "" + (4_102_444_800_000L + i));
            }
            client.send("HSET", "hash" + i, "field", value, "n", "" + i);
            client.send("RPUSH", "list" + i, "x", value, "" + i);
            client.send("SADD", "set" + i, value, "x");
            client.send("SADD", "numbers" + i, "" + i, "" + i * 1_000_000_007L, "-5");
            client.send("ZADD", "sorted" + i, "1.5", value, "-inf", "low", "" + i, "n");
        }
        client.send("SELECT", "0");
        client.send("FUNCTION", "LOAD", "REPLACE", LIBRARY).expect(bulk("lib"));
        for (int i = 1; i <= 300; i++) {
            client.send("XADD", "stream", i + "-" + i, "name", "value" + i, i % 4 == 0 ? "other" : "n", "" + i);
        }
        client.send("XDEL", "stream", "7-7", "300-300");
        client.send("XTRIM", "stream", "MINID", "4");
        client.send("XGROUP", "CREATE", "stream", "g", "0");
        client.send("XGROUP", "CREATE", "stream", "empty", "$");
        client.send("XREADGROUP", "GROUP", "g", "alice", "COUNT", "20", "STREAMS", "stream", ">");
        client.send("XREADGROUP", "GROUP", "g", "bob", "COUNT", "3", "STREAMS", "stream", ">");
        client.send("XCLAIM", "stream", "g", "bob", "0", "9-9", "TIME", "1700000000000", "RETRYCOUNT", "5");
        client.send("XACK", "stream", "g", "10-10");
        for (int i = 0; i < 1000; i++) {
            client.send("HSET", "large", "field" + i, "value" + i * 3);
            client.send("RPUSH", "largeList", "element" + i, "" + i, "long".repeat(i % 40));
            client.send("SADD", "largeSet", "member" + i, "" + i);
            client.send("ZADD", "largeSorted", "" + i / 8.0, "member" + i);
        }
    }

    private static String digest(TestClient client) {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < KEYS; i++) {
            client.send("SELECT", i % 2 == 0 ? "0" : "3");
            all.append(client.send("GET", "key" + i)).append(client.send("PEXPIRETIME", "key" + i))
                    .append(client.send("OBJECT", "ENCODING", "key" + i))
                    .append(client.send("HMGET", "hash" + i, "field", "n"))
                    .append(client.send("LRANGE", "list" + i, "0", "-1"))
                    .append(client.send("SCARD", "set" + i)).append(client.send("SISMEMBER", "set" + i, "x"))
                    .append(client.send("SCARD", "numbers" + i))
                    .append(client.send("SMISMEMBER", "numbers" + i, "" + i, "" + i * 1_000_000_007L, "-5", "6"))
                    .append(client.send("ZRANGE", "sorted" + i, "0", "-1", "WITHSCORES")).append('\n');
        }
        client.send("SELECT", "0");
        for (int i = 0; i < 1000; i++) {
            all.append(client.send("HGET", "large", "field" + i));
            all.append(client.send("SMISMEMBER", "largeSet", "member" + i, "" + i, "x" + i));
        }
        // Not of a short list: it is a quicklist in Redis 7.0 and a listpack since.
        for (String key : new String[]{"largeList", "sorted0", "largeSorted", "hash0", "large"}) {
            all.append(client.send("OBJECT", "ENCODING", key));
        }
        all.append(client.send("FCALL", "twice", "0", "21"));
        all.append(client.send("XRANGE", "stream", "-", "+")).append(client.send("XLEN", "stream"))
                .append(client.send("XINFO", "GROUPS", "stream"))
                .append(client.send("XPENDING", "stream", "g"))
                .append(client.send("XCLAIM", "stream", "g", "bob", "0", "9-9", "JUSTID"));
        all.append(client.send("SCARD", "largeSet"))
                .append(client.send("OBJECT", "ENCODING", "numbers0"))
                .append(client.send("OBJECT", "ENCODING", "largeSet"))
                .append(client.send("LRANGE", "largeList", "0", "-1"))
                .append(client.send("ZRANGE", "largeSorted", "0", "-1", "WITHSCORES"));
        return all.append(client.send("HLEN", "large")).append(client.send("DBSIZE")).toString();
    }

    @Test
    void aStartFindsWhatWasSaved() {
        String before;
        try (TestServer server = ours(); TestClient client = server.connect()) {
            fill(client);
            before = digest(client);
            client.send("SAVE").expect(ok());
            client.send("SET", "later", "not saved");
        }
        try (TestServer server = ours(); TestClient client = server.connect()) {
            assertThat(digest(client)).isEqualTo(before);
            client.send("EXISTS", "later").expect(integer(0));
        }
    }

    @Test
    void theOriginalLoadsOurFile() throws IOException, InterruptedException {
        String before;
        try (TestServer server = ours(); TestClient client = server.connect()) {
            fill(client);
            before = digest(client);
            client.send("SAVE").expect(ok());
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("dump.rdb"))))
                .isEqualTo("rw-------");
        try (TestServer server = original(); TestClient client = server.connect()) {
            assertThat(digest(client)).isEqualTo(before);
        }
        requireWhole(directory.resolve("dump.rdb"));
    }

    /** The original's own tool finds nothing wrong. */
    private static void requireWhole(Path file) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("redis-check-rdb", file.toString()).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output).contains("RDB looks OK!");
    }

    @Test
    void weLoadTheOriginalsFile() {
        String before;
        try (TestServer server = original(); TestClient client = server.connect()) {
            fill(client);
            before = digest(client);
            client.send("SAVE").expect(ok());
        }
        try (TestServer server = ours(); TestClient client = server.connect()) {
            assertThat(digest(client)).isEqualTo(before);
        }
    }

    @Test
    void expiredKeysAreLeftOut() throws InterruptedException {
        try (TestServer server = ours(); TestClient client = server.connect()) {
            client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
            client.send("SET", "short", "v", "PX", "1");
            client.send("SET", "long", "v");
            client.send("SAVE").expect(ok());
        }
        Thread.sleep(5);
        try (TestServer server = ours(); TestClient client = server.connect()) {
            client.send("DBSIZE").expect(integer(1));
            client.send("GET", "long").expect(bulk("v"));
        }
    }

    @Test
    void savingInTheBackgroundWhileClientsWrite() throws InterruptedException {
        try (TestServer server = ours(); TestClient client = server.connect(); TestClient other = server.connect()) {
            for (int i = 0; i < 20_000; i++) {
                client.write("SET", "k" + i, "before");
            }
            for (int i = 0; i < 20_000; i++) {
                client.read();
            }
            other.send("BGSAVE").expect(status("Background saving started"));
            for (int i = 0; i < 20_000; i++) {
                client.write("SET", "k" + i, "after");
            }
            for (int i = 0; i < 20_000; i++) {
                client.read();
            }
            awaitSaved(other);
        }
        try (TestServer server = ours(); TestClient client = server.connect()) {
            client.send("DBSIZE").expect(integer(20_000));
            int changed = 0;
            boolean ended = false;
            for (int i = 0; i < 20_000; i++) {
                boolean after = client.send("GET", "k" + i).equals(bulk("after"));
                // One connection wrote them in this order: what the cut has is a beginning of that.
                assertThat(after && ended).as("key %d", i).isFalse();
                ended |= !after;
                changed += after ? 1 : 0;
            }
            assertThat(changed).isLessThan(20_000);
        }
    }

    private static void awaitSaved(TestClient client) throws InterruptedException {
        for (int i = 0; i < 1000 && info(client).contains("rdb_bgsave_in_progress:1"); i++) {
            Thread.sleep(10);
        }
        assertThat(info(client)).contains("rdb_bgsave_in_progress:0", "rdb_last_bgsave_status:ok", "rdb_saves:1");
    }

    private static String info(TestClient client) {
        return ((WireReply.Bulk) client.send("INFO", "persistence")).text();
    }

    @Test
    void aPointIsReached() throws InterruptedException {
        try (TestServer server = ours("save", "1 3"); TestClient client = server.connect()) {
            client.send("CONFIG", "SET", "save", "1").expect(
                    error("ERR CONFIG SET failed (possibly related to argument 'save') - Invalid save parameters"));
            for (int i = 0; i < 3; i++) {
                client.send("SET", "k" + i, "v");
            }
            for (int i = 0; i < 1000 && !Files.exists(directory.resolve("dump.rdb")); i++) {
                Thread.sleep(10);
            }
            awaitSaved(client);
            assertThat(info(client)).contains("rdb_changes_since_last_save:0");
        }
    }

    @Test
    void theEndSavesIfTheNodeSavesByItself() {
        try (TestServer server = ours("save", "3600 1"); TestClient client = server.connect()) {
            client.send("SET", "k", "v");
        }
        try (TestServer server = ours("save", "3600 1"); TestClient client = server.connect()) {
            client.send("GET", "k").expect(bulk("v"));
            client.send("SET", "k", "later");
            client.write("SHUTDOWN", "NOSAVE");
            assertThat(client.isClosedByServer()).isTrue();
        }
        try (TestServer server = ours(); TestClient client = server.connect()) {
            client.send("GET", "k").expect(bulk("v"));
        }
    }

    @Test
    void aDamagedFileIsRefusedAtTheStart() throws IOException {
        try (TestServer server = ours(); TestClient client = server.connect()) {
            fill(client);
            client.send("SAVE").expect(ok());
        }
        Path file = directory.resolve("dump.rdb");
        byte[] whole = Files.readAllBytes(file);
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 20; i++) {
            byte[] damaged = whole.clone();
            damaged[9 + random.nextInt(whole.length - 9)] ^= (byte) (1 << random.nextInt(8));
            Files.write(file, damaged);
            assertThatThrownBy(this::ours).hasStackTraceContaining("dump.rdb");
        }
        Files.write(file, java.util.Arrays.copyOf(whole, whole.length / 2));
        assertThatThrownBy(this::ours).hasStackTraceContaining("dump.rdb");
    }

    @Test
    void reloadingKeepsAll() {
        try (TestServer server = ours("enable-debug-command", "yes"); TestClient client = server.connect()) {
            fill(client);
            String before = digest(client);
            client.send("DEBUG", "RELOAD").expect(ok());
            assertThat(digest(client)).isEqualTo(before);
            client.send("MULTI").expect(ok());
            client.send("SET", "within", "a transaction").expect(status("QUEUED"));
            client.send("DEBUG", "RELOAD").expect(status("QUEUED"));
            client.send("EXEC").expect(WireReply.array(ok(), ok()));
            client.send("GETDEL", "within").expect(bulk("a transaction"));
            assertThat(digest(client)).isEqualTo(before);
        }
    }

    @Test
    void reloadingTakesTheLibrariesOfTheFile() {
        try (TestServer server = ours("enable-debug-command", "yes"); TestClient client = server.connect()) {
            client.send("FUNCTION", "LOAD", library("kept")).expect(bulk("kept"));
            client.send("SAVE").expect(ok());
            client.send("FUNCTION", "LOAD", library("later")).expect(bulk("later"));
            client.send("DEBUG", "RELOAD", "NOSAVE", "NOFLUSH", "MERGE").expect(ok());
            client.send("FCALL", "later", "0").expect(integer(1));
            client.send("DEBUG", "RELOAD", "NOSAVE").expect(ok());
            client.send("FCALL", "kept", "0").expect(integer(1));
            assertThat(client.send("FCALL", "later", "0")).isInstanceOf(WireReply.ErrorLine.class);
        }
    }

    private static String library(String name) {
        return "#!lua name=" + name + "\nserver.register_function('" + name + "', function() return 1 end)";
    }

    @Test
    void withoutADirectoryNothingIsSaved() {
        try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
            assertThat(client.send("SAVE")).isInstanceOf(WireReply.ErrorLine.class);
            assertThat(client.send("BGSAVE")).isInstanceOf(WireReply.ErrorLine.class);
        }
    }
}
