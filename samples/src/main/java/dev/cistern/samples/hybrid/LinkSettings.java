package dev.cistern.samples.hybrid;

/**
 * How far away the database is.
 *
 * @param latencyMillis   how long a byte travels there, and as long back
 * @param kilobitsPerSecond what the line carries in each direction; 0 for as much as there is
 */
public record LinkSettings(int latencyMillis, int kilobitsPerSecond) {

    /** A database in another town behind an old line. */
    public static final LinkSettings FAR = new LinkSettings(25, 8_000);

    /** Next door. */
    public static final LinkSettings NONE = new LinkSettings(0, 0);

    private static final int MOST_LATENCY_MILLIS = 2_000;
    private static final int LEAST_KILOBITS = 64;
    private static final int MOST_KILOBITS = 10_000_000;

    public LinkSettings {
        if (latencyMillis < 0 || latencyMillis > MOST_LATENCY_MILLIS) {
            throw new IllegalArgumentException("a latency is 0 to " + MOST_LATENCY_MILLIS + " ms: " + latencyMillis);
        }
        if (kilobitsPerSecond != 0 && (kilobitsPerSecond < LEAST_KILOBITS || kilobitsPerSecond > MOST_KILOBITS)) {
            throw new IllegalArgumentException("a bandwidth is " + LEAST_KILOBITS + " to " + MOST_KILOBITS
                    + " kbit/s, or 0 for no limit: " + kilobitsPerSecond);
        }
    }

    long latencyNanos() {
        return latencyMillis * 1_000_000L;
    }

    /** How long {@code bytes} occupy the line. */
    long transmissionNanos(int bytes) {
        return kilobitsPerSecond == 0 ? 0 : bytes * 8_000_000L / kilobitsPerSecond;
    }
}
