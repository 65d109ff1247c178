package dev.cistern.toolkit.backend;

/** Puts a time limit and a circuit breaker around one server; each server has its own. */
@FunctionalInterface
public interface Guard {

    /** The guarded form of {@code server}, called {@code name} in events. */
    GuardedBackend around(String name, Backend server);
}
