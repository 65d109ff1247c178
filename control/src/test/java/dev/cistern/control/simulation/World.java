package dev.cistern.control.simulation;

import java.lang.reflect.Constructor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Time and chance of one history: what is due happens in the order of its moment, and of the threads that could go on chance
 * picks one.
 *
 * <p>Threads are virtual threads of the JDK whose scheduler this is: the thread that calls {@link #step} carries them, one at
 * a time, from one wait to the next. So the code under test needs to know nothing of it, as long as all its waits are of
 * threads that were begun here, and all its pauses are {@link #sleep}.
 */
final class World {

    private static final int MANY_STEPS = 4_000_000;

    private final Random random;
    private final PriorityQueue<Due> due = new PriorityQueue<>();
    private final List<Turn> ready = new ArrayList<>();
    private long nowNanos = Duration.ofDays(1).toNanos();
    private long sequence;
    private int steps;
    private @Nullable Throwable broken;

    World(long seed) {
        this.random = new Random(seed);
    }

    /** Something that happens at a moment; of two of the same moment, the one that was planned first. */
    private record Due(long nanos, long sequence, Runnable task) implements Comparable<Due> {

        @Override
        public int compareTo(Due other) {
            return nanos == other.nanos ? Long.compare(sequence, other.sequence) : Long.compare(nanos, other.nanos);
        }
    }

    /** A thread that could go on. */
    private record Turn(Life life, Runnable task) {}

    /** The threads of one process. When it is killed, none of them goes on, wherever it is. */
    final class Life implements Executor {

        private volatile boolean isOver;

        /** The scheduler of virtual threads calls this when one of them can go on. */
        @Override
        public void execute(Runnable task) {
            synchronized (ready) {
                ready.add(new Turn(this, task));
            }
        }

        /** Begins a thread; those that it begins are of this life too. */
        void start(String name, Runnable task) {
            builder(this).name(name).uncaughtExceptionHandler((_, error) -> fail(error)).start(task);
        }

        void kill() {
            isOver = true;
        }

        boolean isOver() {
            return isOver;
        }
    }

    /** Whether this JVM lets virtual threads have a scheduler of ours: it must be told to. */
    static boolean isPossible() {
        return Thread.class.getModule().isOpen("java.lang", World.class.getModule());
    }

    private static Thread.Builder.OfVirtual builder(Executor scheduler) {
        try {
            Constructor<?> made = Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
                    .getDeclaredConstructor(Executor.class);
            made.setAccessible(true);
            return (Thread.Builder.OfVirtual) made.newInstance(scheduler);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JDK's virtual threads know no scheduler but their own", e);
        }
    }

    Life newLife() {
        return new Life();
    }

    Random random() {
        return random;
    }

    /** True once in so many times. */
    boolean oneIn(int times) {
        return random.nextInt(times) == 0;
    }

    /** A time of up to so many milliseconds. */
    Duration upTo(int millis) {
        return Duration.ofNanos(random.nextLong(1, Duration.ofMillis(millis).toNanos()));
    }

    long nanos() {
        return nowNanos;
    }

    void after(Duration delay, Runnable task) {
        due.add(new Due(nowNanos + delay.toNanos(), sequence++, task));
    }

    /** Has the calling thread wait: one of a life. */
    void sleep(Duration duration) throws InterruptedException {
        CountDownLatch over = new CountDownLatch(1);
        after(duration, over::countDown);
        over.await();
    }

    /** The same for one that nobody interrupts. */
    void rest(Duration duration) {
        try {
            sleep(duration);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Something went wrong that must not; the history ends with it. */
    void fail(Throwable error) {
        if (broken == null) {
            broken = error;
        }
    }

    /** Lets the next thing happen. */
    void step() {
        Turn turn = next();
        if (turn != null) {
            if (!turn.life.isOver) {
                turn.task.run();
            }
        } else {
            Due soonest = due.poll();
            if (soonest == null) {
                throw new AssertionError("nothing can happen any more");
            }
            nowNanos = Math.max(nowNanos, soonest.nanos);
            soonest.task.run();
        }
        if (broken != null) {
            throw new AssertionError("it broke", broken);
        }
        if (++steps > MANY_STEPS) {
            throw new AssertionError("it does not end");
        }
    }

    private @Nullable Turn next() {
        synchronized (ready) {
            return ready.isEmpty() ? null : ready.remove(ready.size() == 1 ? 0 : random.nextInt(ready.size()));
        }
    }

    /** How much happened; with the seed, it tells one history from another. */
    int steps() {
        return steps;
    }
}
