package dev.cistern.benchmarks.sidebyside;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Which cells a wish leads to. */
final class PlanTest {

    @Test
    void counterHasNoSizesAndOversizedCellsAreLeftOut() {
        Plan plan = new Plan(List.of(Workload.GET, Workload.INCR, Workload.MSET), List.of(64, 16_384), List.of(1, 64),
                5, 50, 100,
                Duration.ZERO, Duration.ZERO,
                Duration.ofSeconds(2), 0, Duration.ofMinutes(1));
        assertThat(plan.cells()).extracting(Cell::toString).containsExactly(
                "GET 64 B, pipeline 1", "GET 64 B, pipeline 64", "MSET of 10 64 B, pipeline 1",
                "MSET of 10 64 B, pipeline 64",
                "GET 16384 B, pipeline 1", "GET 16384 B, pipeline 64", "MSET of 10 16384 B, pipeline 1",
                "INCR, pipeline 1", "INCR, pipeline 64");
    }
}
