package dev.cistern.toolkit;

import dev.cistern.toolkit.backend.Backend;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;

/**
 * The right to load a key, held by one of all JVMs for a short while. Whoever dies with it loses it by time. A lease is
 * a key on the servers that holds its owner's token.
 *
 * <p>It is a courtesy to the database and not a lock: when the servers do not answer, everybody may load.
 */
final class Leases {

    private final Backend backend;
    private final String keyPrefix;
    private final long leaseMillis;

    Leases(Backend backend, String keyPrefix, long leaseMillis) {
        this.backend = backend;
        this.keyPrefix = keyPrefix;
        this.leaseMillis = leaseMillis;
    }

    /** A lease that was granted, or pretended because the servers are away. */
    record Lease(String key, byte[] token, boolean isReal) {}

    /** The lease on {@code key}, or empty while somebody else has it. */
    Optional<Lease> tryTake(String key) {
        byte[] token = UUID.randomUUID().toString().getBytes(StandardCharsets.UTF_8);
        String leaseKey = keyPrefix + key;
        try {
            boolean granted = backend.add(leaseKey, token, leaseMillis).join();
            return granted ? Optional.of(new Lease(leaseKey, token, true)) : Optional.empty();
        } catch (CompletionException e) {
            return Optional.of(new Lease(leaseKey, token, false));
        }
    }

    /** Whether it is still held: neither run out nor taken back by an invalidation. */
    boolean isHeld(Lease lease) {
        try {
            return !lease.isReal()
                    || Arrays.equals(backend.get(lease.key(), Freshness.PRIMARY).join(), lease.token());
        } catch (CompletionException e) {
            return false;
        }
    }

    void release(Lease lease) {
        if (lease.isReal()) {
            var unused = backend.deleteIfEquals(lease.key(), lease.token());
        }
    }

    /** The server's key of the lease on {@code key}, for whoever wants to take it back. */
    List<String> keysFor(List<String> keys) {
        return keys.stream().map(key -> keyPrefix + key).toList();
    }
}
