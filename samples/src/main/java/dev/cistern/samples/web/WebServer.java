package dev.cistern.samples.web;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Serves the page's files and its JSON calls, on 127.0.0.1 only.
 *
 * <p>Other pages in the same browser, and other users of the same machine, can reach this port too. So every request must
 * name us as its host (a foreign name that resolves to 127.0.0.1 is refused), one that says where it comes from must
 * come from our page, and every call carries the start token, which stands in the address that the terminal shows;
 * all but the first calls carry also a token that the page got for the password. Only the page's files are for everybody.
 *
 * <p>The tokens travel in headers, which no other page can set. The start token stands behind the address's #, which a
 * browser sends to nobody, and is never a cookie: a browser sends those to every port of this machine, and so to whoever
 * else listens here.
 */
public final class WebServer implements AutoCloseable {

    /** The header with the start token. */
    public static final String START_HEADER = "X-Cistern-Start";

    /** The header with the token that was given for the password. */
    public static final String TOKEN_HEADER = "X-Cistern-Token";

    private static final Logger LOG = LoggerFactory.getLogger(WebServer.class);
    private static final int MOST_BODY_BYTES = 64 * 1024;
    private static final int MOST_REQUESTS = 64;
    private static final String FILES = "/dev/cistern/samples/page/";
    private static final Map<String, String> TYPES = Map.of("html", "text/html; charset=utf-8", "css",
            "text/css; charset=utf-8", "js", "text/javascript; charset=utf-8", "svg", "image/svg+xml");

    private final HttpServer server;
    private final ExecutorService threads;
    private final Semaphore places = new Semaphore(MOST_REQUESTS);
    private final Map<String, Call<?>> calls = new ConcurrentHashMap<>();
    private final Map<String, Stream> streams = new ConcurrentHashMap<>();
    private final Tokens tokens;
    private final JsonMapper json = JsonMapper.builder().build();
    private final List<String> ownHosts;

    private WebServer(HttpServer server, Tokens tokens) {
        this.server = server;
        this.tokens = tokens;
        this.threads = Executors.newVirtualThreadPerTaskExecutor();
        int port = server.getAddress().getPort();
        this.ownHosts = List.of("127.0.0.1:" + port, "localhost:" + port);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
    }

    /** What a call does with the body, read as a T. */
    @FunctionalInterface
    public interface Handler<T> {
        @Nullable
        Object answer(T request) throws HttpFailure, InterruptedException;
    }

    /** Writes to a page that listens, one object after the other, until either side has enough. */
    @FunctionalInterface
    public interface Stream {
        void run(Listener listener) throws IOException, InterruptedException;
    }

    /** The page at the other end. */
    @FunctionalInterface
    public interface Listener {
        void tell(Object message) throws IOException;
    }

    private record Call<T>(Class<T> type, Handler<T> handler, boolean isFirst) {}

    /** An error as the page reads it. */
    private record Failure(String status, List<String> messages) {}

    /**
     * Listens on {@code port} of the loopback interface, 0 for any free one. Answers nothing before {@link #start}.
     */
    public static WebServer on(int port, Tokens tokens) throws IOException {
        // Slow senders are cut off by the server itself; its only switch for that is these.
        System.setProperty("sun.net.httpserver.maxReqTime", "30");
        System.setProperty("sun.net.httpserver.maxReqHeaders", "50");
        return new WebServer(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                MOST_REQUESTS), tokens);
    }

    /** A call that needs both tokens. */
    public <T> WebServer call(String name, Class<T> type, Handler<T> handler) {
        calls.put("/api/" + name, new Call<>(type, handler, false));
        return this;
    }

    /** A call that may come before the password: it needs the start token only. */
    public <T> WebServer firstCall(String name, Class<T> type, Handler<T> handler) {
        calls.put("/api/" + name, new Call<>(type, handler, true));
        return this;
    }

    /** A stream of messages, which needs both tokens. */
    public WebServer stream(String name, Stream stream) {
        streams.put("/api/" + name, stream);
        return this;
    }

    public void start() {
        server.start();
    }

    /** The page's address, with the start token in it: for the one who started this, and nobody else. */
    public String url() {
        return "http://127.0.0.1:" + port() + "/#start=" + tokens.start();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    private void handle(HttpExchange exchange) throws IOException {
        if (!places.tryAcquire()) {
            exchange.sendResponseHeaders(503, -1);
            exchange.close();
            return;
        }
        try (exchange) {
            guarded(exchange);
        } finally {
            places.release();
        }
    }

    private void guarded(HttpExchange exchange) throws IOException {
        secure(exchange.getResponseHeaders());
        try {
            requireOurs(exchange.getRequestHeaders());
            answer(exchange);
        } catch (HttpFailure refused) {
            send(exchange, refused.status(), new Failure("error", List.of(String.valueOf(refused.getMessage()))));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException bug) {
            LOG.error("{} failed", exchange.getRequestURI().getPath(), bug);
            send(exchange, 500, new Failure("error", List.of("The demo has a defect here; its log says more.")));
        }
    }

    private static void secure(Headers headers) {
        headers.set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none';"
                + " form-action 'none'");
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("Referrer-Policy", "no-referrer");
        headers.set("Cache-Control", "no-store");
        headers.set("Cross-Origin-Resource-Policy", "same-origin");
    }

    private void requireOurs(Headers headers) throws HttpFailure {
        String host = headers.getFirst("Host");
        String origin = headers.getFirst("Origin");
        boolean isOurs = host != null && ownHosts.contains(host)
                && (origin == null || ownHosts.stream().anyMatch(own -> origin.equals("http://" + own)));
        if (!isOurs) {
            throw new HttpFailure(403, "This page answers to itself only.");
        }
    }

    private void answer(HttpExchange exchange) throws IOException, HttpFailure, InterruptedException {
        String path = exchange.getRequestURI().getPath();
        boolean isPost = exchange.getRequestMethod().equals("POST");
        Call<?> call = calls.get(path);
        Stream stream = streams.get(path);
        if (call == null && stream == null) {
            file(exchange, path);
        } else if (!isPost) {
            throw new HttpFailure(405, "POST, please.");
        } else if (stream != null) {
            requireTokens(exchange, false);
            stream(exchange, stream);
        } else if (call != null) {
            requireTokens(exchange, call.isFirst());
            send(exchange, 200, answer(exchange, call));
        }
    }

    private void requireTokens(HttpExchange exchange, boolean isFirst) throws HttpFailure {
        if (!tokens.isStart(exchange.getRequestHeaders().getFirst(START_HEADER))) {
            throw new HttpFailure(401, "Open the whole address that the terminal shows: the key is in it.");
        }
        if (!isFirst) {
            requireToken(exchange);
        }
    }

    private void requireToken(HttpExchange exchange) throws HttpFailure {
        if (!tokens.isValid(exchange.getRequestHeaders().getFirst(TOKEN_HEADER))) {
            throw new HttpFailure(401, "Connect first: the page does not keep the password.");
        }
    }

    private <T> @Nullable Object answer(HttpExchange exchange, Call<T> call) throws IOException, HttpFailure,
            InterruptedException {
        String type = exchange.getRequestHeaders().getFirst("Content-Type");
        if (type == null || !type.startsWith("application/json")) {
            throw new HttpFailure(415, "JSON, please.");
        }
        byte[] body = exchange.getRequestBody().readNBytes(MOST_BODY_BYTES + 1);
        if (body.length > MOST_BODY_BYTES) {
            throw new HttpFailure(413, "That is too much.");
        }
        T request;
        try {
            request = json.readValue(body, call.type());
        } catch (JacksonException e) {
            throw new HttpFailure(400, "This is not the JSON that is expected here.");
        }
        if (request == null) {
            throw new HttpFailure(400, "An object, please.");
        }
        return call.handler().answer(request);
    }

    private void send(HttpExchange exchange, int status, @Nullable Object answer) throws IOException {
        byte[] body = json.writeValueAsBytes(answer == null ? Map.of() : answer);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    /** One JSON object a line, each sent at once. */
    private void stream(HttpExchange exchange, Stream stream) throws IOException, InterruptedException {
        // To the server a request is under way until it was read, and under way for too long it is cut off.
        exchange.getRequestBody().readNBytes(MOST_BODY_BYTES);
        exchange.getResponseHeaders().set("Content-Type", "application/x-ndjson");
        exchange.sendResponseHeaders(200, 0);
        stream.run(message -> {
            exchange.getResponseBody().write((json.writeValueAsString(message) + "\n").getBytes(
                    StandardCharsets.UTF_8));
            exchange.getResponseBody().flush();
        });
    }

    private static void file(HttpExchange exchange, String path) throws IOException, HttpFailure {
        String name = path.equals("/") ? "index.html" : path.substring(1);
        String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
        // Letters, digits and one dot: nothing that leads out of the folder.
        if (!name.matches("[a-z0-9-]+\\.[a-z]+") || type == null) {
            throw new HttpFailure(404, "There is nothing here.");
        }
        try (InputStream in = WebServer.class.getResourceAsStream(FILES + name)) {
            if (in == null) {
                throw new HttpFailure(404, "There is nothing here.");
            }
            byte[] body = in.readAllBytes();
            exchange.getResponseHeaders().set("Content-Type", type);
            boolean isHead = exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(200, isHead ? -1 : body.length);
            if (!isHead) {
                exchange.getResponseBody().write(body);
            }
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
