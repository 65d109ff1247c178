package dev.cistern.benchmarks.sidebyside;

import dev.cistern.benchmarks.sidebyside.LatencyProbe.Latencies;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** Each heavy work in a small size, on redis-server. Times are not judged, only that answers came. */
final class DisturbanceTest {

    @TempDir
    private Path folder;

    @BeforeEach
    void needsTheOriginal() {
        assumeTrue(Peer.isInstalled("redis-server"), "redis-server is not installed");
    }

    @Test
    void theProbeIsAnsweredWhileKeysAreEvicted() throws IOException, InterruptedException {
        Latencies seen = seen(Disturbance.EVICT);
        assertThat(seen.answers()).isPositive();
        assertThat(seen.p50Millis()).isLessThanOrEqualTo(seen.p999Millis());
        assertThat(seen.p999Millis()).isLessThanOrEqualTo(seen.mostMillis() + 1e-3);
    }

    @Test
    void theProbeIsAnsweredWhileKeysCome() throws IOException, InterruptedException {
        assertThat(seen(Disturbance.GROW).answers()).isPositive();
    }

    private Latencies seen(Disturbance work) throws IOException, InterruptedException {
        return Stalls.trial(work, new Disturbance.Size(20_000, 1), Peer.redis(), folder, _ -> {});
    }

    @Test
    void everyRequestOfTheMixIsTaken() throws IOException, InterruptedException {
        try (RunningPeer server = RunningPeer.start(Peer.redis(), folder); Loader loader = Loader.connect(server)) {
            loader.send(20_000, new Mix(new Random(1), 1_000)::request);
        }
    }
}
