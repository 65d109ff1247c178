package dev.cistern.toolkit;

import dev.cistern.toolkit.backend.Backend;
import dev.cistern.toolkit.codec.Envelope;

import java.util.random.RandomGenerator;

/**
 * For how long a cache believes what it holds.
 *
 * <pre>
 *   written      refreshAhead × ttl        ttl          ttl + stale           gone from the server
 *      |---- FRESH ------|----- AGING ------|--- STALE ----|--- FALLBACK ---|
 *                         (refresh starts)   (serve, and     (only when the
 *                                             refresh)        loader fails)
 * </pre>
 *
 * All times in milliseconds; {@code ttlMillis} may be {@link Backend#NO_EXPIRY}.
 */
record CachePolicy(long ttlMillis, Jitter jitter, long staleWhileRevalidateMillis, long staleIfErrorMillis,
        long absentMillis, double refreshAhead, long leaseMillis, int schema, int compressFromBytes) {

    /** What an entry is good for at some moment. */
    enum Age {
        /** Answers. */
        FRESH,
        /** Answers, and is refreshed in the background before its time is over. */
        AGING,
        /** Its time is over: answers once more while it is refreshed in the background. */
        STALE,
        /** Answers only if the loader fails. */
        FALLBACK,
        /** Good for nothing, or not there. */
        GONE
    }

    /** How long a value that is written now counts as fresh. */
    long freshMillis(boolean absent, RandomGenerator random) {
        long wanted = absent ? absentMillis : ttlMillis;
        return wanted == Backend.NO_EXPIRY ? Backend.NO_EXPIRY : jitter.applyTo(wanted, random);
    }

    /** How long the server must keep it. */
    long keptMillis(boolean absent, long freshMillis) {
        if (freshMillis == Backend.NO_EXPIRY || absent) {
            return freshMillis;
        }
        return freshMillis + Math.max(staleWhileRevalidateMillis, staleIfErrorMillis);
    }

    Age ageOf(Envelope envelope, long nowMillis) {
        long age = nowMillis - envelope.writtenAtMillis();
        long fresh = envelope.freshMillis();
        if (fresh == Backend.NO_EXPIRY || age < fresh * refreshAhead) {
            return Age.FRESH;
        }
        if (age < fresh) {
            return envelope.absent() ? Age.FRESH : Age.AGING;
        }
        if (envelope.absent() || age >= fresh + Math.max(staleWhileRevalidateMillis, staleIfErrorMillis)) {
            return Age.GONE;
        }
        return age < fresh + staleWhileRevalidateMillis ? Age.STALE : Age.FALLBACK;
    }
}
