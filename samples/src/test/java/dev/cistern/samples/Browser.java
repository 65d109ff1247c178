package dev.cistern.samples;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A Chromium without a window, spoken to by its own debugging protocol. Tests skip when none is installed. One thread.
 */
public final class Browser implements AutoCloseable {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Process process;
    private final Path profile;
    private final WebSocket socket;
    private final Map<Integer, CompletableFuture<JsonNode>> waiting;
    private final List<String> complaints;
    private final AtomicInteger number = new AtomicInteger();

    private Browser(Process process, Path profile, WebSocket socket, Map<Integer, CompletableFuture<JsonNode>> waiting,
            List<String> complaints) {
        this.process = process;
        this.profile = profile;
        this.socket = socket;
        this.waiting = waiting;
        this.complaints = complaints;
    }

    /** Opens {@code url} in a window of this size. */
    public static Browser open(String url, int width, int height) throws Exception {
        String program = find().orElse(null);
        if (program == null) {
            Assumptions.abort("chromium is not installed");
        }
        Path profile = Files.createTempDirectory("cistern-browser");
        Process process = new ProcessBuilder(program, "--headless=new", "--no-sandbox", "--disable-gpu",
                "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0", "--hide-scrollbars",
                "--user-data-dir=" + profile, "--window-size=" + width + "," + height, "about:blank")
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        Map<Integer, CompletableFuture<JsonNode>> waiting = new ConcurrentHashMap<>();
        List<String> complaints = new CopyOnWriteArrayList<>();
        try {
            WebSocket socket = HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(page(profile), new Ear(
                    waiting, complaints)).get(30, TimeUnit.SECONDS);
            Browser browser = new Browser(process, profile, socket, waiting, complaints);
            browser.call("Runtime.enable", Map.of());
            browser.call("Log.enable", Map.of());
            browser.call("Page.enable", Map.of());
            browser.resize(width, height);
            browser.go(url);
            return browser;
        } catch (Exception e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private static Optional<String> find() {
        List<String> names = List.of("chromium", "chromium-browser", "google-chrome");
        return Stream.of(System.getenv("PATH").split(":", -1)).flatMap(folder -> names.stream().map(name -> Path.of(
                folder, name))).filter(Files::isExecutable).map(Path::toString).findFirst();
    }

    private static URI page(Path profile) throws IOException, InterruptedException {
        Path note = profile.resolve("DevToolsActivePort");
        Awaitility.await().atMost(PATIENCE).until(() -> Files.exists(note) && Files.readAllLines(note).size() > 1);
        String port = Files.readAllLines(note).getFirst();
        HttpResponse<String> pages = HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(
                "http://127.0.0.1:" + port + "/json/list")).build(), HttpResponse.BodyHandlers.ofString());
        for (JsonNode page : JSON.readTree(pages.body())) {
            if (page.get("type").asString().equals("page")) {
                return URI.create(page.get("webSocketDebuggerUrl").asString());
            }
        }
        throw new IOException("no page in " + pages.body());
    }

    /** Opens an address and waits until it is there. */
    public void go(String url) throws Exception {
        call("Page.navigate", Map.of("url", url));
        await("document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    /** What an expression is, as JSON; a promise is waited for. */
    public JsonNode evaluate(String expression) throws Exception {
        JsonNode answer = call("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true,
                "awaitPromise", true));
        if (answer.has("exceptionDetails")) {
            throw new AssertionError(expression + ": " + answer.get("exceptionDetails"));
        }
        return answer.get("result").path("value");
    }

    public String text(String selector) throws Exception {
        return evaluate("document.querySelector(" + quoted(selector) + ").textContent").asString();
    }

    public void click(String selector) throws Exception {
        evaluate("document.querySelector(" + quoted(selector) + ").click()");
    }

    /** Types into a field as a user would: the page hears of it. */
    public void type(String selector, String value) throws Exception {
        evaluate("(field => { field.value = " + quoted(value)
                + "; field.dispatchEvent(new Event('input', {bubbles: true}));"
                + " field.dispatchEvent(new Event('change', {bubbles: true})); })(document.querySelector(" + quoted(
                        selector)
                + "))");
    }

    /** Waits until an expression is true. */
    public void await(String condition) {
        Awaitility.await(condition).atMost(PATIENCE).ignoreExceptions().until(() -> evaluate("Boolean(" + condition
                + ")").asBoolean());
    }

    /** What the page logged as an error, or was refused. */
    public List<String> complaints() {
        return new ArrayList<>(complaints);
    }

    /** Makes the window as narrow or as wide as that. */
    public void resize(int width, int height) throws Exception {
        call("Emulation.setDeviceMetricsOverride", Map.of("width", width, "height", height, "deviceScaleFactor", 1,
                "mobile", false));
        await("innerWidth === " + width);
    }

    /** What of the page is wider than the window, which then could be moved sideways: nothing, it is hoped. */
    public List<String> sticksOut() throws Exception {
        List<String> names = new ArrayList<>();
        evaluate("""
                document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
                    .filter(one => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest('.scroll, pre'))
                    .map(one => `${one.tagName} ${one.id} ${one.className}`)""")
                .forEach(one -> names.add(one.asString()));
        return names;
    }

    /** The whole page as a picture. */
    public void picture(Path file) throws Exception {
        JsonNode answer = call("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true));
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(file, Base64.getDecoder().decode(answer.get("data").asString()));
    }

    private static String quoted(String text) {
        return JSON.writeValueAsString(text);
    }

    /** One call of the debugging protocol. */
    public JsonNode call(String method, Map<String, Object> parameters) throws Exception {
        int id = number.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        waiting.put(id, answer);
        socket.sendText(JSON.writeValueAsString(Map.of("id", id, "method", method, "params", parameters)), true).get(
                30, TimeUnit.SECONDS);
        return answer.get(60, TimeUnit.SECONDS);
    }

    @Override
    public void close() throws Exception {
        socket.abort();
        process.destroy();
        if (!process.waitFor(5, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        try (Stream<Path> files = Files.walk(profile)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
    }

    /** Hears answers and events; messages come in pieces. */
    private static final class Ear implements WebSocket.Listener {

        private final Map<Integer, CompletableFuture<JsonNode>> waiting;
        private final List<String> complaints;
        private final StringBuilder pieces = new StringBuilder();

        Ear(Map<Integer, CompletableFuture<JsonNode>> waiting, List<String> complaints) {
            this.waiting = waiting;
            this.complaints = complaints;
        }

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence piece, boolean isLast) {
            pieces.append(piece);
            if (isLast) {
                JsonNode message = JSON.readTree(pieces.toString());
                pieces.setLength(0);
                hear(message);
            }
            from.request(1);
            return CompletableFuture.completedFuture(null);
        }

        private void hear(JsonNode message) {
            CompletableFuture<JsonNode> answer = waiting.remove(message.path("id").asInt(-1));
            if (answer != null) {
                if (message.has("error")) {
                    answer.completeExceptionally(new IOException(message.get("error").toString()));
                } else {
                    answer.complete(message.get("result"));
                }
            } else if (message.path("method").asString().equals("Runtime.exceptionThrown")
                    || message.path("params").path("entry").path("level").asString().equals("error")) {
                complaints.add(message.get("params").toString());
            }
        }
    }
}
