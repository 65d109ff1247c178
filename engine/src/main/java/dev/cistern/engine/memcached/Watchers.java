package dev.cistern.engine.memcached;

import dev.cistern.engine.dispatch.Clock;
import dev.cistern.store.Bytes;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Tells those who sent {@code watch} what happens, one line for each event. While nobody watches, it costs a look at one
 * field.
 *
 * <p>Any loop tells; a line is handed to the watcher's own loop, which sends it. A watcher that does not read loses
 * lines, and is told how many.
 */
final class Watchers {
    static final int FETCHERS = 1;
    static final int MUTATIONS = 2;
    static final int EVICTIONS = 4;
    static final int CONNECTIONS = 8;
    static final int SYSTEM = 16;
    static final int RAW_COMMANDS = 32;
    private static final int MOST = 20;
    private static final long MICROS = 1_000_000;

    private final Clock clock;
    private final Map<ItemSession, Integer> watching = new ConcurrentHashMap<>();
    private final AtomicLong lines = new AtomicLong();
    private final AtomicLong skipped = new AtomicLong();
    private final AtomicLong sent = new AtomicLong();
    private volatile int wanted;

    Watchers(Clock clock) {
        this.clock = clock;
    }

    boolean wants(int events) {
        return (wanted & events) != 0;
    }

    /** Says whether there was room for another watcher. */
    synchronized boolean add(ItemSession session, int events) {
        if (watching.size() >= MOST) {
            return false;
        }
        watching.put(session, events);
        wanted |= events;
        return true;
    }

    synchronized void remove(ItemSession session) {
        if (watching.remove(session) != null) {
            wanted = watching.values().stream().reduce(0, (a, b) -> a | b);
        }
    }

    int count() {
        return watching.size();
    }

    long skipped() {
        return skipped.get();
    }

    long sent() {
        return sent.get();
    }

    void tellFetch(Bytes key, boolean found, int sizeClass, int descriptor, int length) {
        tell(FETCHERS, "type=item_get key=%s status=%s clsid=%d cfd=%d size=%d".formatted(UriText.of(key),
                found ? "found" : "not_found", sizeClass, descriptor, length));
    }

    void tellStore(Bytes key, Outcome outcome, StoreMode mode, long secondsLeft, int sizeClass, int descriptor,
            int length) {
        String status = outcome == Outcome.DONE ? "stored" : outcome.name().toLowerCase(Locale.ROOT);
        tell(MUTATIONS, "type=item_store key=%s status=%s cmd=%s ttl=%d clsid=%d cfd=%d size=%d".formatted(
                UriText.of(key), status, mode.name().toLowerCase(Locale.ROOT), Math.max(0, secondsLeft), sizeClass,
                descriptor, length));
    }

    void tellEviction(Bytes key, boolean fetched, long secondsLeft, long idleSeconds, int sizeClass, int length) {
        tell(EVICTIONS, "type=eviction key=%s fetch=%s ttl=%d la=%d clsid=%d size=%d".formatted(UriText.of(key),
                fetched ? "yes" : "no", secondsLeft, idleSeconds, sizeClass, length));
    }

    void tellConnection(boolean opened, ItemSession session) {
        String address = session.remoteAddress();
        int colon = address.lastIndexOf(':');
        tell(CONNECTIONS, "type=%s rip=%s rport=%s transport=tcp %scfd=%d".formatted(
                opened ? "conn_new" : "conn_close", address.substring(0, colon), address.substring(colon + 1),
                opened ? "" : session.isRefused ? "reason=error " : "reason=normal ", session.descriptor()));
    }

    private void tell(int event, String text) {
        long micros = clock.wallMicros();
        String line = "ts=%d.%d gid=%d %s\n".formatted(micros / MICROS, micros % MICROS, lines.incrementAndGet(), text);
        watching.forEach((session, events) -> {
            if ((events & event) != 0) {
                send(session, line);
            }
        });
    }

    private void send(ItemSession session, String line) {
        session.execute(() -> {
            if (session.sendWatched(line)) {
                sent.incrementAndGet();
            } else {
                skipped.incrementAndGet();
            }
        });
    }
}
