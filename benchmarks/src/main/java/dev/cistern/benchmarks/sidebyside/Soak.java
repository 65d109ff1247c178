package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The program behind {@code ./cistern bench soak}: a mix of all types and sizes written past {@code maxmemory} for a long
 * time, while the process's resident memory is watched.
 */
// @formatter:off
@Command(name = "soak", mixinStandardHelpOptions = true,
        description = "Writes a mix of strings, hashes, lists, sets, sorted sets, streams, deletions and expiries past "
                + "maxmemory and prints how far the resident memory rose above it.",
        footer = {"", "Examples:", "  cistern bench soak", "  cistern bench soak --megabytes 200 --minutes 1",
                "  CISTERN_JAVA_OPTS=-Xmx512m cistern bench soak"})
// @formatter:on
final class Soak implements Callable<Integer> {

    private static final int PAUSE_OF_PROGRESS_SECONDS = 10;
    private static final int REQUESTS_AT_A_TIME = 5_000;
    private static final long SEED = 1;

    @Spec
    private CommandSpec spec;

    @Option(names = "--megabytes", defaultValue = "2048", paramLabel = "MB", description = "The node's maxmemory (default ${DEFAULT-VALUE}).")
    private int megabytes;

    @Option(names = "--minutes", defaultValue = "10", paramLabel = "N", description = "How long (default ${DEFAULT-VALUE}).")
    private double minutes;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the figures there too.")
    private @Nullable Path markdown;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    Soak() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("cistern-soak");
        try (RunningPeer server = RunningPeer.start(Bench.cistern(), folder);
                Loader loader = Loader.connect(server)) {
            long limit = (long) megabytes << 20;
            loader.configure("maxmemory-policy", "allkeys-lru");
            loader.configure("maxmemory", Long.toString(limit));
            Bench.print(spec, watch(server, loader, limit), markdown);
        } finally {
            Bench.delete(folder);
        }
        return CommandLine.ExitCode.OK;
    }

    private String watch(RunningPeer server, Loader loader, long limit) throws IOException {
        Mix mix = new Mix(new Random(SEED), (int) (limit / 300));
        long start = System.nanoTime();
        long end = start + (long) (minutes * 60e9);
        long requests = 0;
        long most = 0;
        long nextWord = start;
        while (System.nanoTime() < end) {
            loader.send(REQUESTS_AT_A_TIME, mix::request);
            requests += REQUESTS_AT_A_TIME;
            long now = server.usage().residentBytes();
            most = Math.max(most, now);
            if (System.nanoTime() > nextWord) {
                nextWord = System.nanoTime() + PAUSE_OF_PROGRESS_SECONDS * 1_000_000_000L;
                Bench.tell(spec, String.format(Locale.ROOT, "%,d s: %,d requests, %.2f of maxmemory",
                        (System.nanoTime() - start) / 1_000_000_000L, requests, (double) now / limit));
            }
        }
        return String.format(Locale.ROOT, "%,d requests in %.1f minutes at maxmemory %,d MB: resident memory at most"
                + " %,d MB, %.3f of maxmemory.%n", requests, minutes, megabytes, most >> 20, (double) most / limit);
    }
}
