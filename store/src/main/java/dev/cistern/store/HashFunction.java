package dev.cistern.store;

/**
 * A keyed hash of off-heap bytes: 64 good bits from one multiplication per 16 bytes.
 *
 * <p>
 * Each round folds the 128-bit product of two words, both masked with secrets, as the wyhash family does. The secrets
 * come from the store's seed, which is random in production, so nobody outside can choose keys that meet in one bucket.
 * It is no cryptographic hash and its values never leave the process.
 *
 * <p>
 * In a cluster the uppermost 14 bits are the key's slot instead, so that the stripe, and whoever counts keys by slot,
 * has it for nothing. Buckets use the lowest bits, tags the eight from bit 40 on.
 */
final class HashFunction {

    /** The id of no function. */
    static final long NONE = 0;

    private final long first;
    private final long second;
    private final boolean keepsSlots;

    HashFunction(long seed) {
        this(seed, false);
    }

    HashFunction(long seed, boolean keepsSlots) {
        this.keepsSlots = keepsSlots;
        this.first = scramble(seed) | 1;
        this.second = scramble(seed + 0x9E37_79B9_7F4A_7C15L) | 1;
    }

    /** Tells functions of different seeds apart; odd, so never {@link #NONE}. */
    long id() {
        return first;
    }

    long hash(long address, int length) {
        return keepsSlots ? withSlot(address, length) : mixed(address, length);
    }

    private long withSlot(long address, int length) {
        return (long) KeySlot.of(address, length) << KeySlot.HASH_SHIFT
                | (mixed(address, length) & ((1L << KeySlot.HASH_SHIFT) - 1));
    }

    private long mixed(long address, int length) {
        long state = first;
        long at = address;
        int left = length;
        while (left > 16) {
            state = fold(Memory.getLong(at) ^ second, Memory.getLong(at + 8) ^ state);
            at += 16;
            left -= 16;
        }
        if (left >= 8) {
            return finish(Memory.getLong(at), Memory.getLong(at + left - 8), state, length);
        }
        return finishShort(at, left, state, length);
    }

    private long finishShort(long at, int left, long state, int length) {
        if (left >= 4) {
            return finish(Memory.getInt(at), Memory.getInt(at + left - 4), state, length);
        }
        if (left == 0) {
            return finish(0, 0, state, length);
        }
        long bytes = (Memory.getByte(at) & 0xFFL) << 16 | (Memory.getByte(at + (left >>> 1)) & 0xFFL) << 8
                | (Memory.getByte(at + left - 1) & 0xFFL);
        return finish(bytes, 0, state, length);
    }

    private long finish(long a, long b, long state, int length) {
        return fold(first ^ length, fold(a ^ second, b ^ state));
    }

    private static long fold(long a, long b) {
        return (a * b) ^ Math.unsignedMultiplyHigh(a, b);
    }

    /** SplitMix64's finisher: neighbouring seeds give unrelated numbers. */
    static long scramble(long seed) {
        long z = seed + 0x9E37_79B9_7F4A_7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
        return z ^ (z >>> 31);
    }
}
