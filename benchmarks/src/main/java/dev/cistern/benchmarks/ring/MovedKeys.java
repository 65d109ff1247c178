package dev.cistern.benchmarks.ring;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Prints which share of the keys changes its node when a cluster grows by one, by modulo and by the ring. A changed node is
 * a miss, so that is the share of the load that comes down on the database.
 *
 * <p>{@code java -cp ... dev.cistern.benchmarks.ring.MovedKeys [keys]}
 */
public final class MovedKeys {
    private static final int KEYS = 1_000_000;
    private static final int[] SIZES = {1, 2, 3, 4, 9, 19, 39};

    private MovedKeys() {}

    public static void main(String[] arguments) {
        int keys = arguments.length == 0 ? KEYS : Integer.parseInt(arguments[0]);
        print(keys, System.out);
    }

    private static void print(int keys, PrintStream out) {
        out.printf(Locale.ROOT, "%,d keys; moved when a node is added:%n", keys);
        out.println("nodes      modulo  ketama  least possible");
        for (int size : SIZES) {
            out.printf(Locale.ROOT, "%2d -> %2d  %5.1f %%  %5.1f %%  %5.1f %%%n", size, size + 1,
                    100 * movedShare(new Modulo(), size, keys), 100 * movedShare(new Ketama(), size, keys),
                    100.0 / (size + 1));
        }
    }

    /** The share of the keys whose node is another one once there is one more. */
    static double movedShare(Placement placement, int nodes, int keys) {
        Placement.Choice before = placement.among(nodes);
        Placement.Choice after = placement.among(nodes + 1);
        int moved = 0;
        for (int i = 0; i < keys; i++) {
            byte[] key = ("user:" + i).getBytes(StandardCharsets.US_ASCII);
            if (before.nodeOf(key) != after.nodeOf(key)) {
                moved++;
            }
        }
        return (double) moved / keys;
    }
}
