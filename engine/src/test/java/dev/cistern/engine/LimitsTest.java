package dev.cistern.engine;

import dev.cistern.engine.testing.TestClient;
import dev.cistern.engine.testing.TestServer;
import dev.cistern.engine.testing.WireReply;
import dev.cistern.engine.testing.WireTest;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import static dev.cistern.engine.testing.WireReply.ok;
import static dev.cistern.engine.testing.WireReply.status;
import static org.assertj.core.api.Assertions.assertThat;

/** Clients that would like to have all the memory: half requests, silent readers, crowds. Others do not notice. */
final class LimitsTest {
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private static long heldBySessions() {
        return Memory.heldBytes(MemoryTag.SESSION);
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    void idleConnectionsHoldNoBuffers() {
        try (TestServer server = TestServer.cistern(); TestClient first = server.connect()) {
            first.send("PING").expect(status("PONG"));
            long before = heldBySessions();
            List<TestClient> crowd = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                TestClient client = server.connect();
                client.send("PING").expect(status("PONG"));
                crowd.add(client);
            }
            assertThat(heldBySessions()).isEqualTo(before);
            crowd.forEach(TestClient::close);
            await(() -> first.send("INFO", "clients").text().contains("connected_clients:1\r\n"));
        }
    }

    @DisplayName("Pre-auth memory exhaustion by headers: memory")
    @Test
    void announcedBytesCostNothing() {
        try (TestServer server = TestServer.cistern(); TestClient first = server.connect()) {
            long before = heldBySessions();
            List<TestClient> liars = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                TestClient liar = server.connect();
                liar.raw("*1000000\r\n$3\r\nSET\r\n$1\r\na\r\n$500000000\r\nx");
                liars.add(liar);
            }
            first.send("PING").expect(status("PONG"));
            assertThat(heldBySessions() - before).isLessThan(50 * 64 * 1024);
            liars.forEach(TestClient::close);
            // A few small buffers stay for the next ones.
            await(() -> heldBySessions() - before <= 2 * 16 * 16 * 1024);
        }
    }

    @Test
    void largeRequestGivesItsMemoryBack() {
        try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
            client.send("PING").expect(status("PONG"));
            long before = heldBySessions();
            client.send("SET", "large", "x".repeat(30 << 20)).expect(ok());
            assertThat(client.send("GET", "large").text()).hasSize(30 << 20);
            client.send("PING").expect(status("PONG"));
            await(() -> heldBySessions() - before <= 16 * 16 * 1024);
        }
    }

    @Test
    void requestLargerThanTheQueryBufferLimit() {
        try (TestServer server = TestServer.cistern("client-query-buffer-limit", "2mb");
                TestClient client = server.connect();
                TestClient other = server.connect()) {
            client.raw("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5000000\r\n");
            try {
                client.raw("x".repeat(4_000_000));
            } catch (UncheckedIOException closed) {
                assertThat(closed.getCause()).isInstanceOf(SocketException.class);
            }
            assertThat(client.isClosedByServer()).isTrue();
            assertThat(other.send("INFO", "stats").text()).contains("client_query_buffer_limit_disconnections:1\r\n");
        }
    }

    @Test
    void unreadRepliesBeyondTheHardLimit() throws IOException {
        try (TestServer server = TestServer.cistern("client-output-buffer-limit", "normal 1mb 0 0");
                TestClient other = server.connect()) {
            other.send("SET", "large", "x".repeat(100_000)).expect(ok());
            floodUntilClosed(server, TestClient.encode("GET", "large"));
            assertThat(other.send("INFO", "stats").text()).contains("client_output_buffer_limit_disconnections:1\r\n");
            await(() -> heldBySessions() < 4 << 20);
        }
    }

    /** Where the same may be chosen again, a count is no bound: neither here nor there would such a reply ever be whole. */
    @DisplayName("Integer overflow: replies without end")
    @WireTest(settings = {"client-output-buffer-limit", "normal 1mb 0 0"})
    void aReplyWithoutEndEndsTheSession(TestServer server, TestClient other) {
        other.send("SADD", "set", "1", "a");
        other.send("HSET", "hash", "f", "v");
        other.send("ZADD", "zset", "1", "m");
        List<String[]> requests = new ArrayList<>();
        for (String count : List.of("-9223372036854775807", "-4611686018427387903", "-2147483648")) {
            requests.add(new String[]{"SRANDMEMBER", "set", count});
            requests.add(new String[]{"HRANDFIELD", "hash", count});
            requests.add(new String[]{"ZRANDMEMBER", "zset", count});
        }
        requests.add(new String[]{"HRANDFIELD", "hash", "-2147483648", "WITHVALUES"});
        requests.add(new String[]{"ZRANDMEMBER", "zset", "-2147483648", "WITHSCORES"});
        for (String[] request : requests) {
            assertThat(isCut(server, List.<String[]>of(request))).as(String.join(" ", request)).isTrue();
            assertThat(isCut(server, List.of(new String[]{"MULTI"}, request, new String[]{"EXEC"}))).isTrue();
            other.send("PING").expect(status("PONG"));
        }
        if (server.isOurs()) {
            String script = "return redis.pcall('SRANDMEMBER', 'set', '-9223372036854775807')";
            assertThat(isCut(server, List.<String[]>of(new String[]{"EVAL", script, "0"}))).isTrue();
            assertThat(other.send("INFO", "stats").text())
                    .contains("client_output_buffer_limit_disconnections:" + (2 * requests.size() + 1) + "\r\n");
            await(() -> heldBySessions() < 4 << 20);
        }
    }

    /** Each reply alone is short enough; what they are together is bounded by who asks. */
    @WireTest(settings = {"client-output-buffer-limit", "normal 1mb 0 0"})
    void theSameKeyAThousandTimes(TestServer server, TestClient other) {
        other.send("SET", "key", "x".repeat(20_000)).expect(ok());
        String[] request = new String[1000];
        Arrays.fill(request, "key");
        request[0] = "MGET";
        assertThat(isCut(server, List.<String[]>of(request))).isTrue();
        other.send("PING").expect(status("PONG"));
    }

    private static boolean isCut(TestServer server, List<String[]> requests) {
        try (TestClient client = server.connect()) {
            requests.forEach(client::write);
            client.readUntil("there is no such text");
            return false;
        } catch (UncheckedIOException end) {
            return !String.valueOf(end.getMessage()).contains("timed out");
        }
    }

    @Test
    void unreadRepliesBeyondTheSoftLimit() throws IOException {
        try (TestServer server = TestServer.cistern("client-output-buffer-limit", "normal 0 100kb 1");
                TestClient other = server.connect()) {
            other.send("SET", "large", "x".repeat(10_000_000)).expect(ok());
            try (TestClient silent = server.connect()) {
                silent.write("GET", "large");
                await(() -> other.send("INFO", "stats").text()
                        .contains("client_output_buffer_limit_disconnections:1\r\n"));
            }
        }
    }

    @DisplayName("Pre-auth output growth (send, never read)")
    @Test
    void unreadErrorsBeforeAuthentication() throws IOException {
        try (TestServer server = TestServer.cistern("requirepass", "secret"); TestClient other = server.connect()) {
            long before = heldBySessions();
            floodUntilClosed(server, "GET a\r\n".repeat(1000).getBytes(StandardCharsets.US_ASCII));
            other.send("AUTH", "secret").expect(ok());
            await(() -> heldBySessions() - before < 2 << 20);
        }
    }

    /** Sends and never reads, until the server has had enough. */
    private static void floodUntilClosed(TestServer server, byte[] request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            while (true) {
                socket.getOutputStream().write(request);
            }
        } catch (SocketException closed) {
            assertThat(closed).hasMessageMatching("(?i).*(broken pipe|reset|closed).*");
        }
    }

    @Test
    void unlimitedReaderMayReadLate() {
        try (TestServer server = TestServer.cistern(); TestClient client = server.connect()) {
            client.send("SET", "key", "x".repeat(10_000)).expect(ok());
            byte[] request = TestClient.encode("GET", "key");
            int count = 3000;
            for (int i = 0; i < count; i++) {
                client.raw(request);
            }
            for (int i = 0; i < count; i++) {
                WireReply reply = client.read();
                assertThat(reply.text()).hasSize(10_000);
            }
            client.send("PING").expect(status("PONG"));
        }
    }

    @Test
    void floodDoesNotStarveOthers() throws Exception {
        try (TestServer server = TestServer.cistern(); TestClient other = server.connect()) {
            other.send("SET", "key", "x".repeat(1000)).expect(ok());
            byte[] request = "GET key\r\n".repeat(7000).getBytes(StandardCharsets.US_ASCII);
            try (Socket flood = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
                Thread reader = Thread.ofPlatform().daemon().start(() -> drain(flood));
                for (int i = 0; i < 20; i++) {
                    flood.getOutputStream().write(request);
                    other.send("PING").expect(status("PONG"));
                }
                flood.shutdownOutput();
                reader.join();
            }
        }
    }

    private static void drain(Socket socket) {
        byte[] buffer = new byte[1 << 16];
        try {
            while (socket.getInputStream().read(buffer) >= 0) {
                Thread.onSpinWait();
            }
        } catch (IOException closed) {
            Thread.onSpinWait();
        }
    }
}
