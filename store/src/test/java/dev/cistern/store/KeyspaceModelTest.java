package dev.cistern.store;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Two databases and two maps get the same random writes under a clock of the test's own; they agree after every one. */
final class KeyspaceModelTest {

    private static final int STEPS = 4_000;

    /** What the model knows of a key. */
    private record Value(String latin1, long deadlineMillis) {

        Value(byte[] bytes, long deadlineMillis) {
            this(new String(bytes, StandardCharsets.ISO_8859_1), deadlineMillis);
        }

        byte[] bytes() {
            return latin1.getBytes(StandardCharsets.ISO_8859_1);
        }
    }

    static List<Long> seeds() {
        List<Long> seeds = new ArrayList<>();
        long effort = Long.getLong("cistern.effort", 1);
        for (long i = 0; i < 12 * effort; i++) {
            seeds.add(Long.getLong("cistern.seed", 0) + i);
        }
        return seeds;
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void agreesWithMaps(long seed) {
        long held = Memory.heldBytes();
        try (Run run = new Run(seed)) {
            for (int step = 0; step < STEPS; step++) {
                run.step(step);
            }
            run.checkEverything();
            run.deleteEverything();
        }
        assertThat(Memory.heldBytes()).as("bytes held").isEqualTo(held);
    }

    private static final class Run implements AutoCloseable {
        private final SplittableRandom random;
        private final Store store;
        private final Keyspace[] keyspaces;
        private final ExpiryCycle expiryCycle;
        private final List<Map<String, Value>> models = List.of(new HashMap<>(), new HashMap<>());
        private final int keys;
        private final Bytes view = new Bytes();
        private long now = 1_000_000_000_000L;

        Run(long seed) {
            random = new SplittableRandom(seed);
            // Few stripes make long indexes, many make empty ones; few keys meet often, many grow the index.
            int stripes = 1 << random.nextInt(5);
            keys = random.nextBoolean() ? 20 : 3_000;
            store = new Store(StoreOptions.seeded(seed).withStripes(stripes).withDatabases(2)
                    .withHomeBytes(seed % 2 == 0 ? 600 : StoreOptions.HOME_BYTES));
            keyspaces = new Keyspace[]{store.openKeyspace(0), store.openKeyspace(1)};
            expiryCycle = new ExpiryCycle(store);
            setNow(now);
        }

        private void setNow(long millis) {
            now = millis;
            for (Keyspace keyspace : keyspaces) {
                keyspace.setNowMillis(millis);
            }
        }

        private String randomKey() {
            int number = random.nextInt(keys);
            return number % 50 == 0 ? "long".repeat(300) + number : "k" + number;
        }

        private byte[] randomValue() {
            return switch (random.nextInt(6)) {
                case 0 -> Long.toString(random.nextLong()).getBytes(StandardCharsets.UTF_8);
                case 1 -> Integer.toString(random.nextInt(1000)).getBytes(StandardCharsets.UTF_8);
                case 2 -> bytes(random.nextInt(60));
                case 3 -> bytes(random.nextInt(2_000));
                case 4 -> random.nextInt(20) == 0 ? bytes(random.nextInt(300_000)) : bytes(16);
                default -> bytes(16);
            };
        }

        private byte[] bytes(int length) {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            return bytes;
        }

        private @Nullable Value model(int database, String key) {
            Map<String, Value> model = models.get(database);
            Value value = model.get(key);
            if (value != null && value.deadlineMillis != Keyspace.NO_DEADLINE && now > value.deadlineMillis) {
                model.remove(key);
                return null;
            }
            return value;
        }

        void step(int step) {
            int database = random.nextInt(10) == 0 ? 1 : 0;
            String name = randomKey();
            String other = randomKey();
            Bytes key = Bytes.copyOf(name);
            Bytes otherKey = Bytes.copyOf(other);
            byte[] bytes = randomValue();
            Bytes value = Bytes.copyOf(bytes);
            lock(key, otherKey);
            try {
                act(database, name, other, key, otherKey, bytes, value);
                check(database, name, key);
                check(database, other, otherKey);
                check(1 - database, name, key);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("step " + step + ": " + e.getMessage(), e);
            } finally {
                store.unlockAll();
                key.free();
                otherKey.free();
                value.free();
            }
            if (random.nextInt(50) == 0) {
                setNow(now + random.nextInt(2_000));
            }
            if (random.nextInt(20) == 0) {
                expiryCycle.step(1 + random.nextInt(20), now);
            }
            if (random.nextInt(20) == 0) {
                store.defragment(random.nextInt(store.stripes()), 1 + random.nextInt(50));
            }
            if (random.nextInt(500) == 0) {
                whole(database);
            }
        }

        private void lock(Bytes key, Bytes other) {
            store.lockAll();
            assertThat(store.isHeldByMe(store.stripeOf(key)) && store.isHeldByMe(store.stripeOf(other))).isTrue();
        }

        private void act(int database, String name, String other, Bytes key, Bytes otherKey, byte[] bytes,
                Bytes value) {
            Keyspace keyspace = keyspaces[database];
            Map<String, Value> model = models.get(database);
            Value old = model(database, name);
            switch (random.nextInt(15)) {
                case 13 -> growString(keyspace, model, name, key, old);
                case 0, 1, 2 -> {
                    long deadline = random.nextInt(3) == 0 ? now + random.nextInt(5_000) : Keyspace.NO_DEADLINE;
                    keyspace.set(key, value, deadline);
                    model.put(name, new Value(bytes, deadline));
                }
                case 3 -> {
                    keyspace.set(key, value, Keyspace.KEEP_DEADLINE);
                    model.put(name, new Value(bytes, old == null ? Keyspace.NO_DEADLINE : old.deadlineMillis));
                }
                case 4, 5 -> {
                    assertThat(keyspace.delete(key)).isEqualTo(old != null);
                    model.remove(name);
                }
                case 6 -> {
                    byte[] before = old == null ? new byte[0] : old.bytes();
                    byte[] joined = Arrays.copyOf(before, before.length + bytes.length);
                    System.arraycopy(bytes, 0, joined, before.length, bytes.length);
                    assertThat(keyspace.append(key, value)).isEqualTo(joined.length);
                    model.put(name, new Value(joined, old == null ? Keyspace.NO_DEADLINE : old.deadlineMillis));
                }
                case 7 -> setRange(keyspace, model, name, key, old, bytes, value);
                case 8 -> add(keyspace, model, name, key, old);
                case 9 -> {
                    long deadline = random.nextBoolean() ? now + random.nextInt(3_000) : Keyspace.NO_DEADLINE;
                    assertThat(keyspace.setDeadline(key, deadline)).isEqualTo(old != null);
                    if (old != null) {
                        model.put(name, new Value(old.bytes(), deadline));
                    }
                }
                case 10 -> {
                    assertThat(keyspace.rename(key, otherKey)).isEqualTo(old != null);
                    if (old != null) {
                        model.remove(name);
                        model.put(other, old);
                    }
                }
                case 11 -> {
                    int target = random.nextInt(2);
                    boolean replace = random.nextBoolean();
                    boolean possible = old != null && (replace || model(target, other) == null)
                            && !(target == database && name.equals(other));
                    if (target != database || !name.equals(other)) {
                        assertThat(keyspace.copy(key, keyspaces[target], otherKey, replace)).isEqualTo(possible);
                    }
                    if (possible && old != null) {
                        models.get(target).put(other, old);
                    }
                }
                case 12 -> {
                    boolean possible = old != null && model(1 - database, name) == null;
                    assertThat(keyspace.move(key, keyspaces[1 - database])).isEqualTo(possible);
                    if (possible && old != null) {
                        model.remove(name);
                        models.get(1 - database).put(name, old);
                    }
                }
                default -> assertThat(keyspace.exists(key)).isEqualTo(old != null);
            }
        }

        private void setRange(Keyspace keyspace, Map<String, Value> model, String name, Bytes key, @Nullable Value old,
                byte[] bytes, Bytes value) {
            int offset = random.nextInt(100);
            byte[] before = old == null ? new byte[0] : old.bytes();
            if (bytes.length == 0) {
                assertThat(keyspace.setRange(key, offset, value)).isEqualTo(before.length);
                return;
            }
            byte[] after = Arrays.copyOf(before, Math.max(before.length, offset + bytes.length));
            System.arraycopy(bytes, 0, after, offset, bytes.length);
            assertThat(keyspace.setRange(key, offset, value)).isEqualTo(after.length);
            model.put(name, new Value(after, old == null ? Keyspace.NO_DEADLINE : old.deadlineMillis));
        }

        private void growString(Keyspace keyspace, Map<String, Value> model, String name, Bytes key,
                @Nullable Value old) {
            byte[] before = old == null ? new byte[0] : old.bytes();
            byte[] after = Arrays.copyOf(before, Math.max(before.length, random.nextInt(1, 200)));
            long entry = keyspace.growString(key, after.length);
            assertThat(keyspace.encoding(entry)).isEqualTo(Encoding.RAW);
            int changed = random.nextInt(after.length);
            after[changed] ^= 1;
            Memory.putByte(keyspace.readString(entry, view).address() + changed, after[changed]);
            keyspace.stringChanged(key, KeyEvent.SETBIT);
            model.put(name, new Value(after, old == null ? Keyspace.NO_DEADLINE : old.deadlineMillis));
        }

        private void add(Keyspace keyspace, Map<String, Value> model, String name, Bytes key, @Nullable Value old) {
            long delta = random.nextBoolean() ? random.nextInt(1_000) : random.nextLong();
            Long number = old == null ? Long.valueOf(0) : asNumber(old.bytes());
            String outcome;
            try {
                outcome = Long.toString(keyspace.add(key, delta));
            } catch (StoreException e) {
                outcome = e.reason().name();
            }
            if (number == null) {
                assertThat(outcome).isEqualTo("NOT_AN_INTEGER");
                return;
            }
            try {
                String sum = Long.toString(Math.addExact(number, delta));
                assertThat(outcome).isEqualTo(sum);
                model.put(name, new Value(sum.getBytes(StandardCharsets.UTF_8),
                        old == null ? Keyspace.NO_DEADLINE : old.deadlineMillis));
            } catch (ArithmeticException e) {
                assertThat(outcome).isEqualTo("WOULD_OVERFLOW");
            }
        }

        private static @Nullable Long asNumber(byte[] bytes) {
            try {
                String text = new String(bytes, StandardCharsets.ISO_8859_1);
                long number = Long.parseLong(text);
                return Long.toString(number).equals(text) ? number : null;
            } catch (NumberFormatException e) {
                return null;
            }
        }

        private void check(int database, String name, Bytes key) {
            Keyspace keyspace = keyspaces[database];
            Value expected = model(database, name);
            long entry = keyspace.find(key);
            assertThat(entry != Keyspace.ABSENT).as("%s is there", name).isEqualTo(expected != null);
            if (expected != null) {
                assertThat(keyspace.readKey(entry, view).toByteArray()).isEqualTo(key.toByteArray());
                assertThat(keyspace.readString(entry, view).toByteArray()).isEqualTo(expected.bytes());
                assertThat(keyspace.stringLength(entry)).isEqualTo(expected.bytes().length);
                assertThat(keyspace.deadlineMillis(entry)).isEqualTo(expected.deadlineMillis);
            }
        }

        /** Rare work on a whole database. */
        private void whole(int database) {
            switch (random.nextInt(8)) {
                case 0 -> {
                    store.flush(database);
                    models.get(database).clear();
                }
                case 1 -> {
                    store.swap(0, 1);
                    Map<String, Value> first = new HashMap<>(models.get(0));
                    models.get(0).clear();
                    models.get(0).putAll(models.get(1));
                    models.get(1).clear();
                    models.get(1).putAll(first);
                }
                case 2 -> store.purge();
                case 3 -> expireEverything();
                case 4 -> defragmentEverything();
                default -> checkEverything();
            }
        }

        /** After one walk over everything, nothing that has expired is left. */
        private void expireEverything() {
            for (int database = 0; database < 2; database++) {
                int counted = database;
                List.copyOf(models.get(database).keySet()).forEach(key -> model(counted, key));
            }
            int steps = 0;
            while (keyspaces[0].size() + keyspaces[1].size() > models.get(0).size() + models.get(1).size()) {
                expiryCycle.step(50, now);
                assertThat(steps++).as("steps of the expiry cycle").isLessThan(10_000);
            }
            assertThat(store.volatileSize(0) + store.volatileSize(1)).isEqualTo(models.stream()
                    .flatMap(model -> model.values().stream())
                    .filter(value -> value.deadlineMillis != Keyspace.NO_DEADLINE).count());
        }

        private void defragmentEverything() {
            long before = store.usedBytes();
            for (int stripe = 0; stripe < store.stripes(); stripe++) {
                while (store.defragment(stripe, 100) == 100) {
                    assertThat(store.usedBytes()).isEqualTo(before);
                }
            }
            assertThat(store.usedBytes()).isEqualTo(before);
            checkEverything();
        }

        void checkEverything() {
            for (int database = 0; database < 2; database++) {
                Map<String, Value> model = models.get(database);
                new ArrayList<>(model.keySet()).forEach(key -> models.forEach(m -> model(models.indexOf(m), key)));
                int checked = database;
                model.keySet().removeIf(key -> {
                    Value value = model.get(key);
                    return value != null && value.deadlineMillis != Keyspace.NO_DEADLINE
                            && now > value.deadlineMillis;
                });
                Set<String> seen = new HashSet<>();
                long cursor = 0;
                do {
                    cursor = keyspaces[checked].scan(cursor, 10,
                            (keyspace, entry) -> seen.add(keyspace.readKey(entry, view).toString()));
                } while (cursor != 0);
                assertThat(seen).as("scanned").isEqualTo(model.keySet());
                assertThat(keyspaces[checked].size()).isGreaterThanOrEqualTo(model.size());
            }
        }

        void deleteEverything() {
            for (int database = 0; database < 2; database++) {
                for (String name : models.get(database).keySet()) {
                    Bytes key = Bytes.copyOf(name);
                    store.lock(store.stripeOf(key));
                    assertThat(keyspaces[database].delete(key)).isTrue();
                    store.unlock(store.stripeOf(key));
                    key.free();
                }
            }
        }

        @Override
        public void close() {
            expiryCycle.close();
            store.close();
        }
    }
}
