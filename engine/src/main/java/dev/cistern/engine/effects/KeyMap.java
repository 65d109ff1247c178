package dev.cistern.engine.effects;

import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import dev.cistern.store.Store;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What somebody keeps about some keys, found by database and key without allocation.
 *
 * <p>A chained hash table for few keys, over the store's own hash. Belongs to one stripe and is guarded by it; an entry
 * owns an off-heap copy of its key until it is removed.
 */
public final class KeyMap<E extends KeyMap.Entry<E>> {
    private static final int LEAST_CHAINS = 4;

    /** What is kept about one key; the owner adds its own fields. */
    public abstract static class Entry<E extends Entry<E>> {
        private final int database;
        private final long hash;
        private final Bytes key;
        private @Nullable E next;

        protected Entry(Store store, int database, Bytes key) {
            this.database = database;
            this.hash = store.hashOf(key);
            long copy = Memory.allocate(MemoryTag.SESSION, Math.max(1, key.length()));
            key.copyTo(copy);
            this.key = new Bytes(copy, key.length());
        }

        public final int database() {
            return database;
        }

        /** The entry's own copy; valid until it is removed. */
        public final Bytes key() {
            return key;
        }

        private boolean is(int otherDatabase, long otherHash, Bytes otherKey) {
            return hash == otherHash && database == otherDatabase && key.contentEquals(otherKey);
        }
    }

    private final Store store;
    private @Nullable Object[] chains = new @Nullable Object[LEAST_CHAINS];
    private int count;

    public KeyMap(Store store) {
        this.store = store;
    }

    @SuppressWarnings("unchecked")
    private @Nullable E chain(int index) {
        return (E) chains[index];
    }

    private int chainOf(int database, long hash) {
        return (int) (hash ^ hash >>> 32) + database & (chains.length - 1);
    }

    public @Nullable E find(int database, Bytes key) {
        long hash = store.hashOf(key);
        E entry = chain(chainOf(database, hash));
        while (entry != null && !((Entry<E>) entry).is(database, hash, key)) {
            entry = ((Entry<E>) entry).next;
        }
        return entry;
    }

    /** Adds an entry whose key is not here yet. */
    public void add(E entry) {
        if (count >= chains.length) {
            resize(chains.length * 2);
        }
        link(entry);
        count++;
    }

    private void link(E entry) {
        Entry<E> linked = entry;
        int index = chainOf(linked.database, linked.hash);
        linked.next = chain(index);
        chains[index] = entry;
    }

    private void resize(int length) {
        @Nullable
        Object[] old = chains;
        chains = new @Nullable Object[length];
        for (Object first : old) {
            @SuppressWarnings("unchecked")
            E entry = (E) first;
            while (entry != null) {
                E next = ((Entry<E>) entry).next;
                link(entry);
                entry = next;
            }
        }
    }

    /** Takes the entry out and frees its key. */
    public void remove(E entry) {
        Entry<E> gone = entry;
        int index = chainOf(gone.database, gone.hash);
        E before = null;
        E at = chain(index);
        while (at != null && !at.equals(entry)) {
            before = at;
            at = ((Entry<E>) at).next;
        }
        if (at == null) {
            return;
        }
        if (before == null) {
            chains[index] = gone.next;
        } else {
            ((Entry<E>) before).next = gone.next;
        }
        count--;
        Memory.free(MemoryTag.SESSION, gone.key.address(), Math.max(1, gone.key.length()));
        if (count == 0) {
            chains = Arrays.copyOf(chains, LEAST_CHAINS);
        }
    }

    public int count() {
        return count;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    /** Shows all entries of one database; the visitor must not remove any. */
    public void eachOf(int database, Consumer<E> visitor) {
        for (int i = 0; i < chains.length; i++) {
            for (E entry = chain(i); entry != null; entry = ((Entry<E>) entry).next) {
                if (((Entry<E>) entry).database == database) {
                    visitor.accept(entry);
                }
            }
        }
    }
}
