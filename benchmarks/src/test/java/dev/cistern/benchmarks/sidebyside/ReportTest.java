package dev.cistern.benchmarks.sidebyside;

import dev.cistern.benchmarks.sidebyside.Sample.Spread;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The tables: medians, ranges, ratios by round, and losses counted and not hidden. */
final class ReportTest {

    @Test
    void medianOfOddAndEvenCounts() {
        assertThat(Spread.of(3, 1, 2)).isEqualTo(new Spread(2, 1, 3));
        assertThat(Spread.of(4, 1, 2, 3)).isEqualTo(new Spread(2.5, 1, 4));
    }

    @Test
    void ratiosAreTakenRoundByRound() {
        Spread ratio = Spread.ofRatios(List.of(sample(1, 10), sample(2, 10)), List.of(sample(2, 10), sample(4, 10)),
                Sample::cpuMicrosPerOperation);
        assertThat(ratio).isEqualTo(new Spread(0.5, 0.5, 0.5));
    }

    @Test
    void aLossIsCounted() {
        Map<Cell, Map<String, List<Sample>>> results = new LinkedHashMap<>();
        results.put(new Cell(Workload.GET, 64, 16), Map.of("redis", List.of(sample(2, 100)), "cistern",
                List.of(sample(1, 200))));
        results.put(new Cell(Workload.GET, 64, 1), Map.of("redis", List.of(sample(2, 100)), "cistern",
                List.of(sample(3, 200))));
        Report report = new Report("cistern", "redis", List.of("redis", "cistern"));
        report.speed(results);
        assertThat(report.toString())
                .contains("| GET 64 B, pipeline 16 | 2.00 (2.00–2.00) | 1.00 (1.00–1.00) | 0.50 (0.50–0.50) |")
                .contains("cistern loses against redis in 1 of 2 rows.")
                .contains("cistern loses against redis in 0 of 2 rows.");
    }

    @Test
    void memoryIsTheGrowthPerKey() {
        MemoryTrial trial = new MemoryTrial("redis", Shape.strings(1_000_000, 16), 10_000_000, 130_000_000, 11_000_000);
        Report report = new Report("cistern", "redis", List.of("redis"));
        report.memory(List.of(trial));
        assertThat(report.toString())
                .contains(
                        "| strings of 16 B | redis | 1,000,000 | 120.0 | 1.00 | 10.0 MB | 130.0 MB | 11.0 MB | 1.10 |");
    }

    private static Sample sample(double cpuMicros, double operations) {
        return new Sample(operations, cpuMicros, 1, 2, 3);
    }
}
