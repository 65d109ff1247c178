package dev.cistern.toolkit.backend;

import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Fails the calls that take too long. All have the same limit, so they come due in the order in which they began: a queue
 * holds them, and one alarm is set for its head. {@code CompletableFuture.orTimeout} would set an alarm for each call and
 * wake a thread for it, which costs more than all else that the toolkit adds to a hit.
 *
 * <p>Safe for all threads. What was answered leaves the queue with the next call, or at the next alarm.
 */
final class Deadlines {

    private final long limitMillis;
    private final Queue<Pending> pending = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean isArmed = new AtomicBoolean();

    private record Pending(CompletableFuture<?> call, long dueNanos) {}

    Deadlines(long limitMillis) {
        this.limitMillis = limitMillis;
    }

    /** The same call, which fails with a TimeoutException if it is not answered in time. */
    <T> CompletableFuture<T> watch(CompletableFuture<T> call) {
        if (!call.isDone()) {
            dropAnswered();
            pending.add(new Pending(call, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMillis)));
            arm();
        }
        return call;
    }

    private void dropAnswered() {
        for (Pending head = pending.peek(); head != null && head.call().isDone(); head = pending.peek()) {
            pending.remove(head);
        }
    }

    private void arm() {
        if (!isArmed.get() && isArmed.compareAndSet(false, true)) {
            Pending head = pending.peek();
            if (head == null) {
                isArmed.set(false);
                return;
            }
            CompletableFuture.delayedExecutor(Math.max(0, head.dueNanos() - System.nanoTime()), TimeUnit.NANOSECONDS,
                    Runnable::run).execute(this::alarm);
        }
    }

    private void alarm() {
        long nowNanos = System.nanoTime();
        for (Pending head = pending.peek(); head != null && isOver(head, nowNanos); head = pending.peek()) {
            pending.remove(head);
            head.call().completeExceptionally(new TimeoutException("no answer within " + limitMillis + " ms"));
        }
        isArmed.set(false);
        // Whoever added meanwhile saw an alarm that was set, and set none.
        if (!pending.isEmpty()) {
            arm();
        }
    }

    private static boolean isOver(Pending one, long nowNanos) {
        return one.call().isDone() || one.dueNanos() - nowNanos <= 0;
    }

    /** How many calls are watched or not yet forgotten. */
    int size() {
        return pending.size();
    }
}
