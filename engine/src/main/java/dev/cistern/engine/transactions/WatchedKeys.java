package dev.cistern.engine.transactions;

import dev.cistern.engine.dispatch.Clock;
import dev.cistern.engine.effects.Effects;
import dev.cistern.engine.effects.KeyMap;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;
import dev.cistern.store.StoreListener;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which keys of a node are watched by whom; touches the transactions of those whose key changes.
 *
 * <p>What concerns a key is kept with its stripe and guarded by it: one who watches a key holds the stripe, and so does
 * one who changes it. Hears of effects only while somebody watches. Shared by all loops.
 */
public final class WatchedKeys implements StoreListener {

    /** One watched key. */
    private static final class Watched extends KeyMap.Entry<Watched> {
        private final List<Watch> watches = new ArrayList<>(1);

        Watched(Store store, int database, Bytes key) {
            super(store, database, key);
        }
    }

    /** One session's interest in one key. Guarded by the key's stripe. */
    static final class Watch {
        private final Watched watched;
        private final int stripe;
        private final Transaction owner;
        /** The key was past its deadline when the watch began: that it is deleted now is no change. */
        private boolean wasExpired;

        private Watch(Watched watched, int stripe, Transaction owner, boolean wasExpired) {
            this.watched = watched;
            this.stripe = stripe;
            this.owner = owner;
            this.wasExpired = wasExpired;
        }

        boolean isOn(int database, Bytes key) {
            return watched.database() == database && watched.key().contentEquals(key);
        }

        Bytes key() {
            return watched.key();
        }

        int database() {
            return watched.database();
        }

        boolean wasExpired() {
            return wasExpired;
        }
    }

    private final Store store;
    private final Effects effects;
    private final Clock clock;
    private final @Nullable KeyMap<Watched>[] maps;
    /** Handles for looking at keys while all stripes are held, when only one thread can be here. */
    private final @Nullable Keyspace[] keyspaces;
    private int watches;

    @SuppressWarnings("unchecked")
    public WatchedKeys(Store store, Effects effects, Clock clock) {
        this.store = store;
        this.effects = effects;
        this.clock = clock;
        this.maps = (KeyMap<Watched>[]) new KeyMap<?>[store.stripes()];
        this.keyspaces = new Keyspace[store.databases()];
    }

    /** Begins a watch. The caller holds the key's stripe. */
    Watch watch(Transaction owner, int database, Bytes key, boolean isExpired) {
        int stripe = store.stripeOf(key);
        KeyMap<Watched> map = maps[stripe];
        if (map == null) {
            map = new KeyMap<>(store);
            maps[stripe] = map;
        }
        Watched watched = map.find(database, key);
        if (watched == null) {
            watched = new Watched(store, database, key);
            map.add(watched);
        }
        Watch watch = new Watch(watched, stripe, owner, isExpired);
        watched.watches.add(watch);
        count(1);
        return watch;
    }

    /** Ends a watch; takes the key's stripe unless this thread holds it. */
    void unwatch(Watch watch) {
        boolean held = store.isHeldByMe(watch.stripe);
        if (!held) {
            store.lock(watch.stripe);
        }
        try {
            Watched watched = watch.watched;
            watched.watches.remove(watch);
            KeyMap<Watched> map = maps[watch.stripe];
            if (watched.watches.isEmpty() && map != null) {
                map.remove(watched);
                maps[watch.stripe] = map.isEmpty() ? null : map;
            }
        } finally {
            if (!held) {
                store.unlock(watch.stripe);
            }
        }
        count(-1);
    }

    private synchronized void count(int difference) {
        boolean before = watches > 0;
        watches += difference;
        if (watches > 0 && !before) {
            effects.add(this);
        } else if (watches == 0 && before) {
            effects.remove(this);
        }
    }

    /** How many watches there are; for tests. */
    public synchronized int count() {
        return watches;
    }

    @Override
    public void keyChanged(int database, Bytes key, KeyEvent event) {
        KeyMap<Watched> map = maps[store.stripeOf(key)];
        Watched watched = map == null ? null : map.find(database, key);
        if (watched == null) {
            return;
        }
        boolean isGone = event == KeyEvent.EXPIRED || event == KeyEvent.EVICTED || event == KeyEvent.DEL;
        for (Watch watch : watched.watches) {
            if (watch.wasExpired && isGone) {
                watch.wasExpired = false;
            } else {
                watch.owner.touch();
            }
        }
    }

    @Override
    public void databaseFlushing(int database) {
        eachWatched(database, (watched, watch) -> {
            if (exists(database, watched.key())) {
                change(watch, true, false, false);
            }
        });
    }

    @Override
    public void databasesSwapping(int first, int second) {
        swapping(first, second);
        swapping(second, first);
    }

    private void swapping(int from, int to) {
        eachWatched(from, (watched, watch) -> {
            boolean was = exists(from, watched.key());
            boolean willBe = exists(to, watched.key());
            if (was || willBe) {
                change(watch, was, willBe, willBe && isExpired(to, watched.key()));
            }
        });
    }

    /** What is under the watched key becomes something else: nothing, or a key that is there or only looks so. */
    private static void change(Watch watch, boolean was, boolean willBe, boolean willBeExpired) {
        if (watch.wasExpired && !willBe) {
            watch.wasExpired = false;
        } else if (!was && willBeExpired) {
            watch.wasExpired = true;
        } else if (!watch.wasExpired || !willBeExpired) {
            watch.owner.touch();
        }
    }

    private interface WatchVisitor {
        void visit(Watched watched, Watch watch);
    }

    private void eachWatched(int database, WatchVisitor visitor) {
        for (KeyMap<Watched> map : maps) {
            if (map != null) {
                map.eachOf(database, watched -> watched.watches.forEach(watch -> visitor.visit(watched, watch)));
            }
        }
    }

    private boolean exists(int database, Bytes key) {
        return look(database, key) != Keyspace.ABSENT;
    }

    private boolean isExpired(int database, Bytes key) {
        long entry = look(database, key);
        return entry != Keyspace.ABSENT && keyspace(database).isExpired(entry);
    }

    private long look(int database, Bytes key) {
        return keyspace(database).find(key, Keyspace.NO_TOUCH | Keyspace.NO_STATS | Keyspace.EVEN_EXPIRED);
    }

    private Keyspace keyspace(int database) {
        Keyspace keyspace = keyspaces[database];
        if (keyspace == null) {
            keyspace = store.openKeyspace(database);
            keyspaces[database] = keyspace;
        }
        keyspace.setNowMillis(clock.wallMillis());
        return keyspace;
    }
}
