package dev.cistern.benchmarks.sidebyside;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntSupplier;

/**
 * A sequence of keys that a cache is asked for, the same each time it is played: numbers below {@link #KEYS}. Shapes
 * that the literature on replacement judges by; every cache of the comparison sees the very same ones.
 *
 * @param name
 *            as in the table
 * @param player
 *            gives, for a seed and the number of items that the trace shall be hard for, the keys one by one
 */
record Trace(String name, Player player) {

    /** Keys that there are. */
    static final int KEYS = 1_000_000;

    private static final int HOT_SHARE_PERCENT = 90;

    /** Makes the sequence of one trace. */
    interface Player {
        IntSupplier play(long seed, int items);
    }

    static Trace[] all() {
        return new Trace[]{zipf(0.8), zipf(0.99), zipf(1.2), new Trace("scan through a hot set", Trace::scan),
                new Trace("shifting hot set", Trace::shift), new Trace("loop of 1.1 times the cache", Trace::loop)};
    }

    private static Trace zipf(double exponent) {
        return new Trace("zipf " + exponent, (seed, _) -> {
            double[] sums = zipfSums(KEYS, exponent);
            SplittableRandom random = new SplittableRandom(seed);
            return () -> scattered(draw(sums, random));
        });
    }

    /** Half the cache is hot; now and then somebody reads twice the cache once through, as a backup or a report does. */
    private static IntSupplier scan(long seed, int items) {
        double[] sums = zipfSums(items / 2, 0.6);
        SplittableRandom random = new SplittableRandom(seed);
        int period = 6 * items;
        int[] step = {0, items};
        return () -> {
            int at = step[0]++ % period;
            if (at < period - 2 * items) {
                return draw(sums, random);
            }
            step[1] = step[1] + 1 < KEYS ? step[1] + 1 : items;
            return step[1];
        };
    }

    /** Nine of ten requests go to a window of half the cache, which moves on by a tenth of itself again and again. */
    private static IntSupplier shift(long seed, int items) {
        SplittableRandom random = new SplittableRandom(seed);
        int window = items / 2;
        int[] step = {0};
        return () -> {
            int start = (int) ((long) (step[0]++ / window) * (window / 10) % (KEYS - window));
            return random.nextInt(100) < HOT_SHARE_PERCENT ? start + random.nextInt(window) : random.nextInt(KEYS);
        };
    }

    private static IntSupplier loop(long seed, int items) {
        int length = items + items / 10;
        int[] step = {(int) (seed % length)};
        return () -> step[0]++ % length;
    }

    /** The ranks' weights summed up, to be searched by a number between 0 and the last. */
    private static double[] zipfSums(int keys, double exponent) {
        double[] sums = new double[keys];
        double sum = 0;
        for (int i = 0; i < keys; i++) {
            sum += Math.pow(i + 1, -exponent);
            sums[i] = sum;
        }
        return sums;
    }

    private static int draw(double[] sums, SplittableRandom random) {
        int at = Arrays.binarySearch(sums, random.nextDouble() * sums[sums.length - 1]);
        return Math.min(at < 0 ? -at - 1 : at, sums.length - 1);
    }

    /** A key for a rank, so that neighbours in rank are no neighbours in name; one to one, as the factor is odd. */
    private static int scattered(int rank) {
        return (int) (rank * 387_420_489L % KEYS);
    }
}
