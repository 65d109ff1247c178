package dev.cistern.benchmarks.sidebyside;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The load for Memcached servers, against the original: every reply has the length that was reckoned. */
final class MemcachedLoadTest {
    private static final int KEYS = 1000;

    @Test
    void countsWhatTheOriginalAnswers(@TempDir Path folder) throws Exception {
        Assumptions.assumeTrue(Peer.isInstalled("memcached"), "memcached is not installed");
        try (RunningPeer server = RunningPeer.start(Peer.memcached(64), folder);
                MemcachedLoad load = new MemcachedLoad(server, 4, KEYS);
                Loader loader = Loader.connect(server)) {
            for (int size : new int[]{16, 1024}) {
                loader.fill("key:", KEYS, size);
                for (MemcachedCell.Request request : MemcachedCell.Request.values()) {
                    for (int pipeline : new int[]{1, 16}) {
                        Sample sample = load.run(new MemcachedCell(request, size, pipeline), Duration.ofMillis(20));
                        assertThat(sample.operationsPerSecond()).isPositive();
                        assertThat(sample.p50Millis()).isLessThanOrEqualTo(sample.p999Millis());
                    }
                }
            }
        }
    }
}
