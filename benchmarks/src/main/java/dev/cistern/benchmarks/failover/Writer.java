package dev.cistern.benchmarks.failover;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Writes keys that nobody else writes, one after the other, and keeps when each was acknowledged.
 *
 * <p>A key whose reply does not come, or is an error, is not written again: whether it is there says nothing. Its own thread
 * runs {@link #run}; the others look when it has ended.
 */
final class Writer implements Runnable {

    private static final int TIMEOUT_MILLIS = 1_000;
    private static final int RETRY_MILLIS = 2;

    private final String prefix;
    private final InetSocketAddress address;
    private final int waitReplicas;
    private final int pauseMillis;
    private volatile boolean isEnding;
    private volatile @Nullable Socket socket;
    private long[] ackedNanos = new long[1 << 16];
    private int[] ackedKeys = new int[1 << 16];
    private int acked;
    private volatile int ackedUntilNow;
    private int next;

    /**
     * @param waitReplicas  how many replicas must have a key before it counts as acknowledged
     * @param pauseMillis   for how long it rests after each
     */
    Writer(String prefix, InetSocketAddress address, int waitReplicas, int pauseMillis) {
        this.prefix = prefix;
        this.address = address;
        this.waitReplicas = waitReplicas;
        this.pauseMillis = pauseMillis;
    }

    @Override
    public void run() {
        while (!isEnding) {
            try (Socket connected = new Socket()) {
                connected.setTcpNoDelay(true);
                connected.setSoTimeout(TIMEOUT_MILLIS);
                connected.connect(address, TIMEOUT_MILLIS);
                socket = connected;
                write(connected, new Lines(connected.getInputStream()));
            } catch (IOException e) {
                rest(RETRY_MILLIS);
            }
        }
    }

    private static void rest(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(Socket connected, Lines replies) throws IOException {
        while (!isEnding) {
            int key = next++;
            connected.getOutputStream().write(request(key));
            boolean isAcked = replies.next().equals("+OK");
            if (waitReplicas > 0) {
                String count = replies.next();
                isAcked &= count.startsWith(":") && Integer.parseInt(count.substring(1)) >= waitReplicas;
            }
            if (isAcked) {
                note(key, System.nanoTime());
            }
            int pause = isAcked ? pauseMillis : RETRY_MILLIS;
            if (pause > 0) {
                rest(pause);
            }
        }
    }

    private byte[] request(int key) {
        String name = name(key);
        String text = "*3\r\n$3\r\nSET\r\n$" + name.length() + "\r\n" + name + "\r\n$1\r\n1\r\n";
        if (waitReplicas > 0) {
            text += "*3\r\n$4\r\nWAIT\r\n$1\r\n" + waitReplicas + "\r\n$3\r\n900\r\n";
        }
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private String name(int key) {
        return prefix + ":" + key;
    }

    private void note(int key, long nanos) {
        if (acked == ackedKeys.length) {
            ackedKeys = Arrays.copyOf(ackedKeys, 2 * acked);
            ackedNanos = Arrays.copyOf(ackedNanos, 2 * acked);
        }
        ackedKeys[acked] = key;
        ackedNanos[acked] = nanos;
        acked++;
        ackedUntilNow = acked;
    }

    /** How many are acknowledged by now; any thread. */
    int count() {
        return ackedUntilNow;
    }

    /** Has it end; any thread. */
    void end() throws IOException {
        isEnding = true;
        Socket present = socket;
        if (present != null) {
            present.close();
        }
    }

    /** When each was acknowledged, in order. */
    long[] times() {
        return Arrays.copyOf(ackedNanos, acked);
    }

    /** The keys that were acknowledged, in order. */
    String[] keys() {
        return Arrays.stream(ackedKeys, 0, acked).mapToObj(this::name).toArray(String[]::new);
    }
}
