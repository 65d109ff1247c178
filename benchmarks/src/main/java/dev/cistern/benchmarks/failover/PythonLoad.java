package dev.cistern.benchmarks.failover;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import redis.clients.jedis.HostAndPort;

/** The load by redis-py, in a process of its own, which answers {@code span} and {@code end} with a line. */
final class PythonLoad implements ClusterLoad {

    private static final String SCRIPT = "load-redis-py.py";

    private final Process process;
    private final BufferedReader out;
    private final BufferedWriter in;
    private final List<String> failures = new ArrayList<>();
    private long spanNanos = System.nanoTime();

    static boolean isPossible() {
        try {
            return new ProcessBuilder("python3", "-c", "import redis.cluster").redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
        } catch (IOException absent) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    PythonLoad(String name, HostAndPort cluster, int threads, int pauseMillis) {
        try (InputStream script = PythonLoad.class.getResourceAsStream(SCRIPT)) {
            String text = new String(Objects.requireNonNull(script).readAllBytes(), StandardCharsets.UTF_8);
            process = new ProcessBuilder("python3", "-c", text, cluster.getHost(), "" + cluster.getPort(), name,
                    "" + threads, "" + pauseMillis, "" + COUNTERS).redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        out = process.inputReader(StandardCharsets.UTF_8);
        in = process.outputWriter(StandardCharsets.UTF_8);
    }

    /** The numbers that it answers to a word. */
    private double[] ask(String word) throws IOException {
        in.write(word + "\n");
        in.flush();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith(word + " ")) {
                return List.of(line.substring(word.length() + 1).split(" ")).stream()
                        .mapToDouble(Double::parseDouble).toArray();
            }
            failures.add(line);
        }
        throw new EOFException("redis-py has ended: " + failures);
    }

    @Override
    public Span span() throws IOException {
        double[] answer = ask("span");
        long now = System.nanoTime();
        Span span = new Span((long) answer[0], (now - spanNanos) / 1e9, answer[1]);
        spanNanos = now;
        return span;
    }

    @Override
    public Verdict end() throws IOException, InterruptedException {
        double[] answer = ask("end");
        process.waitFor();
        return new Verdict((long) answer[0], (long) answer[1], (long) answer[2], (long) answer[3],
                (long) answer[4], failures);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
