package dev.cistern.toolkit.backend;

import dev.cistern.toolkit.CacheUnavailableException;
import dev.cistern.toolkit.Freshness;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Several stand-alone servers as one, each key on the server where the ketama ring puts it: Memcached nodes, or
 * groups of Redis or Valkey that know nothing of each other.
 *
 * <p>A server that is down keeps its part of the ring: its keys are misses until it is back. Moving them to a neighbour
 * would leave old values behind for the day they move home. The ring is replaced as a whole and read without locks.
 */
public class ShardedBackend implements Backend {

    private volatile Map<String, Backend> servers = Map.of();
    private volatile KetamaRing<Backend> ring = KetamaRing.of(Map.of());

    /** Over {@code servers} by ring name, {@code host:port}. */
    public ShardedBackend(Map<String, ? extends Backend> servers) {
        replaceServers(servers);
    }

    /** Takes another membership; servers that left it are not closed here, for calls may be under way. */
    public final void replaceServers(Map<String, ? extends Backend> members) {
        servers = new LinkedHashMap<>(members);
        ring = KetamaRing.of(servers);
    }

    /** The members by ring name. */
    public Map<String, Backend> servers() {
        return Map.copyOf(servers);
    }

    @Override
    public CompletableFuture<byte[]> get(String key, Freshness freshness) {
        return at(key, server -> server.get(key, freshness));
    }

    @Override
    public CompletableFuture<Map<String, byte[]>> getAll(Collection<String> keys, Freshness freshness) {
        Map<String, byte[]> found = new HashMap<>();
        List<CompletableFuture<Map<String, byte[]>>> parts = perServer(keys,
                (server, mine) -> server.getAll(mine, freshness));
        return allOrNone(parts).thenApply(nothing -> {
            for (CompletableFuture<Map<String, byte[]>> part : parts) {
                // The servers that answered are worth more than an error: the other keys are misses.
                if (!part.isCompletedExceptionally()) {
                    found.putAll(part.join());
                }
            }
            return found;
        });
    }

    @Override
    public CompletableFuture<Void> set(String key, byte[] value, long ttlMillis) {
        return at(key, server -> server.set(key, value, ttlMillis));
    }

    @Override
    public CompletableFuture<Boolean> add(String key, byte[] value, long ttlMillis) {
        return at(key, server -> server.add(key, value, ttlMillis));
    }

    @Override
    public CompletableFuture<Void> delete(Collection<String> keys) {
        return CompletableFuture.allOf(perServer(keys, Backend::delete).toArray(CompletableFuture[]::new));
    }

    @Override
    public CompletableFuture<Boolean> deleteIfEquals(String key, byte[] expected) {
        return at(key, server -> server.deleteIfEquals(key, expected));
    }

    /** For a fixed membership only; servers that change theirs, Memcached's, do not track. */
    @Override
    public Backend tracked(InvalidationListener listener) {
        Map<String, Backend> tracked = new LinkedHashMap<>();
        servers.forEach((name, server) -> tracked.put(name, server.tracked(listener)));
        return new ShardedBackend(tracked);
    }

    @Override
    public void reconnect() {
        servers.values().forEach(Backend::reconnect);
    }

    @Override
    public void close() {
        servers.values().forEach(Backend::close);
    }

    private <T> CompletableFuture<T> at(String key, Function<Backend, CompletableFuture<T>> call) {
        KetamaRing<Backend> now = ring;
        return now.size() == 0 ? noServers() : call.apply(now.nodeOf(key));
    }

    private static <T> CompletableFuture<T> noServers() {
        return CompletableFuture.failedFuture(new CacheUnavailableException("no server is known yet"));
    }

    private <T> List<CompletableFuture<T>> perServer(Collection<String> keys,
            BiFunction<Backend, List<String>, CompletableFuture<T>> call) {
        KetamaRing<Backend> now = ring;
        if (now.size() == 0) {
            return List.of(noServers());
        }
        Map<Backend, List<String>> split = new LinkedHashMap<>();
        for (String key : keys) {
            split.computeIfAbsent(now.nodeOf(key), server -> new ArrayList<>()).add(key);
        }
        List<CompletableFuture<T>> parts = new ArrayList<>();
        split.forEach((server, mine) -> parts.add(call.apply(server, mine)));
        return parts;
    }

    /** Waits for all parts, and fails only when every one of them did. */
    private static <T> CompletableFuture<Void> allOrNone(List<CompletableFuture<T>> parts) {
        return CompletableFuture.allOf(parts.toArray(CompletableFuture[]::new)).handle((nothing, failure) -> {
            if (failure != null && parts.stream().allMatch(CompletableFuture::isCompletedExceptionally)) {
                throw new CompletionException(failure);
            }
            return null;
        });
    }
}
