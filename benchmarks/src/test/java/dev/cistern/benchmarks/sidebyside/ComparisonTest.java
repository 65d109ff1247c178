package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/** The bench against itself: one redis-server in a very short run. Figures are not judged, only that they are there. */
final class ComparisonTest {

    @TempDir
    private Path folder;

    @BeforeEach
    void needsTheOriginal() {
        assumeTrue(Peer.isInstalled("redis-server") && Peer.isInstalled("redis-benchmark"),
                "redis-server and redis-benchmark are not installed");
    }

    @Test
    void everyCellHasASampleForEachRoundAndTheServerIsGoneAfterwards() throws Exception {
        Plan plan = new Plan(
                List.of(Workload.GET, Workload.HGET, Workload.EVAL, Workload.MULTI, Workload.LPUSH_LPOP,
                        Workload.PUBLISH),
                List.of(64), List.of(16), 2, 5, 1_000, Duration.ZERO, Duration.ZERO, Duration.ofMillis(50), 0,
                Duration.ofMinutes(1));
        ProcessUsage usage;
        try (RunningPeer server = RunningPeer.start(Peer.redis(), folder)) {
            usage = server.usage();
            Map<Cell, Map<String, List<Sample>>> results = new Comparison(plan, List.of(server), folder, _ -> {}).run();
            assertThat(results.keySet()).containsExactlyElementsOf(plan.cells());
            assertThat(results.values()).allSatisfy(samples -> assertThat(samples.get("redis")).hasSize(2)
                    .allSatisfy(sample -> {
                        assertThat(sample.operationsPerSecond()).isPositive();
                        assertThat(sample.p999Millis()).isGreaterThanOrEqualTo(sample.p50Millis());
                    }));
        }
        assertThatThrownBy(usage::cpuMicros).hasMessageContaining("process is gone");
    }

    @Test
    void encryptedServersAreLoadedLikeOthers() throws Exception {
        Plan plan = new Plan(List.of(Workload.GET), List.of(64), List.of(16), 1, 5, 1_000, Duration.ZERO,
                Duration.ZERO, Duration.ofMillis(50), 0, Duration.ofMinutes(1));
        Peer peer = Peer.redis().encrypted(Encryption.madeIn(folder));
        try (RunningPeer server = RunningPeer.start(peer, folder)) {
            assertThat(new Comparison(plan, List.of(server), folder, _ -> {}).run().values()).singleElement()
                    .satisfies(samples -> assertThat(
                            Objects.requireNonNull(samples.get("redis")).getFirst().operationsPerSecond())
                            .isPositive());
        }
    }

    @Test
    void memoryTrialSeesEveryKey() throws IOException, InterruptedException {
        MemoryTrial trial = MemoryTrial.of(Peer.redis(), Shape.strings(50_000, 64), folder);
        // The bytes of key and value are the least that any server can take.
        assertThat(trial.bytesPerElement()).isBetween(80.0, 400.0);
    }

    @Test
    void everyShapeOfCollectionsIsTakenByTheServer() throws IOException, InterruptedException {
        try (RunningPeer server = RunningPeer.start(Peer.redis(), folder);
                Loader loader = Loader.connect(server);
                PeerConnection asking = new PeerConnection(server)) {
            for (Shape shape : Shape.collections(20)) {
                loader.empty();
                shape.fill().into(loader, shape.elements());
                boolean isLarge = shape.elements() == 100;
                assertThat(asking.ask("DBSIZE")).as(shape.title()).isEqualTo(isLarge ? ":1" : ":20");
            }
        }
    }
}
