package dev.cistern.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Lists of a database, packed and large and from one to the other, hold after every step what a map of lists holds. */
final class ListsTest {

    private static final int STEPS = 5_000 * Integer.getInteger("cistern.effort", 1);

    private final Map<String, List<String>> model = new HashMap<>();
    private final Bytes view = new Bytes();

    @ParameterizedTest(name = "limit {0}")
    @ValueSource(ints = {-2, -1, 4, 40})
    void randomChanges(int limit) {
        long held = Memory.heldBytes();
        PackedLimits usual = PackedLimits.USUAL;
        SplittableRandom random = new SplittableRandom(limit);
        StoreOptions options = StoreOptions.seeded(3).withStripes(1).withDatabases(2);
        try (Store store = new Store(options)) {
            store.setPackedLimits(new PackedLimits(usual.hashEntries(), usual.hashValueBytes(), usual.setIntegers(),
                    usual.setEntries(), usual.setValueBytes(), limit, 1, 1));
            store.lock(0);
            Keyspace keyspace = store.openKeyspace(0);
            for (int step = 0; step < STEPS; step++) {
                String name = "list:" + random.nextInt(4);
                Bytes key = Bytes.copyOf(name);
                if (random.nextInt(30) == 0) {
                    wholeKeys(keyspace, key, name, random);
                } else {
                    change(keyspace.lists(), key, name, random, step / 500 % 2 == 0);
                }
                compare(keyspace, key, name, "limit " + limit + " step " + step);
                key.free();
            }
            for (String name : List.copyOf(model.keySet())) {
                Bytes key = Bytes.copyOf(name);
                keyspace.delete(key);
                key.free();
            }
            while (store.releaseSome(0, 1000) > 0) {
                assertThat(store.usedBytes()).isPositive();
            }
            store.unlock(0);
            long indexBytes = store.indexBytes();
            assertThat(store.usedBytes()).isEqualTo(indexBytes);
        }
        assertThat(Memory.heldBytes()).isEqualTo(held);
    }

    private void wholeKeys(Keyspace keyspace, Bytes key, String name, SplittableRandom random) {
        String other = "list:" + random.nextInt(4);
        Bytes otherKey = Bytes.copyOf(other);
        List<String> list = model.get(name);
        switch (random.nextInt(4)) {
            case 0 -> {
                assertThat(keyspace.delete(key)).isEqualTo(list != null);
                model.remove(name);
            }
            case 1 -> {
                if (list != null && !other.equals(name) && keyspace.copy(key, keyspace, otherKey, true)) {
                    model.put(other, new ArrayList<>(list));
                }
            }
            case 2 -> {
                if (keyspace.rename(key, otherKey) && list != null) {
                    model.remove(name);
                    model.put(other, list);
                }
            }
            default -> {
                if (list != null) {
                    boolean front = random.nextBoolean();
                    boolean toFront = random.nextBoolean();
                    String moved = front ? list.removeFirst() : list.removeLast();
                    keyspace.lists().move(key, otherKey, front, toFront, view);
                    assertThat(view).hasToString(moved);
                    List<String> target = model.computeIfAbsent(other, absent -> new ArrayList<>());
                    target.add(toFront ? 0 : target.size(), moved);
                    model.values().removeIf(List::isEmpty);
                }
            }
        }
        otherKey.free();
    }

    private void change(Lists lists, Bytes key, String name, SplittableRandom random, boolean grows) {
        List<String> list = model.computeIfAbsent(name, absent -> new ArrayList<>());
        assertThat(lists.openToChange(key)).isEqualTo(!list.isEmpty());
        Bytes value = Bytes.copyOf(randomText(random).getBytes(StandardCharsets.ISO_8859_1));
        int index = list.isEmpty() ? 0 : random.nextInt(list.size());
        if (list.isEmpty() || random.nextInt(10) < (grows ? 7 : 2)) {
            grow(lists, list, value, index, random);
        } else {
            boolean forward = random.nextBoolean();
            int count = random.nextInt(Math.min(50, list.size() - index) + 1);
            switch (random.nextInt(3)) {
                case 0 -> {
                    lists.seek(index);
                    lists.remove(forward);
                    list.remove(index);
                }
                case 1 -> {
                    lists.removeRange(index, count);
                    list.subList(index, index + count).clear();
                }
                default -> {
                    lists.seek(-1);
                    lists.remove(false);
                    list.removeLast();
                }
            }
        }
        lists.endChange();
        model.values().removeIf(List::isEmpty);
        value.free();
    }

    private static void grow(Lists lists, List<String> list, Bytes value, int index, SplittableRandom random) {
        int what = list.isEmpty() ? 0 : random.nextInt(6);
        switch (what) {
            case 0, 1, 2 -> {
                boolean front = random.nextBoolean();
                lists.expect(1, value.length());
                lists.push(front, value);
                list.add(front ? 0 : list.size(), value.toString());
            }
            case 3 -> {
                lists.seek(index);
                lists.set(value);
                list.set(index, value.toString());
            }
            default -> {
                boolean behind = random.nextBoolean();
                lists.expect(1, value.length());
                lists.seek(index);
                lists.insert(value, behind);
                list.add(behind ? index + 1 : index, value.toString());
            }
        }
    }

    private void compare(Keyspace keyspace, Bytes key, String name, String what) {
        Lists lists = keyspace.lists();
        List<String> expected = model.getOrDefault(name, List.of());
        assertThat(lists.open(key)).as(what).isEqualTo(!expected.isEmpty());
        List<String> texts = new ArrayList<>();
        for (boolean more = lists.seek(0); more; more = lists.next()) {
            texts.add(lists.read(view).toString());
        }
        assertThat(texts).as(what).isEqualTo(expected);
        for (boolean more = lists.seek(-1); more; more = lists.previous()) {
            texts.removeLast();
        }
        assertThat(texts).as(what).isEmpty();
    }

    private static String randomText(SplittableRandom random) {
        return switch (random.nextInt(12)) {
            case 0 -> Long.toString(random.nextLong() >> random.nextInt(64));
            case 1 -> "x".repeat(random.nextInt(random.nextInt(10) == 0 ? 9_000 : 300));
            default -> "element:" + random.nextInt(1_000);
        };
    }
}
