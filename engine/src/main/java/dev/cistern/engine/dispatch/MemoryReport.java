package dev.cistern.engine.dispatch;

import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import dev.cistern.store.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Where a node's memory is, at one moment.
 *
 * <p>Data is the node's own; buffers of sessions and the process's resident size are shared with other nodes in the same
 * process, and are told for the process.
 */
public record MemoryReport(long usedBytes, long peakBytes, long startupBytes, long datasetBytes, long overheadBytes,
        long sessionBytes, long residentBytes, double fragmentationRatio, long keys, List<Database> databases) {

    /** One database that has keys. */
    public record Database(int number, long keys, long indexBytes) {}

    private static final int PAGE_BYTES = Memory.PAGE_BYTES;

    public static MemoryReport of(Node node) {
        Store store = node.store();
        long used = store.usedBytes();
        long index = store.indexBytes();
        // Asked once: other loops add keys meanwhile, and a share of none cannot be told.
        long[] sizes = IntStream.range(0, store.databases()).mapToLong(store::size).toArray();
        long keys = LongStream.of(sizes).sum();
        List<Database> databases = new ArrayList<>();
        for (int database = 0; database < sizes.length; database++) {
            if (sizes[database] > 0) {
                databases.add(new Database(database, sizes[database], index * sizes[database] / keys));
            }
        }
        long sessions = Memory.heldBytes(MemoryTag.SESSION);
        return new MemoryReport(used, node.rates().notePeak(used), 0, used - index, index, sessions,
                store.residentBytes(), store.fragmentationRatio(), keys, databases);
    }

    public double datasetPercentage() {
        return usedBytes == 0 ? 0 : 100.0 * datasetBytes / usedBytes;
    }

    public double peakPercentage() {
        return peakBytes == 0 ? 0 : 100.0 * usedBytes / peakBytes;
    }

    /** Bytes that the operating system backs for the whole process; 0 where it does not say. */
    public static long processResidentBytes() {
        try {
            String[] words = Files.readString(Path.of("/proc/self/statm")).split(" ");
            return Long.parseLong(words[1]) * PAGE_BYTES;
        } catch (IOException e) {
            return 0;
        }
    }

    /** What is held under which tag, in this process. */
    public String allocatorText() {
        StringBuilder text = new StringBuilder("held bytes by purpose, in this process\n");
        for (MemoryTag tag : MemoryTag.values()) {
            text.append(String.format(Locale.ROOT, "%-12s %,d%n", tag.name().toLowerCase(Locale.ROOT),
                    Memory.heldBytes(tag)));
        }
        return text.append(String.format(Locale.ROOT, "%-12s %,d%n", "data", usedBytes))
                .append(String.format(Locale.ROOT, "%-12s %,d%n", "resident", residentBytes)).toString();
    }
}
