package dev.cistern.engine.dispatch;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How often and how long each command ran on one loop.
 *
 * <p>Written by that loop alone, with plain stores; others add up what they see, which may be a moment old. Indexed by
 * {@link Command#number}.
 */
public final class CommandStatistics {
    /** Durations are counted in classes of an eighth of an octave, from 1 ns to 2 minutes. */
    private static final int CLASSES_PER_OCTAVE = 8;
    private static final int OCTAVES = 37;
    static final int CLASSES = CLASSES_PER_OCTAVE * OCTAVES;

    private final long[] calls;
    private final long[] nanos;
    private final long[] rejected;
    private final long[] failed;
    private final long[] @Nullable [] durations;

    CommandStatistics(int commands) {
        calls = new long[commands];
        nanos = new long[commands];
        rejected = new long[commands];
        failed = new long[commands];
        durations = new long[commands][];
    }

    void ran(Command command, long count, long elapsedNanos, boolean withHistogram) {
        int number = command.number();
        calls[number] += count;
        nanos[number] += elapsedNanos;
        if (withHistogram) {
            count(number, count, elapsedNanos / count);
        }
    }

    private void count(int number, long count, long nanosEach) {
        long[] histogram = durations[number];
        if (histogram == null) {
            histogram = new long[CLASSES];
            durations[number] = histogram;
        }
        histogram[classOf(nanosEach)] += count;
    }

    static int classOf(long nanos) {
        long value = Math.max(1, nanos);
        int octave = Long.SIZE - 1 - Long.numberOfLeadingZeros(value);
        int part = octave >= 3
                ? (int) (value >>> (octave - 3)) & (CLASSES_PER_OCTAVE - 1)
                : (int) (value << (3 - octave)) & (CLASSES_PER_OCTAVE - 1);
        return Math.min(CLASSES - 1, octave * CLASSES_PER_OCTAVE + part);
    }

    /** The longest duration that falls into the class. */
    public static long upperNanos(int durationClass) {
        int octave = durationClass / CLASSES_PER_OCTAVE;
        long part = durationClass % CLASSES_PER_OCTAVE;
        return (long) ((1L << octave) * (1 + (part + 1) / (double) CLASSES_PER_OCTAVE));
    }

    public void rejected(Command command) {
        rejected[command.number()]++;
    }

    public void failed(Command command) {
        failed[command.number()]++;
    }

    public long calls(Command command) {
        return calls[command.number()];
    }

    public long nanos(Command command) {
        return nanos[command.number()];
    }

    public long rejections(Command command) {
        return rejected[command.number()];
    }

    public long failures(Command command) {
        return failed[command.number()];
    }

    /** Adds this loop's durations of the command to the sum, class by class. */
    public void addDurations(Command command, long[] sum) {
        long[] histogram = durations[command.number()];
        for (int i = 0; histogram != null && i < CLASSES; i++) {
            sum[i] += histogram[i];
        }
    }

    /** Forgets the durations of one command. */
    void resetDurations(Command command) {
        durations[command.number()] = null;
    }

    void reset() {
        Arrays.fill(calls, 0);
        Arrays.fill(nanos, 0);
        Arrays.fill(rejected, 0);
        Arrays.fill(failed, 0);
        Arrays.fill(durations, null);
    }
}
