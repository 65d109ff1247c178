package dev.cistern.toolkit.backend;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One connection to a server, opened at the first use and again after it failed, was lost or was dropped. Calls made
 * while it opens wait for it. Safe for all threads.
 */
final class Link<C> implements AutoCloseable {

    private final Supplier<? extends CompletionStage<C>> connect;
    private final Consumer<? super C> disconnect;
    private final AtomicReference<CompletableFuture<C>> current = new AtomicReference<>(notThere("not connected yet"));

    Link(Supplier<? extends CompletionStage<C>> connect, Consumer<? super C> disconnect) {
        this.connect = connect;
        this.disconnect = disconnect;
    }

    /** Runs {@code call} on the connection, once there is one. */
    <T> CompletableFuture<T> on(Function<C, ? extends CompletionStage<T>> call) {
        CompletableFuture<C> connection = connection();
        if (connection.isDone() && !connection.isCompletedExceptionally()) {
            return call.apply(connection.join()).toCompletableFuture();
        }
        return connection.thenCompose(call);
    }

    /** Drops the connection without waiting; the next call opens another one. */
    void reconnect() {
        drop(current.getAndSet(notThere("dropped")));
    }

    /** Takes note that {@code lost} is closed; if it still is the one in use, the next call opens another one. */
    void lost(C lost) {
        CompletableFuture<C> standing = current.get();
        if (standing.isDone() && !standing.isCompletedExceptionally() && standing.join().equals(lost)) {
            current.compareAndSet(standing, notThere("lost"));
        }
    }

    @Override
    public void close() {
        reconnect();
    }

    private CompletableFuture<C> connection() {
        CompletableFuture<C> standing = current.get();
        if (!standing.isCompletedExceptionally()) {
            return standing;
        }
        CompletableFuture<C> fresh = new CompletableFuture<>();
        if (!current.compareAndSet(standing, fresh)) {
            return current.get();
        }
        open(fresh);
        return fresh;
    }

    private void open(CompletableFuture<C> fresh) {
        CompletionStage<C> attempt;
        try {
            attempt = connect.get();
        } catch (RuntimeException e) {
            fresh.completeExceptionally(e);
            return;
        }
        var unused = attempt.whenComplete((connection, failure) -> {
            if (failure != null) {
                fresh.completeExceptionally(failure instanceof CompletionException ? failure.getCause() : failure);
            } else {
                fresh.complete(connection);
            }
        });
    }

    private void drop(CompletableFuture<C> connection) {
        var unused = connection.thenAccept(disconnect);
    }

    private static <C> CompletableFuture<C> notThere(String why) {
        return CompletableFuture.failedFuture(new IllegalStateException(why));
    }
}
