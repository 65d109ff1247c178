package dev.cistern.store;

import java.util.List;
import java.util.function.Consumer;

/**
 * The keys of a flushed database, which nobody can find any more. Closing gives their memory back; any thread may.
 *
 * <p>
 * They still lie in their store, so the store closes those that are open when it is closed itself, and waits for those
 * that another thread is closing just then; closing them afterwards does nothing.
 */
public final class DetachedKeys implements AutoCloseable {

    private final List<StripeKeys> parts;
    private final Consumer<DetachedKeys> whenClosed;

    DetachedKeys(List<StripeKeys> parts, Consumer<DetachedKeys> whenClosed) {
        this.parts = parts;
        this.whenClosed = whenClosed;
    }

    @Override
    public synchronized void close() {
        parts.forEach(StripeKeys::close);
        parts.clear();
        whenClosed.accept(this);
    }
}
