package dev.cistern.store;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Every expired key goes, no other does, and a step does no more than it was told. */
final class ExpiryCycleTest {

    private static final long NOW = 1_800_000_000_000L;

    private final Store store = new Store(StoreOptions.seeded(5).withStripes(4).withDatabases(2));
    private final Keyspace keyspace = store.openKeyspace(0);
    private final ExpiryCycle cycle = new ExpiryCycle(store);
    private final Bytes value = Bytes.copyOf("value");

    @AfterEach
    void nothingIsHeld() {
        cycle.close();
        store.close();
        value.free();
        assertThat(Memory.heldBytes()).isZero();
    }

    private void set(Keyspace target, String name, long deadline) {
        Bytes key = Bytes.copyOf(name);
        int stripe = store.stripeOf(key);
        store.lock(stripe);
        target.set(key, value, deadline);
        store.unlock(stripe);
        key.free();
    }

    @Test
    void manyKeysThatExpireAtOnceGoInSmallSteps() {
        for (int i = 0; i < 50_000; i++) {
            set(keyspace, "k" + i, i % 10 == 0 ? Keyspace.NO_DEADLINE : NOW);
        }
        assertThat(cycle.step(1_000_000, NOW)).isZero();
        long deleted = 0;
        for (int steps = 0; keyspace.size() > 5_000; steps++) {
            long now = cycle.step(32, NOW + 1);
            assertThat(now).isBetween(0L, 32L * 40);
            deleted += now;
            assertThat(steps).isLessThan(1_000);
        }
        assertThat(deleted).isEqualTo(45_000);
        assertThat(store.stats().expired()).isEqualTo(45_000);
        assertThat(store.volatileSize(0)).isZero();
        assertThat(cycle.staleShare()).isPositive();
        assertThat(cycle.step(1_000_000, NOW + 1)).isZero();
    }

    @Test
    void otherDatabasesHaveTheirTurn() {
        try (Keyspace second = store.openKeyspace(1)) {
            set(second, "k", NOW);
            set(keyspace, "k", NOW + 1);
            assertThat(cycle.step(100, NOW + 1)).isEqualTo(1);
            assertThat(second.size()).isZero();
            assertThat(cycle.step(100, NOW + 2)).isEqualTo(1);
        }
    }

    /** Between the steps keys come, go, change their deadlines; buckets split and merge under the walk. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4})
    void agreesWithAMap(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, Long> deadlines = new HashMap<>();
        long now = NOW;
        for (int round = 0; round < 300; round++) {
            boolean grows = round / 50 % 2 == 0;
            for (int i = 0; i < 100; i++) {
                String name = "k" + random.nextInt(5_000);
                if (random.nextInt(10) < (grows ? 8 : 2)) {
                    long deadline = random.nextInt(3) == 0 ? Keyspace.NO_DEADLINE : now + random.nextInt(20_000);
                    set(keyspace, name, deadline);
                    deadlines.put(name, deadline);
                } else {
                    delete(name);
                    deadlines.remove(name);
                }
            }
            now += random.nextInt(500);
            cycle.step(random.nextInt(40), now);
            if (round % 10 == 9) {
                // Two walks: one may be under way. After that nothing expired is left, exactly.
                cycle.step(1_000_000, now);
                cycle.step(1_000_000, now);
                long time = now;
                deadlines.values().removeIf(deadline -> deadline != Keyspace.NO_DEADLINE && deadline < time);
                assertThat(keyspace.size()).as("seed %s round %s", seed, round).isEqualTo(deadlines.size());
                assertThat(store.volatileSize(0))
                        .isEqualTo(deadlines.values().stream().filter(d -> d != Keyspace.NO_DEADLINE).count());
            }
        }
    }

    private void delete(String name) {
        Bytes key = Bytes.copyOf(name);
        int stripe = store.stripeOf(key);
        store.lock(stripe);
        keyspace.delete(key);
        store.unlock(stripe);
        key.free();
    }
}
