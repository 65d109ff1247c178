package dev.cistern.engine.memcached;

/** Under which condition data is stored; the name in lower case is what watchers are told. */
enum StoreMode {
    ADD, SET, REPLACE, APPEND, PREPEND,
    /** Only if the item has the number that the client gives. */
    CAS
}
