package dev.cistern.control.workflow;

import dev.cistern.control.Pauses;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Waiting that {@link #close} ends.
 *
 * <p>Only a thread that waits here is interrupted, never one that works: an interrupt within file input or output closes
 * the file for the whole process, and the file would be the database.
 */
final class Rest implements AutoCloseable {

    private final Pauses pauses;
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<Thread> resting = new HashSet<>();
    private boolean closed;

    Rest(Pauses pauses) {
        this.pauses = pauses;
    }

    /** Waits; {@link ClosingException} when the control plane closes before or meanwhile. */
    void pause(Duration duration) {
        enter();
        try {
            pauses.pause(duration);
        } catch (InterruptedException e) {
            throw new ClosingException();
        } finally {
            leave();
        }
    }

    /** {@link ClosingException} when the control plane closes: work that is not begun waits for the next start. */
    void checkOpen() {
        if (isClosed()) {
            throw new ClosingException();
        }
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            resting.forEach(Thread::interrupt);
        } finally {
            lock.unlock();
        }
    }

    private void enter() {
        lock.lock();
        try {
            if (closed) {
                throw new ClosingException();
            }
            resting.add(Thread.currentThread());
        } finally {
            lock.unlock();
        }
    }

    private void leave() {
        lock.lock();
        try {
            resting.remove(Thread.currentThread());
            // An interrupt that came after the sleep must not hit the work that follows.
            boolean late = Thread.interrupted();
            if (late && !closed) {
                Thread.currentThread().interrupt();
            }
        } finally {
            lock.unlock();
        }
    }

    /** The control plane closes; not an error. */
    static final class ClosingException extends RuntimeException {

        private static final long serialVersionUID = 1;

        ClosingException() {
            super("the control plane closes", null, false, false);
        }
    }
}
