package dev.cistern.benchmarks.failover;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

import static org.assertj.core.api.Assertions.assertThat;

/** The program in a small size. Times are not judged, only that all slots moved twice and what the clients say of it. */
final class ReshardingBenchTest {

    private static final int SLOTS_MOVED_COLUMN = 5;
    private static final int ACKED_COLUMN = 8;

    @Test
    void everyClientFindsWhatItWrote() {
        StringWriter out = new StringWriter();
        int code = new CommandLine(new ReshardingBench()).setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(out)).execute("--runtime", "jvm", "--keys", "2000", "--collections", "4",
                        "--elements", "200", "--seconds", "1");
        assertThat(code).isZero();
        List<List<String>> rows = out.toString().lines().filter(line -> line.startsWith("| "))
                .map(line -> Stream.of(line.split("\\|")).map(String::strip).toList()).toList();
        assertThat(rows).filteredOn(row -> row.get(1).equals("0")).as(out.toString()).hasSize(2)
                .allSatisfy(row -> {
                    assertThat(row.get(SLOTS_MOVED_COLUMN)).isEqualTo("8,192");
                    assertThat(row.subList(row.size() - 2, row.size())).as("damaged, stray").containsOnly("0");
                });
        List<List<String>> clients = rows.stream()
                .filter(row -> Stream.of(Library.values()).map(Library::toString).anyMatch(row.get(1)::equals))
                .toList();
        assertThat(clients).as(out.toString()).hasSizeGreaterThanOrEqualTo(2).allSatisfy(row -> {
            assertThat(row.get(ACKED_COLUMN)).isNotEqualTo("0");
            assertThat(row.subList(ACKED_COLUMN + 1, row.size())).as("errors, lost, wrong").containsOnly("0");
        });
    }
}
