package dev.cistern.benchmarks.sidebyside;

import dev.cistern.benchmarks.sidebyside.HitRatioTrial.Contestant;
import dev.cistern.benchmarks.sidebyside.HitRatioTrial.Size;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The program behind {@code ./cistern bench hit-ratio}: plays the same traces to every server as a read-through cache,
 * once with the same memory for each, as a user buys it, and once with room for the same number of items, which leaves
 * the wisdom of the policy alone.
 */
// @formatter:off
@Command(name = "hit-ratio", mixinStandardHelpOptions = true,
        description = "Plays the same traces to Cistern and other servers as caches that are too small, and prints which "
                + "share of the requests each could answer.",
        footer = {"", "Examples:", "  cistern bench hit-ratio", "  cistern bench hit-ratio --requests 5000000"})
// @formatter:on
final class HitRatios implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(names = "--megabytes", defaultValue = "10", paramLabel = "MB", description = "Memory of each cache in the first table (default ${DEFAULT-VALUE}).")
    private int megabytes;

    @Option(names = "--items", defaultValue = "50000", paramLabel = "N", description = "Items of each cache in the second table (default ${DEFAULT-VALUE}).")
    private int items;

    @Option(names = "--requests", defaultValue = "1500000", paramLabel = "N", description = "Requests of each trace; the first third is not counted (default ${DEFAULT-VALUE}).")
    private int requests;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the tables there too.")
    private @Nullable Path markdown;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    HitRatios() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("cistern-hit-ratio");
        try {
            String report = introduction()
                    + table("The same memory: " + megabytes + " MB each", contestants(true),
                            new Size.Bytes((long) megabytes << 20), folder)
                    + table("Room for the same " + String.format(Locale.ROOT, "%,d", items) + " items",
                            contestants(false), new Size.Items(items), folder);
            Bench.print(spec, report, markdown);
            return CommandLine.ExitCode.OK;
        } finally {
            Bench.delete(folder);
        }
    }

    private String introduction() {
        return String.format(Locale.ROOT,
                "%,d requests of each trace to a read-through cache, in batches of 50 over one"
                        + " connection; the first third is not counted. Keys of 16 bytes, values of %d, %,d different keys. The"
                        + " traces are made for a cache of %,d items. In brackets: the items held at the end.%n",
                requests, HitRatioTrial.VALUE_BYTES, Trace.KEYS, items);
    }

    private List<Contestant> contestants(boolean withMemcached) {
        Peer cistern = Bench.cistern();
        List<Contestant> contestants = new ArrayList<>();
        for (String policy : List.of("allkeys-lru", "allkeys-lfu")) {
            if (Peer.isInstalled("redis-server")) {
                contestants.add(new Contestant(Peer.redis(), policy));
            }
            contestants.add(new Contestant(cistern, policy));
        }
        if (withMemcached) {
            if (Peer.isInstalled("memcached")) {
                contestants.add(new Contestant(Peer.memcached(megabytes), ""));
            }
            contestants.add(new Contestant(
                    Peer.cisternMemcached(System.getProperty("cistern.launcher", "./cistern"), megabytes), ""));
        }
        return contestants;
    }

    private String table(String title, List<Contestant> contestants, Size size, Path folder)
            throws IOException, InterruptedException {
        StringBuilder table = new StringBuilder("\n### " + title + "\n\n| trace |");
        contestants.forEach(contestant -> table.append(' ').append(contestant.name()).append(" |"));
        table.append("\n|---|").append("---:|".repeat(contestants.size())).append('\n');
        for (Trace trace : Trace.all()) {
            table.append("| ").append(trace.name()).append(" |");
            for (Contestant contestant : contestants) {
                Bench.tell(spec, title + ": " + trace.name() + ", " + contestant.name());
                HitRatioTrial trial = HitRatioTrial.of(contestant, trace, size, items, requests, folder);
                table.append(String.format(Locale.ROOT, " %.1f %% (%,d) |", 100 * trial.hitRatio(), trial.items()));
            }
            table.append('\n');
        }
        return table.toString();
    }

}
