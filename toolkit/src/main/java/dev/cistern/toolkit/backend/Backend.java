package dev.cistern.toolkit.backend;

import dev.cistern.toolkit.Freshness;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The cache servers, as the few verbs that every kind of them has.
 *
 * <p>A failed future means the servers could not be asked. "Not there" is an answer: {@link #ABSENT}, or no entry in a
 * map. Stored values are never empty.
 */
public interface Backend extends AutoCloseable {

    /** The answer for a key that is not there. */
    byte[] ABSENT = {};

    /** A time to live that never ends. */
    long NO_EXPIRY = 0;

    /** Reads one key. */
    CompletableFuture<byte[]> get(String key, Freshness freshness);

    /** Reads many keys in one round trip per server; the map holds those that are there. */
    CompletableFuture<Map<String, byte[]>> getAll(Collection<String> keys, Freshness freshness);

    /** Stores a value; {@code ttlMillis} may be {@link #NO_EXPIRY}. */
    CompletableFuture<Void> set(String key, byte[] value, long ttlMillis);

    /** Stores a value where none is; answers whether it did. */
    CompletableFuture<Boolean> add(String key, byte[] value, long ttlMillis);

    /** Deletes keys, those that are not there included. */
    CompletableFuture<Void> delete(Collection<String> keys);

    /** Deletes a key while it still holds {@code expected}; answers whether it did. */
    CompletableFuture<Boolean> deleteIfEquals(String key, byte[] expected);

    /**
     * A view on the same servers whose reads are tracked: when a key that was read through it changes, the server says
     * so to {@code listener}.
     *
     * @throws UnsupportedOperationException if these servers cannot do that
     */
    default Backend tracked(InvalidationListener listener) {
        throw new UnsupportedOperationException(
                "A near cache needs servers that announce changes: Redis or Valkey 6 and newer, without cluster mode");
    }

    /**
     * Drops the connections, so that the next call opens new ones and asks DNS again. Called when the servers stopped
     * answering: after a node was replaced, its old socket can stay silent for minutes without an error.
     */
    void reconnect();

    @Override
    void close();
}
