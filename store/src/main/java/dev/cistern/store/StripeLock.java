package dev.cistern.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The lock of one stripe: one word that holds the owner's thread id.
 *
 * <p>
 * Not reentrant, not fair, and made for sections of less than a microsecond. Taking it when free is one compare-and-set,
 * giving it back one plain release store; neither allocates. A thread that finds it taken spins briefly (the owner is
 * usually on another core and nearly done), yields a few times (on two cores the owner may be the one that waits for
 * ours), then parks.
 *
 * <p>
 * Unlocking uses no full fence, so it may look for waiters before its release is visible and miss one that is just going
 * to sleep. That saves about 6 ns a command; it can only cost time, never exclusion, and the sleeper looks again by
 * itself after {@link #PARK_NANOS}.
 */
final class StripeLock extends StripeLockWord {

    private static final VarHandle OWNER;

    static {
        try {
            OWNER = MethodHandles.lookup().findVarHandle(StripeLockWord.class, "owner", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final long FREE = 0;
    private static final int SPINS = 64;
    private static final int YIELDS = 4;
    private static final long PARK_NANOS = 50_000;
    private static final BooleanSupplier NEVER = StripeLock::never;

    private final ConcurrentLinkedQueue<Thread> waiters = new ConcurrentLinkedQueue<>();

    void lock() {
        long me = Thread.currentThread().threadId();
        if (!OWNER.compareAndSet(this, FREE, me)) {
            var _ = lockContended(me, NEVER);
        }
    }

    /** Like {@link #lock}, but stops waiting, and answers false, when it has to and {@code givesWay} says so. */
    boolean lockUnless(BooleanSupplier givesWay) {
        long me = Thread.currentThread().threadId();
        return OWNER.compareAndSet(this, FREE, me) || lockContended(me, givesWay);
    }

    /** Takes the lock if it is free; never waits. */
    boolean tryLock() {
        return tryLock(Thread.currentThread().threadId());
    }

    void unlock() {
        assert isHeldByMe();
        OWNER.setRelease(this, FREE);
        if (waiting != 0) {
            wakeOne();
        }
    }

    private static boolean never() {
        return false;
    }

    boolean isHeldByMe() {
        return (long) OWNER.getOpaque(this) == Thread.currentThread().threadId();
    }

    private boolean tryLock(long me) {
        return (long) OWNER.getOpaque(this) == FREE && OWNER.compareAndSet(this, FREE, me);
    }

    @SuppressWarnings("ThreadPriorityCheck") // nothing relies on the yield: parking comes after it
    private boolean lockContended(long me, BooleanSupplier givesWay) {
        assert !isHeldByMe() : "a stripe is not reentrant";
        for (int i = 0; i < SPINS; i++) {
            Thread.onSpinWait();
            if (tryLock(me)) {
                return true;
            }
        }
        for (int i = 0; i < YIELDS; i++) {
            Thread.yield();
            if (tryLock(me)) {
                return true;
            }
        }
        return lockParked(me, givesWay);
    }

    private boolean lockParked(long me, BooleanSupplier givesWay) {
        Thread thread = Thread.currentThread();
        waiters.add(thread);
        changeWaiting(1);
        boolean interrupted = false;
        boolean locked = tryLock(me);
        while (!locked && !givesWay.getAsBoolean()) {
            LockSupport.parkNanos(this, PARK_NANOS);
            // An interrupt would make every further park return at once: keep it for the caller.
            interrupted |= Thread.interrupted();
            locked = tryLock(me);
        }
        waiters.remove(thread);
        changeWaiting(-1);
        if (interrupted) {
            thread.interrupt();
        }
        return locked;
    }

    /** The queue's own order is the waking order; a woken thread leaves the queue itself, once it holds the lock. */
    private void wakeOne() {
        Thread next = waiters.peek();
        if (next != null) {
            LockSupport.unpark(next);
        }
    }

    private synchronized void changeWaiting(int difference) {
        waiting += difference;
    }
}

/** Keeps the word of a lock on cache lines of its own: superclass fields come first in every layout. */
abstract class StripeLockFrontPadding {
    @SuppressWarnings("unused")
    private long front1, front2, front3, front4, front5, front6, front7, front8;
}

abstract class StripeLockWord extends StripeLockFrontPadding {
    /** Thread id of the holder; 0 when free. */
    volatile long owner;
    /** How many threads park; a hint that only unlockers read. */
    int waiting;
}
