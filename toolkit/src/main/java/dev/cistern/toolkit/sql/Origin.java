package dev.cistern.toolkit.sql;

/**
 * Where a result came from: {@code resultSet.unwrap(Origin.class)}. A result that is no wrapper for this came straight
 * from the driver.
 */
public enum Origin {

    /** The database was asked, and its answer is in the cache now. */
    DATABASE,

    /** The database was not asked. */
    CACHE
}
