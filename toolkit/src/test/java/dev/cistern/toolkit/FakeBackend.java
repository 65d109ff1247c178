package dev.cistern.toolkit;

import dev.cistern.toolkit.backend.Backend;
import dev.cistern.toolkit.backend.InvalidationListener;

import java.io.IOException;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** A server in a map, whose expiry follows a given clock, and which can be taken away. Counts round trips. */
public class FakeBackend implements Backend {

    private final InstantSource clock;
    private final Map<String, Stored> stored = new HashMap<>();
    private final List<InvalidationListener> trackers = new CopyOnWriteArrayList<>();
    public volatile boolean down;
    public volatile int roundTrips;
    public final AtomicInteger reconnects = new AtomicInteger();

    private record Stored(byte[] value, long expireAtMillis) {}

    public FakeBackend(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public CompletableFuture<byte[]> get(String key, Freshness freshness) {
        return answer(() -> live(key));
    }

    @Override
    public CompletableFuture<Map<String, byte[]>> getAll(Collection<String> keys, Freshness freshness) {
        return answer(() -> {
            Map<String, byte[]> found = new HashMap<>();
            for (String key : keys) {
                if (live(key).length > 0) {
                    found.put(key, live(key));
                }
            }
            return found;
        });
    }

    @Override
    public CompletableFuture<Void> set(String key, byte[] value, long ttlMillis) {
        return answer(() -> {
            stored.put(key, new Stored(value, ttlMillis == NO_EXPIRY ? Long.MAX_VALUE : clock.millis() + ttlMillis));
            trackers.forEach(tracker -> tracker.changed(List.of(key)));
            return null;
        });
    }

    @Override
    public CompletableFuture<Boolean> add(String key, byte[] value, long ttlMillis) {
        return answer(() -> {
            if (live(key).length > 0) {
                return false;
            }
            stored.put(key, new Stored(value, clock.millis() + ttlMillis));
            return true;
        });
    }

    @Override
    public CompletableFuture<Void> delete(Collection<String> keys) {
        return answer(() -> {
            keys.forEach(stored::remove);
            trackers.forEach(tracker -> tracker.changed(keys));
            return null;
        });
    }

    @Override
    public CompletableFuture<Boolean> deleteIfEquals(String key, byte[] expected) {
        return answer(() -> Arrays.equals(live(key), expected) && stored.remove(key) != null);
    }

    @Override
    public Backend tracked(InvalidationListener listener) {
        trackers.add(listener);
        listener.tracking();
        return this;
    }

    @Override
    public void reconnect() {
        reconnects.incrementAndGet();
    }

    @Override
    public void close() {}

    /** The key's remaining time, or -1 when it is not there. */
    public synchronized long ttlMillis(String key) {
        Stored entry = stored.get(key);
        return entry == null || live(key).length == 0 ? -1 : entry.expireAtMillis() - clock.millis();
    }

    public synchronized void putRaw(String key, byte[] value) {
        stored.put(key, new Stored(value, Long.MAX_VALUE));
    }

    public synchronized int size() {
        return stored.size();
    }

    private byte[] live(String key) {
        Stored entry = stored.get(key);
        return entry == null || entry.expireAtMillis() <= clock.millis() ? ABSENT : entry.value();
    }

    private synchronized <T> CompletableFuture<T> answer(Supplier<T> answer) {
        roundTrips++;
        return down
                ? CompletableFuture.failedFuture(new IOException("connection refused"))
                : CompletableFuture.completedFuture(answer.get());
    }
}
