package dev.cistern.engine.persistence;

import dev.cistern.engine.atrest.AtRest;
import dev.cistern.engine.atrest.KeyStoreFile;
import dev.cistern.engine.atrest.PlainBytes;
import dev.cistern.engine.rdb.RdbException;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.store.KeySlot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.util.JedisClusterCRC16;

import static dev.cistern.engine.testing.WireReply.bulk;
import static dev.cistern.engine.testing.WireReply.integer;
import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Files of some servers are made to files for others: each has all keys of its slots as they were, and no other. */
final class SnapshotSplitTest {
    private static final int KEYS = 300;
    private static final AtRest PLAIN = new AtRest("", "");

    @TempDir
    private Path directory;
    private final Map<String, String> written = new TreeMap<>();

    @BeforeEach
    void folders() throws IOException {
        for (String name : List.of("one", "other", "share0", "share1", "share2")) {
            Files.createDirectory(directory.resolve(name));
        }
    }

    private Path file(String folder) {
        return directory.resolve(folder).resolve("dump.rdb");
    }

    private static String library(String name, int factor) {
        return "#!lua name=" + name + "\nredis.register_function('" + name + "', function(keys, args) return args[1] * "
                + factor + " end)";
    }

    /** Keys of all types, some with deadlines; and one of another database where that is wished. */
    private void save(TestServer server, String prefix, int database, String... libraries) {
        try (server; TestClient client = server.connect()) {
            for (String library : libraries) {
                client.send("FUNCTION", "LOAD", library);
            }
            for (int i = 0; i < KEYS; i++) {
                String key = prefix + i;
                switch (i % 6) {
                    case 0 -> client.send("SET", key, "value of ".repeat(i) + key);
                    case 1 -> client.send("RPUSH", key, "a", "" + i, "long ".repeat(i));
                    case 2 -> client.send("SADD", key, "1", "2", "" + i);
                    case 3 -> client.send("HSET", key, "field", "value ".repeat(i), "n", "" + i);
                    case 4 -> client.send("ZADD", key, "1.5", "a", "" + i, "member " + i);
                    default -> client.send("XADD", key, "1-" + (i + 1), "name", "value " + i);
                }
                if (i % 4 == 0) {
                    client.send("PEXPIREAT", key, "" + (4_102_444_800_000L + i)).expect(integer(1));
                }
                written.put(key, facts(client, key));
            }
            if (database > 0) {
                client.send("SELECT", "" + database).expect(ok());
                client.send("SET", prefix + "elsewhere", "1").expect(ok());
            }
            client.send("SAVE").expect(ok());
        }
    }

    private TestServer ours(String folder) {
        return TestServer.cistern("dir", directory.resolve(folder).toString());
    }

    private TestServer original(String folder) {
        Assumptions.assumeTrue(TestServer.original().isPresent(), "no redis-server or valkey-server is installed");
        return TestServer.original(TestServer.original().orElseThrow(), "dir", directory.resolve(folder).toString());
    }

    private static String facts(TestClient client, String key) {
        return client.send("DEBUG", "DIGEST-VALUE", key) + " " + client.send("PEXPIRETIME", key);
    }

    /** Three shares of interleaved ranges. */
    private List<SnapshotSplit.Share> shares(boolean hasOneDatabase) {
        List<SnapshotSplit.Share> shares = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            BitSet slots = new BitSet();
            for (int slot = i; slot < KeySlot.COUNT; slot += 3) {
                slots.set(slot);
            }
            shares.add(new SnapshotSplit.Share(file("share" + i), slots, hasOneDatabase));
        }
        return shares;
    }

    /** Every key is in the share of its slot, as it was, and in no other. */
    private void everyKeyIsWhereItBelongs() {
        for (int i = 0; i < 3; i++) {
            int share = i;
            try (TestServer server = ours("share" + share); TestClient client = server.connect()) {
                List<String> own = written.keySet().stream()
                        .filter(key -> JedisClusterCRC16.getSlot(key) % 3 == share).toList();
                own.forEach(key -> assertThat(facts(client, key)).as(key).isEqualTo(written.get(key)));
                client.send("DBSIZE").expect(integer(own.size()));
            }
        }
    }

    @Test
    void eachShareHasTheKeysOfItsSlots() throws IOException {
        save(ours("one"), "key", 0, library("both", 2), library("first", 3));
        save(ours("other"), "another", 0, library("both", 2), library("second", 4));
        SnapshotSplit.write(List.of(file("one"), file("other")), shares(true), PLAIN);
        everyKeyIsWhereItBelongs();
        try (TestServer server = ours("share1"); TestClient client = server.connect()) {
            client.send("FCALL", "both", "0", "21").expect(integer(42));
            client.send("FCALL", "first", "0", "5").expect(integer(15));
            client.send("FCALL", "second", "0", "5").expect(integer(20));
        }
        assertThat(Files.getPosixFilePermissions(file("share0")))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void filesOfTheOriginalAreSplitAndItReadsWhatWasSplit() throws IOException {
        save(original("one"), "key", 0, library("both", 2));
        SnapshotSplit.write(List.of(file("one")), shares(true), PLAIN);
        everyKeyIsWhereItBelongs();
        long keys = 0;
        for (int share = 0; share < 3; share++) {
            try (TestServer server = original("share" + share); TestClient client = server.connect()) {
                client.send("FCALL", "both", "0", "21").expect(integer(42));
                keys += client.send("DBSIZE").number();
            }
        }
        assertThat(keys).isEqualTo(written.size());
    }

    @Test
    void aClusterKnowsOneDatabase() throws IOException {
        save(ours("one"), "key", 3);
        assertThatThrownBy(() -> SnapshotSplit.write(List.of(file("one")), shares(true), PLAIN))
                .isInstanceOf(RdbException.class)
                .hasMessageContaining("a key in database 3, where cluster mode knows only database 0");
        assertThat(directory.resolve("share0")).isEmptyDirectory();

        BitSet all = new BitSet();
        all.set(0, KeySlot.COUNT);
        SnapshotSplit.write(List.of(file("one")), List.of(new SnapshotSplit.Share(file("share0"), all, false)), PLAIN);
        try (TestServer server = ours("share0"); TestClient client = server.connect()) {
            client.send("SELECT", "3").expect(ok());
            client.send("GET", "keyelsewhere").expect(bulk("1"));
        }
    }

    @Test
    void nobodyKnowsWhichOfTwoLibrariesOfOneNameIsRight() {
        save(ours("one"), "key", 0, library("same", 2));
        save(ours("other"), "another", 0, library("same", 3));
        assertThatThrownBy(() -> SnapshotSplit.write(List.of(file("one"), file("other")), shares(true), PLAIN))
                .isInstanceOf(RdbException.class).hasMessageContaining("file 2 of 2").hasMessageContaining("name=same");
        assertThat(directory.resolve("share2")).isEmptyDirectory();
    }

    @Test
    void aKeyThatTwoFilesHaveIsNotLoaded() throws IOException {
        save(ours("one"), "key", 0);
        SnapshotSplit.write(List.of(file("one"), file("one")), shares(true), PLAIN);
        assertThatThrownBy(() -> ours("share0").close()).hasStackTraceContaining("keys stand in it more than once");
    }

    @Test
    void nothingIsWrittenOfADamagedFile() throws IOException {
        save(ours("one"), "key", 0);
        save(ours("other"), "another", 0);
        byte[] bytes = Files.readAllBytes(file("other"));
        bytes[bytes.length / 2] ^= 1;
        Files.write(file("other"), bytes);
        assertThatThrownBy(() -> SnapshotSplit.write(List.of(file("one"), file("other")), shares(true), PLAIN))
                .isInstanceOf(RdbException.class).hasMessageContaining("file 2 of 2: the checksum is wrong");
        assertThat(directory.resolve("share0")).isEmptyDirectory();
    }

    @Test
    void sharesAreSealedAsTheyAreToBe() throws IOException {
        save(ours("one"), "key", 0);
        KeyStoreFile keystore = new KeyStoreFile(directory.resolve("keys"));
        String key = keystore.create("us-east-1", "000000000000", true, "d", 0).arn();
        AtRest sealing = new AtRest(keystore.path().toString(), key);
        SnapshotSplit.write(List.of(file("one")), shares(true), sealing);
        assertThat(PlainBytes.isSealed(file("share0"))).isTrue();
        assertThat(new String(Files.readAllBytes(file("share0")), StandardCharsets.ISO_8859_1))
                .doesNotContain("REDIS", "value of ");
        List<Path> sealed = List.of(file("share0"), file("share1"), file("share2"));
        Files.createDirectory(directory.resolve("whole"));
        BitSet all = new BitSet();
        all.set(0, KeySlot.COUNT);
        SnapshotSplit.write(sealed, List.of(new SnapshotSplit.Share(file("whole"), all, true)),
                new AtRest(keystore.path().toString(), AtRest.NO_KEY));
        try (TestServer server = ours("whole"); TestClient client = server.connect()) {
            written.forEach((name, value) -> assertThat(facts(client, name)).isEqualTo(value));
        }
    }
}
