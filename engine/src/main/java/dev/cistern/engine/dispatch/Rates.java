package dev.cistern.engine.dispatch;

/** Operations and bytes per second, over the last 16 samples; and the peak of memory. Written by one loop, read by any. */
public final class Rates {
    private static final int SAMPLES = 16;

    private final long[] nanos = new long[SAMPLES];
    private final long[] commands = new long[SAMPLES];
    private final long[] received = new long[SAMPLES];
    private final long[] sent = new long[SAMPLES];
    private int count;
    private long peakBytes;

    synchronized void sample(Node node) {
        int at = count++ % SAMPLES;
        nanos[at] = node.clock().nanos();
        commands[at] = node.executedCommands();
        received[at] = node.receivedBytes();
        sent[at] = node.sentBytes();
        notePeak(node.store().usedBytes());
    }

    /** The largest amount of memory seen so far, this one included. */
    public synchronized long notePeak(long usedBytes) {
        peakBytes = Math.max(peakBytes, usedBytes);
        return peakBytes;
    }

    public long commandsPerSecond() {
        return perSecond(commands);
    }

    public long receivedPerSecond() {
        return perSecond(received);
    }

    public long sentPerSecond() {
        return perSecond(sent);
    }

    private synchronized long perSecond(long[] values) {
        if (count < 2) {
            return 0;
        }
        int newest = (count - 1) % SAMPLES;
        int oldest = count > SAMPLES ? count % SAMPLES : 0;
        long elapsed = nanos[newest] - nanos[oldest];
        return elapsed <= 0 ? 0 : Math.max(0, values[newest] - values[oldest]) * 1_000_000_000L / elapsed;
    }

    public synchronized void reset() {
        count = 0;
    }
}
