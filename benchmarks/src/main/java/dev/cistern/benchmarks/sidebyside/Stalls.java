package dev.cistern.benchmarks.sidebyside;

import dev.cistern.benchmarks.sidebyside.LatencyProbe.Latencies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The program behind {@code ./cistern bench stalls}: how long a GET waits while another client gives the server heavy
 * work. Each {@link Disturbance} meets a fresh server of each kind.
 */
// @formatter:off
@Command(name = "stalls", mixinStandardHelpOptions = true,
        description = "Asks for one key without pause while another client deletes a large set, writes past maxmemory, lets "
                + "all keys expire at once, flushes, or grows the keyspace; prints how long the answers took.",
        footer = {"", "Examples:", "  cistern bench stalls", "  cistern bench stalls --elements 1000000 --seconds 10"})
// @formatter:on
final class Stalls implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--elements", defaultValue = "10000000", paramLabel = "N", description = "Members of the set, and keys; ten million take 6 GB (default ${DEFAULT-VALUE}).")
    private int elements;

    @Option(names = "--seconds", defaultValue = "60", paramLabel = "S", description = "Of writing past the limit, and of nothing (default ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--only", split = ",", paramLabel = "NAME", description = "Of idle, delete, evict, expire, flush, grow (default: all).")
    private @Nullable List<Disturbance> only;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the table there too.")
    private @Nullable Path markdown;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    Stalls() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        Bench.tell(spec, "Each kind of work meets a fresh server; some take minutes to prepare.");
        List<Peer> peers = new ArrayList<>();
        if (Peer.isInstalled("redis-server")) {
            peers.add(Peer.redis());
        }
        peers.add(Bench.cistern());
        StringBuilder table = new StringBuilder(String.format(Locale.ROOT,
                "Milliseconds that a GET took, one at a time "
                        + "on a connection of its own, while another client did the work with %,d elements.%n%n"
                        + "| meanwhile | server | answers | p50 | p99.9 | most |%n|---|---|---:|---:|---:|---:|%n",
                elements));
        Path folder = Files.createTempDirectory("cistern-stalls");
        try {
            for (Disturbance work : only == null ? List.of(Disturbance.values()) : only) {
                for (Peer peer : peers) {
                    Bench.tell(spec, work.title() + ": " + peer.name());
                    String row = tryRow(work, peer, folder);
                    Bench.tell(spec, row.strip());
                    table.append(row);
                }
            }
        } finally {
            Bench.delete(folder);
        }
        Bench.print(spec, table.toString(), markdown);
        return CommandLine.ExitCode.OK;
    }

    /** What one server cannot do on this machine, or not in time, is no reason to lose what the others did. */
    private String tryRow(Disturbance work, Peer peer, Path folder) throws InterruptedException {
        try {
            Disturbance.Size size = new Disturbance.Size(elements, seconds);
            return row(work, peer.name(), trial(work, size, peer, folder, word -> Bench.tell(spec, word)));
        } catch (IOException e) {
            return String.format(Locale.ROOT, "| %s | %s | failed: %s | | | |%n", work.title(), peer.name(),
                    e.getMessage());
        }
    }

    static Latencies trial(Disturbance work, Disturbance.Size size, Peer peer, Path folder, Consumer<String> progress)
            throws IOException, InterruptedException {
        try (RunningPeer server = RunningPeer.start(peer, folder); Loader loader = Loader.connect(server)) {
            warmUp(server, loader);
            long start = System.nanoTime();
            work.prepare(loader, size);
            long prepared = System.nanoTime();
            progress.accept("  prepared in " + seconds(prepared - start));
            try (LatencyProbe probe = new LatencyProbe(server)) {
                Modest.run(() -> work.act(loader, size));
                Latencies seen = probe.end();
                progress.accept("  done in " + seconds(System.nanoTime() - prepared));
                return seen;
            }
        }
    }

    private static String seconds(long nanos) {
        return nanos / 1_000_000_000 + " s";
    }

    /** A JVM compiles what it runs; the probe shall not measure that. */
    private static void warmUp(RunningPeer server, Loader loader) throws IOException, InterruptedException {
        loader.fill("warm", 200_000, 16);
        try (LatencyProbe probe = new LatencyProbe(server)) {
            Thread.sleep(2_000);
            probe.end();
        }
        loader.empty();
    }

    private static String row(Disturbance work, String peer, Latencies seen) {
        return String.format(Locale.ROOT, "| %s | %s | %,d | %.3f | %.2f | %.1f |%n", work.title(), peer,
                seen.answers(), seen.p50Millis(), seen.p999Millis(), seen.mostMillis());
    }
}
