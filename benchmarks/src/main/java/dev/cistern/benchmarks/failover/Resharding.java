package dev.cistern.benchmarks.failover;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClusterClient;
import software.amazon.awssdk.services.elasticache.model.Endpoint;

/** A fresh group of two node groups that becomes one of four, and of two again, under load. */
final class Resharding {

    private static final int FEW = 2;
    private static final int MANY = 4;
    private static final int REPLICAS = 1;
    private static final int LOOK_MILLIS = 20;
    private static final Duration LIMIT = Duration.ofHours(1);
    private static final Duration FOLLOWED_WITHIN = Duration.ofSeconds(10);

    /**
     * One change of the number of node groups. What clients wrote is not counted.
     *
     * @param seconds       from the call until the group is available
     * @param movingSeconds of them with slots on their way; the others are for nodes that come and go
     * @param bytes         of keys, values and elements
     */
    record Change(double seconds, double movingSeconds, int slots, long keys, long bytes) {

        double keysPerSecond() {
            return keys / movingSeconds;
        }

        double bytesPerSecond() {
            return bytes / movingSeconds;
        }
    }

    /**
     * What one library saw.
     *
     * @param spans before, and during each change
     */
    record Seen(List<ClusterLoad.Span> spans, ClusterLoad.Verdict verdict) {}

    /**
     * What came of it.
     *
     * @param out     from two to four
     * @param in      from four to two
     * @param damaged keys that nobody changed, and that are gone or have another value
     * @param stray   keys that the nodes have more than there are, on primaries and replicas; less than 0: that they lack
     */
    record Outcome(Change out, Change in, Map<Library, Seen> seen, List<String> damaged, long stray) {}

    private final Stage stage;
    private final Contents contents;
    private final Map<Library, ClusterLoad> loads = new EnumMap<>(Library.class);
    private final Map<Library, List<ClusterLoad.Span>> spans = new EnumMap<>(Library.class);

    Resharding(Stage stage, Contents contents) {
        this.stage = stage;
        this.contents = contents;
    }

    /**
     * Makes the group and deletes it at the end.
     *
     * @param threads       of each library
     * @param pauseMillis   for how long each rests between two steps
     * @param secondsBefore for how long they work before anything happens
     */
    Outcome run(List<Library> libraries, int threads, int pauseMillis, int secondsBefore)
            throws IOException, InterruptedException {
        stage.createShards(FEW, REPLICAS);
        try (RedisClusterClient cluster = RedisClusterClient.create(Set.of(address(stage.configurationEndpoint())))) {
            contents.fill(cluster);
            for (Library library : libraries) {
                loads.put(library, library.start(address(stage.configurationEndpoint()), threads, pauseMillis));
                spans.put(library, new ArrayList<>());
            }
            return measure(cluster, secondsBefore);
        } finally {
            loads.values().forEach(ClusterLoad::close);
            stage.delete();
        }
    }

    private Outcome measure(RedisClusterClient cluster, int secondsBefore) throws IOException, InterruptedException {
        // The first calls of a library are its slowest.
        Stage.pause(TimeUnit.SECONDS.toMillis(secondsBefore));
        for (ClusterLoad load : loads.values()) {
            var _ = load.span();
        }
        Stage.pause(TimeUnit.SECONDS.toMillis(secondsBefore));
        endSpan();
        Change out = change(MANY);
        Change in = change(FEW);
        Map<Library, Seen> seen = new EnumMap<>(Library.class);
        for (Map.Entry<Library, ClusterLoad> load : loads.entrySet()) {
            seen.put(load.getKey(), new Seen(List.copyOf(spans.getOrDefault(load.getKey(), List.of())),
                    load.getValue().end()));
        }
        long keys = contents.keys() + seen.values().stream().mapToLong(each -> each.verdict().keys()).sum();
        return new Outcome(out, in, seen, contents.damaged(cluster), stray(keys));
    }

    private void endSpan() throws IOException {
        for (Map.Entry<Library, ClusterLoad> load : loads.entrySet()) {
            spans.getOrDefault(load.getKey(), new ArrayList<>()).add(load.getValue().span());
        }
    }

    private Change change(int nodeGroups) throws IOException {
        Map<String, BitSet> before = stage.slots();
        long start = System.nanoTime();
        stage.reshard(nodeGroups);
        double movingSeconds = movingSeconds();
        stage.awaitWhole();
        double seconds = (System.nanoTime() - start) / 1e9;
        endSpan();
        BitSet moved = new BitSet();
        stage.slots().forEach((nodeGroup, slots) -> {
            slots.andNot(before.getOrDefault(nodeGroup, new BitSet()));
            moved.or(slots);
        });
        return new Change(seconds, movingSeconds, moved.cardinality(), contents.keys(moved), contents.bytes(moved));
    }

    /** Waits until nothing is done any more; of the time, that in which slots were moved. */
    private double movingSeconds() {
        long[] movingNanos = new long[1];
        long[] lookedNanos = {System.nanoTime()};
        Stage.await("slots that are where they should be", LIMIT, () -> {
            Stage.pause(LOOK_MILLIS);
            String step = stage.presentStep();
            long now = System.nanoTime();
            movingNanos[0] += step.startsWith("move ") ? now - lookedNanos[0] : 0;
            lookedNanos[0] = now;
            return stage.isIdle();
        });
        return movingNanos[0] / 1e9;
    }

    private long stray(long keys) {
        long expected = (1 + REPLICAS) * keys;
        long[] found = new long[1];
        var _ = Stage.comesTrue(FOLLOWED_WITHIN, () -> {
            found[0] = stage.endpoints().stream().mapToLong(Resharding::keysOf).sum();
            return found[0] == expected;
        });
        return found[0] - expected;
    }

    private static long keysOf(Endpoint node) {
        try (Jedis jedis = new Jedis(address(node))) {
            return jedis.dbSize();
        }
    }

    private static HostAndPort address(Endpoint endpoint) {
        return new HostAndPort(endpoint.address(), endpoint.port());
    }
}
