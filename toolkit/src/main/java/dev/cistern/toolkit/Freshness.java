package dev.cistern.toolkit;

/** How fresh a reader needs its answer, said per call: {@code cache.reading(Freshness.PRIMARY).get(key)}. */
public enum Freshness {

    /** A replica may answer, perhaps some milliseconds behind. */
    REPLICA_OK,

    /** Only the primary answers: what was last put is what is read. */
    PRIMARY,

    /**
     * The cache is not asked at all: the loader answers, and its answer is stored for the others. For the price at
     * checkout.
     */
    SOURCE
}
