package dev.cistern.toolkit.backend;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.cistern.toolkit.Freshness;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A local copy of what was read from the servers, dropped the moment a server says that it changed.
 *
 * <p>It holds bytes, not objects: each reader gets its own value, and no two callers share one that either may change.
 * Decoding costs microseconds where the network costs tens of them.
 *
 * <p>The difficulty is a reply that overtakes its own invalidation on the way through our threads. Every read takes a
 * ticket first; an invalidation makes the tickets of its keys worthless, and only a valid ticket may store. {@link Freshness#PRIMARY} passes by the copies.
 */
public final class NearBackend implements Backend, InvalidationListener {

    private static final int TICKETS = 1 << 10;
    private static final long NOT_TRACKING = -1;

    private final Backend servers;
    private final Backend tracked;
    private final Cache<String, byte[]> copies;
    private final AtomicLongArray tickets = new AtomicLongArray(TICKETS);
    private volatile boolean tracking;

    public NearBackend(Backend servers, long maxEntries, Duration maxAge) {
        this.servers = servers;
        this.copies = Caffeine.newBuilder().maximumSize(maxEntries).expireAfterWrite(maxAge).build();
        this.tracked = servers.tracked(this);
    }

    @Override
    public CompletableFuture<byte[]> get(String key, Freshness freshness) {
        if (freshness == Freshness.PRIMARY) {
            return servers.get(key, freshness);
        }
        byte[] copy = copies.getIfPresent(key);
        if (copy != null) {
            return CompletableFuture.completedFuture(copy);
        }
        long ticket = ticketOf(key);
        return tracked.get(key, freshness).thenApply(value -> {
            keep(key, value, ticket);
            return value;
        });
    }

    @Override
    public CompletableFuture<Map<String, byte[]>> getAll(Collection<String> keys, Freshness freshness) {
        if (freshness == Freshness.PRIMARY) {
            return servers.getAll(keys, freshness);
        }
        Map<String, byte[]> found = new HashMap<>(copies.getAllPresent(keys));
        List<String> missing = new ArrayList<>();
        Map<String, Long> ticketsTaken = new HashMap<>();
        for (String key : keys) {
            if (!found.containsKey(key)) {
                missing.add(key);
                ticketsTaken.put(key, ticketOf(key));
            }
        }
        if (missing.isEmpty()) {
            return CompletableFuture.completedFuture(found);
        }
        return tracked.getAll(missing, freshness).thenApply(values -> {
            values.forEach((key, value) -> keep(key, value, ticketsTaken.getOrDefault(key, NOT_TRACKING)));
            found.putAll(values);
            return found;
        });
    }

    @Override
    public CompletableFuture<Void> set(String key, byte[] value, long ttlMillis) {
        return servers.set(key, value, ttlMillis).whenComplete((done, failure) -> changed(List.of(key)));
    }

    @Override
    public CompletableFuture<Boolean> add(String key, byte[] value, long ttlMillis) {
        return servers.add(key, value, ttlMillis).whenComplete((done, failure) -> changed(List.of(key)));
    }

    @Override
    public CompletableFuture<Void> delete(Collection<String> keys) {
        return servers.delete(keys).whenComplete((done, failure) -> changed(keys));
    }

    @Override
    public CompletableFuture<Boolean> deleteIfEquals(String key, byte[] expected) {
        return servers.deleteIfEquals(key, expected).whenComplete((done, failure) -> changed(List.of(key)));
    }

    @Override
    public void changed(Collection<String> keys) {
        for (String key : keys) {
            tickets.incrementAndGet(stripeOf(key));
            copies.invalidate(key);
        }
    }

    @Override
    public void lost() {
        tracking = false;
        spoilAllTickets();
        copies.invalidateAll();
    }

    @Override
    public void tracking() {
        // A read that was sent between connecting and this moment is not tracked, whatever ticket it took.
        spoilAllTickets();
        tracking = true;
    }

    @Override
    public void reconnect() {
        tracked.reconnect();
        servers.reconnect();
    }

    /** Closes the tracked connection; the servers belong to whoever gave them. */
    @Override
    public void close() {
        tracked.close();
    }

    /** How many copies are held, approximately. */
    public long size() {
        copies.cleanUp();
        return copies.estimatedSize();
    }

    private long ticketOf(String key) {
        return tracking ? tickets.get(stripeOf(key)) : NOT_TRACKING;
    }

    private void keep(String key, byte[] value, long ticket) {
        if (ticket == NOT_TRACKING || value.length == 0) {
            return;
        }
        // Inside the map's own lock on the key, which the invalidation takes after it spoilt the ticket: whichever
        // comes second sees the other.
        copies.asMap().compute(key, (same, old) -> tickets.get(stripeOf(key)) == ticket ? value : old);
    }

    private void spoilAllTickets() {
        for (int stripe = 0; stripe < TICKETS; stripe++) {
            tickets.incrementAndGet(stripe);
        }
    }

    private static int stripeOf(String key) {
        int hash = key.hashCode();
        return (hash ^ hash >>> 16) & (TICKETS - 1);
    }
}
