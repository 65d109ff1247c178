package dev.cistern.store;

/**
 * What a store is made with.
 *
 * @param hashSeed
 *            secret of the hash; random in production, fixed in a test that wants to be repeated
 * @param databases
 *            how many databases there are, numbered from 0
 * @param stripes
 *            how many lockable parts; a power of two
 * @param stripeFunction
 *            which stripe a key belongs to
 * @param listener
 *            who hears of changes
 * @param addressSpaceBytes
 *            how many addresses to reserve for entries: a limit that no value may pass, not memory
 * @param homeBytes
 *            how large a collection is when it gets memory of its own, with which it can change its key uncopied
 */
public record StoreOptions(long hashSeed, int databases, int stripes, StripeFunction stripeFunction,
        StoreListener listener, long addressSpaceBytes, long homeBytes) {

    public static final int DATABASES = 16;

    /** Twice as many as the cores of a large machine, so that two event loops rarely meet. */
    public static final int STRIPES = 64;

    /** 1 TB: more than the largest node type holds; the reservation costs one call and no memory. */
    public static final long ADDRESS_SPACE_BYTES = 1L << 40;

    /** So many are copied in some milliseconds, and lose little to the spans that a home has begun. */
    public static final long HOME_BYTES = 1 << 20;

    public StoreOptions {
        if (databases < 1 || stripes < 1 || Integer.bitCount(stripes) != 1 || stripes > 1 << 14) {
            throw new IllegalArgumentException(
                    "databases " + databases + ", stripes " + stripes + " (a power of two up to 16,384)");
        }
    }

    /** The usual store, with this secret for its hash. */
    public static StoreOptions seeded(long hashSeed) {
        return new StoreOptions(hashSeed, DATABASES, STRIPES, StripeFunction.BY_HASH, StoreListener.NONE,
                ADDRESS_SPACE_BYTES, HOME_BYTES);
    }

    public StoreOptions withDatabases(int count) {
        return new StoreOptions(hashSeed, count, stripes, stripeFunction, listener, addressSpaceBytes, homeBytes);
    }

    public StoreOptions withStripes(int count) {
        return new StoreOptions(hashSeed, databases, count, stripeFunction, listener, addressSpaceBytes, homeBytes);
    }

    public StoreOptions withStripeFunction(StripeFunction function) {
        return new StoreOptions(hashSeed, databases, stripes, function, listener, addressSpaceBytes, homeBytes);
    }

    public StoreOptions withListener(StoreListener newListener) {
        return new StoreOptions(hashSeed, databases, stripes, stripeFunction, newListener, addressSpaceBytes,
                homeBytes);
    }

    public StoreOptions withAddressSpaceBytes(long bytes) {
        return new StoreOptions(hashSeed, databases, stripes, stripeFunction, listener, bytes, homeBytes);
    }

    public StoreOptions withHomeBytes(long bytes) {
        return new StoreOptions(hashSeed, databases, stripes, stripeFunction, listener, addressSpaceBytes, bytes);
    }
}
