package dev.cistern.benchmarks.failover;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** One cut of the links of a fresh group's primary, and who acknowledged writes meanwhile. */
final class Partition {

    private static final int WARM_MILLIS = 2_000;
    private static final int FLAP_MILLIS = 1_000;
    private static final int KEYS_AT_A_TIME = 500;

    /** What was acknowledged beside one node. */
    private record Acks(List<Long> nanos, List<String> keys) {

        long first() {
            return nanos.isEmpty() ? Long.MAX_VALUE : nanos.getFirst();
        }

        long last() {
            return nanos.isEmpty() ? Long.MIN_VALUE : nanos.getLast();
        }
    }

    /**
     * What came of it.
     *
     * @param formerMillis  from the cut on, for how long the primary went on
     * @param otherMillis   from the cut on, when another one began; -1 for never
     * @param bothMillis    for how long two acknowledged
     * @param keptBytes     of writes that the others went on without: in a file of the former primary, as an event says
     * @param wholeMillis   from the end of the cut on, when all followed one primary again
     */
    record Outcome(long failovers, double formerMillis, double otherMillis, double bothMillis, long acked, long lost,
            long keptBytes, double wholeMillis) {}

    private final Networks networks;
    private final Stage stage;
    private final int seconds;
    private final int waitReplicas;
    private final int pauseMillis;

    /**
     * @param seconds       for how long links are cut
     * @param waitReplicas  how many replicas must have a key before it counts as acknowledged
     * @param pauseMillis   for how long writers rest after each key
     */
    Partition(Networks networks, Stage stage, int seconds, int waitReplicas, int pauseMillis) {
        this.networks = networks;
        this.stage = stage;
        this.seconds = seconds;
        this.waitReplicas = waitReplicas;
        this.pauseMillis = pauseMillis;
    }

    static String row(Cut cut, int run, Outcome outcome) {
        return String.format(Locale.ROOT, "| %s | %d | %d | %.0f | %.0f | %.0f | %,d | %,d | %,d | %.0f |%n",
                cut.title(),
                run, outcome.failovers, outcome.formerMillis, outcome.otherMillis, outcome.bothMillis, outcome.acked,
                outcome.lost, outcome.keptBytes, outcome.wholeMillis);
    }

    Outcome run(Cut cut) throws IOException, InterruptedException {
        stage.awaitWhole();
        awaitFollowing();
        List<Process> writers = new ArrayList<>();
        List<Acks> acks = new ArrayList<>();
        long cutNanos;
        long healedNanos;
        double wholeMillis;
        try {
            for (int node = 0; node < 3; node++) {
                writers.add(writer(node));
            }
            awaitBegun(writers.getFirst());
            Stage.pause(WARM_MILLIS);
            cutNanos = System.nanoTime();
            cutFor(cut);
            healedNanos = System.nanoTime();
            awaitFollowing();
            wholeMillis = (System.nanoTime() - healedNanos) / 1e6;
        } finally {
            for (Process writer : writers) {
                acks.add(end(writer));
            }
        }
        return outcome(acks, cutNanos, wholeMillis);
    }

    private void cutFor(Cut cut) throws IOException, InterruptedException {
        if (cut != Cut.FLAPPING) {
            cut.apply(networks, true);
            Stage.pause(TimeUnit.SECONDS.toMillis(seconds));
            cut.apply(networks, false);
            return;
        }
        for (long left = TimeUnit.SECONDS.toMillis(seconds); left > 0; left -= 2 * FLAP_MILLIS) {
            cut.apply(networks, true);
            Stage.pause(FLAP_MILLIS);
            cut.apply(networks, false);
            Stage.pause(FLAP_MILLIS);
        }
    }

    private static InetSocketAddress address(Stage stage, int node) {
        return new InetSocketAddress(Networks.address(node), stage.endpointOf(stage.memberNumber(node + 1)).port());
    }

    private Process writer(int node) throws IOException {
        InetSocketAddress address = address(stage, node);
        List<String> words = new ArrayList<>(Networks.at(node));
        words.addAll(List.of(ProcessHandle.current().info().command().orElse("java"), "-XX:+UseSerialGC", "-cp",
                System.getProperty("java.class.path"), LonelyWriter.class.getName(), address.getHostString(),
                Integer.toString(address.getPort()), "n" + node, Integer.toString(waitReplicas),
                Integer.toString(pauseMillis)));
        return new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    /** On a busy machine a JVM takes its time: nothing is cut before there is something to be missed. */
    private static void awaitBegun(Process writer) throws IOException {
        String line = writer.inputReader(StandardCharsets.US_ASCII).readLine();
        if (!LonelyWriter.BEGUN.equals(line)) {
            throw new IOException("the writer beside the primary ended before a write was acknowledged");
        }
    }

    private static Acks end(Process writer) throws IOException, InterruptedException {
        Acks acks = new Acks(new ArrayList<>(), new ArrayList<>());
        writer.getOutputStream().close();
        try (BufferedReader lines = writer.inputReader(StandardCharsets.US_ASCII)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.equals(LonelyWriter.BEGUN)) {
                    continue;
                }
                int blank = line.indexOf(' ');
                acks.nanos.add(Long.parseLong(line.substring(0, blank)));
                acks.keys.add(line.substring(blank + 1));
            }
        }
        writer.waitFor();
        return acks;
    }

    /** Waits until two nodes follow the third, as they say themselves. */
    private void awaitFollowing() {
        Stage.await("one primary and two that follow it", () -> {
            String roles = "";
            for (int node = 0; node < 3; node++) {
                roles += role(node);
            }
            return roles.replace("slave:up", "").equals("master");
        });
    }

    private String role(int node) {
        try (Socket socket = new Socket()) {
            socket.connect(address(stage, node), 500);
            socket.setSoTimeout(500);
            socket.getOutputStream().write("INFO replication\r\n".getBytes(StandardCharsets.US_ASCII));
            Lines lines = new Lines(socket.getInputStream());
            String role = "";
            for (String line = lines.next(); !line.isEmpty() || role.isEmpty(); line = lines.next()) {
                if (line.startsWith("role:")) {
                    role = line.substring("role:".length());
                    if (role.equals("master")) {
                        return role;
                    }
                } else if (line.startsWith("master_link_status:")) {
                    return role + ":" + line.substring("master_link_status:".length());
                }
            }
            return role;
        } catch (IOException e) {
            return "away";
        }
    }

    private Outcome outcome(List<Acks> acks, long cutNanos, double wholeMillis) throws IOException {
        Acks former = acks.getFirst();
        double both = 0;
        long other = Long.MAX_VALUE;
        for (int i = 0; i < acks.size(); i++) {
            for (int j = i + 1; j < acks.size(); j++) {
                long begin = Math.max(acks.get(i).first(), acks.get(j).first());
                long end = Math.min(acks.get(i).last(), acks.get(j).last());
                both = Math.max(both, end > begin && begin != Long.MAX_VALUE ? (end - begin) / 1e6 : 0);
            }
            other = i == 0 ? other : Math.min(other, acks.get(i).first());
        }
        return new Outcome(stage.failovers(), (former.last() - cutNanos) / 1e6,
                other == Long.MAX_VALUE ? -1 : (other - cutNanos) / 1e6, both,
                acks.stream().mapToLong(each -> each.keys.size()).sum(), lost(acks),
                stage.keptBytes(stage.memberNumber(1)), wholeMillis);
    }

    /** How many of the acknowledged keys the one primary does not have. */
    private long lost(List<Acks> acks) throws IOException {
        int primary = 0;
        while (!role(primary).equals("master")) {
            primary = (primary + 1) % 3;
        }
        long lost = 0;
        try (Socket socket = new Socket()) {
            socket.connect(address(stage, primary), 1_000);
            Lines replies = new Lines(socket.getInputStream());
            for (Acks each : acks) {
                for (int i = 0; i < each.keys.size(); i += KEYS_AT_A_TIME) {
                    List<String> some = each.keys.subList(i, Math.min(each.keys.size(), i + KEYS_AT_A_TIME));
                    socket.getOutputStream()
                            .write(("EXISTS " + String.join(" ", some) + "\r\n").getBytes(StandardCharsets.US_ASCII));
                    lost += some.size() - Long.parseLong(replies.next().substring(1));
                }
            }
        }
        return lost;
    }
}
