package dev.cistern.store;

/**
 * Told of every effect on the keyspaces, so that watching, tracking, notifications, replication and the append-only
 * file can be fed in one place.
 *
 * <p>
 * Called by the mutating thread while it holds the key's stripe (all stripes for the last two), after the change. Must
 * be quick, must not throw, and must not call back into the store. The views are valid during the call.
 */
public interface StoreListener {

    /** Hears nothing. The store recognises it and does not even prepare the call. */
    StoreListener NONE = new StoreListener() {};

    /** {@code event} happened to {@code key}. A change may tell several events: a SET with EX tells SET and EXPIRE. */
    default void keyChanged(int database, Bytes key, KeyEvent event) {}

    /** All keys of {@code database} are gone. */
    default void databaseFlushed(int database) {}

    /** Two databases changed places. */
    default void databasesSwapped(int first, int second) {}
}
