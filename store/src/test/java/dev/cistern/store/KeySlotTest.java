package dev.cistern.store;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Slots of keys, against numbers that the original gave; and what a store that goes by slot counts and shows. */
final class KeySlotTest {
    private static final long SEED = Long.getLong("cistern.seed", 1);
    private static final int STEPS = 20_000;

    @ParameterizedTest
    @CsvSource({"123456789,12739", "abc,7638", "foo,12182", "'',0", "{foo}bar,12182", "a{foo}{bar},12182",
            "foo{}{bar},8363", "{}foo,9500", "foo{{bar}}zap,4015", "{foo,13308", "}{foo},12182",
            "{user1000}.following,3443"})
    void slotsAreThoseOfTheOriginal(String key, int slot) {
        Bytes bytes = Bytes.copyOf(key);
        try {
            assertThat(KeySlot.of(bytes)).isEqualTo(slot);
        } finally {
            bytes.free();
        }
    }

    @Test
    void countsAndShowsTheKeysOfEachSlot() {
        System.out.println("seed " + SEED);
        Random random = new Random(SEED);
        Set<String> model = new HashSet<>();
        try (Store store = new Store(StoreOptions.seeded(SEED).withStripes(8)
                .withStripeFunction(StripeFunction.BY_SLOT))) {
            Keyspace keyspace = store.openKeyspace(0);
            for (int i = 0; i < STEPS; i++) {
                step(store, keyspace, model, random);
            }
            for (String tag : new String[]{"{a}", "{b}", "{c}"}) {
                checkSlot(store, keyspace, model, tag);
            }
            store.flush(0);
            assertThat(store.keysInSlot(0, slotOf(store, "{a}"))).isZero();
        }
    }

    private static void step(Store store, Keyspace keyspace, Set<String> model, Random random) {
        String key = "{" + (char) ('a' + random.nextInt(3)) + "}" + random.nextInt(500);
        Bytes bytes = Bytes.copyOf(key);
        int stripe = store.stripeOf(bytes);
        store.lock(stripe);
        try {
            if (random.nextInt(3) == 0) {
                assertThat(keyspace.delete(bytes)).isEqualTo(model.remove(key));
            } else {
                keyspace.set(bytes, bytes, Keyspace.NO_DEADLINE);
                model.add(key);
            }
            assertThat(store.stripeOfSlot(store.slotOf(bytes))).isEqualTo(stripe);
        } finally {
            store.unlock(stripe);
            bytes.free();
        }
    }

    private static void checkSlot(Store store, Keyspace keyspace, Set<String> model, String tag) {
        int slot = slotOf(store, tag);
        Set<String> expected = new HashSet<>(model);
        expected.removeIf(key -> !key.startsWith(tag));
        Set<String> shown = new HashSet<>();
        Bytes view = new Bytes();
        long position = 0;
        do {
            position = keyspace.scanStripe(store.stripeOfSlot(slot), position, 7, (holder, entry) -> {
                if (holder.slotOf(entry) == slot) {
                    shown.add(holder.readKey(entry, view).toString());
                }
            });
        } while (position != 0);
        assertThat(shown).isEqualTo(expected);
        assertThat(store.keysInSlot(0, slot)).isEqualTo(expected.size());
    }

    private static int slotOf(Store store, String key) {
        Bytes bytes = Bytes.copyOf(key);
        try {
            return store.slotOf(bytes);
        } finally {
            bytes.free();
        }
    }
}
