package dev.cistern.benchmarks.sidebyside;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A client that asks for one key again and again, one request at a time, and keeps how long each answer took: what other
 * users of a server notice of the work that one of them gives it.
 *
 * <p>A process of its own ({@link ProbeProcess}), without garbage collection, so that it sees the server's pauses and none
 * of this program's.
 */
final class LatencyProbe implements AutoCloseable {

    private final Process process;
    private final BufferedReader said;

    /** What a probe saw. */
    record Latencies(long answers, double p50Millis, double p999Millis, double mostMillis) {

        /** As {@link ProbeProcess} says it. */
        static Latencies read(String line) throws IOException {
            String[] words = line.split(" ", -1);
            if (words.length != 4) {
                throw new IOException("the probe failed: " + line);
            }
            return new Latencies(Long.parseLong(words[0]), Double.parseDouble(words[1]), Double.parseDouble(words[2]),
                    Double.parseDouble(words[3]));
        }
    }

    /** Returns when the probe has warmed up; what it sees counts from now on. */
    LatencyProbe(RunningPeer server) throws IOException {
        process = new ProcessBuilder(List.of(ProcessHandle.current().info().command().orElse("java"),
                "-XX:+UnlockExperimentalVMOptions", "-XX:+UseEpsilonGC", "-Xms64m", "-Xmx4g", "-cp",
                System.getProperty("java.class.path"), ProbeProcess.class.getName(),
                Integer.toString(server.port()))).redirectErrorStream(true).start();
        said = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
        String ready = said.readLine();
        if (!ProbeProcess.READY.equals(ready)) {
            process.destroyForcibly();
            throw new IOException("the probe failed: " + ready);
        }
    }

    /** Ends the probe and tells what it saw. */
    Latencies end() throws IOException, InterruptedException {
        process.getOutputStream().close();
        Latencies seen = Latencies.read(String.valueOf(said.readLine()));
        process.waitFor();
        return seen;
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        said.close();
    }
}
