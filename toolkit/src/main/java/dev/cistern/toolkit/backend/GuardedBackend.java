package dev.cistern.toolkit.backend;

import dev.cistern.toolkit.CacheUnavailableException;
import dev.cistern.toolkit.Freshness;
import io.lettuce.core.RedisCommandExecutionException;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * One server, with a time limit per call, a circuit breaker, and a memory for invalidations that it missed.
 *
 * <p>A delete or a write that did not get through leaves an old value behind that comes back with the server. Such keys
 * are owed: they read as absent here, and are deleted as soon as the server answers again. The memory is bounded; other
 * applications do not see it, and for them the time to live is the bound.
 */
public final class GuardedBackend implements Backend {

    /** How many missed invalidations are remembered; beyond it the time to live must do. */
    static final int MAX_OWED = 100_000;

    private static final int REPAID_AT_ONCE = 1_000;

    private final String name;
    private final Backend server;
    private final Breaker breaker;
    private final long timeLimitMillis;
    private final Deadlines deadlines;
    private final BackendListener listener;
    private final Set<String> owed;
    private final AtomicBoolean repaying = new AtomicBoolean();

    public GuardedBackend(String name, Backend server, Breaker breaker, long timeLimitMillis,
            BackendListener listener) {
        this(name, server, breaker, timeLimitMillis, listener, ConcurrentHashMap.newKeySet());
    }

    private GuardedBackend(String name, Backend server, Breaker breaker, long timeLimitMillis,
            BackendListener listener, Set<String> owed) {
        this.name = name;
        this.server = server;
        this.breaker = breaker;
        this.timeLimitMillis = timeLimitMillis;
        this.deadlines = new Deadlines(timeLimitMillis);
        this.listener = listener;
        this.owed = owed;
    }

    @Override
    public CompletableFuture<byte[]> get(String key, Freshness freshness) {
        if (!owed.isEmpty() && owed.contains(key)) {
            repay();
            return breaker.state() == Breaker.State.CLOSED ? CompletableFuture.completedFuture(ABSENT) : refused();
        }
        return guard(() -> server.get(key, freshness));
    }

    @Override
    public CompletableFuture<Map<String, byte[]>> getAll(Collection<String> keys, Freshness freshness) {
        if (owed.isEmpty()) {
            return guard(() -> server.getAll(keys, freshness));
        }
        repay();
        List<String> asked = keys.stream().filter(key -> !owed.contains(key)).toList();
        return guard(() -> server.getAll(asked, freshness));
    }

    @Override
    public CompletableFuture<Void> set(String key, byte[] value, long ttlMillis) {
        CompletableFuture<Void> done = guard(() -> server.set(key, value, ttlMillis));
        return done.whenComplete((nothing, failure) -> {
            if (failure != null) {
                owe(List.of(key));
            } else if (!owed.isEmpty()) {
                owed.remove(key);
            }
        });
    }

    @Override
    public CompletableFuture<Boolean> add(String key, byte[] value, long ttlMillis) {
        return guard(() -> server.add(key, value, ttlMillis));
    }

    @Override
    public CompletableFuture<Void> delete(Collection<String> keys) {
        CompletableFuture<Void> done = guard(() -> server.delete(keys));
        return done.whenComplete((nothing, failure) -> {
            if (failure != null) {
                owe(keys);
            }
        });
    }

    @Override
    public CompletableFuture<Boolean> deleteIfEquals(String key, byte[] expected) {
        return guard(() -> server.deleteIfEquals(key, expected));
    }

    @Override
    public Backend tracked(InvalidationListener changes) {
        return new GuardedBackend(name, server.tracked(changes), breaker, timeLimitMillis, listener, owed);
    }

    @Override
    public void reconnect() {
        server.reconnect();
    }

    @Override
    public void close() {
        server.close();
    }

    /** Where this server's breaker stands. */
    public Breaker.State state() {
        return breaker.state();
    }

    private <T> CompletableFuture<T> guard(Supplier<CompletableFuture<T>> call) {
        if (!breaker.mayPass()) {
            return refused();
        }
        CompletableFuture<T> answer;
        try {
            answer = call.get();
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        return deadlines.watch(answer).whenComplete((value, failure) -> {
            if (failure == null) {
                answered();
            } else {
                failed(failure);
            }
        });
    }

    private <T> CompletableFuture<T> refused() {
        return CompletableFuture.failedFuture(new CacheUnavailableException(name + " is not asked for now"));
    }

    private void answered() {
        if (breaker.succeeded()) {
            listener.breakerChanged(name, Breaker.State.CLOSED);
        }
        if (!owed.isEmpty()) {
            repay();
        }
    }

    private void failed(Throwable failure) {
        listener.failed(name, failure);
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof RedisCommandExecutionException || cause instanceof MemcachedErrorException) {
            // An error is an answer too: whoever sends it is there.
            answered();
            return;
        }
        if (breaker.failed()) {
            listener.breakerChanged(name, Breaker.State.OPEN);
            server.reconnect();
        }
    }

    private void owe(Collection<String> keys) {
        if (owed.size() < MAX_OWED) {
            owed.addAll(keys);
        } else {
            listener.invalidationsLost(name, keys.size());
        }
    }

    /** Deletes on the server what it missed, one batch at a time; each answer asks for the next. */
    private void repay() {
        if (!breaker.mayPass() || !repaying.compareAndSet(false, true)) {
            return;
        }
        List<String> debts = owed.stream().limit(REPAID_AT_ONCE).toList();
        var unused = deadlines.watch(server.delete(debts))
                .whenComplete((nothing, failure) -> {
                    repaying.set(false);
                    if (failure != null) {
                        failed(failure);
                    } else {
                        debts.forEach(owed::remove);
                        answered();
                    }
                });
    }
}
