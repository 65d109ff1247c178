package dev.cistern.store;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Several threads over the same few keys: sums must come out exact, and multi-key work must be seen whole.
 *
 * <p>
 * Pairs of keys always add up to zero, but for the moments in which somebody holds both stripes.
 */
@Timeout(120)
final class StripeStressTest {

    private static final int THREADS = 4;
    private static final int PAIRS = 50;
    private static final int STEPS = 20_000 * Integer.getInteger("cistern.effort", 1);

    @Test
    void everyUpdateCountsAndNoHalfIsSeen() throws InterruptedException, ExecutionException {
        try (Store store = new Store(StoreOptions.seeded(2).withStripes(4))) {
            long expected = 0;
            ExecutorService threads = Executors.newFixedThreadPool(THREADS);
            List<Future<Long>> results = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                long seed = i;
                results.add(threads.submit(() -> new Worker(store, seed).run()));
            }
            for (Future<Long> result : results) {
                expected += result.get();
            }
            threads.shutdown();
            Bytes total = Bytes.copyOf("total");
            try (Keyspace keyspace = store.openKeyspace(0)) {
                store.lockAll();
                assertThat(keyspace.integer(keyspace.find(total))).isEqualTo(expected);
                store.unlockAll();
            }
            total.free();
        }
        assertThat(Memory.heldBytes()).isZero();
    }

    private static final class Worker {
        private final Store store;
        private final Keyspace keyspace;
        private final ExpiryCycle cycle;
        private final Prefetcher prefetcher = new Prefetcher();
        private final SplittableRandom random;
        private final List<Bytes> left = new ArrayList<>();
        private final List<Bytes> right = new ArrayList<>();
        private final Bytes total = Bytes.copyOf("total");
        private final Bytes text = Bytes.copyOf("text");
        private final Bytes group = Bytes.copyOf("group");
        private long added;

        Worker(Store store, long seed) {
            this.store = store;
            this.keyspace = store.openKeyspace(0);
            this.cycle = new ExpiryCycle(store);
            this.random = new SplittableRandom(seed);
            for (int i = 0; i < PAIRS; i++) {
                left.add(Bytes.copyOf("left" + i));
                right.add(Bytes.copyOf("right" + i));
            }
        }

        long run() {
            for (int step = 0; step < STEPS; step++) {
                keyspace.setNowMillis(step);
                switch (random.nextInt(20)) {
                    case 0 -> checkAllPairs();
                    case 1 -> churn();
                    case 2 -> keyspace.scan(0, 50,
                            (k, entry) -> assertThat(k.type(entry)).isIn(ValueType.STRING, ValueType.SET));
                    case 3 -> cycle.step(20, step);
                    case 4, 5, 6, 7 -> addToTotal();
                    case 8 -> transferAndFindOut(random.nextInt(PAIRS));
                    case 9 -> churnMembers();
                    default -> transfer(random.nextInt(PAIRS));
                }
            }
            cycle.close();
            keyspace.close();
            left.forEach(Bytes::free);
            right.forEach(Bytes::free);
            total.free();
            text.free();
            group.free();
            return added;
        }

        private void addToTotal() {
            int stripe = store.stripeOf(total);
            store.lock(stripe);
            keyspace.add(total, 3);
            store.unlock(stripe);
            added += 3;
        }

        private void transfer(int pair) {
            int a = store.stripeOf(left.get(pair));
            int b = store.stripeOf(right.get(pair));
            int[] stripes = a == b ? new int[]{a} : new int[]{Math.min(a, b), Math.max(a, b)};
            store.lock(stripes, stripes.length);
            int amount = random.nextInt(100);
            keyspace.add(left.get(pair), amount);
            keyspace.add(right.get(pair), -amount);
            for (int stripe : stripes) {
                store.unlock(stripe);
            }
        }

        /** Changes one key before it knows of the other, as a script may, in whatever order of stripes that is. */
        private void transferAndFindOut(int pair) {
            store.beginOpenUnit();
            store.lock(store.stripeOf(right.get(pair)));
            keyspace.add(right.get(pair), -7);
            store.escalate();
            keyspace.add(left.get(pair), 7);
            store.unlockAll();
            store.endOpenUnit();
        }

        private void checkAllPairs() {
            store.lockAll();
            for (int i = 0; i < PAIRS; i++) {
                assertThat(number(left.get(i)) + number(right.get(i))).isZero();
            }
            store.unlockAll();
        }

        private long number(Bytes key) {
            long entry = keyspace.find(key);
            return entry == Keyspace.ABSENT ? 0 : keyspace.integer(entry);
        }

        /** Members that come and go split and merge the table that another one is just looking into without a lock. */
        private void churnMembers() {
            for (int i = 0; i < 20; i++) {
                Bytes member = Bytes.copyOf("member" + random.nextInt(2_000));
                for (int same = 0; same < Prefetcher.MOST_KEYS; same++) {
                    prefetcher.add(group.address(), group.length(), member.address(), member.length());
                }
                prefetcher.fetch(keyspace);
                int stripe = store.stripeOf(group);
                store.lock(stripe);
                OpenSet set = keyspace.sets().at(0);
                set.openToChange(group);
                if (!set.remove(member)) {
                    set.add(member);
                }
                set.endChange();
                store.unlock(stripe);
                member.free();
            }
        }

        /** Keys that come and go split and merge buckets under the others. */
        private void churn() {
            for (int i = 0; i < 20; i++) {
                Bytes key = Bytes.copyOf("churn" + random.nextInt(2_000));
                // Without a lock, while others split and merge the very bucket.
                for (int same = 0; same < Prefetcher.MOST_KEYS; same++) {
                    prefetcher.add(key.address(), key.length());
                }
                prefetcher.fetch(keyspace);
                int stripe = store.stripeOf(key);
                store.lock(stripe);
                if (!keyspace.delete(key)) {
                    keyspace.set(key, text, random.nextBoolean() ? random.nextInt(STEPS) : Keyspace.NO_DEADLINE);
                }
                store.unlock(stripe);
                key.free();
            }
        }
    }
}
