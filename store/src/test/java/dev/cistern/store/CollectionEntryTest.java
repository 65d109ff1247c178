package dev.cistern.store;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What every type of collection relies on: packed values that are resized, large ones that move, are copied and freed. */
final class CollectionEntryTest {

    private static final int MEMBERS = 1_000;

    private final List<Bytes> owned = new ArrayList<>();
    private final Store store = new Store(StoreOptions.seeded(1).withStripes(2).withDatabases(2));
    private final Keyspace keyspace = store.openKeyspace(0);
    private final Keyspace other = store.openKeyspace(1);
    private final CollectionEntry entry = new CollectionEntry(keyspace, ValueType.SET);

    CollectionEntryTest() {
        store.lockAll();
    }

    @AfterEach
    void nothingIsHeld() {
        store.unlockAll();
        store.close();
        owned.forEach(Bytes::free);
        assertThat(Memory.heldBytes()).isZero();
    }

    private Bytes bytes(String text) {
        Bytes copy = Bytes.copyOf(text);
        owned.add(copy);
        return copy;
    }

    /** A key that lies in the same stripe as this one, or in another. */
    private Bytes keyBeside(Bytes key, boolean sameStripe) {
        for (int i = 0;; i++) {
            Bytes candidate = bytes("beside" + i);
            if ((store.stripeOf(candidate) == store.stripeOf(key)) == sameStripe) {
                return candidate;
            }
        }
    }

    private void createLarge(Bytes key, int members) {
        assertThat(entry.findForWrite(key)).isFalse();
        ElementTable table = new ElementTable(store.hashFunction());
        table.create(entry.elementsOfKey());
        for (int i = 0; i < members; i++) {
            table.insert(bytes("m" + i), 0, Keyspace.NO_DEADLINE);
        }
        table.save(entry.create(Encoding.HASHTABLE, ElementTable.ROOT_BYTES));
    }

    private static long members(Keyspace in, Bytes key) {
        CollectionEntry reader = new CollectionEntry(in, ValueType.SET);
        assertThat(reader.find(key)).isTrue();
        ElementTable table = new ElementTable(in.store().hashFunction());
        table.open(reader.elements(), reader.value());
        long count = 0;
        table.beginWalk();
        while (table.next() != Index.ABSENT) {
            count++;
        }
        assertThat(count).isEqualTo(table.size());
        return count;
    }

    private void releaseAll() {
        for (int stripe = 0; stripe < store.stripes(); stripe++) {
            assertThat(store.releaseSome(stripe, Integer.MAX_VALUE)).isNotNegative();
        }
        assertThat(store.hasToRelease()).isFalse();
    }

    @Test
    void packedValueGrowsShrinksAndKeepsItsBytes() {
        Bytes key = bytes("k");
        assertThat(entry.findForWrite(key)).isFalse();
        assertThat(entry.isThere()).isFalse();
        Memory.putLong(entry.create(Encoding.LISTPACK, 8), 42);
        for (int length = 8; length < 100_000; length += 997) {
            long value = entry.resize(length);
            assertThat(Memory.getLong(value)).isEqualTo(42);
            assertThat(entry.length()).isEqualTo(length);
            assertThat(keyspace.find(key)).isEqualTo(entry.address());
        }
        keyspace.setDeadline(key, 5_000);
        assertThat(entry.findForWrite(key)).isTrue();
        assertThat(Memory.getLong(entry.resize(8))).isEqualTo(42);
        assertThat(entry.is(Encoding.LISTPACK)).isTrue();
        assertThat(keyspace.deadlineMillis(entry.address())).isEqualTo(5_000);
        assertThat(keyspace.memoryUsage(key, entry.address())).isLessThan(100);
        entry.deleteEmptied();
        assertThat(keyspace.find(key)).isEqualTo(Keyspace.ABSENT);
    }

    @Test
    void wrongType() {
        Bytes key = bytes("k");
        keyspace.set(key, bytes("text"), Keyspace.NO_DEADLINE);
        assertThatThrownBy(() -> entry.find(key)).isSameAs(StoreException.WRONG_TYPE);
        assertThatThrownBy(() -> entry.findForWrite(key)).isSameAs(StoreException.WRONG_TYPE);
        createLarge(bytes("s"), 10);
        assertThatThrownBy(() -> keyspace.append(bytes("s"), key)).isSameAs(StoreException.WRONG_TYPE);
    }

    @Test
    void aDeletedLargeValueIsFreedBitByBit() {
        Bytes key = bytes("k");
        createLarge(key, MEMBERS);
        assertThat(keyspace.memoryUsage(key, keyspace.find(key))).isGreaterThan(MEMBERS * 16L);
        long used = store.usedBytes();
        assertThat(keyspace.delete(key)).isTrue();
        assertThat(store.hasToRelease()).isTrue();
        assertThat(store.usedBytes()).isGreaterThan(used - 1_000);
        int stripe = store.stripeOf(key);
        assertThat(store.releaseSome(stripe, 100)).isBetween(100, 150);
        assertThat(store.usedBytes()).isLessThan(used - 1_000).isGreaterThan(used / 2);
        // Each new key frees a little as well.
        for (int i = 0; i < MEMBERS && store.hasToRelease(); i++) {
            keyspace.set(keyBeside(key, true), key, Keyspace.NO_DEADLINE);
            keyspace.delete(keyBeside(key, true));
        }
        assertThat(store.hasToRelease()).isFalse();
        assertThat(store.usedBytes()).isEqualTo(store.indexBytes());
    }

    @Test
    void aSmallOneOfTheLargeIsFreedAtOnce() {
        createLarge(bytes("k"), 20);
        keyspace.delete(bytes("k"));
        assertThat(store.hasToRelease()).isFalse();
        assertThat(store.usedBytes()).isEqualTo(store.indexBytes());
    }

    @Test
    void overwritingAndExpiringFreeItToo() {
        createLarge(bytes("k"), MEMBERS);
        keyspace.set(bytes("k"), bytes("text"), Keyspace.NO_DEADLINE);
        assertThat(store.hasToRelease()).isTrue();
        releaseAll();
        createLarge(bytes("e"), MEMBERS);
        keyspace.setDeadline(bytes("e"), 10);
        keyspace.setNowMillis(11);
        assertThat(keyspace.find(bytes("e"))).isEqualTo(Keyspace.ABSENT);
        releaseAll();
        keyspace.delete(bytes("k"));
        assertThat(store.usedBytes()).isEqualTo(store.indexBytes());
    }

    @Test
    void renameWithinAStripeKeepsTheElementsAndAcrossCopiesThem() {
        Bytes key = bytes("k");
        createLarge(key, MEMBERS);
        Bytes near = keyBeside(key, true);
        Bytes far = keyBeside(key, false);
        createLarge(near, 500);
        assertThat(keyspace.rename(key, near)).isTrue();
        assertThat(members(keyspace, near)).isEqualTo(MEMBERS);
        assertThat(store.hasToRelease()).as("what was overwritten").isTrue();
        releaseAll();
        assertThat(keyspace.rename(near, far)).isTrue();
        assertThat(members(keyspace, far)).isEqualTo(MEMBERS);
        assertThat(keyspace.size()).isEqualTo(1);
        releaseAll();
        assertThat(keyspace.memoryUsage(far, keyspace.find(far)) - Index.BYTES_PER_ENTRY)
                .isEqualTo(store.usedBytes() - store.indexBytes());
    }

    @Test
    void copyMoveSwapAndFlush() {
        Bytes key = bytes("k");
        createLarge(key, MEMBERS);
        assertThat(keyspace.copy(key, other, bytes("c"), false)).isTrue();
        assertThat(keyspace.copy(key, keyspace, bytes("c"), true)).isTrue();
        keyspace.delete(key);
        assertThat(members(other, bytes("c"))).isEqualTo(MEMBERS);
        other.delete(bytes("c"));
        assertThat(keyspace.move(bytes("c"), other)).isTrue();
        assertThat(members(other, bytes("c"))).isEqualTo(MEMBERS);
        store.swap(0, 1);
        assertThat(members(keyspace, bytes("c"))).isEqualTo(MEMBERS);
        store.flushAll();
        assertThat(store.hasToRelease()).isFalse();
        assertThat(store.usedBytes()).isZero();
    }

    @Test
    void defragmentingMovesRoots() {
        List<Bytes> keys = new ArrayList<>();
        for (int i = 0; i < 4_000; i++) {
            keys.add(bytes("key:" + i));
            if (i % 100 == 0) {
                createLarge(keys.get(i), 100);
            } else {
                keyspace.set(keys.get(i), bytes("x".repeat(ElementTable.ROOT_BYTES)), Keyspace.NO_DEADLINE);
            }
        }
        for (int i = 0; i < 4_000; i++) {
            if (i % 100 != 0) {
                keyspace.delete(keys.get(i));
            }
        }
        int moved = 0;
        for (int stripe = 0; stripe < store.stripes(); stripe++) {
            moved += store.defragment(stripe, 10_000);
        }
        assertThat(moved).isPositive();
        for (int i = 0; i < 4_000; i += 100) {
            assertThat(members(keyspace, keys.get(i))).isEqualTo(100);
        }
    }

    @Test
    void evictionCountsElementsAndFreesThem() {
        try (Evictor evictor = new Evictor(store, new SplittableRandom(1)::nextLong)) {
            for (int i = 0; i < 10; i++) {
                createLarge(bytes("k" + i), MEMBERS);
            }
            store.unlockAll();
            long wanted = store.usedBytes() / 2;
            evictor.step(EvictionPolicy.ALLKEYS_RANDOM, 5, wanted, 100_000, 0);
            store.lockAll();
            assertThat(keyspace.size()).isBetween(3L, 6L);
            assertThat(store.usedBytes()).isLessThan(wanted + wanted / 4);
        }
    }
}
