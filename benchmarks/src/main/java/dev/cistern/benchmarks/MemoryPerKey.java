package dev.cistern.benchmarks;

import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import dev.cistern.store.Store;
import dev.cistern.store.StoreOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What a key costs all told: growth of the process' resident memory, from {@code /proc/self/statm}, while a store is
 * filled, and what is left of it after every key was deleted. Not a benchmark of time. The heap is touched beforehand,
 * because its own growth is no part of a key either.
 *
 * <pre>
 * java --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -Xms64m -Xmx64m -XX:+AlwaysPreTouch -cp ... dev.cistern.benchmarks.MemoryPerKey [keys]
 * </pre>
 */
public final class MemoryPerKey {

    private static final int KEY_BYTES = 16;
    private static final int NUMBER_BYTES = 12;
    private static final int WARM_UP_KEYS = 50_000;

    private MemoryPerKey() {}

    public static void main(String[] arguments) throws IOException {
        int keys = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1_000_000;
        // The first run is for the JVM itself: compiled code and profiles are no part of a key.
        measure(WARM_UP_KEYS, KEY_BYTES, false);
        measure(keys, 16, true);
        measure(keys, 64, true);
    }

    private static void measure(int keys, int valueBytes, boolean print) throws IOException {
        try (Store store = new Store(StoreOptions.seeded(42)); Keyspace keyspace = store.openKeyspace(0)) {
            long buffer = Memory.allocate(MemoryTag.TEST, KEY_BYTES + valueBytes);
            Memory.fill(buffer, KEY_BYTES + valueBytes, (byte) 'x');
            Bytes key = new Bytes(buffer, KEY_BYTES);
            Bytes value = new Bytes(buffer + KEY_BYTES, valueBytes);
            long before = residentBytes();
            for (int i = 0; i < keys; i++) {
                writeKey(key, i);
                store.lock(store.stripeOf(key));
                keyspace.set(key, value, Keyspace.NO_DEADLINE);
                store.unlock(store.stripeOf(key));
            }
            long full = residentBytes();
            long counted = store.usedBytes();
            long index = store.indexBytes();
            double fragmentation = store.fragmentationRatio();
            for (int i = 0; i < keys; i++) {
                writeKey(key, i);
                store.lock(store.stripeOf(key));
                keyspace.delete(key);
                store.unlock(store.stripeOf(key));
            }
            long deleted = residentBytes();
            store.purge();
            long purged = residentBytes();
            Memory.free(MemoryTag.TEST, buffer, KEY_BYTES + valueBytes);
            if (print) {
                System.out.printf(Locale.ROOT,
                        "%,d keys of %d+%d bytes: %.1f bytes of RSS a key (counted %.1f, buckets %.1f,"
                                + " fragmentation %.3f); RSS MB before %.1f, full %.1f, deleted %.1f, purged %.1f%n",
                        keys, KEY_BYTES, valueBytes, (double) (full - before) / keys, (double) counted / keys,
                        (double) index / keys, fragmentation, mega(before), mega(full), mega(deleted), mega(purged));
            }
        }
    }

    /** 16 bytes that end in the number, as redis-benchmark writes its keys. Leaves no garbage, which would be counted. */
    private static void writeKey(Bytes key, int number) {
        int left = number;
        for (int at = KEY_BYTES - 1; at >= KEY_BYTES - NUMBER_BYTES; at--) {
            Memory.putByte(key.address() + at, (byte) ('0' + left % 10));
            left /= 10;
        }
        key.set(key.address(), KEY_BYTES);
    }

    private static long residentBytes() throws IOException {
        System.gc();
        String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
        return Long.parseLong(pages[1]) * Memory.PAGE_BYTES;
    }

    private static double mega(long bytes) {
        return bytes / 1048576.0;
    }
}
