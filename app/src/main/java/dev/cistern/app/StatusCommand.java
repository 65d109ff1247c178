package dev.cistern.app;

import dev.cistern.control.Caller;
import dev.cistern.control.StatusReport;
import dev.cistern.gateway.sign.AccessKey;
import dev.cistern.gateway.sign.KeyFile;
import dev.cistern.gateway.sign.RequestSigner;
import dev.cistern.gateway.sign.Role;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints what a running Cistern has and does. It asks over HTTP and changes nothing. */
@Command(name = "status", description = "Tells what exists, its state, and what is being done.", footer = {"",
        "Examples:", "  cistern status", "  cistern status --state-dir ./cache-state",
        "  cistern status --endpoint http://cache.example.com:8379"})
final class StatusCommand implements Callable<Integer> {

    private static final int TIMEOUT_MILLIS = 5_000;
    private static final int OK = 200;

    @Spec
    private CommandSpec spec;

    @Mixin
    private Place place;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    StatusCommand() {}

    @Override
    public Integer call() {
        print(place.ask(), spec.commandLine().getOut());
        return ExitCode.OK;
    }

    /** Which Cistern is asked. */
    static final class Place {

        @Option(names = "--endpoint", paramLabel = "URL", description = "The AWS endpoint of a Cistern (default: the one that runs on the state folder).")
        private @Nullable String endpoint;

        @Option(names = "--state-dir", paramLabel = "DIR", description = "Folder of all state (default $CISTERN_HOME, else ~/.cistern).")
        private @Nullable Path stateDirectory;

        StatusReport ask() {
            return StatusReport.parse(get("/status"));
        }

        /** What it answers to a GET of that path. */
        String get(String path) {
            String url = url();
            try {
                HttpURLConnection call = (HttpURLConnection) URI.create(url + path).toURL().openConnection();
                call.setConnectTimeout(TIMEOUT_MILLIS);
                call.setReadTimeout(TIMEOUT_MILLIS);
                key().ifPresent(key -> new RequestSigner(key, Caller.DEFAULT_REGION)
                        .sign(URI.create(url + path), Instant.now()).forEach(call::setRequestProperty));
                if (call.getResponseCode() != OK) {
                    throw new EnvironmentException(url + " does not tell: it answers " + call.getResponseCode(),
                            "It tells only who signs: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
                }
                try (InputStream in = call.getInputStream()) {
                    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
                }
            } catch (IOException | IllegalArgumentException e) {
                throw new EnvironmentException("cannot ask " + url + ": " + e.getMessage(), "Is it up? cistern up");
            }
        }

        /** One of the state folder, if that is the Cistern that is asked and we may read it, else the environment's. */
        private Optional<AccessKey> key() throws IOException {
            List<AccessKey> own = endpoint == null
                    ? new KeyFile(state().resolve(AccessOptions.KEYS_FILE)).read().all()
                    : List.of();
            String id = System.getenv("AWS_ACCESS_KEY_ID");
            String secret = System.getenv("AWS_SECRET_ACCESS_KEY");
            if (!own.isEmpty() || id == null || id.isBlank() || secret == null || secret.isBlank()) {
                return own.stream().findFirst();
            }
            return Optional.of(new AccessKey("environment", id, secret, null, Role.VIEWER));
        }

        private Path state() {
            return stateDirectory != null ? stateDirectory : StateFolder.byDefault(System.getenv());
        }

        private String url() {
            if (endpoint != null) {
                return endpoint.replaceAll("/+$", "");
            }
            return RunningNote.endpoint(state()).orElseThrow(
                    () -> new EnvironmentException("no Cistern runs on " + state(), "Start it: cistern up"));
        }
    }

    /** The same again and again, until Ctrl-C. */
    @Command(name = "watch", description = "Prints the status again whenever it has changed. Ends with Ctrl-C.", footer = {
            "", "Examples:", "  cistern watch", "  cistern watch --every 5"})
    static final class WatchCommand implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private Place place;

        @Option(names = "--every", paramLabel = "SECONDS", defaultValue = "1", description = "How often to look (default ${DEFAULT-VALUE}).")
        private int seconds;

        @Option(names = "--rounds", hidden = true, defaultValue = "" + Integer.MAX_VALUE)
        private int rounds;

        @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
        WatchCommand() {}

        @Override
        public Integer call() throws InterruptedException {
            List<String> last = List.of();
            for (int round = 0; round < rounds; round++) {
                StatusReport report = place.ask();
                List<String> now = lines(report, false);
                if (!now.equals(last)) {
                    print(report, spec.commandLine().getOut());
                    last = now;
                }
                Thread.sleep(Duration.ofSeconds(Math.max(1, seconds)));
            }
            return ExitCode.OK;
        }
    }

    static void print(StatusReport report, PrintWriter out) {
        lines(report, true).forEach(out::println);
        out.println();
        out.flush();
    }

    /** Two tables; without the ages, what is equal is what has not changed. */
    private static List<String> lines(StatusReport report, boolean withAges) {
        List<String> lines = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>(List.of(List.of("WHAT", "ID", "STATUS", "ENDPOINT", "")));
        report.resources().forEach(resource -> rows.add(List.of(resource.kind(), resource.id(), resource.status(),
                Objects.requireNonNullElse(resource.endpoint(), "-"), resource.what())));
        lines.addAll(report.resources().isEmpty() ? List.of("There is nothing yet.") : table(rows));
        if (!report.work().isEmpty()) {
            List<List<String>> work = new ArrayList<>(
                    List.of(List.of("BEING DONE", "FOR", "STEPS DONE", "NOW AT", withAges ? "SINCE" : "")));
            report.work().forEach(row -> work.add(List.of(row.workflow(), row.id(), Integer.toString(row.stepsDone()),
                    Objects.requireNonNullElse(row.step(), "-")
                            + (row.failures() == 0
                                    ? ""
                                    : " (failed " + row.failures() + "x: " + row.lastFailure() + ")"),
                    withAges ? Duration.ofMillis(row.forMillis()).toSeconds() + " s" : "")));
            lines.add("");
            lines.addAll(table(work));
        }
        return lines;
    }

    private static List<String> table(List<List<String>> rows) {
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        List<String> lines = new ArrayList<>();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }
}
