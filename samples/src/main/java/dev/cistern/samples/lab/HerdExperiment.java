package dev.cistern.samples.lab;

import dev.cistern.toolkit.Cache;
import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.LoadingCache;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/** Many readers miss the same key together: each loads it, or one does and the others wait for that. */
final class HerdExperiment {

    private final CacheKit kit;
    private final AtomicLong runs = new AtomicLong(System.nanoTime());

    HerdExperiment(CacheKit kit) {
        this.kit = kit;
    }

    /** When each load began, in milliseconds after the herd did. */
    record Outcome(int readers, List<Long> loadsWithout, List<Long> loadsWith) {}

    private interface Reader {
        void read() throws InterruptedException;
    }

    Outcome run(int readers, int loadMillis) throws InterruptedException {
        Queue<Long> without = new ConcurrentLinkedQueue<>();
        Queue<Long> with = new ConcurrentLinkedQueue<>();
        String key = "page " + runs.incrementAndGet();
        Cache<String, String> bare = kit.cache("herd-without", String.class, String.class).build();
        together(readers, start -> () -> {
            if (bare.getIfPresent(key) == null) {
                bare.put(key, load(start, without, loadMillis));
            }
        });
        together(readers, start -> {
            LoadingCache<String, String> cache = kit.cache("herd-with", String.class, String.class)
                    .singleFlightAcrossJvms().build(missing -> load(start, with, loadMillis));
            return () -> {
                var _ = cache.get(key);
            };
        });
        return new Outcome(readers, without.stream().sorted().toList(), with.stream().sorted().toList());
    }

    private static String load(long startNanos, Queue<Long> loads, int loadMillis) throws InterruptedException {
        loads.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos));
        Thread.sleep(loadMillis);
        return "rendered";
    }

    private static void together(int readers, LongFunction<Reader> herd)
            throws InterruptedException {
        CountDownLatch ready = new CountDownLatch(readers);
        CountDownLatch go = new CountDownLatch(1);
        Reader[] reader = new Reader[1];
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int number = 0; number < readers; number++) {
                threads.execute(() -> {
                    try {
                        ready.countDown();
                        go.await();
                        reader[0].read();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
            }
            ready.await();
            reader[0] = herd.apply(System.nanoTime());
            go.countDown();
        }
    }
}
