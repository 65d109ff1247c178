package dev.cistern.benchmarks.sidebyside;

import dev.cistern.benchmarks.sidebyside.MemcachedCell.Request;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The program behind {@code ./cistern bench memcached}: memcached with two threads and a Memcached node of ours with two
 * event loops, both running, loaded in turns; then what an item costs in memory.
 */
// @formatter:off
@Command(name = "memcached", mixinStandardHelpOptions = true,
        description = "Loads memcached -t 2 and a Memcached node of Cistern in turns, by the text protocol, and prints "
                + "throughput, server CPU per request, latency and memory per item.",
        footer = {"", "Needs memcached (Debian/Ubuntu: apt install memcached).", "",
                "Examples:",
                "  cistern bench memcached",
                "  cistern bench memcached --tests get,set --sizes 64 --rounds 9 --memory-keys 0"})
// @formatter:on
final class MemcachedBench implements Callable<Integer> {

    private static final int[] MEMORY_VALUES = {16, 64, 300};

    @Spec
    private CommandSpec spec;

    @Option(names = "--tests", split = ",", defaultValue = "get,set,mget,mixed", paramLabel = "TEST", converter = OfName.class, description = "Of get, set, mget (10 keys at a time), mixed (9 gets to a set) (default ${DEFAULT-VALUE}).")
    private List<Request> tests;

    @Option(names = "--sizes", split = ",", defaultValue = "64,1024", paramLabel = "BYTES", description = "Bytes of a value (default ${DEFAULT-VALUE}).")
    private List<Integer> sizes;

    @Option(names = "--pipelines", split = ",", defaultValue = "1,16", paramLabel = "N", description = "Requests at a time on one connection (default ${DEFAULT-VALUE}).")
    private List<Integer> pipelines;

    @Option(names = "--rounds", defaultValue = "7", paramLabel = "N", description = "Runs of each server in each cell (default ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--connections", defaultValue = "50", paramLabel = "N", description = "Connections of the client (default ${DEFAULT-VALUE}).")
    private int connections;

    @Option(names = "--keys", defaultValue = "100000", paramLabel = "N", description = "Keys that the load goes to, at random (default ${DEFAULT-VALUE}).")
    private int keys;

    @Option(names = "--seconds", defaultValue = "1", paramLabel = "S", description = "Time of one run (default ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(names = "--warmup-seconds", defaultValue = "10", paramLabel = "S", description = "Load for every server before the first cell (default ${DEFAULT-VALUE}).")
    private int warmUpSeconds;

    @Option(names = "--memory-keys", defaultValue = "1000000", paramLabel = "N", description = "Keys of the memory trial, 0 leaves it out (default ${DEFAULT-VALUE}).")
    private int memoryKeys;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the report there too.")
    private @Nullable Path markdown;

    /** Names of requests in lower case. */
    static final class OfName implements CommandLine.ITypeConverter<Request> {
        @Override
        public Request convert(String name) {
            return Request.valueOf(name.toUpperCase(Locale.ROOT));
        }
    }

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    MemcachedBench() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (!Peer.isInstalled("memcached")) {
            throw new IOException("memcached is needed and not on the PATH. Do: apt install memcached");
        }
        Path folder = Files.createTempDirectory("cistern-bench");
        try {
            Report report = measure(folder);
            spec.commandLine().getOut().println(report);
            if (markdown != null) {
                Files.writeString(markdown, report.toString());
            }
            return CommandLine.ExitCode.OK;
        } finally {
            Bench.delete(folder);
        }
    }

    private Report measure(Path folder) throws IOException, InterruptedException {
        Peer theirs = Peer.memcached(Peer.MUCH_MEGABYTES);
        Peer ours = Peer.cisternMemcached(System.getProperty("cistern.launcher", "./cistern"), Peer.MUCH_MEGABYTES);
        Report report = new Report(ours.name(), theirs.name(), List.of(theirs.name(), ours.name()));
        introduce(report);
        try (RunningPeer one = RunningPeer.start(theirs, folder); RunningPeer other = RunningPeer.start(ours, folder)) {
            report.speed(compare(List.of(one, other)));
        }
        List<MemoryTrial> trials = new ArrayList<>();
        for (int valueBytes : memoryKeys == 0 ? new int[0] : MEMORY_VALUES) {
            Shape shape = Shape.strings(memoryKeys, valueBytes);
            for (Peer peer : List.of(theirs, ours)) {
                tell("memory of " + peer.name() + ", values of " + valueBytes + " B");
                trials.add(MemoryTrial.of(peer, shape, folder));
            }
        }
        report.memory(trials);
        return report;
    }

    private void introduce(Report report) {
        report.paragraph("Command line: `./cistern bench "
                + String.join(" ", spec.root().commandLine().getParseResult().originalArgs()) + "`");
        report.paragraph("Machine: " + Machine.describe());
        report.paragraph(String.format(Locale.ROOT,
                "Peer: %s with two threads. Client: one thread, %d connections, %,d keys"
                        + " of 16 bytes, text protocol, on the same CPUs. Every server is loaded for %d s before the"
                        + " first cell; then %d rounds alternate between the servers, %.1f s a run. Figures are the median and, in"
                        + " brackets, the least and the most of the rounds; ratios are taken round by round. A multiget of 10 keys"
                        + " is one request.",
                Machine.version("memcached", "--version"), connections, keys, warmUpSeconds, rounds, seconds));
    }

    private Map<MemcachedCell, Map<String, List<Sample>>> compare(List<RunningPeer> servers) throws IOException {
        List<MemcachedLoad> loads = new ArrayList<>();
        try {
            for (RunningPeer server : servers) {
                loads.add(new MemcachedLoad(server, connections, keys));
            }
            Map<MemcachedCell, Map<String, List<Sample>>> results = new LinkedHashMap<>();
            boolean isWarm = false;
            for (int size : sizes) {
                fill(servers, size);
                for (MemcachedCell cell : cells(size)) {
                    for (MemcachedLoad load : loads) {
                        load.run(cell, isWarm ? perRun() : Duration.ofSeconds(warmUpSeconds));
                    }
                    isWarm = true;
                    tell(cell.toString());
                    results.put(cell, rounds(cell, servers, loads));
                }
            }
            return results;
        } finally {
            for (MemcachedLoad load : loads) {
                load.close();
            }
        }
    }

    private void fill(List<RunningPeer> servers, int valueBytes) throws IOException {
        for (RunningPeer server : servers) {
            try (Loader loader = Loader.connect(server)) {
                loader.empty();
                loader.fill("key:", keys, valueBytes);
            }
        }
    }

    private List<MemcachedCell> cells(int valueBytes) {
        List<MemcachedCell> cells = new ArrayList<>();
        for (Request test : tests) {
            for (int pipeline : pipelines) {
                cells.add(new MemcachedCell(test, valueBytes, pipeline));
            }
        }
        return cells;
    }

    private Map<String, List<Sample>> rounds(MemcachedCell cell, List<RunningPeer> servers, List<MemcachedLoad> loads)
            throws IOException {
        Map<String, List<Sample>> samples = new LinkedHashMap<>();
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < servers.size(); i++) {
                samples.computeIfAbsent(servers.get(i).peer().name(), _ -> new ArrayList<>())
                        .add(loads.get(i).run(cell, perRun()));
            }
        }
        return samples;
    }

    private Duration perRun() {
        return Duration.ofMillis((long) (seconds * 1000));
    }

    private void tell(String line) {
        PrintWriter err = spec.commandLine().getErr();
        err.println(line);
        err.flush();
    }
}
