package dev.cistern.store;

/**
 * How an entry counts its uses in the 24 bits that otherwise say when it was used last: few bits, so the counter grows
 * with the logarithm of the uses, by chance, and sinks with time.
 *
 * <pre>
 *   bits   0 ..  7   counter, 0 to 255
 *          8 .. 23   minutes at which it was last brought up to date, modulo 2^16
 * </pre>
 *
 * The chances are the original's, so that a figure of OBJECT FREQ means the same: a counter {@code c} grows with
 * probability {@code 1 / ((c - 5) * logFactor + 1)}, and loses one for every {@code decayMinutes} that passed.
 *
 * @param logFactor
 *            how much harder each further step is; 0 counts every use
 * @param decayMinutes
 *            how long an unused key keeps a count; 0 never sinks
 */
public record UseCounting(int logFactor, int decayMinutes) {

    /** A new key begins here: were it 0, it would be evicted before it could be used again. */
    static final int INITIAL = 5;
    static final int MAX = 255;

    private static final int COUNTER_BITS = 8;
    private static final int MINUTES_MASK = 0xFFFF;
    private static final long MILLIS_PER_MINUTE = 60_000;

    /** The original's defaults. */
    public static final UseCounting DEFAULT = new UseCounting(10, 1);

    /** The field of a key that is new at {@code nowMillis}. */
    int initial(long nowMillis) {
        return counted(INITIAL, nowMillis);
    }

    /** The field of a key that has this count at {@code nowMillis}. */
    int counted(int counter, long nowMillis) {
        return minutes(nowMillis) << COUNTER_BITS | counter;
    }

    private static int minutes(long nowMillis) {
        return (int) (nowMillis / MILLIS_PER_MINUTE) & MINUTES_MASK;
    }

    /** The counter as it is by {@code nowMillis}. */
    int counter(int field, long nowMillis) {
        int counter = field & MAX;
        if (decayMinutes == 0) {
            return counter;
        }
        return Math.max(0, counter - idleMinutes(field, nowMillis) / decayMinutes);
    }

    /** Minutes since the field was brought up to date. */
    static int idleMinutes(int field, long nowMillis) {
        return minutes(nowMillis) - (field >>> COUNTER_BITS) & MINUTES_MASK;
    }

    /** The field after one use; {@code randomBits} decide whether it counts. */
    int used(int field, long nowMillis, long randomBits) {
        int counter = counter(field, nowMillis);
        if (counter < MAX) {
            int above = Math.max(0, counter - INITIAL);
            double chance = 1.0 / ((double) above * logFactor + 1);
            if ((randomBits >>> 11) * 0x1.0p-53 < chance) {
                counter++;
            }
        }
        return counted(counter, nowMillis);
    }
}
