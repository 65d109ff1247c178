package dev.cistern.toolkit.spring;

import dev.cistern.toolkit.Cache;
import dev.cistern.toolkit.LoadException;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.cache.support.AbstractValueAdaptingCache;

/**
 * One of Spring's caches on one of the toolkit's. With {@code @Cacheable(sync = true)} a missing key is loaded once;
 * without it Spring asks, calls the method and puts, and nobody can know of two callers that they want the same.
 */
final class KitCache extends AbstractValueAdaptingCache {

    private final String name;
    private final Cache<Object, Object> cache;
    private final Runnable clear;

    KitCache(String name, Cache<Object, Object> cache, Runnable clear) {
        super(true);
        this.name = name;
        this.cache = cache;
        this.clear = clear;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public Object getNativeCache() {
        return cache;
    }

    @Override
    protected @Nullable Object lookup(Object key) {
        return cache.getIfPresent(key);
    }

    @Override
    @SuppressWarnings("unchecked") // the cache's codec makes what the annotated method returns
    public <T> @Nullable T get(Object key, Callable<T> valueLoader) {
        try {
            return (T) fromStoreValue(cache.get(key, missing -> loaded(valueLoader)));
        } catch (LoadException e) {
            throw e.getCause() instanceof Failed failed
                    ? new ValueRetrievalException(key, valueLoader, failed
                            .getCause())
                    : e;
        }
    }

    /** A loader's own failure, told apart from ours. */
    private static final class Failed extends Exception {

        private static final long serialVersionUID = 1L;

        Failed(Throwable cause) {
            super(cause);
        }
    }

    private Object loaded(Callable<?> valueLoader) throws Failed {
        try {
            return toStoreValue(valueLoader.call());
        } catch (Exception e) {
            throw new Failed(e);
        }
    }

    @Override
    public CompletableFuture<?> retrieve(Object key) {
        return cache.getIfPresentAsync(key).thenApply(value -> value == null ? null : toValueWrapper(value));
    }

    @Override
    @SuppressWarnings("unchecked") // as in get
    public <T> CompletableFuture<T> retrieve(Object key, Supplier<CompletableFuture<T>> valueLoader) {
        return cache.getAsync(key, missing -> toStoreValue(valueLoader.get().join())).thenApply(
                value -> (T) fromStoreValue(value));
    }

    @Override
    public void put(Object key, @Nullable Object value) {
        cache.put(key, toStoreValue(value));
    }

    @Override
    public void evict(Object key) {
        cache.invalidate(key);
    }

    @Override
    public void clear() {
        clear.run();
    }
}
