package dev.cistern.samples.web;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Who is let in, and who is not: spoken to by hand, since a client library would not send what an attacker does. */
final class WebServerTest {

    private final Tokens tokens = new Tokens();
    private WebServer server;
    private String host;

    record Name(String name) {}

    @BeforeEach
    void start() throws IOException {
        server = WebServer.on(0, tokens).call("greet", Name.class, who -> Map.of("hello", who.name()))
                .firstCall("anybody", Name.class, who -> Map.of("hello", who.name()))
                .call("fail", Name.class, who -> {
                    throw new HttpFailure(418, "no " + who.name());
                })
                .call("defect", Name.class, who -> {
                    throw new IllegalStateException("secret detail");
                });
        server.start();
        host = "127.0.0.1:" + server.port();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String send(String text) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** A call from a page that was opened by the whole address. */
    private String post(String path, String body, String... headers) throws IOException {
        String[] all = Arrays.copyOf(headers, headers.length + 1);
        all[headers.length] = WebServer.START_HEADER + ": " + tokens.start();
        return rawPost(path, body, all);
    }

    private String rawPost(String path, String body, String... headers) throws IOException {
        String more = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
        return send("POST " + path + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/json\r\n" + more
                + "Content-Length: " + body.length() + "\r\nConnection: close\r\n\r\n" + body);
    }

    private String get(String path, String hostHeader) throws IOException {
        return send("GET " + path + " HTTP/1.1\r\nHost: " + hostHeader + "\r\nConnection: close\r\n\r\n");
    }

    @Test
    void aTokenOpensTheDoor() throws Exception {
        String token = WebServer.TOKEN_HEADER + ": " + tokens.give();
        assertThat(post("/api/greet", "{\"name\":\"Ann\"}", token)).startsWith("HTTP/1.1 200").contains(
                "{\"hello\":\"Ann\"}");
        assertThat(post("/api/greet", "{\"name\":\"Ann\"}")).startsWith("HTTP/1.1 401");
        assertThat(post("/api/greet", "{\"name\":\"Ann\"}", WebServer.TOKEN_HEADER + ": 00")).startsWith(
                "HTTP/1.1 401");
        tokens.forgetAll();
        assertThat(post("/api/greet", "{\"name\":\"Ann\"}", token)).startsWith("HTTP/1.1 401");
    }

    /** Another user of this machine finds the port, but not the address that stands in the terminal. */
    @Test
    void whoHasNotSeenTheTerminalIsRefused() throws Exception {
        String token = WebServer.TOKEN_HEADER + ": " + tokens.give();
        for (String start : new String[]{"", "00", tokens.start() + "0", tokens.give()}) {
            String header = WebServer.START_HEADER + ": " + start;
            assertThat(rawPost("/api/anybody", "{\"name\":\"Ann\"}", header)).startsWith("HTTP/1.1 401").contains(
                    "terminal");
            assertThat(rawPost("/api/greet", "{\"name\":\"Ann\"}", header, token)).startsWith("HTTP/1.1 401");
        }
        assertThat(rawPost("/api/anybody", "{\"name\":\"Ann\"}")).startsWith("HTTP/1.1 401");
        assertThat(rawPost("/api/greet", "{\"name\":\"Ann\"}", token)).startsWith("HTTP/1.1 401");
        assertThat(post("/api/anybody", "{\"name\":\"Ann\"}")).startsWith("HTTP/1.1 200");
        assertThat(server.url()).endsWith("/#start=" + tokens.start());
    }

    @Test
    void otherPagesAreRefused() throws Exception {
        assertThat(post("/api/anybody", "{\"name\":\"Ann\"}", "Origin: http://" + host)).startsWith("HTTP/1.1 200");
        assertThat(post("/api/anybody", "{\"name\":\"Ann\"}", "Origin: http://evil.example")).startsWith(
                "HTTP/1.1 403");
        assertThat(post("/api/anybody", "{\"name\":\"Ann\"}", "Origin: null")).startsWith("HTTP/1.1 403");
        assertThat(get("/", "evil.example")).startsWith("HTTP/1.1 403");
        assertThat(get("/", host.replace("127.0.0.1", "localhost"))).startsWith("HTTP/1.1 200").contains(
                "Content-security-policy: default-src 'self'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/../secret", "/page.js/../../x.js", "/%2e%2e/x.js", "/Browser.class", "/nothing.html",
            "//x.js", "/api/nothing"})
    void nothingButThePagesFilesIsServed(String path) throws Exception {
        assertThat(get(path, host)).startsWith("HTTP/1.1 404");
    }

    @Test
    void callsAreBoundedAndTyped() throws Exception {
        String token = WebServer.TOKEN_HEADER + ": " + tokens.give();
        assertThat(post("/api/greet", "[[", token)).startsWith("HTTP/1.1 400");
        assertThat(post("/api/greet", "null", token)).startsWith("HTTP/1.1 400");
        assertThat(post("/api/greet", "{\"name\":\"" + "x".repeat(70_000) + "\"}", token)).startsWith("HTTP/1.1 413");
        assertThat(get("/api/greet", host)).startsWith("HTTP/1.1 405");
        assertThat(send("POST /api/anybody HTTP/1.1\r\nHost: " + host
                + "\r\n" + WebServer.START_HEADER + ": " + tokens.start()
                + "\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")).startsWith(
                        "HTTP/1.1 415");
    }

    @Test
    void failuresSayWhatTheUserMayKnow() throws Exception {
        String token = WebServer.TOKEN_HEADER + ": " + tokens.give();
        assertThat(post("/api/fail", "{\"name\":\"tea\"}", token)).startsWith("HTTP/1.1 418").contains("no tea");
        assertThat(post("/api/defect", "{\"name\":\"x\"}", token)).startsWith("HTTP/1.1 500").doesNotContain("secret");
    }
}
