package dev.cistern.benchmarks.failover;

import dev.cistern.benchmarks.failover.ClusterLoad.Span;
import dev.cistern.benchmarks.failover.ClusterLoad.Verdict;
import dev.cistern.benchmarks.failover.Resharding.Change;
import dev.cistern.benchmarks.failover.Resharding.Outcome;
import dev.cistern.benchmarks.failover.Resharding.Seen;
import dev.cistern.benchmarks.sidebyside.Bench;
import dev.cistern.benchmarks.sidebyside.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The program behind {@code ./cistern bench resharding}: a group of two node groups becomes one of four, and of two again,
 * while clients that know clusters go on.
 */
// @formatter:off
@Command(name = "resharding", mixinStandardHelpOptions = true,
        description = "Makes a group of 2 node groups one of 4, and of 2 again, under the load of client libraries, and "
                + "prints how fast slots were moved, how long each library waited at most, the errors that its "
                + "application saw, and the acknowledged writes that are gone. redis-py takes part when python3 has it.",
        footer = {"", "Examples:", "  cistern bench resharding", "  cistern bench resharding --runtime jvm --keys 1000000 --runs 3",
                "  cistern bench resharding --clients jedis --writers 8 --pause 0",
                "  cistern bench resharding --writers 0 --keys 1000000 --value-bytes 16 --collections 0"})
// @formatter:on
public final class ReshardingBench implements Callable<Integer> {

    private static final int SPANS = 3;
    private static final double MEGABYTE = 1e6;

    @Spec
    private CommandSpec spec;

    @Option(names = "--runtime", defaultValue = "process", paramLabel = "jvm|process", description = "What nodes are run by (default ${DEFAULT-VALUE}).")
    private Stage.Runs runtime;

    @Option(names = "--clients", split = ",", defaultValue = "jedis,lettuce,redis-py", paramLabel = "CLIENT", description = "Of jedis, lettuce, redis-py (default ${DEFAULT-VALUE}).")
    private List<Library> clients;

    @Option(names = "--writers", defaultValue = "2", paramLabel = "N", description = "Threads of each client; 0 for no load (default ${DEFAULT-VALUE}).")
    private int writers;

    @Option(names = "--pause", defaultValue = "2", paramLabel = "MILLIS", description = "For how long a thread rests after three calls (default ${DEFAULT-VALUE}).")
    private int pauseMillis;

    @Option(names = "--keys", defaultValue = "200000", paramLabel = "N", description = "Strings in the group (default ${DEFAULT-VALUE}).")
    private int keys;

    @Option(names = "--value-bytes", defaultValue = "100", paramLabel = "N", description = "Bytes of each (default ${DEFAULT-VALUE}).")
    private int valueBytes;

    @Option(names = "--collections", defaultValue = "8", paramLabel = "N", description = "Hashes, lists, sets and sorted sets in the group (default ${DEFAULT-VALUE}).")
    private int collections;

    @Option(names = "--elements", defaultValue = "10000", paramLabel = "N", description = "Elements of each, of 20 bytes (default ${DEFAULT-VALUE}).")
    private int elements;

    @Option(names = "--seconds", defaultValue = "5", paramLabel = "N", description = "For how long clients work before anything happens (default ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--runs", defaultValue = "1", paramLabel = "N", description = "Runs, each on a fresh group (default ${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the tables there too.")
    private @Nullable Path markdown;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    public ReshardingBench() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<Library> libraries = libraries();
        String machine = Machine.describe();
        List<Outcome> outcomes = new ArrayList<>();
        Path folder = Files.createTempDirectory("cistern-resharding");
        try (Stage stage = Stage.open(folder, runtime)) {
            for (int run = 0; run < runs; run++) {
                outcomes.add(run(stage, run, libraries));
            }
        } finally {
            Bench.delete(folder);
        }
        Bench.print(spec, report(libraries, machine, outcomes), markdown);
        return CommandLine.ExitCode.OK;
    }

    private List<Library> libraries() {
        List<Library> possible = new ArrayList<>();
        for (Library library : writers == 0 ? List.<Library>of() : clients) {
            if (library.isPossible()) {
                possible.add(library);
            } else {
                Bench.tell(spec, library + " is left out: this machine's python3 does not have it");
            }
        }
        return possible;
    }

    private Outcome run(Stage stage, int run, List<Library> libraries) throws IOException, InterruptedException {
        Contents contents = new Contents(new Contents.Size(keys, valueBytes, collections, elements));
        Outcome outcome = new Resharding(stage, contents).run(libraries, writers, pauseMillis, seconds);
        outcome.seen().forEach((library, seen) -> seen.verdict().failures()
                .forEach(failure -> Bench.tell(spec, library + ": " + failure)));
        outcome.damaged().forEach(key -> Bench.tell(spec, key + " is not as it was"));
        Bench.tell(spec, String.format(Locale.ROOT, "run %d: %.1f s and %.1f s, %d of the keys damaged, %d stray", run,
                outcome.out().seconds(), outcome.in().seconds(), outcome.damaged().size(), outcome.stray()));
        return outcome;
    }

    // --- the report ---

    private String report(List<Library> libraries, String machine, List<Outcome> outcomes) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT,
                "Runtime %s, node groups of 2 nodes; %,d strings of %d bytes and %d collections of %,d elements; "
                        + "clients %s on %d threads each that rest for %d ms after three calls. %s.%n%n",
                runtime.name().toLowerCase(Locale.ROOT), keys, valueBytes, collections, elements,
                libraries.isEmpty()
                        ? "none"
                        : libraries.stream().map(Library::toString)
                                .collect(Collectors.joining(", ")),
                writers, pauseMillis, machine))
                .append("| run | node groups | seconds | of them moving | slots | keys | MB | keys/s | MB/s "
                        + "| damaged | stray |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        for (int run = 0; run < outcomes.size(); run++) {
            Outcome outcome = outcomes.get(run);
            text.append(row(run, "2 → 4", outcome.out(), outcome)).append(row(run, "4 → 2", outcome.in(), outcome));
        }
        if (!libraries.isEmpty()) {
            text.append("\n| client | calls/s before | 2 → 4 | 4 → 2 | longest call ms before | 2 → 4 | 4 → 2 "
                    + "| acknowledged writes | errors | lost | wrong |\n"
                    + "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
            libraries.forEach(library -> text.append(row(library, outcomes.stream()
                    .flatMap(outcome -> outcome.seen().entrySet().stream())
                    .filter(seen -> seen.getKey() == library).map(Map.Entry::getValue).toList())));
        }
        return text.toString();
    }

    private static String row(int run, String direction, Change change, Outcome outcome) {
        return String.format(Locale.ROOT, "| %d | %s | %.1f | %.1f | %,d | %,d | %.1f | %,.0f | %.1f | %d | %d |%n",
                run,
                direction, change.seconds(), change.movingSeconds(), change.slots(), change.keys(),
                change.bytes() / MEGABYTE, change.keysPerSecond(), change.bytesPerSecond() / MEGABYTE,
                outcome.damaged().size(), outcome.stray());
    }

    /** Of all runs: the mean of the rates, the longest call, the sum of what went wrong. */
    private static String row(Library library, List<Seen> seen) {
        StringBuilder row = new StringBuilder("| " + library);
        for (int i = 0; i < SPANS; i++) {
            int span = i;
            row.append(String.format(Locale.ROOT, " | %,.0f", seen.stream().map(each -> each.spans().get(span))
                    .mapToDouble(Span::callsPerSecond).average().orElse(0)));
        }
        for (int i = 0; i < SPANS; i++) {
            int span = i;
            row.append(String.format(Locale.ROOT, " | %.0f", seen.stream().map(each -> each.spans().get(span))
                    .mapToDouble(Span::longestMillis).max().orElse(0)));
        }
        for (ToLongFunction<Verdict> figure : List.<ToLongFunction<Verdict>>of(Verdict::acked, Verdict::errors,
                Verdict::lost, Verdict::wrong)) {
            row.append(String.format(Locale.ROOT, " | %,d",
                    seen.stream().map(Seen::verdict).mapToLong(figure).sum()));
        }
        return row.append(" |\n").toString();
    }
}
