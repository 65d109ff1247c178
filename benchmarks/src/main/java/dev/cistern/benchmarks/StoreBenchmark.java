package dev.cistern.benchmarks;

import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import dev.cistern.store.Store;
import dev.cistern.store.StoreOptions;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One keyed operation with everything that a command does in the store: hash, lock, find or change, read, unlock. Keys
 * come in random order, so with a million of them most operations miss the caches as they would in life.
 *
 * <p>
 * Run with {@code -prof gc} to see that none of them allocates.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED",
        "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xmx256m",
        "-XX:+UseCompactObjectHeaders"})
public class StoreBenchmark {

    private static final int KEY_BYTES = 16;
    private static final int VALUE_BYTES = 64;
    private static final long MULTIPLIER = 0x9E37_79B9_7F4A_7C15L;

    @Param({"100000", "1000000"})
    int keys;

    private final Store store = new Store(StoreOptions.seeded(42));
    private final Keyspace keyspace = store.openKeyspace(0);
    private long buffer;
    private final Bytes key = new Bytes();
    private final Bytes value = new Bytes();
    private final Bytes found = new Bytes();
    private long turn;

    @Setup(Level.Trial)
    public void fill() {
        buffer = Memory.allocate(MemoryTag.TEST, KEY_BYTES + 2 * VALUE_BYTES);
        Memory.fill(buffer, KEY_BYTES + 2 * VALUE_BYTES, (byte) 'k');
        value.set(buffer + KEY_BYTES, VALUE_BYTES);
        for (int i = 0; i < keys; i++) {
            set(i);
        }
    }

    @TearDown(Level.Trial)
    public void close() {
        store.close();
        Memory.free(MemoryTag.TEST, buffer, KEY_BYTES + 2 * VALUE_BYTES);
    }

    /** Random in full: multiples of a constant alone would come back to the same pages in a rhythm that caches love. */
    private long random() {
        long mixed = turn++ * MULTIPLIER;
        mixed = (mixed ^ (mixed >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        mixed ^= mixed >>> 27;
        return ((mixed >>> 32) * keys) >>> 32;
    }

    private int pointAt(long number) {
        Memory.putLong(buffer + KEY_BYTES - Long.BYTES, number);
        key.set(buffer, KEY_BYTES);
        return store.stripeOf(key);
    }

    private long set(long number) {
        int stripe = pointAt(number);
        store.lock(stripe);
        try {
            return keyspace.set(key, value, Keyspace.NO_DEADLINE);
        } finally {
            store.unlock(stripe);
        }
    }

    private boolean delete(long number) {
        int stripe = pointAt(number);
        store.lock(stripe);
        try {
            return keyspace.delete(key);
        } finally {
            store.unlock(stripe);
        }
    }

    private long get(long number) {
        int stripe = pointAt(number);
        store.lock(stripe);
        try {
            long entry = keyspace.find(key);
            if (entry == Keyspace.ABSENT) {
                return 0;
            }
            keyspace.readString(entry, found);
            found.copyTo(buffer + KEY_BYTES + VALUE_BYTES);
            return found.length();
        } finally {
            store.unlock(stripe);
        }
    }

    /** What the others do before they come to the store. */
    @Benchmark
    public int nothing() {
        return pointAt(random());
    }

    @Benchmark
    public long getHit() {
        return get(random());
    }

    @Benchmark
    public long getMiss() {
        return get(random() + keys);
    }

    @Benchmark
    public long setOverwrite() {
        return set(random());
    }

    /** A new key comes and an old one goes; the number of keys stays. */
    @Benchmark
    public boolean insertAndDelete() {
        long number = turn++;
        set(number + keys);
        return delete(number);
    }

    @Benchmark
    public long increment() {
        int stripe = pointAt(keys + (random() & 0x3FF));
        store.lock(stripe);
        try {
            return keyspace.add(key, 1);
        } finally {
            store.unlock(stripe);
        }
    }
}
