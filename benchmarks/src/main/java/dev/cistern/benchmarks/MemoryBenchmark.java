package dev.cistern.benchmarks;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
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

/** The accessor's cost beside the cheapest thing the JDK offers on the heap: a byte array seen by a VarHandle. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED",
        "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xmx256m"})
public class MemoryBenchmark {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class,
            ByteOrder.LITTLE_ENDIAN);
    private static final int BYTES = 4096;

    @Param({"7", "16", "64", "1024"})
    int length;

    private long from;
    private long to;
    private final byte[] arrayFrom = new byte[BYTES];
    private final byte[] arrayTo = new byte[BYTES];
    private int offset;

    @Setup(Level.Trial)
    public void open() {
        from = Memory.allocate(MemoryTag.TEST, BYTES);
        to = Memory.allocate(MemoryTag.TEST, BYTES);
        Memory.fill(from, BYTES, (byte) 1);
        Memory.fill(to, BYTES, (byte) 1);
    }

    @TearDown(Level.Trial)
    public void close() {
        Memory.free(MemoryTag.TEST, from, BYTES);
        Memory.free(MemoryTag.TEST, to, BYTES);
    }

    /** Unaligned on purpose: entries and requests begin anywhere. */
    private int nextOffset() {
        offset = (offset + 3) & 1023;
        return offset;
    }

    @Benchmark
    public long getLong() {
        return Memory.getLong(from + nextOffset());
    }

    @Benchmark
    public long getLongOfArray() {
        return (long) LONGS.get(arrayFrom, nextOffset());
    }

    @Benchmark
    public void putLong() {
        Memory.putLong(to + nextOffset(), offset);
    }

    @Benchmark
    public void putLongToArray() {
        LONGS.set(arrayTo, nextOffset(), (long) offset);
    }

    @Benchmark
    public void copy() {
        Memory.copy(from + nextOffset(), to, length);
    }

    @Benchmark
    public void copyOfArray() {
        System.arraycopy(arrayFrom, nextOffset(), arrayTo, 0, length);
    }

    @Benchmark
    public boolean equal() {
        return Memory.equal(from + nextOffset(), to, length);
    }

    @Benchmark
    public boolean equalOfArray() {
        int at = nextOffset();
        return Arrays.equals(arrayFrom, at, at + length, arrayTo, at, at + length);
    }
}
