package dev.cistern.engine.dispatch;

import java.util.Collection;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * All open sessions of a node, in the order of their ids. Any thread may look; what a session holds is its loop's, and
 * is changed by posting to that loop ({@link Session#execute}).
 */
public final class Sessions {
    private final ConcurrentSkipListMap<Long, Session> open = new ConcurrentSkipListMap<>();
    private final AtomicLong lastId = new AtomicLong();
    private final java.util.concurrent.atomic.AtomicInteger count = new java.util.concurrent.atomic.AtomicInteger();

    long nextId() {
        return lastId.incrementAndGet();
    }

    /** Counts the session in; answers how many there are now. */
    int add(Session session) {
        open.put(session.id(), session);
        return count.incrementAndGet();
    }

    void remove(Session session) {
        if (open.remove(session.id()) != null) {
            count.decrementAndGet();
        }
    }

    public int count() {
        return count.get();
    }

    public @Nullable Session find(long id) {
        return open.get(id);
    }

    /** All sessions; those that come or go meanwhile may be seen or not. */
    public Collection<Session> all() {
        return open.values();
    }
}
