package dev.cistern.toolkit;

import java.util.random.RandomGenerator;

/**
 * Spreads expiry, so that what was stored together does not expire together. A spread is a share of the time to live
 * or a number of milliseconds, and goes both ways or upward only.
 */
record Jitter(double share, long spreadMillis, boolean upwardOnly) {

    static final Jitter NONE = new Jitter(0, 0, true);

    static Jitter ofShare(double share, boolean upwardOnly) {
        if (!(share >= 0) || share > 1) {
            throw new IllegalArgumentException("a jitter is a share from 0 to 1: " + share);
        }
        return new Jitter(share, 0, upwardOnly);
    }

    static Jitter ofMillis(long spreadMillis, boolean upwardOnly) {
        if (spreadMillis < 0) {
            throw new IllegalArgumentException("a jitter is not negative: " + spreadMillis + " ms");
        }
        return new Jitter(0, spreadMillis, upwardOnly);
    }

    /** {@code ttlMillis} moved within the spread, each millisecond as likely as the other; at least 1. */
    long applyTo(long ttlMillis, RandomGenerator random) {
        long spread = spreadMillis + Math.round(ttlMillis * share);
        if (spread == 0) {
            return ttlMillis;
        }
        long low = upwardOnly ? 0 : -spread;
        return Math.max(1, ttlMillis + random.nextLong(low, spread + 1));
    }
}
