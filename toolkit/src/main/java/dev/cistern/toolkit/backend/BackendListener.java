package dev.cistern.toolkit.backend;

/** Hears how the servers fare. Called by network threads; must not block. */
public interface BackendListener {

    /** A call to {@code server} failed or took too long. */
    default void failed(String server, Throwable failure) {}

    /** The circuit breaker of {@code server} opened or closed. */
    default void breakerChanged(String server, Breaker.State state) {}

    /** So many invalidations could not be remembered for {@code server}; old values may live until they expire. */
    default void invalidationsLost(String server, int count) {}
}
