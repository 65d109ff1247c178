package dev.cistern.engine.memcached;

/**
 * The slab classes that the original would have with these settings, and the size that it would give an item.
 *
 * <p>Our memory has other classes, and needs no tuning; these are what clients and dashboards of Memcached know, so
 * limits ({@code max_item_size}) and statistics are told in them. Immutable.
 */
final class SizeClasses {
    static final int MAX_CLASSES = 64;
    static final int PAGE_BYTES = 1 << 20;
    /** The original's header of an item on a 64-bit machine, without its number. */
    private static final int HEADER_BYTES = 48;
    private static final int NUMBER_BYTES = 8;
    private static final int FLAGS_BYTES = 4;
    private static final int LINE_END_BYTES = 2;
    private static final int ALIGNMENT = 8;

    private final int[] chunkBytes = new int[MAX_CLASSES];
    private final int largestItemBytes;
    private final boolean hasNumbers;
    /** The class of each size, rounded up to the alignment, that fits into a chunk. */
    private final byte[] classes;
    private int last;

    SizeClasses(MemcachedSettings settings) {
        largestItemBytes = settings.largestItemBytes;
        hasNumbers = settings.hasUniqueNumbers;
        long bytes = (long) HEADER_BYTES + settings.chunkBytes;
        last = 1;
        while (last < MAX_CLASSES - 1 && bytes < settings.largestChunkBytes / settings.growthFactor) {
            bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
            chunkBytes[last++] = (int) bytes;
            bytes = (long) (bytes * settings.growthFactor);
        }
        chunkBytes[last] = settings.largestChunkBytes;
        classes = new byte[settings.largestChunkBytes / ALIGNMENT + 2];
        int found = 1;
        for (int i = 0; i < classes.length; i++) {
            while (found < last && i * ALIGNMENT > chunkBytes[found]) {
                found++;
            }
            classes[i] = (byte) found;
        }
    }

    /** Bytes that the original counts for an item. */
    long itemBytes(int keyLength, int flags, long dataLength) {
        return HEADER_BYTES + keyLength + 1 + (flags == 0 ? 0 : FLAGS_BYTES) + dataLength + LINE_END_BYTES
                + (hasNumbers ? NUMBER_BYTES : 0);
    }

    /** The class of an item of so many bytes; 0 if it is too large. */
    int classOf(long itemBytes) {
        if (itemBytes > largestItemBytes) {
            return 0;
        }
        long rounded = (itemBytes + ALIGNMENT - 1) / ALIGNMENT;
        return rounded < classes.length ? classes[(int) rounded] : last;
    }

    int largestClass() {
        return last;
    }

    int chunkBytes(int sizeClass) {
        return chunkBytes[sizeClass];
    }

    int chunksPerPage(int sizeClass) {
        return PAGE_BYTES / chunkBytes[sizeClass];
    }
}
