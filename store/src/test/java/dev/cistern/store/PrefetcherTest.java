package dev.cistern.store;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

final class PrefetcherTest {
    private static final long NOW = 1_000_000_000_000L;

    private final Store store = new Store(StoreOptions.seeded(3));
    private final Keyspace keyspace = store.openKeyspace(0);
    private final Prefetcher prefetcher = new Prefetcher();
    private final List<Bytes> copies = new ArrayList<>();

    @AfterEach
    void close() {
        copies.forEach(Bytes::free);
        keyspace.close();
        store.close();
        assertThat(Memory.heldBytes()).isZero();
    }

    private Bytes bytes(String text) {
        Bytes copy = Bytes.copyOf(text);
        copies.add(copy);
        return copy;
    }

    private void set(String key) {
        Bytes view = bytes(key);
        int stripe = store.stripeOf(view);
        store.lock(stripe);
        keyspace.set(view, bytes("value"), Keyspace.NO_DEADLINE);
        store.unlock(stripe);
    }

    private long string(String key) {
        set(key);
        int stripe = store.stripeOf(bytes(key));
        store.lock(stripe);
        long entry = keyspace.find(bytes(key));
        store.unlock(stripe);
        return entry;
    }

    private void fetch(String... keys) {
        for (String key : keys) {
            Bytes view = bytes(key);
            prefetcher.add(view.address(), view.length(), view.address(), view.length());
        }
        assertThat(prefetcher.count()).isEqualTo(keys.length);
        prefetcher.fetch(keyspace);
        assertThat(prefetcher.count()).isZero();
    }

    @Test
    void isNoAccess() {
        keyspace.setNowMillis(NOW);
        for (int i = 0; i < 5_000; i++) {
            set("k" + i);
        }
        keyspace.setNowMillis(NOW + 7_000);
        for (int i = 0; i < 6_000; i += 5) {
            fetch("k" + i, "k" + (i + 1), "k" + (i + 2), "k" + (i + 3), "k" + (i + 4));
        }
        Bytes key = bytes("k1");
        int stripe = store.stripeOf(key);
        store.lock(stripe);
        long entry = keyspace.find(key, Keyspace.NO_TOUCH | Keyspace.NO_STATS);
        assertThat(keyspace.idleSeconds(entry)).isEqualTo(7);
        store.unlock(stripe);
        assertThat(store.stats().hits() + store.stats().misses()).isZero();
    }

    /** What it will read on its way to a member is what the lookup reads. */
    @Test
    void leadsToMembersOfALargeSet() {
        Bytes key = bytes("set");
        int stripe = store.stripeOf(key);
        store.lock(stripe);
        OpenSet set = keyspace.sets().at(0);
        List<Bytes> members = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            members.add(bytes("member" + i));
            set.openToChange(key);
            set.add(members.getLast());
        }
        StripeKeys part = keyspace.keysToFill(key);
        long entry = keyspace.find(key);
        long root = part.index.likelyRoot(part.index.likelyEntry(part.index.likelyBucket(keyspace.hashOf(key)),
                keyspace.hashOf(key)));
        assertThat(root).isEqualTo(EntryLayout.valueAddress(entry, EntryLayout.header(entry)));
        ElementTable table = new ElementTable(store.hashFunction());
        table.open(part.homes.of(root), root);
        int found = 0;
        for (Bytes member : members) {
            long hash = keyspace.hashOf(member);
            found += part.index.likelyEntry(part.index.likelyBucket(root, hash), hash) == table.find(member) ? 1 : 0;
        }
        // The others share a tag with a neighbour, or lie in an overflow line.
        assertThat(found).isGreaterThan(members.size() * 3 / 4);
        store.unlock(stripe);
        assertThat(part.index.likelyRoot(string("string"))).isEqualTo(Index.ABSENT);
    }

    @Test
    void findsNothingWhereNothingIs() {
        fetch("a", "b", "c", "d", "");
        set("a");
        fetch("a", "b", "c", "d", "e");
        store.flush(0);
        fetch("a", "b", "c", "d", "e");
    }
}
