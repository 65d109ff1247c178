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
 * a node in this process. Forks drift on a busy machine, so run the two in turns and compare medians:
 * {@code for i in 1 2 3 4 5; do java -cp 'benchmarks/target/lib/*' org.openjdk.jmh.Main ToolkitBenchmark; done}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED", "-Xmx512m"})
@SuppressWarnings("NullAway.Init") // JMH calls the set-up before all else
public class ToolkitBenchmark {

    private static final int VALUE_CHARACTERS = 100;
    private static final String KEY = "plain:7";

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

    @Benchmark
    public @Nullable String lettuce() {
        return redis.get(KEY);
    }

    @Benchmark
    public @Nullable String toolkit() {
        return cache.get(7L);
    }
}
