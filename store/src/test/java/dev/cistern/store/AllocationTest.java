package dev.cistern.store;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The promise that the data path leaves no garbage: once compiled, none of these operations allocates on the heap. */
final class AllocationTest {

    private static final int KEYS = 1_000;
    private static final int ROUNDS = 400;

    @Test
    void aWarmDataPathAllocatesNothing() {
        long held = Memory.heldBytes();
        Bytes key = Bytes.copyOf("0123456789abcdef");
        Bytes value = Bytes.copyOf("v".repeat(64));
        Bytes number = Bytes.copyOf("12345");
        Bytes found = new Bytes();
        try (Store store = new Store(StoreOptions.seeded(1).withDatabases(1));
                Keyspace keyspace = store.openKeyspace(0)) {
            long least = leastAllocated(() -> {
                for (int i = 0; i < KEYS; i++) {
                    Memory.putLong(key.address(), i);
                    key.set(key.address(), 16);
                    int stripe = store.stripeOf(key);
                    store.lock(stripe);
                    keyspace.set(key, value, i % 3 == 0 ? 1_000 : Keyspace.NO_DEADLINE);
                    keyspace.readString(keyspace.find(key), found);
                    keyspace.append(key, value);
                    keyspace.set(key, number, Keyspace.KEEP_DEADLINE);
                    keyspace.add(key, i);
                    keyspace.readString(keyspace.find(key), found);
                    keyspace.delete(key);
                    keyspace.find(key);
                    store.unlock(stripe);
                }
            });
            assertThat(least).as("bytes of heap for %d rounds of nine operations", KEYS).isZero();
        }
        key.free();
        value.free();
        number.free();
        assertThat(Memory.heldBytes()).isEqualTo(held);
    }

    /** Until a run allocates nothing, or many have: when the compiler is done is not ours to say. */
    private static long leastAllocated(Runnable task) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS && least > 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            task.run();
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }
}
