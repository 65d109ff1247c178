package dev.cistern.toolkit;

import java.util.Map;
import java.util.Set;

/** Fetches many values at once; keys that have none are left out of the map. */
@FunctionalInterface
public interface BulkLoader<K, V> {

    /** The values of those keys that have one. */
    Map<K, V> load(Set<K> keys) throws Exception;
}
