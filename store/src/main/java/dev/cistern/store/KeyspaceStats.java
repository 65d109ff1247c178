package dev.cistern.store;

/** What keyspaces count. Written by one thread, read by any: a reader may see a figure that is a moment old. */
public final class KeyspaceStats {

    long hits;
    long misses;
    long expired;
    long expiredFields;
    long evicted;
    long dirty;

    void add(KeyspaceStats other) {
        hits += other.hits;
        misses += other.misses;
        expired += other.expired;
        expiredFields += other.expiredFields;
        evicted += other.evicted;
        dirty += other.dirty;
    }

    /** Reads that found their key. */
    public long hits() {
        return hits;
    }

    /** Reads that did not. */
    public long misses() {
        return misses;
    }

    /** Keys deleted because their time was over. */
    public long expired() {
        return expired;
    }

    /** Fields of hashes deleted because their time was over. */
    public long expiredFields() {
        return expiredFields;
    }

    /** Keys deleted to make room. */
    public long evicted() {
        return evicted;
    }

    /** Changes of the data, as the original counts them for its saving rules. */
    public long dirty() {
        return dirty;
    }
}
