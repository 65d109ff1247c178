package dev.cistern.store;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Sets against sets of the JDK after every random step, through all encodings; and the bytes of an intset. */
final class SetsModelTest {

    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);
    private static final int KEYS = 4;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4})
    void randomSteps(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Bytes> keys = new ArrayList<>();
        List<Set<String>> models = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) {
            keys.add(Bytes.copyOf("set" + i));
            models.add(new TreeSet<>());
        }
        try (Store store = new Store(
                StoreOptions.seeded(seed).withStripes(2).withHomeBytes(seed % 2 == 0 ? 600 : StoreOptions.HOME_BYTES));
                Keyspace keyspace = store.openKeyspace(0)) {
            store.setPackedLimits(new PackedLimits(8, 20, 12, 8, 20, -2, 128, 64));
            store.lockAll();
            for (int step = 0; step < 20_000 * EFFORT; step++) {
                // Now and then from nothing, since a large set stays one.
                if (random.nextInt(60) == 0) {
                    int number = random.nextInt(KEYS);
                    assertThat(keyspace.delete(keys.get(number))).isEqualTo(!models.get(number).isEmpty());
                    models.get(number).clear();
                }
                step(keyspace.sets(), keys, models, random);
                for (int i = 0; i < KEYS; i++) {
                    check(keyspace.sets().at(0), keys.get(i), models.get(i), "seed " + seed + " step " + step);
                }
            }
            for (int i = 0; i < KEYS; i++) {
                keyspace.delete(keys.get(i));
            }
            assertThat(keyspace.size()).isZero();
            assertThat(store.releaseSome(Integer.MAX_VALUE)).isNotNegative();
            assertThat(store.usedBytes()).isEqualTo(store.indexBytes());
            store.unlockAll();
        }
        keys.forEach(Bytes::free);
        assertThat(Memory.heldBytes()).isZero();
    }

    private static void step(Sets sets, List<Bytes> keys, List<Set<String>> models, SplittableRandom random) {
        int number = random.nextInt(KEYS);
        Set<String> model = models.get(number);
        OpenSet set = sets.at(0);
        switch (random.nextInt(12)) {
            case 0, 1, 2, 3, 4, 5 -> {
                String member = member(random);
                Bytes bytes = Bytes.copyOf(member);
                set.openToChange(keys.get(number));
                assertThat(set.add(bytes)).isEqualTo(model.add(member));
                bytes.free();
            }
            case 6, 7, 8 -> {
                String member = member(random);
                Bytes bytes = Bytes.copyOf(member);
                set.openToChange(keys.get(number));
                assertThat(set.remove(bytes)).isEqualTo(model.remove(member));
                set.endChange();
                bytes.free();
            }
            case 9 -> pop(set, keys.get(number), model, random);
            default -> combine(sets, keys, models, random);
        }
    }

    private static void pop(OpenSet set, Bytes key, Set<String> model, SplittableRandom random) {
        if (!set.openToChange(key)) {
            assertThat(model).isEmpty();
            return;
        }
        Bytes member = new Bytes();
        set.random(random::nextLong, member);
        assertThat(model.remove(member.toString())).isTrue();
        assertThat(set.remove(member)).isTrue();
        set.endChange();
    }

    private static void combine(Sets sets, List<Bytes> keys, List<Set<String>> models, SplittableRandom random) {
        int target = random.nextInt(KEYS);
        int first = random.nextInt(KEYS);
        int second = random.nextInt(KEYS);
        Set<String> result = new TreeSet<>(models.get(first));
        sets.begin();
        sets.openToChange(keys.get(first));
        sets.openToChange(keys.get(second));
        switch (random.nextInt(3)) {
            case 0 -> {
                sets.intersect(sets::keep);
                result.retainAll(models.get(second));
            }
            case 1 -> {
                sets.subtract(sets::keep);
                result.removeAll(models.get(second));
            }
            default -> {
                sets.unite(sets::keep);
                result.addAll(models.get(second));
            }
        }
        assertThat(sets.store(keys.get(target), KeyEvent.SINTERSTORE)).isEqualTo(result.size());
        models.set(target, result);
    }

    private static void check(OpenSet set, Bytes key, Set<String> model, String where) {
        assertThat(set.open(key)).as(where).isEqualTo(!model.isEmpty());
        assertThat(set.size()).as(where).isEqualTo(model.size());
        Set<String> seen = new HashSet<>();
        Bytes member = new Bytes();
        set.beginWalk();
        while (set.next(member)) {
            assertThat(seen.add(member.toString())).as(where).isTrue();
        }
        assertThat(seen).as(where).isEqualTo(model);
    }

    private static String member(SplittableRandom random) {
        return switch (random.nextInt(8)) {
            case 0 -> "word" + random.nextInt(20);
            case 1 -> "x".repeat(random.nextInt(30));
            case 2 -> Long.toString(random.nextLong() >> random.nextInt(64));
            default -> Integer.toString(random.nextInt(-15, 15));
        };
    }

    @Test
    void bytesOfAnIntset() {
        long intset = Memory.allocate(MemoryTag.TEST, 64);
        Intset.create(intset);
        for (long value : new long[]{5, -3, 300}) {
            Intset.insert(intset, ~Intset.search(intset, value), value);
        }
        assertThat(bytes(intset, Intset.bytes(3, 2))).isEqualTo("0200000003000000fdff05002c01");
        Intset.widen(intset, 4);
        Intset.insert(intset, ~Intset.search(intset, 70_000), 70_000);
        assertThat(bytes(intset, Intset.bytes(4, 4))).isEqualTo("0400000004000000fdffffff050000002c01000070110100");
        Intset.remove(intset, 0);
        assertThat(Intset.get(intset, 0)).isEqualTo(5);
        assertThat(Intset.isValid(intset, Intset.bytes(3, 4))).isTrue();
        assertThat(Intset.isValid(intset, Intset.bytes(3, 4) - 1)).isFalse();
        Memory.putInt(intset + Intset.HEADER_BYTES, 400);
        assertThat(Intset.isValid(intset, Intset.bytes(3, 4))).as("out of order").isFalse();
        Memory.putInt(intset + Intset.WIDTH, 3);
        assertThat(Intset.isValid(intset, Intset.bytes(3, 3))).as("width").isFalse();
        Memory.free(MemoryTag.TEST, intset, 64);
        assertThat(Intset.widthOf(-32_768)).isEqualTo(2);
        assertThat(Intset.widthOf(32_768)).isEqualTo(4);
        assertThat(Intset.widthOf(-2_147_483_649L)).isEqualTo(8);
    }

    private static String bytes(long address, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(String.format("%02x", Memory.getByte(address + i)));
        }
        return text.toString();
    }
}
