package dev.cistern.engine.memcached;

import dev.cistern.engine.memcached.MemcachedServer.Maker;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Many clients at once, full memory, limits of connections and time, and bytes that nobody would send. */
final class MemcachedStressTest {
    private static final int CLIENTS = 64;
    private static final int INCREMENTS = 1_000 * Integer.getInteger("cistern.effort", 1);
    private static final int FUZZ_ROUNDS = 300 * Integer.getInteger("cistern.effort", 1);

    @Test
    void everyIncrementCounts() throws Exception {
        try (MemcachedServer server = Maker.CISTERN.start();
                ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
            try (Wire wire = server.connect()) {
                wire.play("> set n 0 0 1\n> 0\n< STORED\n");
            }
            List<Callable<Void>> work = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                work.add(() -> {
                    try (Wire wire = server.connect()) {
                        wire.send("incr n 1\r\n".repeat(INCREMENTS) + "mn\r\n");
                        assertThat(wire.linesUntil("MN")).hasSize(INCREMENTS);
                    }
                    return null;
                });
            }
            for (Future<Void> done : clients.invokeAll(work)) {
                done.get();
            }
            try (Wire wire = server.connect()) {
                wire.send("get n\r\n");
                wire.line();
                assertThat(wire.line().strip()).isEqualTo(Integer.toString(CLIENTS * INCREMENTS));
            }
        }
    }

    @Test
    void fullMemoryEvicts() {
        try (MemcachedServer server = Maker.CISTERN.start("max_cache_memory", "8"); Wire wire = server.connect()) {
            String data = "d".repeat(1000);
            for (int i = 0; i < 20_000; i++) {
                wire.send("set key%d 0 0 1000 noreply\r\n%s\r\n".formatted(i, data));
            }
            wire.play("> get key19999\n< VALUE key19999 0 1000\n< " + data + "\n< END\n");
            wire.send("stats\r\n");
            List<String> lines = wire.linesUntil("END");
            assertThat(statistic(lines, "evictions")).isGreaterThan(10_000);
            assertThat(statistic(lines, "evicted_unfetched")).isEqualTo(statistic(lines, "evictions"));
            assertThat(statistic(lines, "bytes")).isLessThan(9 << 20);
        }
    }

    private static long statistic(List<String> lines, String name) {
        return lines.stream().filter(line -> line.startsWith("STAT " + name + " ")).findFirst()
                .map(line -> Long.parseLong(line.split(" ")[2])).orElseThrow();
    }

    @Test
    void fullMemoryRefusesIfToldTo() {
        try (MemcachedServer server = Maker.CISTERN.start("max_cache_memory", "1", "error_on_memory_exhausted", "1");
                Wire wire = server.connect()) {
            String data = "d".repeat(1000);
            List<String> replies = new ArrayList<>();
            for (int i = 0; i < 3_000; i++) {
                wire.send("set key%d 0 0 1000\r\n%s\r\n".formatted(i, data));
                replies.add(wire.line());
            }
            assertThat(replies).contains("STORED", "SERVER_ERROR out of memory storing object");
            assertThat(replies.getLast()).isEqualTo("SERVER_ERROR out of memory storing object");
        }
    }

    @Test
    void tooManyConnections() throws InterruptedException {
        try (MemcachedServer server = Maker.CISTERN.start("max_simultaneous_connections", "3")) {
            List<Wire> wires = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Wire wire = server.connect();
                wire.play("");
                wires.add(wire);
            }
            try (Wire fourth = server.connect()) {
                assertThat(fourth.line()).isEqualTo("ERROR Too many open connections");
                assertThat(fourth.isClosed()).isTrue();
            }
            wires.forEach(Wire::close);
            Thread.sleep(200);
            try (Wire again = server.connect()) {
                again.play("");
            }
        }
    }

    @Test
    void idleConnectionsAreClosed() {
        try (MemcachedServer server = Maker.CISTERN.start("idle_timeout", "1"); Wire wire = server.connect()) {
            wire.play("");
            assertThat(wire.isClosed()).isTrue();
        }
    }

    @Test
    void aWatcherIsToldWhatItLost() {
        try (MemcachedServer server = Maker.CISTERN.start("watcher_logbuf_size", "1");
                Wire watcher = server.connect();
                Wire client = server.connect()) {
            watcher.send("watch fetchers\r\n");
            assertThat(watcher.line()).isEqualTo("OK");
            String fetch = "mg " + "k".repeat(250) + "\r\n";
            long lost = 0;
            for (int round = 0; round < 500 && lost == 0; round++) {
                client.send(fetch.repeat(500) + "stats\r\n");
                List<String> lines = client.linesUntil("END");
                lost = statistic(lines, "log_watcher_skipped");
            }
            assertThat(lost).isPositive();
            String line = watcher.line();
            while (!line.startsWith("skipped=")) {
                assertThat(line).contains("type=item_get");
                client.send(fetch + "mn\r\n");
                client.linesUntil("MN");
                line = watcher.line();
            }
            assertThat(Long.parseLong(line.substring("skipped=".length()))).isGreaterThanOrEqualTo(lost);
            assertThat(watcher.line()).contains("type=item_get");
        }
    }

    @Test
    void largeStoreIsWalkedInSlices() {
        try (MemcachedServer server = Maker.CISTERN.start();
                Wire wire = server.connect();
                Wire other = server.connect()) {
            StringBuilder sets = new StringBuilder();
            for (int i = 0; i < 20_000; i++) {
                sets.append("set key").append(i).append(" 0 0 1 noreply\r\nx\r\n");
            }
            wire.send(sets.toString());
            wire.play("");
            other.send("lru_crawler metadump all\r\nversion\r\n");
            assertThat(other.linesUntil("END")).hasSize(20_000).doesNotHaveDuplicates();
            assertThat(other.line()).startsWith("VERSION ");
            other.send("stats items\r\nversion\r\n");
            assertThat(other.linesUntil("END")).contains("STAT items:1:number 20000");
            assertThat(other.line()).startsWith("VERSION ");
        }
    }

    @Test
    void nonsenseDoesNoHarm() {
        long heldBefore = Memory.heldBytes(MemoryTag.SESSION);
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        try (MemcachedServer server = Maker.CISTERN.start("max_item_size", "4096", "slab_chunk_max", "4096")) {
            for (int round = 0; round < FUZZ_ROUNDS; round++) {
                try (Wire wire = server.connect()) {
                    wire.send(nonsense(random));
                }
                if (round % 20 == 0) {
                    try (Wire wire = server.connect()) {
                        // Not read again: what another connection sent may flush it in between.
                        wire.play("> set sane 0 0 2\n> ok\n< STORED\n> mn\n< MN\n");
                    }
                }
            }
        }
        assertThat(Memory.heldBytes(MemoryTag.SESSION)).as("seed %d", seed).isEqualTo(heldBefore);
    }

    private static final String[] PIECES = {"get ", "gets ", "gat ", "set ", "add ", "cas ", "incr ", "mg ", "ms ",
            "ma ",
            "md ", "me ", "mn", "k", "key", " ", " ", " ", "\r\n", "\r\n", "\n", "\0", "0", "1", "-1", "4294967296",
            "b", "O", "T0",
            "N30", "S5", "noreply", "stats ", "items", "config get cluster", "config set cluster 0 5", "flush_all",
            "lru_crawler metadump all", "watch ", "fetchers", "verbosity 1", "\u0080", "\u0080\u0001"};

    private static byte[] nonsense(SplittableRandom random) {
        java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
        boolean binary = random.nextBoolean();
        for (int count = random.nextInt(60); count >= 0; count--) {
            if (binary) {
                byte[] header = new byte[24 + random.nextInt(40)];
                random.nextBytes(header);
                header[0] = (byte) 0x80;
                header[1] = (byte) random.nextInt(0x70);
                header[2] = 0;
                header[3] = (byte) random.nextInt(12);
                header[4] = (byte) (random.nextInt(6) * 4);
                header[8] = 0;
                header[9] = 0;
                header[10] = 0;
                header[11] = (byte) (header.length - 24);
                bytes.writeBytes(header);
            } else {
                bytes.writeBytes(PIECES[random.nextInt(PIECES.length)]
                        .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
            }
        }
        return bytes.toByteArray();
    }
}
