package dev.cistern.store;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** What one key or one walk does, case by case. */
final class KeyspaceTest {

    private static final long NOW = 1_800_000_000_000L;

    private final List<String> events = new ArrayList<>();
    private final List<Bytes> owned = new ArrayList<>();
    private final Store store = new Store(StoreOptions.seeded(1).withListener(new StoreListener() {
        @Override
        public void keyChanged(int database, Bytes key, KeyEvent event) {
            events.add(database + " " + event.eventName() + " " + key);
        }

        @Override
        public void databaseFlushing(int database) {
            events.add("flushed " + database);
        }

        @Override
        public void databasesSwapping(int first, int second) {
            events.add("swapped " + first + " " + second);
        }
    }));
    private final Keyspace keyspace = store.openKeyspace(0);
    private final Keyspace other = store.openKeyspace(1);
    private final Bytes view = new Bytes();

    KeyspaceTest() {
        setNow(NOW);
        store.lockAll();
    }

    @AfterEach
    void nothingIsHeld() {
        store.unlockAll();
        store.close();
        owned.forEach(Bytes::free);
        assertThat(Memory.heldBytes()).isZero();
    }

    private void setNow(long millis) {
        keyspace.setNowMillis(millis);
        other.setNowMillis(millis);
    }

    private Bytes bytes(String text) {
        Bytes bytes = Bytes.copyOf(text);
        owned.add(bytes);
        return bytes;
    }

    private void set(String key, String value) {
        keyspace.set(bytes(key), bytes(value), Keyspace.NO_DEADLINE);
    }

    private String get(Keyspace from, String key) {
        long entry = from.find(bytes(key), Keyspace.NO_STATS);
        return entry == Keyspace.ABSENT ? "(absent)" : from.readString(entry, view).toString();
    }

    private String encoding(String key) {
        return keyspace.encoding(keyspace.find(bytes(key))).encodingName();
    }

    @Test
    void encodingsAreTheOriginals() {
        set("k", "12345");
        assertThat(encoding("k")).isEqualTo("int");
        set("k", "x".repeat(44));
        assertThat(encoding("k")).isEqualTo("embstr");
        set("k", "x".repeat(45));
        assertThat(encoding("k")).isEqualTo("raw");
        set("k", "1");
        keyspace.append(bytes("k"), bytes("2"));
        assertThat(encoding("k")).isEqualTo("raw");
        assertThat(keyspace.add(bytes("k"), 1)).isEqualTo(13);
        assertThat(encoding("k")).isEqualTo("int");
        keyspace.setText(bytes("k"), bytes("7"), Keyspace.KEEP_DEADLINE, KeyEvent.INCRBYFLOAT);
        assertThat(encoding("k")).isEqualTo("embstr");
        keyspace.append(bytes("new"), bytes("5"));
        assertThat(encoding("new")).isEqualTo("int");
        keyspace.setRange(bytes("range"), 2, bytes("ab"));
        assertThat(encoding("range")).isEqualTo("raw");
        assertThat(get(keyspace, "range")).isEqualTo("\0\0ab");
        assertThat(keyspace.type(keyspace.find(bytes("k")))).isEqualTo(ValueType.STRING);
    }

    @Test
    void anEntryLivesThroughItsLastMillisecond() {
        keyspace.set(bytes("k"), bytes("v"), NOW + 10);
        setNow(NOW + 10);
        assertThat(get(keyspace, "k")).isEqualTo("v");
        setNow(NOW + 11);
        events.clear();
        assertThat(get(keyspace, "k")).isEqualTo("(absent)");
        assertThat(keyspace.size()).isZero();
        assertThat(events).containsExactly("0 expired k");
        assertThat(store.stats().expired()).isEqualTo(1);
    }

    @Test
    void aReplicaKeepsWhatExpired() {
        store.setExpiresByItself(false);
        keyspace.set(bytes("k"), bytes("v"), NOW + 10);
        setNow(NOW + 11);
        assertThat(get(keyspace, "k")).isEqualTo("(absent)");
        assertThat(keyspace.size()).isEqualTo(1);
        long entry = keyspace.find(bytes("k"), Keyspace.EVEN_EXPIRED);
        assertThat(keyspace.isExpired(entry)).isTrue();
        try (ExpiryCycle cycle = new ExpiryCycle(store)) {
            assertThat(cycle.step(10_000, NOW + 11)).isZero();
        }
    }

    @Test
    void tellsWhatHappened() {
        set("a", "1");
        keyspace.set(bytes("a"), bytes("2"), NOW + 1_000);
        keyspace.setDeadline(bytes("a"), Keyspace.NO_DEADLINE);
        keyspace.add(bytes("a"), 1);
        keyspace.rename(bytes("a"), bytes("b"));
        keyspace.copy(bytes("b"), other, bytes("c"), false);
        keyspace.move(bytes("b"), other);
        other.delete(bytes("b"));
        other.delete(bytes("b"));
        store.swap(0, 1);
        store.flush(0);
        assertThat(events).containsExactly("0 new a", "0 set a", "0 set a", "0 expire a", "0 persist a", "0 incrby a",
                "0 new b", "0 rename_from a", "0 rename_to b", "1 new c", "1 copy_to c", "1 new b", "0 move_from b",
                "1 move_to b", "1 del b", "swapped 0 1", "flushed 0");
        assertThat(store.stats().dirty()).isEqualTo(10);
    }

    @Test
    void refusesBeforeAnythingChanges() {
        set("text", "ten");
        set("max", Long.toString(Long.MAX_VALUE));
        assertReason(StoreException.Reason.NOT_AN_INTEGER, () -> keyspace.add(bytes("text"), 1));
        assertReason(StoreException.Reason.WOULD_OVERFLOW, () -> keyspace.add(bytes("max"), 1));
        assertReason(StoreException.Reason.STRING_TOO_LONG,
                () -> keyspace.setRange(bytes("text"), Keyspace.MAX_STRING_BYTES, bytes("x")));
        assertThat(get(keyspace, "text")).isEqualTo("ten");
        assertThat(get(keyspace, "max")).isEqualTo(Long.toString(Long.MAX_VALUE));
    }

    private static void assertReason(StoreException.Reason reason, Runnable action) {
        assertThatThrownBy(action::run).isInstanceOf(StoreException.class)
                .extracting(e -> ((StoreException) e).reason()).isEqualTo(reason);
    }

    @Test
    void countsHitsMissesAndIdleTime() {
        set("k", "v");
        assertThat(keyspace.find(bytes("k"))).isNotEqualTo(Keyspace.ABSENT);
        assertThat(keyspace.exists(bytes("no"))).isFalse();
        assertThat(store.stats().hits()).isEqualTo(1);
        assertThat(store.stats().misses()).isEqualTo(1);
        setNow(NOW + 5_000);
        long entry = keyspace.find(bytes("k"), Keyspace.NO_TOUCH);
        assertThat(keyspace.idleSeconds(entry)).isEqualTo(5);
        assertThat(keyspace.idleSeconds(keyspace.find(bytes("k")))).isZero();
        keyspace.setAccessField(entry, 0xFFFFFF);
        assertThat(keyspace.accessField(entry)).isEqualTo(0xFFFFFF);
    }

    @Test
    void extremeSizes() {
        List<String> keys = List.of("", "k", "k".repeat(1_023), "k".repeat(1_024), "k".repeat(2_000_000));
        int[] lengths = {0, 1, 45, 65_000, 65_536, 262_144, 1_048_575, 1_048_576, 10_000_000};
        for (String key : keys) {
            for (int length : lengths) {
                String value = "v".repeat(length);
                set(key, value);
                assertThat(get(keyspace, key)).isEqualTo(value);
                assertThat(keyspace.memoryUsage(bytes(key), keyspace.find(bytes(key))))
                        .isGreaterThan(key.length() + length);
                keyspace.setDeadline(bytes(key), NOW + 1);
                assertThat(get(keyspace, key)).isEqualTo(value);
                keyspace.setDeadline(bytes(key), Keyspace.NO_DEADLINE);
                keyspace.append(bytes(key), bytes("end"));
                assertThat(get(keyspace, key)).isEqualTo(value + "end");
            }
        }
        assertThat(keyspace.size()).isEqualTo(keys.size());
    }

    @Test
    void appendingMovesTheEntryRarely() {
        Bytes key = bytes("log");
        Bytes part = bytes("0123456789");
        int moves = 0;
        long at = 0;
        for (int i = 0; i < 10_000; i++) {
            keyspace.append(key, part);
            long entry = keyspace.find(key);
            moves += entry == at ? 0 : 1;
            at = entry;
        }
        assertThat(moves).isLessThan(40);
    }

    @Test
    void aFullStoreRefusesAndKeepsWhatItHas() {
        try (Store small = new Store(StoreOptions.seeded(3).withStripes(1).withAddressSpaceBytes(1 << 21));
                Keyspace little = small.openKeyspace(0)) {
            small.lockAll();
            List<Bytes> keys = new ArrayList<>();
            Bytes value = bytes("v".repeat(1_000));
            assertThatThrownBy(() -> {
                for (int i = 0; i < 10_000; i++) {
                    keys.add(bytes("k" + i));
                    little.set(keys.getLast(), value, Keyspace.NO_DEADLINE);
                }
            }).isInstanceOf(OutOfNativeMemoryException.class);
            keys.removeLast();
            assertThat(little.size()).isEqualTo(keys.size());
            long used = small.usedBytes();
            Bytes longer = bytes("v".repeat(3_000));
            assertThatThrownBy(() -> little.set(keys.getFirst(), longer, Keyspace.NO_DEADLINE))
                    .isInstanceOf(OutOfNativeMemoryException.class);
            assertThat(small.usedBytes()).isEqualTo(used);
            for (Bytes key : keys) {
                assertThat(little.readString(little.find(key), view).contentEquals(value)).isTrue();
            }
            little.delete(keys.getFirst());
            little.set(keys.getFirst(), value, Keyspace.NO_DEADLINE);
            small.unlockAll();
        }
    }

    @Test
    void copyKeepsWhatIsThereUnlessToldOtherwise() {
        keyspace.set(bytes("a"), bytes("1"), NOW + 500);
        set("b", "x");
        assertThat(keyspace.copy(bytes("a"), keyspace, bytes("b"), false)).isFalse();
        assertThat(keyspace.copy(bytes("a"), keyspace, bytes("b"), true)).isTrue();
        assertThat(get(keyspace, "b")).isEqualTo("1");
        assertThat(keyspace.deadlineMillis(keyspace.find(bytes("b")))).isEqualTo(NOW + 500);
        assertThat(keyspace.copy(bytes("none"), keyspace, bytes("b"), true)).isFalse();
        assertThat(store.volatileSize(0)).isEqualTo(2);
        assertThat(store.averageTtlMillis(0, NOW)).isEqualTo(500);
    }

    @Test
    void randomKeysAreEven() {
        int count = 1_000;
        IntStream.range(0, count).forEach(i -> set("k" + i, "v"));
        SplittableRandom random = new SplittableRandom(4);
        Map<String, Integer> drawn = new HashMap<>();
        int draws = 200 * count;
        for (int i = 0; i < draws; i++) {
            assertThat(keyspace.random(random::nextLong,
                    (k, entry) -> drawn.merge(k.readKey(entry, view).toString(), 1, Integer::sum))).isTrue();
        }
        assertThat(drawn).hasSize(count);
        // 200 expected each, standard deviation 14.
        assertThat(drawn.values()).allMatch(times -> times > 110 && times < 290);
        store.flush(0);
        assertThat(keyspace.random(random::nextLong, (k, entry) -> {})).isFalse();
    }

    @Test
    void aDatabaseOfExpiredKeysAnswersRandomInTheEnd() {
        IntStream.range(0, 50).forEach(i -> keyspace.set(bytes("k" + i), bytes("v"), NOW));
        setNow(NOW + 1);
        SplittableRandom random = new SplittableRandom(4);
        assertThat(keyspace.random(random::nextLong, (k, entry) -> {})).isFalse();
        assertThat(keyspace.size()).isZero();
    }

    @Test
    void scanShowsEveryKeyThatStaysWhateverComesAndGoes() {
        for (long seed = 0; seed < 6; seed++) {
            scanUnderChurn(new SplittableRandom(seed), "seed " + seed);
        }
    }

    private void scanUnderChurn(SplittableRandom random, String seed) {
        store.flush(0);
        Set<String> staying = IntStream.range(0, 500).mapToObj(i -> "stay" + i).collect(Collectors.toSet());
        staying.forEach(key -> set(key, "v"));
        int going = random.nextInt(8_000);
        IntStream.range(0, going).forEach(i -> set("go" + i, "v"));
        Set<String> seen = new HashSet<>();
        long cursor = 0;
        int steps = 0;
        boolean grows = random.nextBoolean();
        int next = grows ? going : 0;
        do {
            cursor = keyspace.scan(cursor, 10, (k, entry) -> seen.add(k.readKey(entry, view).toString()));
            // The index doubles or all but vanishes while the walk is on.
            for (int i = 0; i < 20; i++) {
                if (grows) {
                    set("go" + next, "v");
                } else {
                    keyspace.delete(bytes("go" + next));
                }
                next++;
            }
            steps++;
        } while (cursor != 0 && steps < 100_000);
        assertThat(cursor).as(seed).isZero();
        assertThat(seen).as(seed).containsAll(staying);
        events.clear();
    }

    @Test
    void anyCursorIsHarmless() {
        IntStream.range(0, 1_000).forEach(i -> set("k" + i, "v"));
        SplittableRandom random = new SplittableRandom(9);
        for (int i = 0; i < 1_000; i++) {
            long cursor = random.nextLong() >>> random.nextInt(64);
            int steps = 0;
            do {
                cursor = keyspace.scan(cursor, 1_000, (k, entry) -> {});
                steps++;
            } while (cursor != 0 && steps < 100);
            assertThat(cursor).isZero();
        }
    }

    /** A flush gives memory back in a thread of its own, and the node may stop before that thread has begun. */
    @Test
    void aStoreTakesBackWhatWasDetached() {
        long held = Memory.heldBytes();
        Store second = new Store(StoreOptions.seeded(1));
        Keyspace keys = second.openKeyspace(0);
        second.lockAll();
        IntStream.range(0, 1_000).forEach(i -> keys.set(bytes("k" + i), view.set(bytes("v")), Keyspace.NO_DEADLINE));
        second.unlockAll();
        DetachedKeys detached = second.detach(0);
        second.close();
        detached.close();
        assertThat(Memory.heldBytes(MemoryTag.SPAN)).isZero();
        assertThat(Memory.heldBytes()).isEqualTo(held + Memory.heldBytes(MemoryTag.TEST));
    }

    @Test
    void flushGivesEverythingBack() {
        IntStream.range(0, 20_000).forEach(i -> set("k" + i, "v".repeat(100)));
        assertThat(store.usedBytes()).isGreaterThan(20_000 * 100);
        assertThat(store.fragmentationRatio()).isBetween(1.0, 1.2);
        store.flushAll();
        assertThat(store.usedBytes()).isZero();
        store.purge();
        assertThat(store.residentBytes()).isZero();
        assertThat(Memory.heldBytes(MemoryTag.SPAN)).isZero();
    }

    @Test
    void deletingAllShrinksTheIndex() {
        IntStream.range(0, 60_000).forEach(i -> set("k" + i, "v"));
        long full = store.indexBytes();
        IntStream.range(0, 60_000).forEach(i -> keyspace.delete(bytes("k" + i)));
        assertThat(store.indexBytes()).isLessThanOrEqualTo((long) store.stripes() * Memory.PAGE_BYTES).isLessThan(full);
        store.purge();
        assertThat(store.usedBytes()).isZero();
    }

    @Test
    void defragmentingMovesSparseEntriesTogether() {
        int count = 200_000;
        IntStream.range(0, count).forEach(i -> set("k" + i, "some value of 24 bytes.."));
        IntStream.range(0, count).filter(i -> i % 8 != 0).forEach(i -> keyspace.delete(bytes("k" + i)));
        double before = store.fragmentationRatio();
        assertThat(before).isGreaterThan(2);
        for (int stripe = 0; stripe < store.stripes(); stripe++) {
            while (store.defragment(stripe, 50) > 0) {
                assertThat(store.isHeldByMe(stripe)).isTrue();
            }
        }
        store.purge();
        IntStream.range(0, count)
                .forEach(i -> assertThat(get(keyspace, "k" + i))
                        .isEqualTo(i % 8 == 0 ? "some value of 24 bytes.." : "(absent)"));
        assertThat(store.fragmentationRatio()).isLessThan(before / 2);
    }
}
