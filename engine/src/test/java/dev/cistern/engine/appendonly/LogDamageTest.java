package dev.cistern.engine.appendonly;

import dev.cistern.engine.CacheNode;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.atrest.KeyRing;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.Transport;
import dev.cistern.engine.persistence.SnapshotCheck;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static dev.cistern.engine.testing.WireReply.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Files that end early, and bits that turn: a start finds all that is whole, or says where it is not. */
final class LogDamageTest {
    private static final int RECORDS = 40;
    private static final long SEED = Long.getLong("cistern.seed", 1);
    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);

    @TempDir
    private Path directory;
    private Path folder;
    private Path increment;

    @BeforeEach
    void write() throws IOException {
        try (TestServer server = TestServer.cistern("dir", directory.toString(), "appendonly", "yes", "appendfsync",
                "always"); TestClient client = server.connect()) {
            for (int i = 0; i < RECORDS; i++) {
                if (i % 4 == 3) {
                    client.send("MULTI");
                    client.send("SET", "key" + i, "value" + i);
                    client.send("RPUSH", "all", "" + i);
                    client.send("EXEC");
                } else {
                    client.send("SET", "key" + i, "value" + i).expect(ok());
                    client.send("RPUSH", "all", "" + i);
                }
            }
        }
        folder = directory.resolve("appendonlydir");
        increment = folder.resolve("appendonly.aof.1.incr.aof");
        System.out.println("seed " + SEED);
    }

    /** What a reader hands over, or null if it says that the bytes are damaged. */
    private static byte @Nullable [] read(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (java.lang.foreign.Arena arena = java.lang.foreign.Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(Math.max(1, bytes.length));
            MemorySegment.copy(bytes, 0, copy, ValueLayout.JAVA_BYTE, 0, bytes.length);
            new LogFileReader(Path.of("test"), KeyRing.NONE, (address, length) -> out.writeBytes(
                    MemorySegment.ofAddress(address).reinterpret(length).toArray(ValueLayout.JAVA_BYTE)))
                    .read(copy.address(), bytes.length, 0);
            return out.toByteArray();
        } catch (DamagedLogException damaged) {
            return null;
        }
    }

    @Test
    void aFileThatEndsAnywhereStarts() throws IOException {
        byte[] whole = Files.readAllBytes(increment);
        byte[] all = read(whole);
        assertThat(all).isNotNull();
        for (int length = 0; length <= whole.length; length++) {
            byte[] found = read(Arrays.copyOf(whole, length));
            assertThat(found).as("cut at %d", length).isNotNull();
            if (found != null && all != null) {
                assertThat(Arrays.equals(found, Arrays.copyOf(all, found.length))).isTrue();
            }
            // As after a power cut that came between the file's new length and its bytes.
            assertThat(read(Arrays.copyOf(Arrays.copyOf(whole, length), whole.length + 64))).as("zeros from %d", length)
                    .isEqualTo(found);
        }
    }

    @Test
    void aNodeStartsOnAnyEndOfTheLastThreeRecords() throws IOException {
        byte[] whole = Files.readAllBytes(increment);
        int from = thirdRecordFromTheEnd(whole);
        int step = Math.max(1, 8 / EFFORT);
        try (EventLoops loops = EventLoops.start(Transport.NIO, 1)) {
            for (int length = from; length < whole.length; length += step) {
                Path copy = copyOf("cut" + length);
                Files.write(copy.resolve("appendonlydir").resolve(increment.getFileName()),
                        Arrays.copyOf(whole, length));
                NodeOptions options = NodeOptions.onPort("cut", 0).with("dir", copy.toString()).with("appendonly",
                        "yes");
                try (CacheNode node = CacheNode.start(options, loops);
                        TestClient client = new TestClient(node.port())) {
                    int records = (int) Long.parseLong(client.send("LLEN", "all").toString().replaceAll("\\D", ""));
                    assertThat(records).isBetween(RECORDS - 3, RECORDS);
                    client.send("SET", "after", "1").expect(ok());
                }
                try (CacheNode node = CacheNode.start(options, loops);
                        TestClient client = new TestClient(node.port())) {
                    assertThat(client.send("GET", "after").text()).isEqualTo("1");
                }
            }
        }
    }

    /** Records of three kinds stand at the end; the checksums' lines are between. */
    private static int thirdRecordFromTheEnd(byte[] whole) {
        String text = new String(whole, StandardCharsets.ISO_8859_1);
        int at = text.length();
        for (int i = 0; i < 3; i++) {
            at = text.lastIndexOf("RPUSH", at - 1);
        }
        return at - "*3\r\n$5\r\n".length() + 1;
    }

    private Path copyOf(String name) throws IOException {
        Path copy = directory.resolve(name);
        Path inside = Files.createDirectories(copy.resolve("appendonlydir"));
        try (Stream<Path> files = Files.list(folder)) {
            for (Path each : files.toList()) {
                Files.copy(each, inside.resolve(each.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        return copy;
    }

    @Test
    void noBitTurnsUnseenInTheLog() throws IOException {
        byte[] whole = Files.readAllBytes(increment);
        byte[] all = read(whole);
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 1000 * EFFORT; i++) {
            byte[] turned = whole.clone();
            int at = random.nextInt(turned.length);
            turned[at] ^= (byte) (1 << random.nextInt(8));
            byte[] found = read(turned);
            // What the last line of all was is not missed: all that it covers is there.
            assertThat(found == null || Arrays.equals(found, all)).as("byte %d", at).isTrue();
        }
    }

    @Test
    void noBitTurnsUnseenInBaseAndManifest() throws IOException {
        SplittableRandom random = new SplittableRandom(SEED);
        Path base = folder.resolve("appendonly.aof.1.base.rdb");
        byte[] snapshot = Files.readAllBytes(base);
        String manifest = Files.readString(folder.resolve("appendonly.aof.manifest"));
        Manifest read = Manifest.of(manifest);
        List<String> unseen = new ArrayList<>();
        for (int i = 0; i < 500 * EFFORT; i++) {
            byte[] turned = snapshot.clone();
            turned[random.nextInt(turned.length)] ^= (byte) (1 << random.nextInt(8));
            Path file = Files.write(directory.resolve("turned.rdb"), turned);
            assertThatThrownBy(() -> SnapshotCheck.of(file, KeyRing.NONE, 0)).isInstanceOf(IOException.class);
            byte[] letters = manifest.getBytes(StandardCharsets.ISO_8859_1);
            letters[random.nextInt(letters.length)] ^= (byte) (1 << random.nextInt(8));
            String changed = new String(letters, StandardCharsets.ISO_8859_1);
            try {
                if (!Manifest.of(changed).equals(read)) {
                    unseen.add(changed);
                }
            } catch (IOException seen) {
                // As it should be.
            }
        }
        assertThat(unseen).isEmpty();
    }

    @Test
    void aDamagedMiddleIsRefusedAndTheToolSaysWhere() throws IOException {
        byte[] whole = Files.readAllBytes(increment);
        int middle = new String(whole, StandardCharsets.ISO_8859_1).indexOf("value20");
        whole[middle] ^= 1;
        Files.write(increment, whole);
        assertThatThrownBy(() -> TestServer.cistern("dir", directory.toString(), "appendonly", "yes").close())
                .hasStackTraceContaining("is damaged after byte");
        LogCheck.Finding finding = LogCheck.of(folder, KeyRing.NONE, 0).getLast();
        assertThat(finding.state()).isEqualTo(LogCheck.State.DAMAGED);
        assertThat(finding.wholeBytes()).isBetween(1L, (long) middle);
        Path cut = LogCheck.cutOff(finding);
        assertThat(Files.size(cut) + Files.size(increment)).isEqualTo(whole.length);
        try (TestServer server = TestServer.cistern("dir", directory.toString(), "appendonly", "yes");
                TestClient client = server.connect()) {
            assertThat(client.send("GET", "key19").text()).isEqualTo("value19");
            assertThat(client.send("EXISTS", "key21").toString()).contains("0");
        }
    }
}
