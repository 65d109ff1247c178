package dev.cistern.engine;

import com.sun.management.ThreadMXBean;
import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** GET and SET allocate nothing on the heap once warm, measured on the event loops through real sockets. */
final class AllocationTest {
    private static final int BATCH = 100;
    private static final int WARM_UP_ROUNDS = 3;
    /** What the JVM and the timers of a loop may take in a whole round: far less than a byte an operation. */
    private static final long ROUND_OVERHEAD_BYTES = 16 * 1024;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private TestServer.Cistern server;
    private TestClient client;

    @BeforeEach
    void start() {
        server = (TestServer.Cistern) TestServer.cistern();
        client = server.connect();
        client.send("SET", "key", "v".repeat(64));
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    @Test
    void pipelinedGet() throws Exception {
        expectNothing(request("GET", "key"), "$64\r\n".length() + 66, BATCH, 200_000);
    }

    @Test
    void pipelinedSet() throws Exception {
        expectNothing(request("SET", "key", "w".repeat(64)), "+OK\r\n".length(), BATCH, 200_000);
    }

    @Test
    void pipelinedMissAndLongPipeline() throws Exception {
        expectNothing(request("GET", "none"), "$-1\r\n".length(), 2_000, 200_000);
    }

    @Test
    void singleGet() throws Exception {
        expectNothing(request("GET", "key"), "$64\r\n".length() + 66, 1, 20_000);
    }

    @Test
    void singleSet() throws Exception {
        expectNothing(request("SET", "key", "w".repeat(64)), "+OK\r\n".length(), 1, 20_000);
    }

    private static String request(String... arguments) {
        return new String(TestClient.encode(arguments), StandardCharsets.ISO_8859_1);
    }

    private void expectNothing(String request, int replyLength, int batch, int operations) throws Exception {
        byte[] requests = request.repeat(batch).getBytes(StandardCharsets.ISO_8859_1);
        long least = Long.MAX_VALUE;
        for (int round = 0; round <= WARM_UP_ROUNDS; round++) {
            long before = allocated();
            for (int i = 0; i < operations / batch; i++) {
                exchange(requests, replyLength * batch);
            }
            least = Math.min(least, allocated() - before);
        }
        assertThat(least).isLessThan(ROUND_OVERHEAD_BYTES);
    }

    private void exchange(byte[] requests, int replyBytes) {
        client.raw(requests);
        try {
            InputStream in = client.socket().getInputStream();
            in.skipNBytes(replyBytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the loops have allocated; asked on the loops themselves, after all they had to do. */
    private long allocated() throws ExecutionException, InterruptedException {
        long sum = 0;
        for (var loop : server.loops().loops()) {
            long id = loop.executor().submit(() -> Thread.currentThread().threadId()).get();
            sum += threads.getThreadAllocatedBytes(id);
        }
        return sum;
    }
}
