package dev.cistern.lua;

/**
 * The 48-bit linear congruential generator of {@code lrand48}, taken modulo 2^31 - 1, as scripts of the original see it:
 * the same seed gives the same numbers there and here, on every machine.
 */
public final class Drand48 implements LuaRandom {
    private static final long MULTIPLIER = 0x5DEECE66DL;
    private static final long INCREMENT = 0xB;
    private static final long MASK = (1L << 48) - 1;
    private static final int LOW_SEED = 0x330E;

    /** Before any seed it stands where the C library starts. */
    private long x = 0x1234_ABCD_330EL;

    @Override
    public double next() {
        x = (x * MULTIPLIER + INCREMENT) & MASK;
        return (double) ((x >>> 17) % Integer.MAX_VALUE) / Integer.MAX_VALUE;
    }

    @Override
    public void seed(int seed) {
        x = (seed & 0xffff_ffffL) << 16 | LOW_SEED;
    }
}
