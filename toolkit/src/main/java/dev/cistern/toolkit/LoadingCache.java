package dev.cistern.toolkit;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A cache that knows its loader. */
public interface LoadingCache<K, V> extends Cache<K, V> {

    /** The value from the cache, or else from the cache's loader. */
    @Nullable
    V get(K key);

    /** The values of {@code keys}, loading those that are missing. */
    Map<K, V> getAll(Collection<? extends K> keys);

    /** Twin of {@link #get(Object)}. */
    CompletableFuture<@Nullable V> getAsync(K key);

    /** Loads the value anew on the kit's executor, unless that is happening already; readers meanwhile get the old. */
    CompletableFuture<@Nullable V> refresh(K key);

    @Override
    LoadingCache<K, V> reading(Freshness freshness);
}
