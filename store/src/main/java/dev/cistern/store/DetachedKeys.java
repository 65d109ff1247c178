package dev.cistern.store;

import java.util.List;

/** The keys of a flushed database, which nobody can find any more. Closing gives their memory back; any thread may. */
public final class DetachedKeys implements AutoCloseable {

    private final List<StripeKeys> parts;

    DetachedKeys(List<StripeKeys> parts) {
        this.parts = parts;
    }

    @Override
    public synchronized void close() {
        parts.forEach(StripeKeys::close);
        parts.clear();
    }
}
