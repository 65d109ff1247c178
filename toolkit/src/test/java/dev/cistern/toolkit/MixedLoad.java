package dev.cistern.toolkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * An application under load: threads that read, read many, write through and invalidate, over a database of numbers that
 * only grow. Each answer is judged: of the right key, not newer than the database, and fresh or stale. Nothing that the
 * cache does may reach them as an exception.
 */
final class MixedLoad implements CacheListener, AutoCloseable {

    private static final int KEYS = 200;
    private static final int THREADS = 3;
    private static final Duration TTL = Duration.ofSeconds(2);

    private final Map<Integer, AtomicLong> database = new ConcurrentHashMap<>();
    private final Map<Outcome, LongAdder> outcomes = new EnumMap<>(Outcome.class);
    private final LongAdder databaseAnswers = new LongAdder();
    private final LongAdder calls = new LongAdder();
    private final LongAdder stale = new LongAdder();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final AtomicBoolean isOver = new AtomicBoolean();
    private final List<Thread> threads = new ArrayList<>();

    MixedLoad() {
        for (Outcome outcome : Outcome.values()) {
            outcomes.put(outcome, new LongAdder());
        }
        for (int key = 0; key < KEYS; key++) {
            database.put(key, new AtomicLong());
        }
    }

    /** Begins to use these kits, which are told to tell us. */
    void start(List<CacheKit> kits, long seed) {
        for (int number = 0; number < THREADS; number++) {
            LoadingCache<Integer, String> cache = cache(kits.get(number % kits.size()));
            SplittableRandom random = new SplittableRandom(seed + number);
            Thread thread = new Thread(() -> run(cache, random), "load-" + number);
            threads.add(thread);
            thread.start();
        }
    }

    LoadingCache<Integer, String> cache(CacheKit kit) {
        return kit.cache("numbers", Integer.class, String.class).ttl(TTL).jitter(0.2)
                .writer((key, value) -> row(key).accumulateAndGet(number(key, value), Math::max))
                .build(key -> {
                    databaseAnswers.increment();
                    return key + ":" + row(key).get();
                });
    }

    /** Makes a row that the load does not touch. */
    void insert(int key) {
        database.putIfAbsent(key, new AtomicLong());
    }

    private AtomicLong row(int key) {
        return Objects.requireNonNull(database.get(key));
    }

    private void run(LoadingCache<Integer, String> cache, SplittableRandom random) {
        try {
            while (!isOver.get()) {
                step(cache, random);
                calls.increment();
            }
        } catch (RuntimeException | AssertionError e) {
            failure.compareAndSet(null, e);
        }
    }

    private void step(LoadingCache<Integer, String> cache, SplittableRandom random) {
        int key = random.nextInt(KEYS);
        int dice = random.nextInt(100);
        long before = row(key).get();
        if (dice < 50) {
            judge(key, cache.get(key), before);
        } else if (dice < 70) {
            judge(key, cache.reading(Freshness.REPLICA_OK).get(key), before);
        } else if (dice < 80) {
            cache.getAll(List.of(key, (key + 1) % KEYS, (key + 2) % KEYS)).forEach((one, value) -> judge(one, value,
                    0));
        } else if (dice < 95) {
            cache.put(key, key + ":" + (before + 1));
        } else {
            row(key).incrementAndGet();
            cache.invalidate(key);
        }
    }

    private void judge(int key, @Nullable String answer, long databaseBefore) {
        long number = number(key, String.valueOf(answer));
        if (number > row(key).get()) {
            throw new AssertionError(answer + " is newer than the database");
        }
        if (number < databaseBefore) {
            stale.increment();
        }
    }

    private static long number(int key, String value) {
        if (!value.startsWith(key + ":")) {
            throw new AssertionError(value + " was given for key " + key);
        }
        return Long.parseLong(value.substring(value.indexOf(':') + 1));
    }

    @Override
    public void onGet(String cache, Outcome outcome) {
        count(outcome).increment();
    }

    private LongAdder count(Outcome outcome) {
        return Objects.requireNonNull(outcomes.get(outcome));
    }

    long count(Outcome... wanted) {
        long sum = 0;
        for (Outcome outcome : wanted) {
            sum += count(outcome).sum();
        }
        return sum;
    }

    /** What went wrong for a caller, or null. */
    @Nullable
    Throwable failure() {
        return failure.get();
    }

    /** Whether a kit's cache gives what the database has, for every key: so it is once the time to live has passed. */
    boolean agreesWithTheDatabase(CacheKit kit) {
        LoadingCache<Integer, String> cache = cache(kit);
        return database.entrySet().stream().allMatch(row -> (row.getKey() + ":" + row.getValue()).equals(cache.get(row
                .getKey())));
    }

    String figures() {
        return calls + " calls, " + outcomes + ", " + databaseAnswers + " answers of the database, " + stale
                + " stale answers";
    }

    /** Ends the load; the threads are gone when it returns. */
    void end() throws InterruptedException {
        isOver.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Override
    public void close() throws InterruptedException {
        end();
    }
}
