package dev.cistern.store;

/**
 * Which stripe a key belongs to; fixed when the store is made.
 *
 * <p>
 * The same key must get the same stripe in every database. A cluster node gives the key's slot here, so that every
 * transaction that the protocol allows is a one-lock operation.
 */
@FunctionalInterface
public interface StripeFunction {

    /** By the hash's upper bits, which neither buckets (lower bits) nor tags (the eight below) use. */
    StripeFunction BY_HASH = (key, hash, stripes) -> (int) (((hash >>> 48) * stripes) >>> 16);

    /** By the key's slot, in a cluster: all keys of a slot lie in one stripe, and neighbouring slots in different ones. */
    StripeFunction BY_SLOT = (key, hash, stripes) -> (int) (hash >>> KeySlot.HASH_SHIFT) & stripes - 1;

    /** Returns a number from 0 to {@code stripes - 1}. */
    int stripeOf(Bytes key, long hash, int stripes);
}
