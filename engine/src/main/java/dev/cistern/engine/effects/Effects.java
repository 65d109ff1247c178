package dev.cistern.engine.effects;

import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Store;
import dev.cistern.store.StoreListener;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The store's one listener: passes each effect on to those who have something to hear, and is switched off when nobody
 * has.
 *
 * <p>Called under stripes by any loop. Adding and removing listeners takes this object's monitor, a leaf in the lock
 * order; one that must not miss a change of a key is added while the key's stripe is held.
 */
public final class Effects implements StoreListener {
    private volatile StoreListener[] listeners = {};
    private @Nullable Store store;

    /** Begins to serve this store, which was made with it as listener. */
    public synchronized void attach(Store listenedTo) {
        store = listenedTo;
        listenedTo.listening(false);
    }

    /** From here on {@code listener} hears of effects. */
    public synchronized void add(StoreListener listener) {
        List<StoreListener> changed = new ArrayList<>(List.of(listeners));
        changed.add(listener);
        become(changed);
    }

    public synchronized void remove(StoreListener listener) {
        List<StoreListener> changed = new ArrayList<>(List.of(listeners));
        changed.remove(listener);
        become(changed);
    }

    private void become(List<StoreListener> changed) {
        listeners = changed.toArray(StoreListener[]::new);
        if (store != null) {
            store.listening(!changed.isEmpty());
        }
    }

    @Override
    public void keyChanged(int database, Bytes key, KeyEvent event) {
        for (StoreListener listener : listeners) {
            listener.keyChanged(database, key, event);
        }
    }

    @Override
    public void keyMissed(int database, Bytes key) {
        for (StoreListener listener : listeners) {
            listener.keyMissed(database, key);
        }
    }

    @Override
    public void fieldExpiring(int database, Bytes key, Bytes field) {
        for (StoreListener listener : listeners) {
            listener.fieldExpiring(database, key, field);
        }
    }

    @Override
    public void databaseFlushing(int database) {
        for (StoreListener listener : listeners) {
            listener.databaseFlushing(database);
        }
    }

    @Override
    public void databasesSwapping(int first, int second) {
        for (StoreListener listener : listeners) {
            listener.databasesSwapping(first, second);
        }
    }
}
