package dev.cistern.toolkit;

/** How a cache answered a read. */
public enum Outcome {

    /** From the cache, fresh. */
    HIT,

    /** From the cache: the loader said some time ago that there is no value. */
    ABSENT,

    /** From the cache, past its time; a refresh is on its way. */
    STALE,

    /** From the cache, past its time, because the loader failed. */
    STALE_ON_ERROR,

    /** Not in the cache. */
    MISS,

    /** The cache could not be asked; the loader was, as for a miss. */
    UNAVAILABLE,

    /** The caller wanted the source and not the cache. */
    SOURCE
}
