package dev.cistern.samples.lab;

import dev.cistern.samples.hybrid.DemoNode;
import dev.cistern.toolkit.Cache;
import dev.cistern.toolkit.CacheBuilder;
import dev.cistern.toolkit.CacheKit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** When the keys that were stored together expire, as the node itself tells: with jitter and without. */
final class ExpiryExperiment {

    static final int TTL_SECONDS = 60;
    static final double JITTER = 0.25;

    private final CacheKit kit;
    private final DemoNode node;
    private final AtomicLong runs = new AtomicLong(System.nanoTime());

    ExpiryExperiment(CacheKit kit, DemoNode node) {
        this.kit = kit;
        this.node = node;
    }

    /** How many keys expire in each second from now on. */
    record Outcome(List<Integer> without, List<Integer> with) {}

    Outcome run(int keys) {
        return new Outcome(secondsOf(cache("expiry-without"), keys), secondsOf(cache("expiry-with").jitter(JITTER),
                keys));
    }

    private CacheBuilder<String, String> cache(String name) {
        return kit.cache(name, String.class, String.class).ttl(Duration.ofSeconds(TTL_SECONDS));
    }

    private List<Integer> secondsOf(CacheBuilder<String, String> builder, int keys) {
        Cache<String, String> cache = builder.build();
        String run = Long.toString(runs.incrementAndGet());
        List<CompletableFuture<?>> stored = new ArrayList<>();
        for (int number = 0; number < keys; number++) {
            stored.add(cache.putAsync(run + "-" + number, "value"));
        }
        CompletableFuture.allOf(stored.toArray(CompletableFuture[]::new)).join();
        int[] seconds = new int[(int) (TTL_SECONDS * (1 + JITTER)) + 1];
        for (int number = 0; number < keys; number++) {
            long left = node.commands().pttl(Lab.PREFIX + cache.name() + ":" + run + "-" + number);
            if (left >= 0) {
                seconds[(int) Math.min(left / 1_000, seconds.length - 1)]++;
            }
        }
        return Arrays.stream(seconds).boxed().toList();
    }
}
