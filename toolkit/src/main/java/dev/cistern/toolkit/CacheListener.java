package dev.cistern.toolkit;

import dev.cistern.toolkit.backend.BackendListener;

import org.jspecify.annotations.Nullable;

/**
 * Hears what caches do. Called by the thread that does it, network threads among them: it must neither block nor
 * throw.
 */
public interface CacheListener extends BackendListener {

    /** Listens to nothing. */
    CacheListener NONE = new CacheListener() {};

    /** A read of {@code cache} was answered. */
    default void onGet(String cache, Outcome outcome) {}

    /** A loader ran so long; {@code failure} is what it threw. */
    default void onLoad(String cache, long nanos, @Nullable Throwable failure) {}

    /** A value was put by the application, or a key invalidated. */
    default void onWrite(String cache) {}
}
