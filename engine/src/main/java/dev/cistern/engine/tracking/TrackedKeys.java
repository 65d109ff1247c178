package dev.cistern.engine.tracking;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.Flag;
import dev.cistern.engine.dispatch.KeyFinder;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.StoreListener;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which sessions read which keys, and who is to be told of all keys with a prefix.
 *
 * <p>A key is remembered by whoever reads it while its stripe is held, and forgotten by whoever changes it while its
 * stripe is held; so no change is missed. As in the original a key is its name, whatever the database, and ids of sessions
 * that are gone stay until the key changes. The table lives on the heap, bounded by {@code tracking-table-max-keys}.
 *
 * <p>Messages about prefixes, and about flushed databases, are gathered by the thread whose command causes them and sent
 * at its end. Hears of effects only while somebody tracks. Shared by all loops.
 */
public final class TrackedKeys implements StoreListener {
    private final Node node;
    private final ConcurrentHashMap<KeyName, Set<Long>> readers = new ConcurrentHashMap<>();
    private final AtomicLong items = new AtomicLong();
    private final List<Session> broadcasts = new CopyOnWriteArrayList<>();
    /** Of this node: nodes share threads. */
    @SuppressWarnings("ThreadLocalUsage")
    private final ThreadLocal<@Nullable Doing> doing = new ThreadLocal<>();
    private @Nullable Iterator<KeyName> hand;
    private volatile int sessions;

    /** What one thread does just now: for whom, and what will be told at the end. */
    private static final class Doing {
        private @Nullable Session session;
        /** Which session changed a key; empty if its time was over, or the space was needed. */
        private final Map<KeyName, Optional<Session>> changed = new LinkedHashMap<>();
        private boolean isFlushed;
    }

    public TrackedKeys(Node node) {
        this.node = node;
    }

    // --- who tracks ---

    /** The session tracks from here on, or in another way. Its own loop. */
    public void begin(Session session, Tracking tracking) {
        boolean isNew = session.tracking() == null;
        session.tracking(tracking);
        if (tracking.broadcast()) {
            broadcasts.remove(session);
            broadcasts.add(session);
        }
        if (isNew) {
            count(1);
        }
    }

    /** The session does not track any more, if it did. Its own loop. */
    public void end(Session session) {
        if (session.tracking() == null) {
            return;
        }
        session.tracking(null);
        broadcasts.remove(session);
        count(-1);
    }

    private synchronized void count(int difference) {
        boolean before = sessions > 0;
        sessions += difference;
        if (sessions > 0 && !before) {
            node.effects().add(this);
            node.set(Condition.TRACKED, true);
        } else if (sessions == 0 && before) {
            node.set(Condition.TRACKED, false);
            node.effects().remove(this);
            // Nobody hears of changes any more, so what is known here cannot be kept up.
            readers.clear();
            items.set(0);
        }
    }

    // --- reading ---

    /** The session reads the keys of this request, whose stripes are held. */
    public void remember(Session session, Tracking tracking, Command command, Request request) {
        if (!command.is(Flag.READ) || command.is(Flag.RUNS_SCRIPT) || !tracking.remembers(session.isCachingGiven())) {
            return;
        }
        KeyFinder.eachKey(command, request, (_, index) -> remember(session.id(), request.copy(index)));
        makeRoom();
    }

    private void remember(long session, byte[] key) {
        readers.compute(new KeyName(key), (_, known) -> {
            Set<Long> ids = known == null ? new HashSet<>(2) : known;
            if (ids.add(session)) {
                items.incrementAndGet();
            }
            return ids;
        });
    }

    /** Forgets as many keys as there are too many, and says so as if they had changed. */
    public void makeRoom() {
        long most = node.settings().trackingTableMaxKeys.value();
        if (most > 0 && readers.size() > most) {
            forgetSome(most);
        }
    }

    private synchronized void forgetSome(long most) {
        while (readers.size() > most) {
            Iterator<KeyName> next = hand;
            if (next == null || !next.hasNext()) {
                next = readers.keySet().iterator();
                hand = next;
            }
            if (next.hasNext()) {
                tellReaders(next.next(), null);
            }
        }
        hand = null;
    }

    // --- whose command it is ---

    /** What this thread does from here on, it does for this session; answers for whom it did until now. */
    public @Nullable Session acts(Session session) {
        Doing now = doingNow();
        Session before = now.session;
        now.session = session;
        return before;
    }

    /** It has done what it does for this session: what has been gathered is told. */
    public void acted() {
        Doing now = doingNow();
        now.session = null;
        tellGathered(now);
    }

    private Doing doingNow() {
        Doing now = doing.get();
        if (now == null) {
            now = new Doing();
            doing.set(now);
        }
        return now;
    }

    // --- changes ---

    @Override
    public void keyChanged(int database, Bytes key, KeyEvent event) {
        if (event == KeyEvent.NEW) {
            return;
        }
        KeyName name = new KeyName(key.toByteArray());
        Doing now = doingNow();
        if (!broadcasts.isEmpty()) {
            boolean byItself = event == KeyEvent.EXPIRED || event == KeyEvent.EVICTED;
            now.changed.put(name, Optional.ofNullable(byItself ? null : now.session));
        }
        tellReaders(name, now.session);
        if (now.session == null) {
            tellGathered(now);
        }
    }

    /** Sends to all who read the key, but to {@code changer} if it wants none of its own. */
    private void tellReaders(KeyName key, @Nullable Session changer) {
        Set<Long> ids = readers.remove(key);
        if (ids == null) {
            return;
        }
        items.addAndGet(-ids.size());
        byte[] keys = Invalidation.array(List.of(key));
        for (long id : ids) {
            Session session = node.sessions().find(id);
            Tracking tracking = session == null ? null : session.tracking();
            if (session != null && tracking != null && !tracking.broadcast()
                    && !(tracking.noLoop() && session.equals(changer))) {
                send(session, tracking, keys);
            }
        }
    }

    @Override
    public void databaseFlushing(int database) {
        Doing now = doingNow();
        now.isFlushed = true;
        items.set(0);
        readers.clear();
        if (now.session == null) {
            tellGathered(now);
        }
    }

    private void tellGathered(Doing now) {
        if (now.isFlushed) {
            now.isFlushed = false;
            tellFlushed();
        }
        if (!now.changed.isEmpty()) {
            tellPrefixes(now.changed);
            now.changed.clear();
        }
    }

    private void tellFlushed() {
        for (Session session : node.sessions().all()) {
            Tracking tracking = session.tracking();
            if (tracking != null) {
                send(session, tracking, Invalidation.everything(session.protocol()));
            }
        }
    }

    private void tellPrefixes(Map<KeyName, Optional<Session>> changed) {
        for (Session session : broadcasts) {
            Tracking tracking = session.tracking();
            if (tracking != null) {
                for (byte[] prefix : tracking.prefixes()) {
                    tellPrefix(session, tracking, prefix, changed);
                }
            }
        }
    }

    private void tellPrefix(Session session, Tracking tracking, byte[] prefix,
            Map<KeyName, Optional<Session>> changed) {
        List<KeyName> keys = changed.entrySet().stream().filter(entry -> entry.getKey().startsWith(prefix))
                .filter(entry -> !tracking.noLoop() || !entry.getValue().equals(Optional.of(session)))
                .map(Map.Entry::getKey).toList();
        if (!keys.isEmpty()) {
            send(session, tracking, Invalidation.array(keys));
        }
    }

    private void send(Session session, Tracking tracking, byte[] keys) {
        if (tracking.redirect() == 0) {
            session.loop().post(new Invalidation(session, false, keys));
            return;
        }
        Session target = node.sessions().find(tracking.redirect());
        if (target == null) {
            session.redirectIsBroken();
            session.loop().post(Invalidation.broken(session, tracking.redirect()));
        } else {
            target.loop().post(new Invalidation(target, true, keys));
        }
    }

    // --- for INFO ---

    public int sessions() {
        return sessions;
    }

    public int keys() {
        return readers.size();
    }

    public long items() {
        return items.get();
    }

    public long prefixes() {
        return broadcasts.stream().map(Session::tracking).flatMap(tracking -> tracking == null
                ? Stream.<byte[]>empty()
                : tracking.prefixes().stream()).map(KeyName::new).distinct().count();
    }
}
