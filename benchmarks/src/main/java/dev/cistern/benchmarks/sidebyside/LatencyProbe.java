package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A client that asks for one key again and again, one request at a time, and keeps how long each answer took: what other
 * users of a server notice of the work that one of them gives it. On a thread of its own until closed.
 */
final class LatencyProbe implements AutoCloseable {

    static final String KEY = "probe";
    /** Some minutes at the best rate that a loopback allows; later answers only count for the maximum. */
    private static final int MAX_SAMPLES = 20_000_000;

    private final PeerConnection connection;
    private final Thread thread;
    private volatile boolean isOver;
    private volatile @Nullable IOException failure;
    private float[] millis = new float[1 << 16];
    private int count;
    private double mostMillis;

    /** What a probe saw. */
    record Latencies(long answers, double p50Millis, double p999Millis, double mostMillis) {}

    LatencyProbe(RunningPeer server) throws IOException {
        connection = new PeerConnection(server);
        thread = Thread.ofPlatform().name("probe").start(this::ask);
    }

    private void ask() {
        StringBuilder request = new StringBuilder();
        connection.appendGet(request, KEY);
        String text = request.toString();
        try {
            while (!isOver) {
                long start = System.nanoTime();
                connection.send(text);
                connection.readReply();
                keep((System.nanoTime() - start) / 1e6);
            }
        } catch (IOException e) {
            failure = e;
        }
    }

    private void keep(double took) {
        mostMillis = Math.max(mostMillis, took);
        if (count == millis.length && count < MAX_SAMPLES) {
            millis = Arrays.copyOf(millis, Math.min(MAX_SAMPLES, 2 * count));
        }
        if (count < millis.length) {
            millis[count++] = (float) took;
        }
    }

    /** Ends the probe and tells what it saw. */
    Latencies end() throws IOException, InterruptedException {
        isOver = true;
        thread.join();
        if (failure != null) {
            throw failure;
        }
        Arrays.sort(millis, 0, count);
        return new Latencies(count, at(0.5), at(0.999), mostMillis);
    }

    private double at(double share) {
        return count == 0 ? 0 : millis[(int) Math.min(count - 1, Math.round(share * count))];
    }

    @Override
    public void close() throws IOException {
        isOver = true;
        connection.close();
    }
}
