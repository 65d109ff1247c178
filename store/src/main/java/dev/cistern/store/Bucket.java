package dev.cistern.store;

/**
 * The bytes of one bucket: a cache line of an {@link Index}.
 *
 * <pre>
 *   offset  size  field
 *        0     8  tags    one byte per lane; 0 = the lane is empty
 *        8     8  meta    bits  0 ..  5  flags
 *                         bits  6 .. 47  overflow line: its address, a multiple of 64; 0 = none
 *                         bits 48 .. 55  lanes that the snapshot has or does not need, while it has only some
 *                         bits 56 .. 63  snapshot version
 *       16    48  lanes   eight entry addresses of 48 bits
 * </pre>
 *
 * Lanes fill from 0 upwards, and only the last line of a chain has empty ones. An overflow line has the same shape; the
 * flags and the version of a chain stand in its first line, what is known of a lane in its own line.
 *
 * <p>
 * A lane is read by one 8-byte load that begins two bytes before it, so that the last lane's load does not leave the
 * line.
 */
final class Bucket {

    static final int BYTES_SHIFT = 6;
    static final int BYTES = 1 << BYTES_SHIFT;
    static final int LANES = 8;

    static final int TAGS_OFFSET = 0;
    static final int META_OFFSET = TAGS_OFFSET + LANES;
    static final int LANES_OFFSET = META_OFFSET + Long.BYTES;
    static final int LANE_BYTES = 6;

    /** An entry with a deadline was put here; cleared by a walk that finds none. */
    static final int HAS_VOLATILE = 1;

    /** The snapshot of the chain's version has some of its entries: those of the lanes that are marked as written. */
    static final int IS_PARTLY_WRITTEN = 2;

    private static final int FLAG_BITS = 6;
    private static final int WRITTEN_SHIFT = 48;
    private static final int VERSION_SHIFT = WRITTEN_SHIFT + LANES;
    /** Versions are of 8 bits; 0 is that of no snapshot. */
    static final int MAX_VERSION = (1 << (Long.SIZE - VERSION_SHIFT)) - 1;
    private static final long FLAGS = (1L << FLAG_BITS) - 1;
    private static final long LINK = (1L << WRITTEN_SHIFT) - 1 & ~FLAGS;
    private static final long WRITTEN = (1L << VERSION_SHIFT) - (1L << WRITTEN_SHIFT);

    private static final int LANE_LOAD_OFFSET = LANES_OFFSET - 2;
    private static final int LANE_LOAD_SHIFT = Long.SIZE - LANE_BYTES * Byte.SIZE;
    private static final long LANE_LOAD_KEEP = (1L << LANE_LOAD_SHIFT) - 1;

    private static final long LOW_BITS = 0x0101_0101_0101_0101L;
    private static final long ALL_BUT_HIGH_BITS = 0x7F7F_7F7F_7F7F_7F7FL;

    private Bucket() {}

    static long tags(long bucket) {
        return Memory.getLong(bucket);
    }

    /** The tag in every byte, to compare eight lanes at once. */
    static long pattern(int tag) {
        return tag * LOW_BITS;
    }

    /** The high bit of every byte of {@code tags} that equals its byte of {@code pattern}; exact in all eight. */
    static long matches(long tags, long pattern) {
        long difference = tags ^ pattern;
        return ~((difference & ALL_BUT_HIGH_BITS) + ALL_BUT_HIGH_BITS | difference | ALL_BUT_HIGH_BITS);
    }

    /** The lane of the lowest bit that {@link #matches} returned. */
    static int lane(long matches) {
        return Long.numberOfTrailingZeros(matches) >>> 3;
    }

    /** How many lanes are in use; {@link #LANES} when the line is full. */
    static int count(long bucket) {
        return LANES - (Long.numberOfLeadingZeros(tags(bucket)) >>> 3);
    }

    static long entry(long bucket, int lane) {
        return Memory.getLong(bucket + LANE_LOAD_OFFSET + (long) lane * LANE_BYTES) >>> LANE_LOAD_SHIFT;
    }

    static void setEntry(long bucket, int lane, long entry) {
        long address = bucket + LANE_LOAD_OFFSET + (long) lane * LANE_BYTES;
        Memory.putLong(address, (Memory.getLong(address) & LANE_LOAD_KEEP) | entry << LANE_LOAD_SHIFT);
    }

    static int tag(long bucket, int lane) {
        return Memory.getByte(bucket + lane) & 0xFF;
    }

    static void set(long bucket, int lane, int tag, long entry) {
        Memory.putByte(bucket + lane, (byte) tag);
        setEntry(bucket, lane, entry);
    }

    static void clear(long bucket, int lane) {
        Memory.putByte(bucket + lane, (byte) 0);
    }

    static void clear(long bucket) {
        for (int offset = 0; offset < BYTES; offset += Long.BYTES) {
            Memory.putLong(bucket + offset, 0);
        }
    }

    private static long meta(long bucket) {
        return Memory.getLong(bucket + META_OFFSET);
    }

    static long link(long bucket) {
        return meta(bucket) & LINK;
    }

    static void setLink(long bucket, long line) {
        Memory.putLong(bucket + META_OFFSET, (meta(bucket) & ~LINK) | line);
    }

    static boolean hasVolatile(long bucket) {
        return (meta(bucket) & HAS_VOLATILE) != 0;
    }

    static void setVolatile(long bucket, boolean value) {
        Memory.putLong(bucket + META_OFFSET, (meta(bucket) & ~HAS_VOLATILE) | (value ? HAS_VOLATILE : 0));
    }

    static int version(long bucket) {
        return (int) (meta(bucket) >>> VERSION_SHIFT);
    }

    static void setVersion(long bucket, int version, boolean isPartlyWritten) {
        long rest = meta(bucket) & (1L << VERSION_SHIFT) - 1 & ~IS_PARTLY_WRITTEN;
        Memory.putLong(bucket + META_OFFSET,
                rest | (long) version << VERSION_SHIFT | (isPartlyWritten ? IS_PARTLY_WRITTEN : 0));
    }

    static boolean isPartlyWritten(long bucket) {
        return (meta(bucket) & IS_PARTLY_WRITTEN) != 0;
    }

    static boolean isWritten(long bucket, int lane) {
        return (meta(bucket) >>> (WRITTEN_SHIFT + lane) & 1) != 0;
    }

    static void setWritten(long bucket, int lane, boolean value) {
        long bit = 1L << (WRITTEN_SHIFT + lane);
        Memory.putLong(bucket + META_OFFSET, value ? meta(bucket) | bit : meta(bucket) & ~bit);
    }

    static void clearWritten(long bucket) {
        Memory.putLong(bucket + META_OFFSET, meta(bucket) & ~WRITTEN);
    }
}
