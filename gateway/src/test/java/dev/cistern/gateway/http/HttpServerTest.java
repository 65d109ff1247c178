package dev.cistern.gateway.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/** Limits and manners of the server, over raw sockets: what no well-behaved client would send. */
@Timeout(60)
final class HttpServerTest implements WebHandler {

    private static final HttpLimits SMALL = new HttpLimits(
            512, 1024, 4096, 10_000, 8, 2, 60_000, 60_000, 60_000, 60_000, 2_000);

    private final CountDownLatch released = new CountDownLatch(1);
    private final Semaphore entered = new Semaphore(0);
    private final List<Socket> sockets = new ArrayList<>();
    private HttpServer server = HttpServer.start("127.0.0.1", 0, SMALL, this, InstantSource.system());

    @Override
    public WebAnswer handle(WebRequest request) {
        switch (request.rawPath()) {
            case "/wait" -> {
                entered.release();
                awaitRelease();
            }
            case "/fail" -> throw new IllegalStateException("on purpose");
            default -> {
            }
        }
        String body = request.rawPath().equals("/large") ? "x".repeat(64 << 20) : "";
        return WebAnswer.of(200, "text/plain",
                request.method() + " " + request.rawPath() + " " + request.body().length + body, Map.of());
    }

    @Override
    public WebAnswer refuse(int status, String reason) {
        return WebAnswer.text(status, reason);
    }

    @AfterEach
    void stop() throws IOException {
        released.countDown();
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    @Test
    void aWholeRequestIsServedHoweverItArrives() throws IOException {
        String request = "POST /a?b=c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
        for (int cut = 1; cut < request.length(); cut += 7) {
            Socket socket = connect();
            send(socket, request.substring(0, cut));
            send(socket, request.substring(cut));
            assertThat(head(socket)).startsWith("HTTP/1.1 200 OK").contains("date: ");
            socket.close();
        }
        Socket chunked = connect();
        send(chunked,
                "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        assertThat(answer(chunked)).isEqualTo("POST /a 5");
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        Socket socket = connect();
        send(socket,
                "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(List.of(answer(socket), answer(socket), answer(socket)))
                .containsExactly("GET /1 0", "GET /2 0", "GET /3 0");
    }

    @DisplayName("HTTP layer: huge headers")
    @Test
    void tooMuchIsRefusedAndClosed() throws IOException {
        assertThat(refusal("GET /" + "a".repeat(600) + " HTTP/1.1\r\nHost: x\r\n\r\n")).contains(" 414 ");
        assertThat(refusal("GET / HTTP/1.1\r\nHost: x\r\nA: " + "a".repeat(2000) + "\r\n\r\n")).contains(" 431 ");
        assertThat(refusal("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4097\r\n\r\n")).contains(" 413 ");
        assertThat(
                refusal("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1001\r\n" + "a".repeat(4097)))
                .contains(" 413 ");
    }

    /** A client that is still sending when it is refused must be able to read why. */
    @Test
    void aRefusalIsReadableWhileTheBodyStillComes() throws IOException {
        assertThat(refusal("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n" + "a".repeat(3_000_000)))
                .contains(" 413 ");
    }

    @DisplayName("Zip/gzip/LZF bombs on import, gzip request bodies")
    @Test
    void encodedBodiesAreNotInflated() throws IOException {
        for (String coding : List.of("gzip", "deflate", "br", "gzip, gzip", "GZIP")) {
            assertThat(refusal("POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: " + coding
                    + "\r\nContent-Length: 19\r\n\r\n" + "\u001f\u008b" + "x".repeat(17))).as(coding).contains(" 415 ");
        }
        Socket plain = connect();
        send(plain, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello");
        assertThat(answer(plain)).isEqualTo("POST /a 5");
    }

    @DisplayName("HTTP layer: smuggling")
    @Test
    void twoLengthsAreRefused() throws IOException {
        assertThat(refusal(
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
                .contains(" 400 ");
        assertThat(refusal("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"))
                .contains(" 400 ");
        assertThat(refusal("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n")).contains(" 400 ");
    }

    @Test
    void aClientThatWaitsToBeAskedIsAsked() throws IOException {
        Socket socket = connect();
        send(socket, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
        assertThat(head(socket)).startsWith("HTTP/1.1 100");
        send(socket, "ok");
        assertThat(answer(socket)).isEqualTo("POST /a 2");
        assertThat(refusal("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: tea\r\n\r\n"))
                .contains(" 417 ");
    }

    @Test
    void headAnswersWithoutABody() throws IOException {
        Socket socket = connect();
        send(socket, "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(head(socket)).contains("content-length: 9");
        assertThat(answer(socket)).isEqualTo("GET /b 0");
    }

    @Test
    void oldClientsAreClosedOnUnlessTheyAsk() throws IOException {
        Socket old = connect();
        send(old, "GET /a HTTP/1.0\r\n\r\n");
        assertThat(answer(old)).isEqualTo("GET /a 0");
        assertThat(old.getInputStream().read()).isEqualTo(-1);
    }

    @Test
    void oneRequestTooManyIsTurnedAway() throws IOException {
        Socket first = connect();
        Socket second = connect();
        send(first, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
        send(second, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
        entered.acquireUninterruptibly(2);
        Socket third = connect();
        send(third, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(head(third)).contains(" 503 ");
        released.countDown();
        assertThat(answer(first)).isEqualTo("GET /wait 0");
        assertThat(answer(second)).isEqualTo("GET /wait 0");
    }

    @Test
    void oneConnectionTooManyIsClosed() throws IOException {
        for (int i = 0; i < SMALL.connections(); i++) {
            Socket socket = connect();
            send(socket, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            assertThat(answer(socket)).isEqualTo("GET / 0");
        }
        assertThat(read(connect())).isEmpty();
        sockets.getFirst().close();
    }

    @Test
    void bodiesTogetherAreBounded() throws IOException {
        String half = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\n\r\n" + "a".repeat(4000);
        Socket first = connect();
        Socket second = connect();
        send(first, half);
        send(second, half);
        while (server.heldBodyBytes() < 8000) {
            Thread.onSpinWait();
        }
        Socket third = connect();
        send(third, half);
        assertThat(head(third)).contains(" 503 ");
        send(first, "a".repeat(96));
        assertThat(answer(first)).isEqualTo("POST / 4096");
        first.close();
        second.close();
    }

    @DisplayName("HTTP layer: slowloris")
    @Test
    void slowClientsAreClosedOn() throws IOException {
        restart(new HttpLimits(512, 1024, 4096, 10_000, 8, 2, 50, 60_000, 60_000, 60_000, 500));
        Socket silent = connect();
        assertThat(read(silent)).isEmpty();
        restart(new HttpLimits(512, 1024, 4096, 10_000, 8, 2, 60_000, 50, 60_000, 60_000, 500));
        Socket half = connect();
        send(half, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
        assertThat(read(half)).isEmpty();
        restart(new HttpLimits(512, 1024, 4096, 10_000, 8, 2, 60_000, 60_000, 60_000, 200, 500));
        Socket deaf = connect();
        send(deaf, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
        // Reads nothing until the server gave up; what is left then is less than all.
        assertThat(readLate(deaf)).isLessThan(64 << 20);
    }

    @Test
    void aRequestThatTakesTooLongIsAnswered() throws IOException {
        restart(new HttpLimits(512, 1024, 4096, 10_000, 8, 2, 60_000, 60_000, 50, 60_000, 500));
        Socket socket = connect();
        send(socket, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(read(socket)).contains(" 503 ").contains("took too long");
    }

    @Test
    void aHandlerThatFailsIsOurDefectAndNoHangingClient() throws IOException {
        Socket socket = connect();
        send(socket, "GET /fail HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(head(socket)).contains(" 500 ").doesNotContain("on purpose");
    }

    @Test
    void garbageGetsAClientErrorOrSilence() throws IOException {
        long seed = Long.getLong("cistern.seed", 1);
        SplittableRandom random = new SplittableRandom(seed);
        String good = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
        for (int i = 0; i < 300 * Integer.getInteger("cistern.effort", 1); i++) {
            byte[] bytes = good.getBytes(StandardCharsets.ISO_8859_1);
            for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
                socket.getOutputStream().write(bytes);
                socket.shutdownOutput();
                assertThat(read(socket)).as("seed %d, round %d", seed, i).doesNotContain("HTTP/1.1 5");
            }
        }
    }

    private void restart(HttpLimits limits) {
        server.close();
        server = HttpServer.start("127.0.0.1", 0, limits, this, InstantSource.system());
    }

    private void awaitRelease() {
        try {
            released.await();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        sockets.add(socket);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
    }

    private String refusal(String request) throws IOException {
        try (Socket socket = connect()) {
            send(socket, request);
            String answer = read(socket);
            assertThat(answer).contains("connection: close");
            return answer;
        }
    }

    /** Everything until the server closes. */
    private static String read(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    private static long readLate(Socket socket) throws IOException {
        long count = 0;
        try {
            Thread.sleep(1000);
            byte[] buffer = new byte[1 << 16];
            for (int read; (read = socket.getInputStream().read(buffer)) >= 0;) {
                count += read;
            }
        } catch (IOException reset) {
            return count;
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
        return count;
    }

    private static String head(Socket socket) throws IOException {
        StringBuilder head = new StringBuilder();
        InputStream in = socket.getInputStream();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                break;
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private static String answer(Socket socket) throws IOException {
        String head = head(socket);
        int length = Integer.parseInt(head.replaceAll("(?s).*content-length: (\\d+).*", "$1"));
        return new String(socket.getInputStream().readNBytes(length), StandardCharsets.ISO_8859_1);
    }
}
