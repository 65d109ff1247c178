package dev.cistern.toolkit;

import dev.cistern.toolkit.backend.Backend;

import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.stream.StreamSupport;

/** What all caches of a kit share. Time, randomness and threads come from here and from nowhere else. */
record KitParts(Backend backend, String prefix, InstantSource clock, Supplier<? extends RandomGenerator> random,
        Executor executor, CacheListener listener, boolean failWhenCacheDown) {

    /** The server's key that holds the version of {@code name} among {@code kind}. */
    String versionKey(String kind, String name) {
        return Keys.text(prefix + "~", kind, name);
    }

    List<String> versionKeys(String kind, Iterable<String> names) {
        return StreamSupport.stream(names.spliterator(), false).map(name -> versionKey(kind, name))
                .toList();
    }

    /** The same kit over another view of its servers. */
    KitParts over(Backend other) {
        return new KitParts(other, prefix, clock, random, executor, listener, failWhenCacheDown);
    }

    /** Waits for a write. Its failure has been told to the listener; the caller hears of it only in a strict kit. */
    void settle(CompletableFuture<?> write) {
        try {
            write.join();
        } catch (CompletionException e) {
            if (failWhenCacheDown) {
                throw unavailable(e);
            }
        }
    }

    CompletableFuture<Void> settled(CompletableFuture<?> write) {
        return write.handle((done, failure) -> {
            if (failure != null && failWhenCacheDown) {
                throw unavailable(failure);
            }
            return null;
        });
    }

    static CacheUnavailableException unavailable(Throwable failure) {
        Throwable cause = failure instanceof CompletionException && failure.getCause() != null
                ? failure.getCause()
                : failure;
        return cause instanceof CacheUnavailableException known
                ? known
                : new CacheUnavailableException("the cache did not answer: " + cause.getMessage(), cause);
    }
}
