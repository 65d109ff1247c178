package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What is read out of redis-benchmark's report, on a report that 7.0 wrote (shortened in the middle of its lists). */
final class LoadRunTest {

    private static final String REPORT = """
            ====== GET ======
              200000 requests completed in 0.27 seconds
              50 parallel clients

            Latency by percentile distribution:
            0.000% <= 0.231 milliseconds (cumulative count 32)
            50.000% <= 0.719 milliseconds (cumulative count 100208)
            98.438% <= 4.343 milliseconds (cumulative count 196896)
            99.219% <= 6.007 milliseconds (cumulative count 198448)
            99.805% <= 7.119 milliseconds (cumulative count 199616)
            99.902% <= 7.719 milliseconds (cumulative count 199808)
            100.000% <= 8.575 milliseconds (cumulative count 200000)

            Cumulative distribution of latencies:
            0.000% <= 0.103 milliseconds (cumulative count 0)
            99.984% <= 8.103 milliseconds (cumulative count 199968)
            100.000% <= 9.103 milliseconds (cumulative count 200000)

            Summary:
              throughput summary: 749063.69 requests per second
              latency summary (msec):
                      avg       min       p50       p95       p99       max
                    0.889     0.224     0.719     1.815     5.519     8.575
            """;

    @Test
    void percentilesComeFromTheExactListAndRoundUp() throws IOException {
        assertThat(LoadRun.parse(REPORT, 1.5)).isEqualTo(new Sample(749063.69, 1.5, 0.719, 6.007, 7.719));
    }

    @Test
    void anythingElseIsRefusedAndShown() {
        assertThatThrownBy(() -> LoadRun.parse("Could not connect to server", 1))
                .isInstanceOf(IOException.class).hasMessageContaining("Could not connect");
    }
}
