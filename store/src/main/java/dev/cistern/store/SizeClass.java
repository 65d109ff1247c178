package dev.cistern.store;

/**
 * The slot sizes of an {@link Arena}: every 8 bytes up to 128, then eight per doubling, so that a slot is at most 12.5 %
 * larger than what lies in it; up to 64 KB.
 *
 * <pre>
 *   class   0   1 ...  15 |  16   17 ...  23 |  24 ... 31 | ... |     80 ...    87
 *   bytes   8  16 ... 128 | 144  160 ... 256 | 288 .. 512 | ... | 36,864 .. 65,536
 * </pre>
 */
final class SizeClass {

    static final int FINE_STEP_SHIFT = 3;
    static final int FINE_MAX_SHIFT = 7;
    static final int PER_DOUBLING_SHIFT = 3;
    static final int MAX_SHIFT = 16;

    static final int FINE_CLASSES = 1 << (FINE_MAX_SHIFT - FINE_STEP_SHIFT);
    static final int COUNT = FINE_CLASSES + ((MAX_SHIFT - FINE_MAX_SHIFT) << PER_DOUBLING_SHIFT);
    static final int MAX_BYTES = 1 << MAX_SHIFT;

    private static final int FINE_MAX_BYTES = 1 << FINE_MAX_SHIFT;
    private static final int PER_DOUBLING_MASK = (1 << PER_DOUBLING_SHIFT) - 1;

    private SizeClass() {}

    /** The smallest class whose slots hold {@code bytes}, from 1 to {@link #MAX_BYTES}. */
    static int of(int bytes) {
        int last = bytes - 1;
        if (bytes <= FINE_MAX_BYTES) {
            return last >>> FINE_STEP_SHIFT;
        }
        int doubling = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(last);
        int step = last >>> (doubling - PER_DOUBLING_SHIFT) & PER_DOUBLING_MASK;
        return FINE_CLASSES + ((doubling - FINE_MAX_SHIFT) << PER_DOUBLING_SHIFT) + step;
    }

    static int slotBytes(int sizeClass) {
        if (sizeClass < FINE_CLASSES) {
            return (sizeClass + 1) << FINE_STEP_SHIFT;
        }
        int coarse = sizeClass - FINE_CLASSES;
        int doubling = FINE_MAX_SHIFT + (coarse >>> PER_DOUBLING_SHIFT);
        int step = (coarse & PER_DOUBLING_MASK) + 1;
        return (1 << doubling) + (step << (doubling - PER_DOUBLING_SHIFT));
    }
}
