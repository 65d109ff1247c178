package dev.cistern.samples.lab;

import dev.cistern.toolkit.Cache;
import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.LoadingCache;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The same reads and writes three times: behind the cache's back, with an invalidation after each write, and through the
 * cache. What each read was shows what each way costs.
 */
final class WriteExperiment {

    private static final int KEYS = 4;
    private static final int STEPS = 60;
    private static final int ONE_WRITE_IN = 5;

    private final CacheKit kit;
    private final AtomicLong runs = new AtomicLong(System.nanoTime());

    WriteExperiment(CacheKit kit) {
        this.kit = kit;
    }

    /** What one step was. */
    enum Step {
        WRITE, HIT, MISS, STALE
    }

    /** One way to write, step by step, and how often the database was read. */
    record Way(String name, List<Step> steps, int databaseReads) {}

    private enum Writing {
        BEHIND_ITS_BACK, INVALIDATE, THROUGH
    }

    List<Way> run(long seed) {
        return Arrays.stream(Writing.values()).map(writing -> way(writing, seed)).toList();
    }

    private Way way(Writing writing, long seed) {
        Map<String, String> database = new HashMap<>();
        int[] reads = {0};
        String run = Long.toString(runs.incrementAndGet());
        LoadingCache<String, String> cache = kit.cache("write", String.class, String.class).writer(database::put).build(
                key -> {
                    reads[0]++;
                    return database.getOrDefault(key, "first");
                });
        List<Step> steps = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(seed);
        for (int number = 0; number < STEPS; number++) {
            String key = run + "-" + random.nextInt(KEYS);
            if (random.nextInt(ONE_WRITE_IN) == 0) {
                write(writing, cache, database, key, "value " + number);
                steps.add(Step.WRITE);
            } else {
                int before = reads[0];
                boolean isRight = database.getOrDefault(key, "first").equals(cache.get(key));
                steps.add(reads[0] > before ? Step.MISS : isRight ? Step.HIT : Step.STALE);
            }
        }
        return new Way(nameOf(writing), steps, reads[0]);
    }

    private static void write(Writing writing, Cache<String, String> cache, Map<String, String> database, String key,
            String value) {
        switch (writing) {
            case BEHIND_ITS_BACK -> database.put(key, value);
            case INVALIDATE -> {
                database.put(key, value);
                cache.invalidate(key);
            }
            case THROUGH -> cache.put(key, value);
        }
    }

    private static String nameOf(Writing writing) {
        return switch (writing) {
            case BEHIND_ITS_BACK -> "lazy, until the time is over";
            case INVALIDATE -> "lazy, and invalidate";
            case THROUGH -> "write-through";
        };
    }
}
