package dev.cistern.engine.blocking;

import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.effects.Effects;
import dev.cistern.engine.effects.KeyMap;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Store;
import dev.cistern.store.StoreListener;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Which keys of a node are waited for, by whom and in which order; notes those that change.
 *
 * <p>A key's queue is kept with its stripe and guarded by it. Hears of effects only while somebody waits. Shared by all
 * loops.
 */
public final class BlockedKeys implements StoreListener {

    /** A key that somebody waits for. Guarded by its stripe. */
    static final class WaitingKey extends KeyMap.Entry<WaitingKey> {
        private final int stripe;
        private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();
        /** It changed and is in the list of a loop that will look at it. */
        private boolean isReady;
        /** Nobody waits for it any more; its key is freed. */
        private boolean isGone;
        /** How many of the waiters are told, too, when the key goes. */
        private int evenGone;

        WaitingKey(Store store, int database, Bytes key, int stripe) {
            super(store, database, key);
            this.stripe = stripe;
        }

        int stripe() {
            return stripe;
        }

        ArrayDeque<Waiter> waiters() {
            return waiters;
        }

        boolean isGone() {
            return isGone;
        }

        void isReady(boolean value) {
            isReady = value;
        }
    }

    private final Store store;
    private final Effects effects;
    private final List<NodeLoop> loops;
    private final @Nullable KeyMap<WaitingKey>[] maps;
    private final AtomicInteger keysEvenGone = new AtomicInteger();
    private int places;

    @SuppressWarnings("unchecked")
    public BlockedKeys(Store store, Effects effects, List<NodeLoop> loops) {
        this.store = store;
        this.effects = effects;
        this.loops = loops;
        this.maps = (KeyMap<WaitingKey>[]) new KeyMap<?>[store.stripes()];
    }

    /** Puts the waiter at the end of the key's queue; a key that it named twice counts once. The stripe is held. */
    public void add(Waiter waiter, Bytes key) {
        int stripe = store.stripeOf(key);
        KeyMap<WaitingKey> map = maps[stripe];
        if (map == null) {
            map = new KeyMap<>(store);
            maps[stripe] = map;
        }
        WaitingKey waiting = map.find(waiter.database(), key);
        if (waiting == null) {
            waiting = new WaitingKey(store, waiter.database(), key, stripe);
            map.add(waiting);
        }
        if (!waiter.keys().contains(waiting)) {
            waiting.waiters().addLast(waiter);
            if (waiter.blocking().evenGone() && waiting.evenGone++ == 0) {
                keysEvenGone.incrementAndGet();
            }
            waiter.keys().add(waiting);
            count(1);
        }
    }

    /** Takes the waiter out of all queues. No stripe is held. */
    public void remove(Waiter waiter) {
        for (WaitingKey waiting : waiter.keys()) {
            // A session may leave while a script of this very thread lets others have their turn.
            boolean held = store.isHeldByMe(waiting.stripe());
            if (!held) {
                store.lock(waiting.stripe());
            }
            try {
                if (waiting.waiters().remove(waiter) && waiter.blocking().evenGone() && --waiting.evenGone == 0) {
                    keysEvenGone.decrementAndGet();
                }
                dropIfEmpty(waiting);
            } finally {
                if (!held) {
                    store.unlock(waiting.stripe());
                }
            }
            count(-1);
        }
        waiter.keys().clear();
    }

    private void dropIfEmpty(WaitingKey waiting) {
        KeyMap<WaitingKey> map = maps[waiting.stripe()];
        if (waiting.waiters().isEmpty() && !waiting.isGone && map != null) {
            waiting.isGone = true;
            map.remove(waiting);
            maps[waiting.stripe()] = map.isEmpty() ? null : map;
        }
    }

    private synchronized void count(int difference) {
        boolean before = places > 0;
        places += difference;
        if (places > 0 && !before) {
            effects.add(this);
        } else if (places == 0 && before) {
            effects.remove(this);
        }
    }

    /** How many places in queues are taken. */
    public synchronized int places() {
        return places;
    }

    /** How many keys are waited for; a moment's guess, as nothing is held. */
    public int keys() {
        int sum = 0;
        for (KeyMap<WaitingKey> map : maps) {
            sum += map == null ? 0 : map.count();
        }
        return sum;
    }

    /** How many keys are waited for by somebody who is told, too, when they are gone. */
    public int keysWaitedForEvenGone() {
        return keysEvenGone.get();
    }

    @Override
    public void keyChanged(int database, Bytes key, KeyEvent event) {
        KeyMap<WaitingKey> map = maps[store.stripeOf(key)];
        WaitingKey waiting = map == null ? null : map.find(database, key);
        if (waiting != null) {
            ready(waiting);
        }
    }

    /** Who waits for news of a key, as in a group of a stream, is told that it is gone. */
    @Override
    public void databaseFlushing(int database) {
        for (KeyMap<WaitingKey> map : maps) {
            if (map != null) {
                map.eachOf(database, this::ready);
            }
        }
    }

    @Override
    public void databasesSwapping(int first, int second) {
        for (KeyMap<WaitingKey> map : maps) {
            if (map != null) {
                map.eachOf(first, this::ready);
                map.eachOf(second, this::ready);
            }
        }
    }

    private void ready(WaitingKey waiting) {
        if (!waiting.isReady) {
            waiting.isReady = true;
            loopOfThisThread().handOver().add(waiting);
        }
    }

    private NodeLoop loopOfThisThread() {
        for (NodeLoop loop : loops) {
            if (loop.isCurrent()) {
                return loop;
            }
        }
        throw new IllegalStateException("a thread that is no loop of this node changes keys");
    }
}
