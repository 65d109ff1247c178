package dev.cistern.toolkit;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Loads under way in this JVM: whoever wants a key that is being loaded waits for that load instead of starting one.
 *
 * <p>A reader may find its key missing just before a load lands, and ask here just after. So a reader takes a ticket
 * before it looks; when some load of that key landed since, its own flight looks again before it loads.
 */
final class Flights<R> {

    private static final int TICKETS = 1 << 8;

    private final Map<String, Flight<R>> underWay = new ConcurrentHashMap<>();
    private final AtomicLongArray landed = new AtomicLongArray(TICKETS);

    /** One load. */
    static final class Flight<R> {

        private final CompletableFuture<R> result = new CompletableFuture<>();
        private final boolean lookAgain;
        private volatile boolean forgotten;
        private volatile long owner = -1;

        private Flight(boolean lookAgain) {
            this.lookAgain = lookAgain;
        }

        /** Whether the key was written or invalidated meanwhile, so that what was loaded must not be stored. */
        boolean isForgotten() {
            return forgotten;
        }

        /** Whether the value may have been stored by another load after the reader looked. */
        boolean mustLookAgain() {
            return lookAgain;
        }
    }

    /** What a flight does. */
    @FunctionalInterface
    interface Journey<R> {
        R fly(Flight<R> flight) throws Exception;
    }

    /** To be taken before looking for {@code key}. */
    long ticket(String key) {
        return landed.get(stripeOf(key));
    }

    /** The result of the load under way, or of {@code journey}, which then runs on {@code executor}. */
    CompletableFuture<R> join(String key, long ticket, Executor executor, Journey<R> journey) {
        Flight<R> mine = new Flight<>(ticket(key) != ticket);
        Flight<R> other = underWay.putIfAbsent(key, mine);
        if (other == null) {
            return start(key, mine, executor, journey);
        }
        if (other.owner == Thread.currentThread().getId()) {
            // A loader that asks for its own key: waiting for itself would take forever.
            fly(mine, journey);
            return mine.result;
        }
        return other.result;
    }

    /** Lets the load of {@code key}, if one is under way, end for those who wait, but not be stored or joined. */
    void forget(String key) {
        Flight<R> flight = underWay.remove(key);
        if (flight != null) {
            flight.forgotten = true;
        }
    }

    private CompletableFuture<R> start(String key, Flight<R> flight, Executor executor, Journey<R> journey) {
        try {
            executor.execute(() -> {
                try {
                    fly(flight, journey);
                } finally {
                    land(key, flight);
                }
            });
        } catch (RejectedExecutionException e) {
            land(key, flight);
            flight.result.completeExceptionally(e);
        }
        return flight.result;
    }

    private void land(String key, Flight<R> flight) {
        landed.incrementAndGet(stripeOf(key));
        underWay.remove(key, flight);
    }

    private static <R> void fly(Flight<R> flight, Journey<R> journey) {
        flight.owner = Thread.currentThread().getId();
        try {
            flight.result.complete(journey.fly(flight));
        } catch (Throwable e) {
            flight.result.completeExceptionally(e);
        }
    }

    private static int stripeOf(String key) {
        int hash = key.hashCode();
        return (hash ^ hash >>> 16) & (TICKETS - 1);
    }
}
