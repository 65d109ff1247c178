package dev.cistern.benchmarks.failover;

import dev.cistern.benchmarks.sidebyside.Bench;
import dev.cistern.benchmarks.sidebyside.Machine;
import dev.cistern.control.state.Database;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * The program behind {@code ./cistern bench partitions}: three nodes in networks of their own, a client beside each that
 * writes to that one alone, and links that are cut.
 */
// @formatter:off
@Command(name = "partitions", mixinStandardHelpOptions = true,
        description = "Cuts the links between a primary, its replicas and the control plane, and prints who acknowledged "
                + "writes when. The control plane can end none of the nodes: only their leases can. Needs root and ip.",
        footer = {"", "Examples:", "  sudo ./cistern bench partitions", "  sudo ./cistern bench partitions --cut isolated --runs 20", "  sudo ./cistern bench partitions --cut flapping --seconds 60"})
// @formatter:on
public final class PartitionBench implements Callable<Integer> {

    private static final int NODES = 3;

    @Spec
    private CommandSpec spec;

    @Option(names = "--cut", split = ",", paramLabel = "CUT", description = "Of isolated, control, half, plane, outbound, inbound, flapping (default: all).")
    private List<Cut> cuts = List.of(Cut.values());

    @Option(names = "--runs", defaultValue = "1", paramLabel = "N", description = "Runs of each (default ${DEFAULT-VALUE}).")
    private int runs;

    @Option(names = "--seconds", defaultValue = "12", paramLabel = "N", description = "For how long links are cut, or flap (default ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--wait-replicas", defaultValue = "0", paramLabel = "N", description = "A write counts when WAIT says that so many replicas have it (default ${DEFAULT-VALUE}).")
    private int waitReplicas;

    @Option(names = "--pause", defaultValue = "0", paramLabel = "MILLIS", description = "For how long a writer rests after each write (default ${DEFAULT-VALUE}).")
    private int pauseMillis;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the table there too.")
    private @Nullable Path markdown;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    public PartitionBench() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        StringBuilder table = new StringBuilder(String.format(Locale.ROOT,
                "A primary and 2 replicas in networks of their own, a writer beside each that rests for %d ms after a "
                        + "write; links are cut for %d s, and writes count as acknowledged when %d replicas have "
                        + "them. %s.%n%n",
                pauseMillis, seconds, waitReplicas, Machine.describe()))
                .append("| cut | run | failovers | primary acknowledged for ms | another one after ms | both ms "
                        + "| acknowledged | lost | kept aside, bytes | whole after ms |\n"
                        + "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        for (Cut cut : cuts) {
            for (int run = 0; run < runs; run++) {
                String row = Partition.row(cut, run, measure(cut));
                table.append(row);
                Bench.tell(spec, row.strip());
            }
        }
        Bench.print(spec, table.toString(), markdown);
        return CommandLine.ExitCode.OK;
    }

    private Partition.Outcome measure(Cut cut) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("cistern-partitions");
        try (Networks networks = new Networks(NODES)) {
            try (Stage stage = Stage.open(folder, Stage.Runs.PROCESS)) {
                var _ = stage.create(NODES - 1, true);
            }
            move(folder.resolve("state/state"));
            try (Stage stage = Stage.reopen(folder, new FarRuntime(each -> place(each.bindAddress())))) {
                return new Partition(networks, stage, seconds, waitReplicas, pauseMillis).run(cut);
            }
        } finally {
            Bench.delete(folder);
        }
    }

    private static int place(String address) {
        return Integer.parseInt(address.substring(address.lastIndexOf('.') + 1)) - 10;
    }

    /** Gives the nodes addresses in networks of their own; the control plane is away meanwhile. */
    private static void move(Path databaseFile) {
        Database database = Database.open(databaseFile);
        try {
            database.run(handle -> {
                for (int node = 0; node < NODES; node++) {
                    handle.execute("update cache_node set bind_address = ? where id like ?", Networks.address(node),
                            "%-00" + (node + 1));
                }
            });
        } finally {
            database.close();
        }
    }
}
