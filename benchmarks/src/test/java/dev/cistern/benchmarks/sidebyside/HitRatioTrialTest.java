package dev.cistern.benchmarks.sidebyside;

import dev.cistern.benchmarks.sidebyside.HitRatioTrial.Contestant;
import dev.cistern.benchmarks.sidebyside.HitRatioTrial.Size;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** The trial itself, on redis-server: a cache that is large enough answers all but the first requests, a small one not. */
final class HitRatioTrialTest {
    private static final int KEYS = 3_000;
    private static final Trace LOOP = new Trace("loop", (_, _) -> IntStream.iterate(0, i -> (i + 1) % KEYS)
            .iterator()::next);

    @TempDir
    Path folder;

    private HitRatioTrial trial(Size size) throws IOException, InterruptedException {
        Assumptions.assumeTrue(Peer.isInstalled("redis-server"), "redis-server is not installed");
        return HitRatioTrial.of(new Contestant(Peer.redis(), "allkeys-lru"), LOOP, size, KEYS, 12_000, folder);
    }

    @Test
    void everyRequestIsAHitWhereThereIsRoom() throws IOException, InterruptedException {
        HitRatioTrial trial = trial(new Size.Bytes(10 << 20));
        assertThat(trial.hitRatio()).isEqualTo(1.0);
        assertThat(trial.items()).isEqualTo(KEYS);
    }

    @Test
    void theLimitIsFoundForANumberOfItems() throws IOException, InterruptedException {
        HitRatioTrial trial = trial(new Size.Items(1_500));
        assertThat((double) trial.items()).isCloseTo(1_500, within(150.0));
        assertThat(trial.hitRatio()).isLessThan(1.0);
    }
}
