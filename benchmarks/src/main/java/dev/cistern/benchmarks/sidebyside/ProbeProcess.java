package dev.cistern.benchmarks.sidebyside;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * The process behind {@link LatencyProbe}: asks a RESP server on the loopback for a key that is not there until its input
 * ends, then prints how many answers came, and the median, the 99.9th percentile and the most of their times in
 * milliseconds. Allocates nothing while it asks.
 */
final class ProbeProcess {

    static final String READY = "ready";
    private static final byte[] REQUEST = "*2\r\n$3\r\nGET\r\n$5\r\nprobe\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int ANSWER_WITHIN_MILLIS = 120_000;
    private static final int WARM_UP_REQUESTS = 20_000;
    /** Some minutes at the best rate that a loopback allows; later answers only count for the maximum. */
    private static final int MAX_SAMPLES = 20_000_000;

    private final OutputStream out;
    private final InputStream in;
    private final byte[] answer = new byte[64];
    private final float[] millis = new float[MAX_SAMPLES];
    private long answers;
    private double mostMillis;
    private volatile boolean isOver;

    private ProbeProcess(Socket socket) throws IOException {
        out = socket.getOutputStream();
        in = socket.getInputStream();
    }

    public static void main(String[] words) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(words[0]))) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(ANSWER_WITHIN_MILLIS);
            new ProbeProcess(socket).run();
        }
    }

    private void run() throws IOException {
        for (int i = 0; i < WARM_UP_REQUESTS; i++) {
            keep(ask());
        }
        answers = 0;
        mostMillis = 0;
        Thread.ofPlatform().daemon().start(this::awaitEndOfInput);
        System.out.println(READY);
        while (!isOver) {
            keep(ask());
        }
        int kept = (int) Math.min(answers, MAX_SAMPLES);
        Arrays.sort(millis, 0, kept);
        System.out.printf(Locale.ROOT, "%d %f %f %f%n", answers, at(0.5, kept), at(0.999, kept), mostMillis);
    }

    private void awaitEndOfInput() {
        try {
            while (System.in.read() >= 0) {
                // Nobody has anything to say.
            }
        } catch (IOException e) {
            // That is an end too.
        }
        isOver = true;
    }

    /** How many milliseconds an answer took. */
    private double ask() throws IOException {
        long start = System.nanoTime();
        out.write(REQUEST);
        int length = 0;
        do {
            int read = in.read(answer, length, answer.length - length);
            if (read < 0) {
                throw new IOException("the server closed the connection");
            }
            length += read;
        } while (length < 2 || answer[length - 1] != '\n');
        double took = (System.nanoTime() - start) / 1e6;
        if (answer[0] != '$' || answer[1] != '-') {
            throw new IOException("the server answered: " + new String(answer, 0, length, StandardCharsets.US_ASCII));
        }
        return took;
    }

    private void keep(double took) {
        mostMillis = Math.max(mostMillis, took);
        if (answers < MAX_SAMPLES) {
            millis[(int) answers] = (float) took;
        }
        answers++;
    }

    private double at(double share, int kept) {
        return kept == 0 ? 0 : millis[(int) Math.min(kept - 1, Math.round(share * kept))];
    }
}
