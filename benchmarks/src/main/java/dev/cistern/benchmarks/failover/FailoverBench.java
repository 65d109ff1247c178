package dev.cistern.benchmarks.failover;

import dev.cistern.benchmarks.sidebyside.Bench;
import dev.cistern.benchmarks.sidebyside.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The program behind {@code ./cistern bench failover}: replaces the primary of a fresh group again and again while writers
 * go on, and prints how long nobody wrote and what was lost.
 */
// @formatter:off
@Command(name = "failover", mixinStandardHelpOptions = true,
        description = "Replaces the primary of a group under load, a fresh group each time, and prints the longest time "
                + "without an acknowledged write, the acknowledged writes that are gone, and those that the former "
                + "primary acknowledged after another one led.",
        footer = {"", "Examples:", "  cistern bench failover", "  cistern bench failover --runtime process --fault kill,stop --runs 20",
                "  cistern bench failover --runtime process --fault kill --wait-replicas 1",
                "  cistern bench failover --runtime original --fault kill,test-failover"})
// @formatter:on
public final class FailoverBench implements Callable<Integer> {

    private static final String WORDS = "Of kill, stop, test-failover, planned, upgrade, resize (default: all that the runtime can).";

    @Spec
    private CommandSpec spec;

    @Option(names = "--runtime", defaultValue = "process", paramLabel = "jvm|process|original", description = "What nodes are run by (default ${DEFAULT-VALUE}).")
    private Stage.Runs runtime;

    @Option(names = "--fault", split = ",", paramLabel = "FAULT", description = WORDS)
    private @Nullable List<Fault> faults;

    @Option(names = "--runs", defaultValue = "5", paramLabel = "N", description = "Runs of each (default ${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--writers", defaultValue = "8", paramLabel = "N", description = "Connections that write (default ${DEFAULT-VALUE}).")
    private int writers;

    @Option(names = "--replicas", defaultValue = "2", paramLabel = "N", description = "Replicas of the group (default ${DEFAULT-VALUE}).")
    private int replicas;

    @Option(names = "--wait-replicas", defaultValue = "0", paramLabel = "N", description = "A write counts when WAIT says that so many replicas have it (default ${DEFAULT-VALUE}).")
    private int waitReplicas;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the table there too.")
    private @Nullable Path markdown;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    public FailoverBench() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<Fault> wanted = wanted();
        StringBuilder table = new StringBuilder(String.format(Locale.ROOT,
                "Runtime %s, %d replicas, %d writers of unique keys%s. %s.%n%n",
                runtime.name().toLowerCase(Locale.ROOT),
                replicas, writers, waitReplicas == 0 ? "" : ", WAIT " + waitReplicas + " after each",
                Machine.describe()))
                .append("| fault | runs | gap median ms | gap max ms | acknowledged | lost | runs with loss "
                        + "| acknowledged by the former | writes/s |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        for (Fault fault : wanted) {
            table.append(row(fault, measure(fault)));
        }
        Bench.print(spec, table.toString(), markdown);
        return CommandLine.ExitCode.OK;
    }

    private List<Fault> wanted() {
        if (faults == null) {
            return Stream.of(Fault.values())
                    .filter(fault -> !(fault == Fault.STOP && runtime == Stage.Runs.JVM))
                    .filter(fault -> !(fault == Fault.UPGRADE && runtime == Stage.Runs.ORIGINAL))
                    .toList();
        }
        if (runtime == Stage.Runs.JVM && faults.contains(Fault.STOP)) {
            throw new ParameterException(spec.commandLine(), "a node in this JVM has no process that could be stopped");
        }
        return faults;
    }

    private List<Outcome> measure(Fault fault) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("cistern-failover");
        List<Outcome> outcomes = new ArrayList<>();
        try (Stage stage = Stage.open(folder, runtime)) {
            for (int run = 0; run < runs; run++) {
                Outcome outcome = new Trial(stage, fault, run, waitReplicas).run(replicas, writers);
                outcomes.add(outcome);
                Bench.tell(spec, String.format(Locale.ROOT,
                        "%s %d: gap %.0f ms, %,d acknowledged, %d lost, %d by the former, %,.0f writes/s", fault, run,
                        outcome.gapMillis(), outcome.acked(), outcome.lost(), outcome.ackedByFormer(),
                        outcome.writesPerSecond()));
            }
        } finally {
            Bench.delete(folder);
        }
        return outcomes;
    }

    private static String row(Fault fault, List<Outcome> outcomes) {
        double[] gaps = outcomes.stream().mapToDouble(Outcome::gapMillis).sorted().toArray();
        return String.format(Locale.ROOT, "| %s | %d | %.0f | %.0f | %,d | %d | %d | %d | %,.0f |%n", fault.title(),
                gaps.length, (gaps[(gaps.length - 1) / 2] + gaps[gaps.length / 2]) / 2, gaps[gaps.length - 1],
                outcomes.stream().mapToLong(Outcome::acked).sum(), outcomes.stream().mapToLong(Outcome::lost).sum(),
                outcomes.stream().filter(outcome -> outcome.lost() > 0).count(),
                outcomes.stream().mapToLong(Outcome::ackedByFormer).sum(),
                outcomes.stream().mapToDouble(Outcome::writesPerSecond).average().orElse(0));
    }
}
