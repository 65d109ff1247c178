package dev.cistern.store;

/**
 * Told of every effect on the keyspaces, so that watching, tracking, notifications, replication and the append-only
 * file can be fed in one place.
 *
 * <p>
 * Called by the mutating thread while it holds the key's stripe (all stripes for the last two), but only while
 * {@link Store#listening} is on. Must be quick, must not throw, and must not change the store. The views are valid during
 * the call.
 */
public interface StoreListener {

    /** Hears nothing. The store recognises it and does not even prepare the call. */
    StoreListener NONE = new StoreListener() {};

    /**
     * {@code event} happened to {@code key}, after the change (NEW excepted, which comes before the value is written). A
     * change may tell several events: a SET with EX tells SET and EXPIRE.
     */
    default void keyChanged(int database, Bytes key, KeyEvent event) {}

    /** Somebody looked for {@code key} to read it, and it is not there. */
    default void keyMissed(int database, Bytes key) {}

    /**
     * An entry is about to go without having been asked to, EXPIRED or EVICTED; it can be read through {@code keyspace}
     * during the call. {@link #keyChanged} follows.
     */
    default void removing(Keyspace keyspace, long entry, KeyEvent event) {}

    /** A field's time is over, and nobody asked: it is about to go from the hash {@code key}. */
    default void fieldExpiring(int database, Bytes key, Bytes field) {}

    /** All keys of {@code database} are about to go. */
    default void databaseFlushing(int database) {}

    /** Two databases are about to change places. */
    default void databasesSwapping(int first, int second) {}
}
