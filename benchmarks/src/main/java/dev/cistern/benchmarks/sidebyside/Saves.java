package dev.cistern.benchmarks.sidebyside;

import dev.cistern.benchmarks.sidebyside.LatencyProbe.Latencies;
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
 * The program behind {@code ./cistern bench save}: what clients notice of a BGSAVE, and what memory it takes, while half of
 * what they ask for are writes. The servers take turns, each round a fresh one.
 */
// @formatter:off
@Command(name = "save", mixinStandardHelpOptions = true,
        description = "Fills a server, puts it under load of which half are writes, and compares throughput, latency and "
                + "memory before and during a BGSAVE.",
        footer = {"", "Examples:", "  cistern bench save", "  cistern bench save --keys 100000 --rounds 1 --seconds 3"})
// @formatter:on
final class Saves implements Callable<Integer> {

    private static final long SAMPLE_MILLIS = 100;

    @Spec
    private CommandSpec spec;

    @Option(names = "--keys", defaultValue = "950000", paramLabel = "N", description = "Of 1,000 bytes each; the default is about 1 GB (default ${DEFAULT-VALUE}).")
    private int keys;

    @Option(names = "--rounds", defaultValue = "3", paramLabel = "N", description = "Runs of each server (default ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--seconds", defaultValue = "10", paramLabel = "S", description = "Of load before the BGSAVE (default ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--connections", defaultValue = "4", paramLabel = "N", description = "Of the load, eight requests at a time on each (default ${DEFAULT-VALUE}).")
    private int connections;

    @Option(names = "--saves", defaultValue = "2", paramLabel = "N", description = "Of each server, one after the other under the same load; the last one counts, so that a JVM has compiled what it runs (default ${DEFAULT-VALUE}).")
    private int saves;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the table there too.")
    private @Nullable Path markdown;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    Saves() {}

    /** One stretch of load: requests a second, what the probe saw, and the most memory. */
    private record Stretch(double seconds, double rate, Latencies seen, long mostBytes) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        StringBuilder table = new StringBuilder(String.format(Locale.ROOT,
                "%,d keys of 1,000 bytes; load on %d connections, half of it writes. A GET on a connection of its own, in "
                        + "milliseconds; memory of the process and what it forks.%n%n"
                        + "| server | save s | requests/s before | during | loss | GET p99.9 before | during | most before "
                        + "| during | MB before | most during | more |%n"
                        + "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|%n",
                keys, connections));
        for (int round = 1; round <= rounds; round++) {
            for (Peer peer : peers()) {
                Bench.tell(spec, "round " + round + ": " + peer.name());
                table.append(trial(peer));
            }
        }
        Bench.print(spec, table.toString(), markdown);
        return CommandLine.ExitCode.OK;
    }

    private static List<Peer> peers() {
        List<Peer> peers = new ArrayList<>();
        if (Peer.isInstalled("redis-server")) {
            peers.add(Peer.redis());
        }
        Peer ours = Bench.cistern();
        peers.add(new Peer(ours.name(), ours.protocol(), port -> {
            List<String> words = new ArrayList<>(ours.commandLine().apply(port));
            words.addAll(List.of("--dir", "."));
            return words;
        }));
        return peers;
    }

    private String trial(Peer peer) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("cistern-save");
        try (RunningPeer server = RunningPeer.start(peer, folder);
                Loader loader = Loader.connect(server);
                PeerConnection admin = new PeerConnection(server)) {
            loader.fill("key:", keys, MixedLoad.VALUE_BYTES);
            try (MixedLoad load = new MixedLoad(server, connections, keys)) {
                Thread.sleep(seconds * 500L);
                for (int save = 1; save < saves; save++) {
                    save(admin);
                }
                long end = System.nanoTime() + seconds * 1_000_000_000L;
                Stretch before = stretch(server, load, () -> System.nanoTime() < end);
                begin(admin);
                Stretch during = stretch(server, load, () -> isSaving(admin));
                load.requireAlive();
                return row(peer.name(), before, during);
            }
        } finally {
            Bench.delete(folder);
        }
    }

    private static void save(PeerConnection admin) throws IOException, InterruptedException {
        begin(admin);
        while (isSaving(admin)) {
            Thread.sleep(SAMPLE_MILLIS);
        }
    }

    private static void begin(PeerConnection admin) throws IOException {
        admin.expect("+Background saving started", "BGSAVE");
    }

    private interface Going {
        boolean on() throws IOException;
    }

    private static Stretch stretch(RunningPeer server, MixedLoad load, Going going)
            throws IOException, InterruptedException {
        long most = 0;
        long requests = load.requests();
        long began = System.nanoTime();
        try (LatencyProbe probe = new LatencyProbe(server)) {
            while (going.on()) {
                most = Math.max(most, server.usage().proportionalBytesOfAll());
                Thread.sleep(SAMPLE_MILLIS);
            }
            double took = (System.nanoTime() - began) / 1e9;
            return new Stretch(took, (load.requests() - requests) / took, probe.end(), most);
        }
    }

    private static boolean isSaving(PeerConnection admin) throws IOException {
        String header = admin.ask("INFO persistence");
        return admin.readText(Integer.parseInt(header.substring(1))).contains("rdb_bgsave_in_progress:1");
    }

    private static String row(String name, Stretch before, Stretch during) {
        return String.format(Locale.ROOT,
                "| %s | %.1f | %,.0f | %,.0f | %.1f %% | %.2f | %.2f | %.1f | %.1f | %,d | %,d | %.1f %% |%n", name,
                during.seconds, before.rate, during.rate, 100 - 100 * during.rate / before.rate,
                before.seen.p999Millis(), during.seen.p999Millis(), before.seen.mostMillis(), during.seen.mostMillis(),
                before.mostBytes >> 20, during.mostBytes >> 20, 100.0 * during.mostBytes / before.mostBytes - 100);
    }
}
