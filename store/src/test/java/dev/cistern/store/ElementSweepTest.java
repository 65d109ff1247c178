package dev.cistern.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Large values of which most was deleted are moved together, in slices between which they change, and hold afterwards
 * what they should.
 */
@ParameterizedClass
@ValueSource(longs = {StoreOptions.HOME_BYTES, Long.MAX_VALUE / 8})
final class ElementSweepTest {

    private static final int ELEMENTS = 30_000;
    private static final String TEXT = "a value of some forty bytes, whatever it says";

    private final long seed = Long.getLong("cistern.seed", 1);
    private final SplittableRandom random = new SplittableRandom(seed);
    private final List<Bytes> owned = new ArrayList<>();
    private final Store store;
    private final Keyspace keyspace;
    private final Bytes buffer = new Bytes(Memory.allocate(MemoryTag.TEST, 128), 0);
    private final Bytes otherBuffer = new Bytes(Memory.allocate(MemoryTag.TEST, 128), 0);
    private final Bytes view = new Bytes();

    /** Values of this size have memory of their own. */
    ElementSweepTest(long homeBytes) {
        store = new Store(StoreOptions.seeded(seed).withStripes(1).withDatabases(1).withHomeBytes(homeBytes));
        keyspace = store.openKeyspace(0);
    }

    /** The one stripe is held all the time but where the store takes it by itself. */
    @BeforeEach
    void hold() {
        store.lock(0);
    }

    @AfterEach
    void nothingIsHeld() {
        store.unlock(0);
        store.close();
        owned.forEach(Bytes::free);
        Memory.free(MemoryTag.TEST, buffer.address(), 128);
        Memory.free(MemoryTag.TEST, otherBuffer.address(), 128);
        assertThat(Memory.heldBytes()).as("seed %d", seed).isZero();
    }

    private Bytes key(String text) {
        Bytes made = Bytes.copyOf(text);
        owned.add(made);
        return made;
    }

    private static Bytes write(Bytes target, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        Memory.copy(bytes, 0, target.address(), bytes.length);
        return target.set(target.address(), bytes.length);
    }

    private static String text(Bytes bytes) {
        byte[] copy = new byte[bytes.length()];
        Memory.copy(bytes.address(), copy, 0, copy.length);
        return new String(copy, UTF_8);
    }

    private boolean defragmentMore() {
        store.unlock(0);
        try {
            return store.defragment(0, 1 + random.nextInt(500)) > 0;
        } finally {
            store.lock(0);
        }
    }

    private void heal(Runnable change) {
        assertThat(store.fragmentationRatio()).as("seed %d, before", seed).isGreaterThan(1.5);
        int rounds = 0;
        while (defragmentMore()) {
            if (rounds++ % 4 == 0) {
                change.run();
            }
            assertThat(rounds).as("seed %d: it ends", seed).isLessThan(1_000_000);
        }
        store.purge();
        assertThat(store.fragmentationRatio()).as("seed %d, after", seed).isLessThan(1.15);
    }

    @Test
    void hashes() {
        Bytes key = key("hash");
        Hashes hashes = keyspace.hashes();
        Map<String, String> model = new HashMap<>();
        for (int i = 0; i < ELEMENTS; i++) {
            putField(hashes, key, model, "field:" + i, TEXT + i);
        }
        for (int i = 0; i < ELEMENTS; i++) {
            if (random.nextInt(5) > 0) {
                removeField(hashes, key, model, "field:" + i);
            }
        }
        heal(() -> {
            String field = "field:" + random.nextInt(ELEMENTS);
            if (random.nextBoolean()) {
                putField(hashes, key, model, field, TEXT.substring(random.nextInt(40)));
            } else {
                removeField(hashes, key, model, field);
            }
        });
        assertThat(hashes.open(key)).isTrue();
        assertThat(hashes.size()).isEqualTo(model.size());
        for (Map.Entry<String, String> pair : model.entrySet()) {
            assertThat(hashes.get(write(buffer, pair.getKey()), view)).isTrue();
            assertThat(text(view)).isEqualTo(pair.getValue());
        }
    }

    private void putField(Hashes hashes, Bytes key, Map<String, String> model, String field, String value) {
        hashes.openToChange(key);
        hashes.put(write(buffer, field), write(otherBuffer, value), Keyspace.NO_DEADLINE);
        hashes.endChange();
        model.put(field, value);
    }

    private void removeField(Hashes hashes, Bytes key, Map<String, String> model, String field) {
        hashes.openToChange(key);
        assertThat(hashes.remove(write(buffer, field))).isEqualTo(model.remove(field) != null);
        hashes.endChange();
    }

    @Test
    void sortedSets() {
        Bytes key = key("sorted");
        SortedSets sets = keyspace.sortedSets();
        Map<String, Double> model = new HashMap<>();
        for (int i = 0; i < ELEMENTS; i++) {
            addMember(sets, key, model, "member:" + i, random.nextInt(1_000));
        }
        for (int i = 0; i < ELEMENTS; i++) {
            if (random.nextInt(5) > 0) {
                removeMember(sets, key, model, "member:" + i);
            }
        }
        heal(() -> {
            String member = "member:" + random.nextInt(ELEMENTS);
            if (random.nextBoolean()) {
                addMember(sets, key, model, member, random.nextInt(1_000));
            } else {
                removeMember(sets, key, model, member);
            }
        });
        List<Map.Entry<String, Double>> ordered = model.entrySet().stream()
                .sorted(Map.Entry.<String, Double>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                .toList();
        assertThat(sets.open(key)).isTrue();
        assertThat(sets.size()).isEqualTo(model.size());
        boolean more = sets.seek(0);
        for (Map.Entry<String, Double> member : ordered) {
            assertThat(more).isTrue();
            assertThat(text(sets.read(view))).isEqualTo(member.getKey());
            assertThat(sets.score()).isEqualTo(member.getValue());
            more = sets.next();
        }
        assertThat(more).isFalse();
        for (String member : model.keySet()) {
            assertThat(sets.find(write(buffer, member))).isTrue();
            assertThat(sets.score()).isEqualTo(model.get(member));
        }
    }

    private void addMember(SortedSets sets, Bytes key, Map<String, Double> model, String member, double score) {
        sets.openToChange(key);
        if (sets.find(write(buffer, member))) {
            sets.setScore(buffer, score);
        } else {
            sets.add(buffer, score);
        }
        sets.endChange();
        model.put(member, score);
    }

    private void removeMember(SortedSets sets, Bytes key, Map<String, Double> model, String member) {
        sets.openToChange(key);
        boolean there = sets.find(write(buffer, member));
        assertThat(there).isEqualTo(model.remove(member) != null);
        if (there) {
            sets.remove();
        }
        sets.endChange();
    }

    @Test
    void lists() {
        Lists lists = keyspace.lists();
        int count = 200;
        Bytes[] keys = new Bytes[count];
        List<List<String>> models = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            keys[i] = key("list:" + i);
            models.add(new ArrayList<>());
        }
        // One after another in turns: so the chunks of a list lie far from one another.
        for (int i = 0; i < 10 * ELEMENTS; i++) {
            push(lists, keys[i % count], models.get(i % count), TEXT + i);
        }
        for (int i = 0; i < count; i++) {
            if (i % 5 > 0) {
                assertThat(keyspace.delete(keys[i])).isTrue();
                models.get(i).clear();
            }
        }
        assertThat(store.releaseSome(Integer.MAX_VALUE)).isNotNegative();
        assertThat(store.hasToRelease()).isFalse();
        heal(() -> {
            int at = 5 * random.nextInt(count / 5);
            push(lists, keys[at], models.get(at), TEXT.substring(random.nextInt(40)));
        });
        for (int i = 0; i < count; i += 5) {
            List<String> shown = new ArrayList<>();
            assertThat(lists.open(keys[i])).isTrue();
            for (boolean more = lists.seek(0); more; more = lists.next()) {
                shown.add(text(lists.read(view)));
            }
            assertThat(shown).isEqualTo(models.get(i));
            int middle = random.nextInt(shown.size());
            assertThat(lists.seek(middle)).isTrue();
            assertThat(text(lists.read(view))).isEqualTo(shown.get(middle));
        }
    }

    private void push(Lists lists, Bytes key, List<String> model, String value) {
        lists.openToChange(key);
        lists.push(false, write(buffer, value));
        lists.endChange();
        model.add(value);
    }

    @Test
    void manyOfMiddlingSizeAndStringsBetween() {
        int count = 400;
        String[] names = new String[count];
        Arrays.setAll(names, i -> "key:" + i);
        List<Map<String, String>> models = new ArrayList<>();
        Hashes hashes = keyspace.hashes();
        for (int i = 0; i < count; i++) {
            models.add(new HashMap<>());
            for (int j = 0; j < 150; j++) {
                putField(hashes, key(names[i]), models.get(i), "field:" + j, TEXT + TEXT);
            }
        }
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < 150; j++) {
                if (j % 6 > 0) {
                    removeField(hashes, key(names[i]), models.get(i), "field:" + j);
                }
            }
        }
        heal(() -> putField(hashes, owned.get(0), models.get(0), "field:" + random.nextInt(150), TEXT));
        for (int i = 0; i < count; i++) {
            assertThat(hashes.open(key(names[i]))).isTrue();
            assertThat(hashes.size()).isEqualTo(models.get(i).size());
            for (Map.Entry<String, String> pair : models.get(i).entrySet()) {
                assertThat(hashes.get(write(buffer, pair.getKey()), view)).isTrue();
                assertThat(text(view)).isEqualTo(pair.getValue());
            }
        }
    }
}
