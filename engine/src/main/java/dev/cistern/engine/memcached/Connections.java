package dev.cistern.engine.memcached;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** The open connections of a node, and what is counted of them. Any thread may look. */
final class Connections {
    private final MemcachedSettings settings;
    private final Set<ItemSession> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger count = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();
    private final AtomicLong total = new AtomicLong();
    private final AtomicLong rejected = new AtomicLong();

    Connections(MemcachedSettings settings) {
        this.settings = settings;
    }

    /** Counts the session in; says whether there is room for it. */
    boolean add(ItemSession session) {
        open.add(session);
        total.incrementAndGet();
        int now = count.incrementAndGet();
        most.accumulateAndGet(now, Math::max);
        return now <= settings.maxConnections;
    }

    void remove(ItemSession session) {
        if (open.remove(session)) {
            count.decrementAndGet();
        }
    }

    void countRejected() {
        rejected.incrementAndGet();
    }

    int count() {
        return count.get();
    }

    /** Most that were open at a time. */
    int most() {
        return most.get();
    }

    long total() {
        return total.get();
    }

    long rejected() {
        return rejected.get();
    }

    Collection<ItemSession> all() {
        return open;
    }

    /** All, by their descriptors. */
    List<ItemSession> inOrder() {
        return open.stream().sorted(Comparator.comparingInt(ItemSession::descriptor)).toList();
    }

    void resetCounts() {
        total.set(0);
        rejected.set(0);
    }
}
