package dev.cistern.benchmarks.failover;

import org.jspecify.annotations.Nullable;

/** What a load asks of a library of this JVM: the library's own redirections, repetitions and limits of time. Any thread. */
interface ClusterClient extends AutoCloseable {

    void set(String key, String value);

    @Nullable
    String get(String key);

    /** Answers what the counter is by then. */
    long increment(String key);

    @Override
    void close();
}
