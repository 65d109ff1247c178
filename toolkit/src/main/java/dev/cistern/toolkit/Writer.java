package dev.cistern.toolkit;

/** Stores a value where it really lives, before the cache hears of it. */
@FunctionalInterface
public interface Writer<K, V> {

    /** Stores; an exception means that nothing was stored, and leaves the cache as it was. */
    void write(K key, V value) throws Exception;
}
