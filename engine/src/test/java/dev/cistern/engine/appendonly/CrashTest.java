package dev.cistern.engine.appendonly;

import dev.cistern.engine.testing.NodeProcess;
import dev.cistern.engine.testing.TestClient;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** A node that is killed again and again while clients write: nothing is missing that it had acknowledged. */
final class CrashTest {
    private static final long SEED = Long.getLong("cistern.seed", 1);
    private static final int ROUNDS = 2 * Integer.getInteger("cistern.effort", 1);
    private static final int WRITERS = 3;
    private static final int LONGEST_MILLIS = 400;

    @TempDir
    private Path directory;

    /** Counts its own list up until the node is gone. */
    private static final class Writer extends Thread {
        private final int port;
        private final String key;
        private volatile long acknowledged;

        Writer(int port, String key, long acknowledged) {
            this.port = port;
            this.key = key;
            this.acknowledged = acknowledged;
            setDaemon(true);
        }

        @Override
        public void run() {
            try (TestClient client = new TestClient(port)) {
                while (true) {
                    acknowledged = Long.parseLong(client.send("RPUSH", key, "x").toString().replaceAll("\\D", ""));
                }
            } catch (UncheckedIOException | NumberFormatException killed) {
                // As it should be.
            }
        }
    }

    private NodeProcess start() {
        return NodeProcess.start(List.of(), "dir", directory.toString(), "appendonly", "yes", "appendfsync", "always",
                "auto-aof-rewrite-min-size", "64kb");
    }

    @Test
    void nothingIsLostThatWasAcknowledged() throws InterruptedException {
        System.out.println("seed " + SEED);
        SplittableRandom random = new SplittableRandom(SEED);
        long[] acknowledged = new long[WRITERS];
        for (int round = 0; round <= ROUNDS; round++) {
            try (NodeProcess node = start()) {
                try (TestClient client = node.connect()) {
                    for (int i = 0; i < WRITERS; i++) {
                        long found = Long.parseLong(client.send("LLEN", "list" + i).toString().replaceAll("\\D", ""));
                        assertThat(found).as("round %d", round).isBetween(acknowledged[i], acknowledged[i] + 1);
                        acknowledged[i] = found;
                    }
                }
                List<Writer> writers = new ArrayList<>();
                for (int i = 0; i < WRITERS; i++) {
                    Writer writer = new Writer(node.port(), "list" + i, acknowledged[i]);
                    writers.add(writer);
                    writer.start();
                }
                TimeUnit.MILLISECONDS.sleep(50 + random.nextInt(LONGEST_MILLIS));
                node.kill();
                for (int i = 0; i < WRITERS; i++) {
                    writers.get(i).join();
                    acknowledged[i] = writers.get(i).acknowledged;
                }
            }
        }
    }
}
