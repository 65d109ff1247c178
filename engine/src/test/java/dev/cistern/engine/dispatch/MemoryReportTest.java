package dev.cistern.engine.dispatch;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What INFO and MEMORY STATS tell, while other loops change what they tell of. */
final class MemoryReportTest {
    private static final int REPORTS = 20_000;

    @Test
    void theFirstKeyMayComeAnyTime() throws InterruptedException {
        try (TestServer.Cistern server = (TestServer.Cistern) TestServer.cistern();
                TestClient client = server.connect()) {
            AtomicBoolean ended = new AtomicBoolean();
            Thread writer = Thread.ofPlatform().start(() -> {
                while (!ended.get()) {
                    client.send("SET", "k", "v");
                    client.send("DEL", "k");
                }
            });
            try {
                for (int i = 0; i < REPORTS; i++) {
                    MemoryReport report = MemoryReport.of(server.node().node());
                    assertThat(report.databases().stream().mapToLong(MemoryReport.Database::keys).sum())
                            .isEqualTo(report.keys());
                }
            } finally {
                ended.set(true);
                writer.join();
            }
        }
    }
}
