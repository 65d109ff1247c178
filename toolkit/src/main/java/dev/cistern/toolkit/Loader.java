package dev.cistern.toolkit;

import org.jspecify.annotations.Nullable;

/** Fetches the value of one key from where it really lives: a database, a service, a computation. */
@FunctionalInterface
public interface Loader<K, V> {

    /** The value, or null when there is none. */
    @Nullable
    V load(K key) throws Exception;
}
