package dev.cistern.engine.atrest;

import dev.cistern.engine.appendonly.LogCheck;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** A node with a key writes nothing that tells what its users keep, and reads all of it again. */
final class EncryptedNodeTest {
    private static final long SEED = Long.getLong("cistern.seed", 1);
    private static final int WAIT_SECONDS = 20;
    private static final int SHOWN_BYTES = 8;
    /** More than the system holds of what nobody reads. */
    private static final int SPOOLED_BYTES = 16 << 20;

    @TempDir
    private Path directory;
    private final List<AutoCloseable> open = new ArrayList<>();
    private final SplittableRandom random = new SplittableRandom(SEED);
    private KeyStoreFile store = new KeyStoreFile(Path.of(""));
    private String key = "";

    @BeforeEach
    void makeKey() throws IOException {
        store = new KeyStoreFile(Files.createDirectory(directory.resolve("keys")).resolve("keystore"));
        key = store.create("us-east-1", "000000000000", false, "", 0).arn();
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
    }

    private <T extends AutoCloseable> T keep(T opened) {
        open.add(opened);
        return opened;
    }

    private Path folder(String name) throws IOException {
        return Files.createDirectories(directory.resolve(name));
    }

    private TestServer node(String folder, String... more) throws IOException {
        return TestServer.cistern(Stream.concat(Stream.of("dir", folder(folder).toString(), "at-rest-key-file",
                store.path().toString(), "at-rest-key-id", key), Stream.of(more)).toArray(String[]::new));
    }

    /** A word that nothing compresses and nothing else writes. */
    private String canary() {
        byte[] bytes = new byte[24];
        random.nextBytes(bytes);
        return "canary" + HexFormat.of().formatHex(bytes);
    }

    private static String fact(TestClient client, String name) {
        String text = switch (client.send("INFO", "everything")) {
            case WireReply.Bulk whole -> whole.text();
            case WireReply.Verbatim whole -> whole.text();
            default -> "";
        };
        return text.lines().filter(line -> line.startsWith(name + ":")).findFirst().orElse(name + ":")
                .substring(name.length() + 1).strip();
    }

    private static void await(TestClient client, String name, String value) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_SECONDS);
        while (!fact(client, name).equals(value)) {
            assertThat(System.nanoTime()).as("never: " + name + " " + value).isLessThan(deadline);
            Thread.sleep(5);
        }
    }

    /** Whatever lies below the folder and shows the word or a part of it. */
    private static List<String> hits(Path folder, List<String> canaries) throws IOException {
        List<String> hits = new ArrayList<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                canaries.stream().map(canary -> canary.substring(canary.length() - SHOWN_BYTES))
                        .filter(text::contains).forEach(part -> hits.add(part + " in " + file));
            }
        }
        return hits;
    }

    /** A canary in each place where users keep something. */
    private List<String> plant(TestClient client) {
        List<String> planted = new ArrayList<>();
        List<List<String>> commands = List.of(List.of("SET", "string"), List.of("SET"), List.of("RPUSH", "list"),
                List.of("SADD", "set"), List.of("HSET", "hash", "field"), List.of("ZADD", "zset", "1"),
                List.of("XADD", "stream", "*", "field"), List.of("PFADD", "hll"), List.of("SETRANGE", "range", "3"));
        for (List<String> command : commands) {
            String canary = canary();
            planted.add(canary);
            List<String> words = new ArrayList<>(command);
            words.add(canary);
            if (words.size() == 2) {
                words.add("of a key that is one");
            }
            client.send(words.toArray(String[]::new));
        }
        String code = canary();
        planted.add(code);
        client.send("FUNCTION", "LOAD", "#!lua name=lib\n-- " + code + "\nredis.register_function('f', function() "
                + "return '" + code + "' end)");
        String script = canary();
        planted.add(script);
        client.send("EVAL", "return redis.call('set', KEYS[1], '" + script + "')", "1", "by script");
        String password = canary();
        planted.add(password);
        client.send("ACL", "SETUSER", "someone", "on", ">" + password, "~*", "+@all").expect(ok());
        return planted;
    }

    @DisplayName("At-rest encryption: canary")
    @Test
    void aCanaryIsNowhereOnTheDisk() throws Exception {
        Path temporary = folder("temporary");
        Path acl = Files.createFile(folder("primary").resolve("users.acl"));
        TestServer primary = keep(node("primary", "appendonly", "yes", "appendfsync", "always", "aclfile",
                acl.toString()));
        TestClient client = keep(primary.connect());
        List<String> planted = plant(client);
        client.send("ACL", "SAVE").expect(ok());
        client.send("SAVE").expect(ok());
        client.send("BGREWRITEAOF");
        await(client, "aof_rewrite_in_progress", "0");
        planted.addAll(plant(client));
        TestServer replica = keep(node("replica", "appendonly", "yes"));
        TestClient follower = keep(replica.connect());
        follower.send("REPLICAOF", "127.0.0.1", "" + primary.port()).expect(ok());
        await(follower, "master_link_status", "up");
        follower.send("SAVE").expect(ok());
        client.send("BGSAVE");
        await(client, "rdb_bgsave_in_progress", "0");
        assertThat(hits(directory, planted)).isEmpty();
        assertThat(Files.exists(folder("primary").resolve("dump.rdb"))).isTrue();
        try (Stream<Path> left = Files.list(temporary)) {
            assertThat(left).isEmpty();
        }
        // The search itself can fail.
        Files.writeString(temporary.resolve("plain"), planted.getFirst());
        assertThat(hits(directory, planted)).hasSize(1);
    }

    /** What is on its way to a replica lies on the disk without a name, for as long as the replica takes to read it. */
    @DisplayName("At-rest encryption: temporary files")
    @Test
    void theSpoolOfAFullSyncIsEncryptedThoughItHasNoName() throws Exception {
        Path opened = Path.of("/proc/self/fd");
        assumeTrue(Files.isDirectory(opened), "this system does not show the files of a process");
        TestServer primary = keep(node("spooling"));
        TestClient client = keep(primary.connect());
        String canary = canary();
        byte[] rest = new byte[SPOOLED_BYTES];
        random.nextBytes(rest);
        client.send("SET", "key", canary + new String(rest, StandardCharsets.ISO_8859_1)).expect(ok());
        TestClient replica = keep(primary.connect());
        replica.write("PSYNC", "?", "-1");
        replica.readUntil("+FULLRESYNC");
        // The replica reads no further, so the file cannot have been closed.
        List<Path> spools;
        try (Stream<Path> files = Files.list(opened)) {
            spools = files.filter(file -> isNameless(file, directory.resolve("spooling") + "/temp-sync-")).toList();
        }
        assertThat(spools).isNotEmpty();
        for (Path spool : spools) {
            String text = Files.readString(spool, StandardCharsets.ISO_8859_1);
            assertThat(text).startsWith("CISTSEAL").hasSizeGreaterThan(SPOOLED_BYTES)
                    .doesNotContain(canary.substring(canary.length() - SHOWN_BYTES)).doesNotContain("REDIS0");
        }
    }

    private static boolean isNameless(Path descriptor, String prefix) {
        try {
            String target = Files.readSymbolicLink(descriptor).toString();
            return target.startsWith(prefix) && target.endsWith(" (deleted)");
        } catch (IOException closedMeanwhile) {
            return false;
        }
    }

    @Test
    void whatWasWrittenIsThereAfterARestartWhateverKeyWroteIt() throws Exception {
        for (int round = 0; round < 3; round++) {
            try (TestServer server = node("node", "appendonly", "yes", "aof-use-rdb-preamble", round == 1
                    ? "no"
                    : "yes"); TestClient client = server.connect()) {
                for (int before = 0; before < round; before++) {
                    assertThat(client.send("GET", "key" + before).text()).isEqualTo("value" + before);
                }
                client.send("SET", "key" + round, "value" + round).expect(ok());
                client.send("SAVE").expect(ok());
                if (round == 1) {
                    client.send("BGREWRITEAOF");
                    await(client, "aof_rewrite_in_progress", "0");
                    client.send("SET", "key" + round, "value" + round).expect(ok());
                }
            }
            assertThat(LogCheck.of(folder("node").resolve("appendonlydir"), store.read(), 0))
                    .allMatch(finding -> finding.state() == LogCheck.State.WHOLE);
            var _ = store.rotate(store.read().keys().getFirst().id(), 1);
        }
    }

    @Test
    void aKeyIsGivenToANodeThatHasData() throws Exception {
        String canary = canary();
        String[] plain = {"dir", folder("node").toString(), "appendonly", "yes"};
        try (TestServer server = TestServer.cistern(plain); TestClient client = server.connect()) {
            client.send("SET", "key", canary).expect(ok());
            client.send("SAVE").expect(ok());
        }
        assertThat(hits(folder("node"), List.of(canary))).isNotEmpty();
        try (TestServer server = node("node"); TestClient client = server.connect()) {
            assertThat(client.send("GET", "key").text()).isEqualTo(canary);
        }
        try (TestServer server = node("node", "appendonly", "yes"); TestClient client = server.connect()) {
            await(client, "aof_rewrites", "1");
            await(client, "aof_rewrite_in_progress", "0");
            assertThat(client.send("GET", "key").text()).isEqualTo(canary);
        }
        assertThat(hits(folder("node"), List.of(canary))).isEmpty();
        // And taken away again: the keystore stays, to read with.
        key = AtRest.NO_KEY;
        try (TestServer server = node("node"); TestClient client = server.connect()) {
            assertThat(client.send("GET", "key").text()).isEqualTo(canary);
            client.send("SAVE").expect(ok());
        }
        assertThat(hits(folder("node"), List.of(canary))).hasSize(1);
    }

    @Test
    void aNodeThatCannotReadItsDataSaysWhyAndDoesNotStart() throws Exception {
        try (TestServer server = node("node"); TestClient client = server.connect()) {
            client.send("SET", "key", "value").expect(ok());
            client.send("SAVE").expect(ok());
        }
        assertThatThrownBy(() -> TestServer.cistern("dir", folder("node").toString()).close())
                .hasStackTraceContaining("and no keys are given (at-rest-key-file)");
        key = "arn:aws:kms:us-east-1:000000000000:key/other";
        assertThatThrownBy(() -> node("node").close()).hasStackTraceContaining("has no key " + key);
        assertThatThrownBy(() -> TestServer.cistern("dir", folder("node").toString(), "at-rest-key-file",
                directory.resolve("nowhere").toString()).close()).hasStackTraceContaining("there is no keystore");
    }
}
