package dev.cistern.benchmarks;

import dev.cistern.engine.CacheNode;
import dev.cistern.engine.NodeOptions;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.Transport;
import dev.cistern.toolkit.CacheKit;
import dev.cistern.toolkit.LoadingCache;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the toolkit adds to a hit: {@code cache.get} beside Lettuce's own blocking GET of the same text, over loopback to
 * a node in this process.
 *
 * <p>A call is mostly the waking of threads, whose cost drifts by more from second to second than the toolkit adds. So the
 * two take turns call by call, each is timed by itself, and each iteration prints both medians and the second by the first:
 * {@code java -cp 'benchmarks/target/lib/*' org.openjdk.jmh.Main ToolkitBenchmark}. JMH's own score is that of a pair.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 10, time = 1)
@Measurement(iterations = 20, time = 1)
@Fork(value = 3, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Xmx512m"})
@SuppressWarnings("NullAway.Init") // JMH calls the set-up before all else
public class ToolkitBenchmark {

    private static final int VALUE_CHARACTERS = 100;
    private static final String KEY = "plain:7";
    private static final int MAX_CALLS = 1_000_000;

    private final long[] lettuceNanos = new long[MAX_CALLS];
    private final long[] toolkitNanos = new long[MAX_CALLS];
    private int calls;

    private EventLoops loops;
    private CacheNode node;
    private RedisClient client;
    private RedisCommands<String, String> redis;
    private CacheKit kit;
    private LoadingCache<Long, String> cache;

    @Setup(Level.Trial)
    public void start() throws IOException {
        loops = EventLoops.start(Transport.named("auto"), 1);
        node = CacheNode.start(NodeOptions.onPort("benchmark", 0).with("save", ""), loops);
        String address = "redis://127.0.0.1:" + node.port();
        client = RedisClient.create(address);
        redis = client.connect().sync();
        String value = "v".repeat(VALUE_CHARACTERS);
        redis.set(KEY, value);
        kit = CacheKit.builder().servers(address).timeLimit(Duration.ofSeconds(5)).build();
        cache = kit.cache("page", Long.class, String.class).build(key -> value);
        cache.get(7L);
    }

    @TearDown(Level.Trial)
    public void stop() {
        kit.close();
        client.shutdown();
        node.close();
        loops.close();
    }

    @Setup(Level.Iteration)
    public void forget() {
        calls = 0;
    }

    @TearDown(Level.Iteration)
    public void tell() {
        double lettuce = medianMicros(lettuceNanos);
        double toolkit = medianMicros(toolkitNanos);
        System.out.printf(Locale.ROOT, "lettuce %.2f us, toolkit %.2f us, ratio %.3f; ", lettuce, toolkit,
                toolkit / lettuce);
    }

    private double medianMicros(long[] nanos) {
        Arrays.sort(nanos, 0, calls);
        return nanos[calls / 2] / 1_000.0;
    }

    /** Who goes first changes each time: the second finds threads and caches that are warm. */
    @Benchmark
    public @Nullable String pair() {
        int call = calls;
        boolean lettuceFirst = (call & 1) == 0;
        long start = System.nanoTime();
        String first = lettuceFirst ? redis.get(KEY) : cache.get(7L);
        long middle = System.nanoTime();
        String second = lettuceFirst ? cache.get(7L) : redis.get(KEY);
        long end = System.nanoTime();
        lettuceNanos[call] = lettuceFirst ? middle - start : end - middle;
        toolkitNanos[call] = lettuceFirst ? end - middle : middle - start;
        calls = Math.min(call + 1, MAX_CALLS - 1);
        return first == null ? null : second;
    }
}
