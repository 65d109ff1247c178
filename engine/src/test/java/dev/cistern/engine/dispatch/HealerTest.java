package dev.cistern.engine.dispatch;

import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.Store;
import dev.cistern.store.StoreOptions;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** A store full of holes is healed when and as far as the limits say, in slices that leave most of the time to others. */
final class HealerTest {
    private static final int KEYS = 60_000;

    private final Store store = new Store(StoreOptions.seeded(1).withStripes(2).withDatabases(1));
    private final Keyspace keyspace = store.openKeyspace(0);
    private HealingLimits limits = new HealingLimits(true, 1 << 20, 10, 100, 1, 10, 0);
    /** Ten microseconds go by whenever somebody asks for the time. */
    private long nowNanos;
    private final Clock clock = new Clock() {
        @Override
        public long wallMillis() {
            return nowNanos / 1_000_000;
        }

        @Override
        public long wallMicros() {
            return nowNanos / 1_000;
        }

        @Override
        public long nanos() {
            nowNanos += 10_000;
            return nowNanos;
        }
    };
    private final Healer healer = new Healer(store, clock, Runnable::run, () -> limits);

    @AfterEach
    void nothingIsHeld() {
        store.close();
        assertThat(Memory.heldBytes()).isZero();
    }

    private void makeHoles() {
        SplittableRandom random = new SplittableRandom(Long.getLong("cistern.seed", 1));
        Bytes value = Bytes.copyOf("x".repeat(64));
        store.lockAll();
        for (int i = 0; i < KEYS; i++) {
            Bytes key = Bytes.copyOf("key:" + i);
            keyspace.set(key, value, Keyspace.NO_DEADLINE);
            key.free();
        }
        for (int i = 0; i < KEYS; i++) {
            if (random.nextInt(5) > 0) {
                Bytes key = Bytes.copyOf("key:" + i);
                keyspace.delete(key);
                key.free();
            }
        }
        store.unlockAll();
        value.free();
        assertThat(store.fragmentationRatio()).isGreaterThan(2);
    }

    @Test
    void healsUntilLittleIsLost() {
        makeHoles();
        long slices = 0;
        while (healer.heal() != Healer.LATER) {
            slices += healer.runningPercent() > 0 ? 1 : 0;
        }
        assertThat(slices).isPositive();
        assertThat(healer.runningPercent()).isZero();
        store.purge();
        long wasted = store.residentBytes() - store.usedBytes();
        assertThat(wasted < 1 << 20 || store.fragmentationRatio() < 1.1).as("%d wasted", wasted).isTrue();
    }

    @Test
    void leavesTheStoreAloneWhenItIsOffOrTheLossIsSmall() {
        makeHoles();
        double before = store.fragmentationRatio();
        limits = new HealingLimits(false, 1, 10, 100, 1, 10, 0);
        assertThat(healer.heal()).isEqualTo(Healer.LATER);
        limits = new HealingLimits(true, 1L << 30, 10, 100, 1, 10, 0);
        assertThat(healer.heal()).isEqualTo(Healer.LATER);
        limits = new HealingLimits(true, 1, 1000, 1000, 1, 10, 0);
        assertThat(healer.heal()).isEqualTo(Healer.LATER);
        assertThat(store.fragmentationRatio()).isEqualTo(before);
    }

    @Test
    void waitsForItsShareOfTime() {
        makeHoles();
        long pauseNanos = healer.heal();
        assertThat(healer.runningPercent()).isEqualTo(10);
        assertThat(pauseNanos).isBetween(9 * 1_000_000L, 10 * 1_000_000L);
        store.purge();
        double before = store.fragmentationRatio();
        assertThat(healer.heal()).isBetween(1L, pauseNanos);
        assertThat(store.fragmentationRatio()).isEqualTo(before);
        nowNanos += pauseNanos;
        assertThat(healer.heal()).isPositive();
        store.purge();
        assertThat(store.fragmentationRatio()).isLessThan(before);
    }

    @Test
    void theShareGrowsWithTheLoss() {
        assertThat(limits.sharePercent(10, 100)).isEqualTo(1);
        assertThat(limits.sharePercent(55, 100)).isEqualTo(5.5);
        assertThat(limits.sharePercent(100, 100)).isEqualTo(10);
        assertThat(limits.sharePercent(900, 100)).isEqualTo(10);
        assertThat(limits.sharePercent(0, 100)).isEqualTo(1);
        assertThat(new HealingLimits(true, 1, 50, 20, 30, 5, 0).sharePercent(100, 100)).isEqualTo(30);
    }

    @Test
    void beyondTheLimitLessIsWorthMore() {
        HealingLimits limited = new HealingLimits(true, 1, 10, 100, 1, 10, 1_000);
        assertThat(limited.areWorthIt(60, 940)).isFalse();
        assertThat(limited.areWorthIt(60, 941)).isTrue();
        assertThat(limited.areWorthIt(49, 990)).isFalse();
        assertThat(limited.sharePercent(60, 940)).isEqualTo(1);
        assertThat(limited.sharePercent(60, 941)).isEqualTo(10);
        assertThat(limits.areWorthIt(60L << 20, 941L << 20)).isFalse();
    }
}
