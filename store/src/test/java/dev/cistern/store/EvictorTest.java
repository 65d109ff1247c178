package dev.cistern.store;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/** Each policy lets the right keys go, only these, and no more than it was told to. */
final class EvictorTest {

    private static final int KEYS = 4_000;
    private static final int SAMPLES = 5;
    private static final int PLENTY = 1_000_000;
    private static final long START = 1_000_000_000_000L;

    private final ConcurrentLinkedQueue<String> evicted = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<String> expired = new ConcurrentLinkedQueue<>();
    private final StoreListener listener = new StoreListener() {
        @Override
        public void keyChanged(int database, Bytes key, KeyEvent event) {
            if (event == KeyEvent.EVICTED) {
                evicted.add(key.toString());
            } else if (event == KeyEvent.EXPIRED) {
                expired.add(key.toString());
            }
        }
    };
    private final SplittableRandom random = new SplittableRandom(21);
    private final Bytes value = new Bytes();
    private long held;
    private long now = START;
    private Store store;
    private Keyspace keyspace;
    private Evictor evictor;

    EvictorTest() {
        held = Memory.heldBytes();
        store = new Store(StoreOptions.seeded(4).withStripes(8).withDatabases(2).withListener(listener));
        keyspace = store.openKeyspace(0);
        evictor = new Evictor(store, random::nextLong);
    }

    @BeforeEach
    void allocate() {
        Bytes copy = Bytes.copyOf("v".repeat(100));
        value.set(copy);
    }

    @AfterEach
    void nothingIsHeld() {
        value.free();
        evictor.close();
        store.close();
        assertThat(Memory.heldBytes()).as("bytes held").isEqualTo(held);
    }

    private void fill(IntPredicate hasDeadline) {
        keyspace.setNowMillis(now);
        for (int i = 0; i < KEYS; i++) {
            set(i, hasDeadline.test(i) ? now + 1_000_000 + i * 1_000L : Keyspace.NO_DEADLINE);
        }
    }

    private void set(int number, long deadlineMillis) {
        Bytes key = Bytes.copyOf(Integer.toString(number));
        store.lock(store.stripeOf(key));
        keyspace.set(key, value, deadlineMillis);
        store.unlock(store.stripeOf(key));
        key.free();
    }

    private long find(int number, int flags) {
        Bytes key = Bytes.copyOf(Integer.toString(number));
        store.lock(store.stripeOf(key));
        long entry = keyspace.find(key, flags);
        store.unlock(store.stripeOf(key));
        key.free();
        return entry;
    }

    private void evict(EvictionPolicy policy, int keys) {
        int before = evicted.size() + expired.size();
        while (evicted.size() + expired.size() < before + keys) {
            assertThat(evictor.step(policy, SAMPLES, 1, PLENTY, now)).isTrue();
        }
        assertThat(evicted.size() + expired.size()).isEqualTo(before + keys);
        assertThat(store.stats().evicted()).isEqualTo(evicted.size());
        assertThat(store.size(0)).isEqualTo(KEYS - evicted.size() - expired.size());
    }

    /** How many of the evicted keys have this property, of a hundred. */
    private int percent(IntPredicate property) {
        long count = evicted.stream().mapToInt(Integer::parseInt).filter(property).count();
        return (int) (100 * count / evicted.size());
    }

    @ParameterizedTest
    @EnumSource(EvictionPolicy.class)
    void anEmptyStoreHasNothingToGive(EvictionPolicy policy) {
        assertThat(evictor.step(policy, SAMPLES, 1, PLENTY, now)).isFalse();
        assertThat(EvictionPolicy.named(policy.policyName())).isEqualTo(policy);
    }

    @ParameterizedTest
    @EnumSource(EvictionPolicy.class)
    void onlyKeysThatMayGoDo(EvictionPolicy policy) {
        store.setUseCounting(policy.countsUses() ? UseCounting.DEFAULT : null);
        fill(i -> i % 20 == 0);
        while (evictor.step(policy, SAMPLES, Long.MAX_VALUE, PLENTY, now)) {
            assertThat(policy).isNotEqualTo(EvictionPolicy.NO_EVICTION);
        }
        int left = policy == EvictionPolicy.NO_EVICTION ? KEYS : policy.isVolatileOnly() ? KEYS - KEYS / 20 : 0;
        assertThat(store.size(0)).isEqualTo(left);
        assertThat(evicted).hasSize(KEYS - left).doesNotHaveDuplicates();
        assertThat(percentOrAll(i -> i % 20 == 0, policy)).isTrue();
        assertThat(store.stats().evicted()).isEqualTo(KEYS - left);
    }

    private boolean percentOrAll(IntPredicate property, EvictionPolicy policy) {
        return !policy.isVolatileOnly() || evicted.stream().mapToInt(Integer::parseInt).allMatch(property);
    }

    @Test
    void leastRecentlyUsedGoFirst() {
        fill(i -> false);
        now += 60_000;
        keyspace.setNowMillis(now);
        for (int i = 0; i < KEYS; i += 2) {
            find(i, 0);
        }
        evict(EvictionPolicy.ALLKEYS_LRU, KEYS / 4);
        assertThat(percent(i -> i % 2 == 1)).isGreaterThanOrEqualTo(99);
    }

    @Test
    void aKeyUsedSinceItWasSeenStays() {
        fill(i -> false);
        now += 60_000;
        evict(EvictionPolicy.ALLKEYS_LRU, 1);
        keyspace.setNowMillis(now);
        for (int i = 0; i < KEYS; i++) {
            find(i, 0);
        }
        set(KEYS, Keyspace.NO_DEADLINE);
        set(Integer.parseInt(evicted.poll()), Keyspace.NO_DEADLINE);
        now += 60_000;
        keyspace.setNowMillis(now);
        Set<Integer> used = new HashSet<>();
        for (int i = 0; i < KEYS; i += 2) {
            find(i, 0);
            used.add(i);
        }
        for (int i = 0; i < 500; i++) {
            evictor.step(EvictionPolicy.ALLKEYS_LRU, SAMPLES, 1, PLENTY, now);
        }
        assertThat(percent(i -> !used.contains(i))).isGreaterThanOrEqualTo(99);
    }

    @Test
    void leastFrequentlyUsedGoFirst() {
        store.setUseCounting(UseCounting.DEFAULT);
        fill(i -> false);
        for (int use = 0; use < 20; use++) {
            for (int i = 0; i < KEYS; i += 2) {
                find(i, 0);
            }
        }
        evict(EvictionPolicy.ALLKEYS_LFU, KEYS / 4);
        assertThat(percent(i -> i % 2 == 1)).isGreaterThanOrEqualTo(99);
    }

    @Test
    void whatExpiresFirstGoesFirst() {
        fill(i -> i % 2 == 0);
        evict(EvictionPolicy.VOLATILE_TTL, KEYS / 8);
        assertThat(percent(i -> i < KEYS / 2)).isGreaterThanOrEqualTo(90);
    }

    @Test
    void randomPoliciesAreEven() {
        fill(i -> i % 2 == 0);
        evict(EvictionPolicy.ALLKEYS_RANDOM, KEYS / 4);
        assertThat(percent(i -> i < KEYS / 2)).isBetween(43, 57);
        assertThat(percent(i -> i % 2 == 0)).isBetween(43, 57);
        evicted.clear();
    }

    @Test
    void expiredKeysGoBeforeAllOthersAndAreCountedAsSuch() {
        fill(i -> i == 77);
        now += 2_000_000;
        for (int i = 0; i < 2_000 && expired.isEmpty(); i++) {
            evictor.step(EvictionPolicy.ALLKEYS_LRU, SAMPLES, 1, PLENTY, now);
        }
        assertThat(expired).containsExactly("77");
        assertThat(evicted).doesNotContain("77");
    }

    @Test
    void aCallDoesNoMoreThanItsBudget() {
        fill(i -> false);
        assertThat(evictor.step(EvictionPolicy.ALLKEYS_LRU, SAMPLES, Long.MAX_VALUE, 60, now)).isTrue();
        assertThat(evicted.size()).isBetween(1, 60 / SAMPLES);
        long used = store.usedBytes();
        int before = evicted.size();
        assertThat(evictor.step(EvictionPolicy.ALLKEYS_LRU, SAMPLES, 3_000, PLENTY, now)).isTrue();
        assertThat(used - store.usedBytes()).isGreaterThan(2_000);
        assertThat(evicted.size() - before).isLessThan(30);
    }

    @Test
    void severalThreadsEvictAndWriteAtOnce() throws InterruptedException {
        fill(i -> i % 2 == 0);
        List<Throwable> failures = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int number = 0; number < 3; number++) {
            SplittableRandom own = random.split();
            Thread thread = new Thread(() -> evictAndWrite(own));
            thread.setUncaughtExceptionHandler((t, e) -> failures.add(e));
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        assertThat(store.stats().evicted()).isEqualTo(evicted.size()).isPositive();
    }

    private void evictAndWrite(SplittableRandom own) {
        EvictionPolicy[] policies = EvictionPolicy.values();
        Bytes key = Bytes.copyOf("12345678");
        Bytes text = Bytes.copyOf("t".repeat(100));
        try (Evictor mine = new Evictor(store, own::nextLong); Keyspace keys = store.openKeyspace(1)) {
            keys.setNowMillis(now);
            for (int i = 0; i < 3_000; i++) {
                mine.step(policies[1 + i / 500 % (policies.length - 1)], SAMPLES, 100, 50, now);
                Memory.putLong(key.address(), own.nextInt(1_000));
                key.set(key.address(), 8);
                int stripe = store.stripeOf(key);
                store.lock(stripe);
                keys.set(key, text, own.nextBoolean() ? now + own.nextInt(1_000) : Keyspace.NO_DEADLINE);
                store.unlock(stripe);
            }
        } finally {
            key.free();
            text.free();
        }
    }

    @Test
    void aCounterGrowsAsTheOriginalsDoes() {
        // The original's published table: uses against lfu-log-factor.
        assertThat(counterAfter(0, 100)).isEqualTo(105);
        assertThat(counterAfter(0, 1_000)).isEqualTo(255);
        assertThat(counterAfter(1, 1_000)).isBetween(40, 60);
        assertThat(counterAfter(10, 100)).isBetween(6, 14);
        assertThat(counterAfter(10, 1_000)).isBetween(13, 24);
        assertThat(counterAfter(10, 100_000)).isBetween(130, 155);
        assertThat(counterAfter(100, 100_000)).isBetween(40, 60);
    }

    private int counterAfter(int logFactor, int uses) {
        UseCounting counting = new UseCounting(logFactor, 1);
        int field = counting.initial(now);
        for (int i = 0; i < uses; i++) {
            field = counting.used(field, now, random.nextLong());
        }
        assertThat(field).isBetween(0, EntryLayout.ACCESS_MASK);
        return counting.counter(field, now);
    }

    @Test
    void aCounterSinksWithTime() {
        UseCounting counting = new UseCounting(10, 2);
        int field = counting.initial(now);
        assertThat(counting.counter(field, now + 60_000)).isEqualTo(5);
        assertThat(counting.counter(field, now + 4 * 60_000)).isEqualTo(3);
        assertThat(counting.counter(field, now + 60 * 60_000)).isZero();
        assertThat(new UseCounting(10, 0).counter(field, now + 60 * 60_000)).isEqualTo(5);
        // The clock of minutes goes round after 45 days.
        long late = (0xFFFFL + (now / 60_000 & ~0xFFFFL)) * 60_000;
        assertThat(counting.counter(counting.initial(late), late + 2 * 60_000)).isEqualTo(4);
    }
}
