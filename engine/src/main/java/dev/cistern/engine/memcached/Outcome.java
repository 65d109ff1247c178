package dev.cistern.engine.memcached;

/** How an action on an item ended. */
enum Outcome {
    /** It was done. */
    DONE,
    /** The condition of an add, replace, append or prepend does not hold. */
    NOT_STORED,
    /** Somebody changed the item since the number was taken. */
    EXISTS,
    /** There is no such item. */
    NOT_FOUND,
    /** The item's value is no number. */
    NON_NUMERIC,
    /** The item would be larger than any may be. */
    TOO_LARGE,
    /** There is no memory, and nothing may be evicted. */
    NO_MEMORY
}
