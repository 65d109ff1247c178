package dev.cistern.toolkit;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A cache on servers outside this JVM, used like a local one.
 *
 * <p>When the servers are down every read is a miss and every write is forgotten, within the kit's time limit; no
 * exception about it reaches the caller unless the kit was built with {@code failWhenCacheDown()}. Exceptions of
 * loaders and writers do.
 *
 * <p>Blocking methods load on the caller's thread; their asynchronous twins on the kit's executor.
 */
public interface Cache<K, V> {

    /** The cache's name. */
    String name();

    /** The value if it is cached, without loading. */
    @Nullable
    V getIfPresent(K key);

    /**
     * The value from the cache, or else from {@code loader}, which then is stored. Callers that miss the same key at
     * the same time share one load.
     */
    @Nullable
    V get(K key, Loader<? super K, ? extends V> loader);

    /**
     * The values of {@code keys}: those that are cached in one round trip per server, the rest in one call of
     * {@code loader}. Keys without a value are not in the map.
     */
    Map<K, V> getAll(Collection<? extends K> keys, BulkLoader<K, V> loader);

    /** Stores a value; with a writer, in the store behind first and here only if that went well. */
    void put(K key, V value);

    /** Forgets a key; the next read loads. When in doubt, do this. */
    void invalidate(K key);

    /** Forgets keys. */
    void invalidateAll(Collection<? extends K> keys);

    /** Twin of {@link #getIfPresent}. */
    CompletableFuture<@Nullable V> getIfPresentAsync(K key);

    /** Twin of {@link #get(Object, Loader)}. */
    CompletableFuture<@Nullable V> getAsync(K key, Loader<? super K, ? extends V> loader);

    /** Twin of {@link #getAll(Collection, BulkLoader)}. */
    CompletableFuture<Map<K, V>> getAllAsync(Collection<? extends K> keys, BulkLoader<K, V> loader);

    /** Twin of {@link #put}. */
    CompletableFuture<Void> putAsync(K key, V value);

    /** Twin of {@link #invalidate}. */
    CompletableFuture<Void> invalidateAsync(K key);

    /** This cache for readers who need another freshness: {@code cache.reading(PRIMARY).get(key, loader)}. */
    Cache<K, V> reading(Freshness freshness);
}
