package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * The program behind {@code ./cistern bench fragmentation}: how much memory lies between the data after small values have
 * gone at random and larger ones have come, how far that heals in a minute, and what the healing costs.
 *
 * <p>What a server takes at its start, a JVM above all, is taken off on both sides: the data of a small run would
 * otherwise be too small to see.
 */
// @formatter:off
@Command(name = "fragmentation", mixinStandardHelpOptions = true,
        description = "Fills a server with values of 64 bytes, deletes four of five at random, puts as many bytes in values "
                + "of 300, and watches resident memory, live bytes and processor time while nobody asks for anything.",
        footer = {"", "Examples:", "  cistern bench fragmentation", "  cistern bench fragmentation --keys 1000000 --seconds 30"})
// @formatter:on
final class Fragmentation implements Callable<Integer> {

    private static final int SMALL_BYTES = 64;
    private static final int LARGE_BYTES = 300;
    /** Of so many keys one stays. */
    private static final int STAYS_ONE_OF = 5;
    private static final double WANTED_RATIO = 1.15;
    private static final long SEED = 1;
    private static final int PROGRESS_SECONDS = 10;

    @Spec
    private CommandSpec spec;

    @Option(names = "--keys", defaultValue = "5000000", paramLabel = "N", description = "Of the small values (default ${DEFAULT-VALUE}).")
    private int keys;

    @Option(names = "--seconds", defaultValue = "60", paramLabel = "S", description = "Of watching (default ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the table there too.")
    private @Nullable Path markdown;

    @SuppressWarnings("NullAway.Init") // picocli fills the fields before call() runs
    Fragmentation() {}

    /** Resident memory and what the server counts as used. */
    private record Bytes(long resident, long live) {
        static Bytes of(RunningPeer server, PeerConnection admin) throws IOException {
            String header = admin.ask("INFO memory");
            String used = admin.readText(Integer.parseInt(header.substring(1))).lines()
                    .filter(line -> line.startsWith("used_memory:")).findFirst().orElseThrow();
            return new Bytes(server.usage().residentBytes(), Long.parseLong(used.substring(used.indexOf(':') + 1)));
        }

        Bytes since(Bytes start) {
            return new Bytes(resident - start.resident, live - start.live);
        }

        double ratio() {
            return (double) resident / live;
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        StringBuilder table = new StringBuilder(String.format(Locale.ROOT,
                "%,d values of %d bytes, of which four of five went at random for as many bytes in values of %d; then %d s "
                        + "without requests. Memory is what was taken since an empty start.%n%n"
                        + "| server | live MB | resident MB | ratio | after %d s | at most %.2f after | CPU share |%n"
                        + "|---|---:|---:|---:|---:|---:|---:|%n",
                keys, SMALL_BYTES, LARGE_BYTES, seconds, seconds, WANTED_RATIO));
        Path folder = Files.createTempDirectory("cistern-fragmentation");
        try {
            for (Peer peer : peers()) {
                Bench.tell(spec, peer.name());
                table.append(trial(peer, folder));
            }
        } finally {
            Bench.delete(folder);
        }
        Bench.print(spec, table.toString(), markdown);
        return CommandLine.ExitCode.OK;
    }

    private static List<Peer> peers() {
        List<Peer> peers = new ArrayList<>();
        if (Peer.isInstalled("redis-server")) {
            peers.add(Peer.redis());
        }
        peers.add(Bench.cistern());
        return peers;
    }

    private String trial(Peer peer, Path folder) throws IOException, InterruptedException {
        try (RunningPeer server = RunningPeer.start(peer, folder);
                Loader loader = Loader.connect(server);
                PeerConnection admin = new PeerConnection(server)) {
            churn(loader, keys / 10);
            loader.empty();
            Bytes start = Bytes.of(server, admin);
            churn(loader, keys);
            return watch(server, admin, start);
        }
    }

    private static void churn(Loader loader, int keys) throws IOException {
        loader.fill("key:", keys, SMALL_BYTES);
        SplittableRandom random = new SplittableRandom(SEED);
        int[] going = IntStream.range(0, keys).filter(_ -> random.nextInt(STAYS_ONE_OF) > 0).toArray();
        loader.send(going.length, i -> new String[]{"DEL", PeerConnection.key("key:", going[i])});
        loader.fill("new:", (int) ((long) going.length * SMALL_BYTES / LARGE_BYTES), LARGE_BYTES);
    }

    private String watch(RunningPeer server, PeerConnection admin, Bytes start)
            throws IOException, InterruptedException {
        Bytes first = Bytes.of(server, admin).since(start);
        Bytes now = first;
        long cpuMicros = server.usage().cpuMicros();
        int wantedAfter = first.ratio() <= WANTED_RATIO ? 0 : -1;
        for (int second = 1; second <= seconds; second++) {
            Thread.sleep(1000);
            now = Bytes.of(server, admin).since(start);
            if (wantedAfter < 0 && now.ratio() <= WANTED_RATIO) {
                wantedAfter = second;
            }
            if (second % PROGRESS_SECONDS == 0) {
                Bench.tell(spec, String.format(Locale.ROOT, "  %d s: %.3f", second, now.ratio()));
            }
        }
        double share = (server.usage().cpuMicros() - cpuMicros) / 1e4 / seconds;
        return String.format(Locale.ROOT, "| %s | %,d | %,d | %.2f | %.2f | %s | %.1f %% |%n", server.peer().name(),
                first.live >> 20, first.resident >> 20, first.ratio(), now.ratio(),
                wantedAfter < 0 ? "never" : wantedAfter + " s", share);
    }
}
