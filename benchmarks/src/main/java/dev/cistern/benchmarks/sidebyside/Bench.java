package dev.cistern.benchmarks.sidebyside;

import dev.cistern.benchmarks.failover.FailoverBench;
import dev.cistern.benchmarks.failover.PartitionBench;
import dev.cistern.benchmarks.failover.ReshardingBench;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
 * The program behind {@code ./cistern bench}: reads the wish, starts the servers, has them measured, prints the report
 * and ends what it started. What is measured and how is said in the classes it calls.
 */
// @formatter:off
@Command(name = "cistern bench", mixinStandardHelpOptions = true, subcommands = {HitRatios.class, MemcachedBench.class, Stalls.class, Saves.class, Soak.class, Fragmentation.class, FailoverBench.class, PartitionBench.class, ReshardingBench.class},
        description = "Runs Cistern and other servers side by side on this machine and prints tables: throughput, "
                + "server CPU per operation, latency, memory per key. Losses included.",
        footer = {"",
                "Needs redis-server and redis-benchmark (Debian/Ubuntu: apt install redis-server redis-tools).",
                "memcached takes part in the memory trial when it is installed (apt install memcached).",
                "",
                "Examples:",
                "  cistern bench --quick",
                "  cistern bench --tests get,set --sizes 64 --pipelines 16 --rounds 7",
                "  cistern bench --tests hset,hget,zadd,zrank --pipelines 1,16 --memory-keys 0",
                "  cistern bench --tests get --rounds 1 --collections --markdown bench.md",
                "  cistern bench --tls --tests get,set --sizes 64 --memory-keys 0",
                "  cistern bench hit-ratio",
                "  cistern bench memcached",
                "  cistern bench stalls",
                "  cistern bench save",
                "  cistern bench soak",
                "  cistern bench fragmentation",
                "  cistern bench failover",
                "  cistern bench partitions",
                "  cistern bench resharding",
                "  cistern bench --peer 'valkey=valkey-server --port {port} --save \"\"'"},
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:measured", "252:the command line is wrong", "253:a program is missing or did not start"})
// @formatter:on
public final class Bench implements Callable<Integer> {

    private static final int BAD_ENVIRONMENT = 253;
    private static final int BAD_SYNTAX = 252;

    @Spec
    private CommandSpec spec;

    @Option(names = "--tests", split = ",", defaultValue = "get,set,incr,mset", paramLabel = "TEST", description = "Of get, set, incr, mset, hset, hget, hset-small, lpush, lpush-lpop, lrange, sadd, sismember, zadd, zrange, zrank, xadd, eval, multi, publish (default ${DEFAULT-VALUE}).")
    private List<String> tests;

    @Option(names = "--sizes", split = ",", defaultValue = "16,64,1024,16384", paramLabel = "BYTES", description = "Bytes of a value (default ${DEFAULT-VALUE}).")
    private List<Integer> sizes;

    @Option(names = "--pipelines", split = ",", defaultValue = "1,16,64", paramLabel = "N", description = "Requests at a time on one connection (default ${DEFAULT-VALUE}).")
    private List<Integer> pipelines;

    @Option(names = "--rounds", defaultValue = "5", paramLabel = "N", description = "Runs of each server in each cell (default ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--connections", defaultValue = "50", paramLabel = "N", description = "Connections of the client (default ${DEFAULT-VALUE}).")
    private int connections;

    @Option(names = "--keys", defaultValue = "100000", paramLabel = "N", description = "Keys that the load goes to, at random (default ${DEFAULT-VALUE}).")
    private int keys;

    @Option(names = "--seconds", defaultValue = "2", paramLabel = "S", description = "Time of one run (default ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(names = "--warmup-seconds", defaultValue = "10", paramLabel = "S", description = "Load for every server before the first cell (default ${DEFAULT-VALUE}).")
    private int warmUpSeconds;

    @Option(names = "--cell-warmup-seconds", defaultValue = "3", paramLabel = "S", description = "Load for every server before each cell (default ${DEFAULT-VALUE}).")
    private double cellWarmUpSeconds;

    @Option(names = "--memory-keys", defaultValue = "1000000", paramLabel = "N", description = "Keys of the memory trial, 0 leaves it out (default ${DEFAULT-VALUE}).")
    private int memoryKeys;

    @Option(names = "--collections", description = "The memory trial takes hashes, lists, sets, sorted sets and streams too: small ones, as many as --memory-keys, and large ones of five times as many elements.")
    private boolean collections;

    @Option(names = "--max-minutes", defaultValue = "60", paramLabel = "N", description = "Then the cells still to come are left out, and the report says so (default ${DEFAULT-VALUE}).")
    private int maxMinutes;

    @Option(names = "--quick", description = "GET and SET of 64 bytes, 3 rounds of 1 s, 300,000 keys in memory.")
    private boolean quick;

    @Option(names = "--peer", paramLabel = "NAME=COMMAND", description = "One more server that speaks RESP; {port} in the command is its port. May be repeated.")
    private @Nullable List<String> others;

    @Option(names = "--tls", description = "Encrypts all connections, with a certificate made for it. No other --peer takes part then, and no test of transactions.")
    private boolean encrypted;

    @Option(names = "--without-cistern", description = "Compares the other servers only.")
    private boolean withoutCistern;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the report there too.")
    private @Nullable Path markdown;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    Bench() {}

    public static void main(String[] args) {
        CommandLine line = new CommandLine(new Bench());
        line.setUsageHelpAutoWidth(true);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((failure, _, _) -> {
            line.getErr().println("cistern bench: " + failure.getMessage());
            return BAD_ENVIRONMENT;
        });
        line.setParameterExceptionHandler((wrong, _) -> {
            line.getErr().println("cistern bench: " + wrong.getMessage());
            line.getErr().println("Try 'cistern bench --help'.");
            return BAD_SYNTAX;
        });
        int code = line.execute(args);
        line.getOut().flush();
        System.exit(code);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!Peer.isInstalled("redis-benchmark") || !Peer.isInstalled("redis-server")) {
            throw new IOException("redis-server and redis-benchmark are needed and not on the PATH."
                    + " Do: apt install redis-server redis-tools (macOS: brew install redis)");
        }
        Plan plan = plan();
        List<Peer> peers = peers();
        tell("About " + plan.guess(peers.size()).toMinutes() + " minutes: " + plan.cells().size() + " cells, "
                + plan.rounds() + " rounds, " + String.join(" and ", peers.stream().map(Peer::name).toList()) + ".");
        Path folder = Files.createTempDirectory("cistern-bench");
        try {
            if (encrypted) {
                Encryption encryption = Encryption.madeIn(folder);
                peers = peers.stream().map(peer -> peer.encrypted(encryption)).toList();
            }
            Report report = measure(plan, peers, folder);
            print(spec, report.toString(), markdown);
            return CommandLine.ExitCode.OK;
        } finally {
            delete(folder);
        }
    }

    private Plan plan() {
        List<Workload> workloads = workloads();
        if (rounds < 1 || connections < 1 || keys < 1 || seconds <= 0 || sizes.stream().anyMatch(size -> size < 1)
                || pipelines.stream().anyMatch(pipeline -> pipeline < 1)) {
            throw new ParameterException(spec.commandLine(), "counts, sizes and times must be above 0");
        }
        if (encrypted && (others != null || workloads.stream().anyMatch(Workload::isScripted))) {
            throw new ParameterException(spec.commandLine(),
                    "--tls goes neither with --peer nor with --tests multi or lpush-lpop");
        }
        if (quick) {
            return new Plan(List.of(Workload.GET, Workload.SET), List.of(64), List.of(1, 16, 64), 3, connections, keys,
                    Duration.ofSeconds(Math.min(warmUpSeconds, 5)), millis(Math.min(cellWarmUpSeconds, 1)),
                    Duration.ofSeconds(1),
                    Math.min(memoryKeys, 300_000), Duration.ofMinutes(maxMinutes));
        }
        return new Plan(workloads, sizes, pipelines, rounds, connections, keys, Duration.ofSeconds(warmUpSeconds),
                millis(cellWarmUpSeconds), millis(seconds), memoryKeys, Duration.ofMinutes(maxMinutes));
    }

    private static Duration millis(double wantedSeconds) {
        return Duration.ofMillis((long) (wantedSeconds * 1000));
    }

    private List<Workload> workloads() {
        try {
            return tests.stream().map(Workload::of).toList();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private List<Peer> peers() {
        List<Peer> peers = new ArrayList<>(List.of(Peer.redis()));
        if (!withoutCistern) {
            peers.add(cistern());
        }
        for (String text : others == null ? List.<String>of() : others) {
            try {
                peers.add(Peer.parse(text));
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), "--peer: " + e.getMessage());
            }
        }
        return peers;
    }

    private Report measure(Plan plan, List<Peer> peers, Path folder) throws IOException, InterruptedException {
        List<String> names = peers.stream().map(Peer::name).toList();
        Report report = new Report(Peer.CISTERN, Peer.redis().name(), names);
        introduce(report, plan);
        List<RunningPeer> servers = new ArrayList<>();
        try {
            for (Peer peer : peers) {
                servers.add(RunningPeer.start(peer, folder));
            }
            Comparison comparison = new Comparison(plan, servers, folder, this::tell);
            Map<Cell, Map<String, List<Sample>>> results = comparison.run();
            report.speed(results);
            if (!comparison.leftOut().isEmpty()) {
                report.paragraph("Left out because the time was over: " + comparison.leftOut());
            }
        } finally {
            for (RunningPeer server : servers) {
                server.close();
            }
        }
        report.memory(memory(plan, peers, folder));
        return report;
    }

    private List<MemoryTrial> memory(Plan plan, List<Peer> peers, Path folder)
            throws IOException, InterruptedException {
        List<MemoryTrial> trials = new ArrayList<>();
        if (plan.memoryKeys() == 0) {
            return trials;
        }
        List<Peer> all = new ArrayList<>(peers);
        if (Peer.isInstalled("memcached")) {
            all.add(Peer.memcached(Peer.MUCH_MEGABYTES));
        }
        List<Shape> shapes = new ArrayList<>(List.of(Shape.strings(plan.memoryKeys(), 16),
                Shape.strings(plan.memoryKeys(), 64)));
        if (collections) {
            shapes.addAll(Shape.collections(plan.memoryKeys()));
        }
        for (Shape shape : shapes) {
            for (Peer peer : all) {
                if (!shape.needsResp() || peer.protocol() == Peer.Protocol.RESP) {
                    tell("memory of " + peer.name() + ", " + shape.title());
                    trials.add(MemoryTrial.of(peer, shape, folder));
                    tell(String.format(Locale.ROOT, "  %.1f bytes each", trials.getLast().bytesPerElement()));
                }
            }
        }
        return trials;
    }

    private void introduce(Report report, Plan plan) {
        List<String> words = spec.commandLine().getParseResult().originalArgs().stream()
                .map(word -> word.contains(" ") ? "'" + word + "'" : word).toList();
        report.paragraph("Command line: `./cistern bench " + String.join(" ", words) + "`");
        report.paragraph("Machine: " + Machine.describe());
        report.paragraph("Peers: " + Machine.version("redis-server", "--version") + "; "
                + Machine.version("memcached", "--version") + ". Client: "
                + Machine.version("redis-benchmark", "--version") + ", one thread, " + plan.connections()
                + " connections, " + plan.keys() + " keys, on the same CPUs.");
        if (encrypted) {
            report.paragraph(
                    "All connections are encrypted, with one certificate (ECDSA, P-256) for all servers and what each"
                            + " of them agrees on with redis-benchmark by its own defaults.");
        }
        report.paragraph(String.format(Locale.ROOT, "Every server alike is loaded for %d s before the first cell and"
                + " for %.1f s before each (a JVM compiles in it); then %d rounds alternate between the servers,"
                + " %.1f s a run. Figures are the median and, in brackets, the least and the most of the rounds; ratios are taken round by round. No server"
                + " persists anything. p99.9 is the first percentile at or above it that redis-benchmark lists (99.902).",
                plan.warmUp().toSeconds(), plan.cellWarmUp().toMillis() / 1000.0, plan.rounds(),
                plan.perRun().toMillis() / 1000.0));
    }

    private void tell(String line) {
        tell(spec, line);
    }

    /** Progress goes to the error stream, so that the report alone can be redirected. */
    public static void tell(CommandSpec spec, String line) {
        PrintWriter err = spec.commandLine().getErr();
        err.println(line);
        err.flush();
    }

    public static void print(CommandSpec spec, String report, @Nullable Path copy) throws IOException {
        spec.commandLine().getOut().println(report);
        if (copy != null) {
            Files.writeString(copy, report);
        }
    }

    /** A node of ours, by the launcher that started this program. */
    static Peer cistern() {
        return Peer.cistern(System.getProperty("cistern.launcher", "./cistern"));
    }

    public static void delete(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
