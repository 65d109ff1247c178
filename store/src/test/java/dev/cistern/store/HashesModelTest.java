package dev.cistern.store;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Hashes against maps after every random step, with deadlines of fields and of keys, and an expiry cycle at work. */
final class HashesModelTest {

    private static final int EFFORT = Integer.getInteger("cistern.effort", 1);
    private static final int KEYS = 4;

    private record Field(String value, long deadline) {

        boolean isLive(long now) {
            return deadline == Keyspace.NO_DEADLINE || now <= deadline;
        }
    }

    private final Bytes field = new Bytes();
    private final Bytes value = new Bytes();
    private long now = 1_000_000;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4})
    void randomSteps(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Bytes> keys = new ArrayList<>();
        List<Map<String, Field>> models = new ArrayList<>();
        for (int i = 0; i < KEYS; i++) {
            keys.add(Bytes.copyOf("hash" + i));
            models.add(new HashMap<>());
        }
        try (Store store = new Store(
                StoreOptions.seeded(seed).withStripes(2).withHomeBytes(seed % 2 == 0 ? 600 : StoreOptions.HOME_BYTES));
                Keyspace keyspace = store.openKeyspace(0);
                ExpiryCycle cycle = new ExpiryCycle(store)) {
            store.setPackedLimits(new PackedLimits(8, 20, 12, 8, 20, -2, 128, 64));
            for (int step = 0; step < 15_000 * EFFORT; step++) {
                now += random.nextInt(3);
                keyspace.setNowMillis(now);
                store.lockAll();
                step(keyspace, keys, models, random);
                for (int i = 0; i < KEYS; i++) {
                    check(keyspace.hashes(), keys.get(i), models.get(i), "seed " + seed + " step " + step);
                }
                store.unlockAll();
                if (random.nextInt(20) == 0) {
                    expire(store, keyspace, cycle, keys, models);
                }
            }
            store.lockAll();
            keys.forEach(keyspace::delete);
            assertThat(store.releaseSome(Integer.MAX_VALUE)).isNotNegative();
            assertThat(store.usedBytes()).isEqualTo(store.indexBytes());
            store.unlockAll();
            assertThat(cycle.isDue(Long.MAX_VALUE)).as("nothing is left to expire").isFalse();
        }
        keys.forEach(Bytes::free);
        assertThat(Memory.heldBytes()).isZero();
    }

    private void step(Keyspace keyspace, List<Bytes> keys, List<Map<String, Field>> models, SplittableRandom random) {
        int number = random.nextInt(KEYS);
        Bytes key = keys.get(number);
        Map<String, Field> model = models.get(number);
        Hashes hashes = keyspace.hashes();
        switch (random.nextInt(20)) {
            case 0 -> {
                keyspace.delete(key);
                model.clear();
            }
            case 1 -> transfer(keyspace, keys, models, number, random.nextInt(KEYS), random.nextBoolean());
            case 2, 3, 4, 5 -> remove(hashes, key, model, name(random));
            case 6, 7, 8 -> setDeadline(hashes, key, model, name(random),
                    random.nextInt(4) == 0 ? Keyspace.NO_DEADLINE : now + random.nextInt(60));
            case 9, 10 -> putNumber(hashes, key, model, random.nextInt(5) == 0 ? "f".repeat(25) : name(random),
                    random.nextInt());
            default -> put(hashes, key, model, name(random), text(random), random.nextInt(8) == 0
                    ? now + random.nextInt(100)
                    : random.nextBoolean() ? Keyspace.NO_DEADLINE : Keyspace.KEEP_DEADLINE);
        }
    }

    private void put(Hashes hashes, Bytes key, Map<String, Field> model, String name, String text, long deadline) {
        Bytes fieldCopy = Bytes.copyOf(name);
        Bytes valueCopy = Bytes.copyOf(text);
        hashes.openToChange(key);
        Hashes.Put put = hashes.put(fieldCopy, valueCopy, deadline);
        Field old = model.get(name);
        assertThat(put).isEqualTo(old == null
                ? Hashes.Put.CREATED
                : old.isLive(now) ? Hashes.Put.REPLACED : Hashes.Put.REVIVED);
        long kept = old == null || !old.isLive(now) ? Keyspace.NO_DEADLINE : old.deadline;
        model.put(name, new Field(text, deadline == Keyspace.KEEP_DEADLINE ? kept : deadline));
        fieldCopy.free();
        valueCopy.free();
    }

    private void putNumber(Hashes hashes, Bytes key, Map<String, Field> model, String name, long number) {
        Bytes copy = Bytes.copyOf(name);
        hashes.openToChange(key);
        hashes.putNumber(copy, number);
        Field old = model.get(name);
        model.put(name, new Field(Long.toString(number),
                old == null || !old.isLive(now) ? Keyspace.NO_DEADLINE : old.deadline));
        copy.free();
    }

    private void remove(Hashes hashes, Bytes key, Map<String, Field> model, String name) {
        Bytes copy = Bytes.copyOf(name);
        hashes.openToChange(key);
        Field old = model.get(name);
        boolean isLive = old != null && old.isLive(now);
        assertThat(hashes.remove(copy)).isEqualTo(isLive);
        hashes.endChange();
        if (isLive) {
            model.remove(name);
        }
        copy.free();
    }

    private void setDeadline(Hashes hashes, Bytes key, Map<String, Field> model, String name, long deadline) {
        Bytes copy = Bytes.copyOf(name);
        hashes.openToChange(key);
        Field old = model.get(name);
        if (old != null && old.isLive(now)) {
            hashes.setDeadline(copy, deadline);
            model.put(name, new Field(old.value, deadline));
        }
        copy.free();
    }

    private static void transfer(Keyspace keyspace, List<Bytes> keys, List<Map<String, Field>> models, int from, int to,
            boolean renames) {
        if (models.get(from).isEmpty() || from == to) {
            return;
        }
        if (renames) {
            keyspace.rename(keys.get(from), keys.get(to));
        } else {
            keyspace.copy(keys.get(from), keyspace, keys.get(to), true);
        }
        models.set(to, new HashMap<>(models.get(from)));
        if (renames) {
            models.get(from).clear();
        }
    }

    /** The cycle removes exactly what is over its time, in as many steps as it takes. */
    private void expire(Store store, Keyspace keyspace, ExpiryCycle cycle, List<Bytes> keys,
            List<Map<String, Field>> models) {
        for (int i = 0; i < 1_000 && cycle.isDue(now); i++) {
            cycle.step(16, now);
        }
        assertThat(cycle.isDue(now)).isFalse();
        store.lockAll();
        for (int i = 0; i < KEYS; i++) {
            models.get(i).values().removeIf(f -> !f.isLive(now));
            keyspace.hashes().open(keys.get(i));
            assertThat(keyspace.hashes().size()).isEqualTo(models.get(i).size());
        }
        store.unlockAll();
    }

    private void check(Hashes hashes, Bytes key, Map<String, Field> model, String where) {
        assertThat(hashes.open(key)).as(where).isEqualTo(!model.isEmpty());
        assertThat(hashes.size()).as(where).isEqualTo(model.size());
        Map<String, String> expected = new HashMap<>();
        model.forEach((name, f) -> {
            if (f.isLive(now)) {
                expected.put(name, f.value);
            }
        });
        Map<String, String> seen = new HashMap<>();
        hashes.beginWalk();
        while (hashes.next(field, value)) {
            assertThat(seen.put(field.toString(), value.toString())).as(where).isNull();
        }
        assertThat(seen).as(where).isEqualTo(expected);
        if (!hashes.mayHaveExpired()) {
            assertThat(expected).as(where).hasSize(model.size());
        }
    }

    private static String name(SplittableRandom random) {
        return random.nextInt(3) == 0 ? "f" + random.nextInt(40) : Integer.toString(random.nextInt(6));
    }

    private static String text(SplittableRandom random) {
        return switch (random.nextInt(4)) {
            case 0 -> Long.toString(random.nextLong() >> random.nextInt(64));
            case 1 -> "v".repeat(random.nextInt(24));
            default -> "value" + random.nextInt(10);
        };
    }
}
