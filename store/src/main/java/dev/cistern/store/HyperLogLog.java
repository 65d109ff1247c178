package dev.cistern.store;

import org.jspecify.annotations.Nullable;

/**
 * Counts distinct elements in at most 12 KB: the registers of a HyperLogLog, in the very bytes that Redis keeps in a
 * string, so that a value written by one server is counted and changed by the other.
 *
 * <p>
 * Not a keyspace type: commands fetch a string, let this class change it and store it again. An instance holds scratch
 * memory for one value and belongs to one thread; the static methods work on a value in place.
 *
 * <pre>
 *   offset  size  field
 *        0     4  magic         "HYLL"
 *        4     1  encoding      0 dense, 1 sparse
 *        5     3  (zero)
 *        8     8  cardinality   as last computed; the top bit set says that it is out of date
 *       16     n  registers     dense: 16,384 of 6 bits, the first in the lowest bits of the first byte
 *                               sparse: opcodes, which run through the registers in order
 *
 *   opcode                        registers        value
 *     00nnnnnn                    n + 1            0
 *     01nnnnnn nnnnnnnn           n + 1            0
 *     1vvvvvnn                    n + 1            v + 1
 * </pre>
 *
 * The estimate is the improved raw estimator of Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog
 * sketches" (2017), which needs no correction tables; its standard error is 0.81 %.
 */
public final class HyperLogLog implements AutoCloseable {

    public static final int REGISTERS = 1 << 14;
    public static final int HEADER_BYTES = 16;
    public static final int DENSE_BYTES = HEADER_BYTES + REGISTERS * 6 / 8;

    private static final int MAGIC = 'H' | 'Y' << 8 | 'L' << 16 | 'L' << 24;
    private static final int ENCODING = Integer.BYTES;
    private static final int CARDINALITY = ENCODING + Integer.BYTES;
    private static final byte DENSE = 0;
    private static final byte SPARSE = 1;

    private static final int INDEX_BITS = 14;
    private static final int INDEX_MASK = REGISTERS - 1;
    /** Bits of the hash that are left for the run of zeros; a register holds at most one more. */
    private static final int RUN_BITS = Long.SIZE - INDEX_BITS;
    private static final int REGISTER_BITS = 6;
    private static final int REGISTER_MASK = (1 << REGISTER_BITS) - 1;

    private static final int ZERO_MAX_RUN = 64;
    private static final int VALUE_MAX = 32;
    private static final int VALUE_MAX_RUN = 4;
    /** A changed opcode becomes at most three: two that take two bytes and the new value between them. */
    private static final int MAX_OPCODES_BYTES = 5;
    /** How far behind a change the original looks for neighbours to join; the bytes depend on it. */
    private static final int JOIN_LOOKAHEAD = 5;

    private static final long HASH_SEED = 0xadc83b19L;
    private static final double ALPHA_INFINITY = 0.7213475204444817;

    private final long scratch;
    private int length;

    public HyperLogLog() {
        scratch = Memory.allocate(MemoryTag.SCRATCH, DENSE_BYTES + MAX_OPCODES_BYTES);
    }

    @Override
    public void close() {
        Memory.free(MemoryTag.SCRATCH, scratch, DENSE_BYTES + MAX_OPCODES_BYTES);
    }

    // --- a value where it lies ---

    /** Whether these bytes look like a HyperLogLog; the opcodes of a sparse one are checked when they are walked. */
    public static boolean isValid(long address, int length) {
        if (length < HEADER_BYTES || Memory.getInt(address) != MAGIC) {
            return false;
        }
        byte encoding = Memory.getByte(address + ENCODING);
        return encoding == SPARSE || (encoding == DENSE && length == DENSE_BYTES);
    }

    public static boolean isDense(long address) {
        return Memory.getByte(address + ENCODING) == DENSE;
    }

    /** The cardinality that the value remembers, or a negative number if the registers have changed since. */
    public static long cachedCardinality(long address) {
        return Memory.getLong(address + CARDINALITY);
    }

    public static void cacheCardinality(long address, long cardinality) {
        Memory.putLong(address + CARDINALITY, cardinality);
    }

    public static void invalidateCache(long address) {
        Memory.putLong(address + CARDINALITY, Memory.getLong(address + CARDINALITY) | Long.MIN_VALUE);
    }

    /** The hash that decides which register an element meets and with which value (MurmurHash64A). */
    public static long hash(long address, int length) {
        final long multiplier = 0xc6a4a7935bd1e995L;
        long hash = HASH_SEED ^ length * multiplier;
        long at = address;
        for (long end = address + (length & ~7); at < end; at += Long.BYTES) {
            long word = Memory.getLong(at) * multiplier;
            hash = (hash ^ (word ^ word >>> 47) * multiplier) * multiplier;
        }
        int rest = length & 7;
        if (rest > 0) {
            long word = 0;
            for (int i = 0; i < rest; i++) {
                word |= (Memory.getByte(at + i) & 0xFFL) << (i << 3);
            }
            hash = (hash ^ word) * multiplier;
        }
        hash = (hash ^ hash >>> 47) * multiplier;
        return hash ^ hash >>> 47;
    }

    private static int register(long hash) {
        return (int) hash & INDEX_MASK;
    }

    /** One more than the trailing zeros of what the register's number left over. */
    private static int runValue(long hash) {
        return Long.numberOfTrailingZeros(hash >>> INDEX_BITS | 1L << RUN_BITS) + 1;
    }

    /** Raises the element's register in a dense value; false if it was as high already. */
    public static boolean addToDense(long address, long hash) {
        return raiseDense(address, register(hash), runValue(hash));
    }

    private static boolean raiseDense(long address, int index, int value) {
        int bit = index * REGISTER_BITS;
        long at = address + HEADER_BYTES + (bit >>> 3);
        int shift = bit & 7;
        // The last register ends with the last byte: read the second byte only where it is used.
        boolean crosses = shift > Byte.SIZE - REGISTER_BITS;
        int word = (Memory.getByte(at) & 0xFF) | (crosses ? (Memory.getByte(at + 1) & 0xFF) << 8 : 0);
        if ((word >>> shift & REGISTER_MASK) >= value) {
            return false;
        }
        int raised = (word & ~(REGISTER_MASK << shift)) | value << shift;
        Memory.putByte(at, (byte) raised);
        if (crosses) {
            Memory.putByte(at + 1, (byte) (raised >>> 8));
        }
        return true;
    }

    /** Raises {@code maxima}, one byte a register, to this value's registers. False if the value is corrupt. */
    public static boolean mergeInto(byte[] maxima, long address, int length) {
        return isDense(address) ? mergeDense(maxima, address) : mergeSparse(maxima, address, length);
    }

    private static boolean mergeDense(byte[] maxima, long address) {
        long at = address + HEADER_BYTES;
        // Four registers are three bytes.
        for (int i = 0; i < REGISTERS; i += 4, at += 3) {
            int word = (Memory.getByte(at) & 0xFF) | (Memory.getByte(at + 1) & 0xFF) << 8
                    | (Memory.getByte(at + 2) & 0xFF) << 16;
            for (int j = 0; j < 4; j++, word >>>= REGISTER_BITS) {
                raise(maxima, i + j, word & REGISTER_MASK);
            }
        }
        return true;
    }

    private static boolean mergeSparse(byte[] maxima, long address, int length) {
        long end = address + length;
        int index = 0;
        for (long at = address + HEADER_BYTES; at < end; at += opcodeBytes(at)) {
            if (at + opcodeBytes(at) > end || index + run(at) > REGISTERS) {
                return false;
            }
            int value = value(at);
            for (int last = index + run(at); index < last; index++) {
                raise(maxima, index, value);
            }
        }
        return index == REGISTERS;
    }

    private static void raise(byte[] maxima, int index, int value) {
        if (value > maxima[index]) {
            maxima[index] = (byte) value;
        }
    }

    /** The number of distinct elements that these registers speak of. */
    public static long estimate(byte[] registers) {
        int[] histogram = new int[1 << REGISTER_BITS];
        for (byte value : registers) {
            histogram[value & REGISTER_MASK]++;
        }
        double m = REGISTERS;
        double z = m * tau((m - histogram[RUN_BITS + 1]) / m);
        for (int value = RUN_BITS; value >= 1; value--) {
            z = 0.5 * (z + histogram[value]);
        }
        z += m * sigma(histogram[0] / m);
        return Math.round(ALPHA_INFINITY * m * m / z);
    }

    /** x + the sum of x^(2^k) * 2^(k-1): corrects for registers that are still zero. */
    private static double sigma(double x) {
        if (x == 1) {
            return Double.POSITIVE_INFINITY;
        }
        double power = x;
        double weight = 1;
        double sum = x;
        double before;
        do {
            power *= power;
            before = sum;
            sum += power * weight;
            weight += weight;
        } while (before != sum);
        return sum;
    }

    /** (1 - x - the sum of (1 - x^(2^-k))^2 * 2^-k) / 3: corrects for registers that are full. */
    private static double tau(double x) {
        if (x == 0 || x == 1) {
            return 0;
        }
        double root = x;
        double weight = 1;
        double sum = 1 - x;
        double before;
        do {
            root = Math.sqrt(root);
            before = sum;
            weight *= 0.5;
            sum -= (1 - root) * (1 - root) * weight;
        } while (before != sum);
        return sum / 3;
    }

    // --- a value that may grow: in the scratch memory ---

    /** Starts with no elements. */
    public void clear() {
        Memory.putInt(scratch, MAGIC);
        Memory.putInt(scratch + ENCODING, SPARSE);
        Memory.putLong(scratch + CARDINALITY, 0);
        length = HEADER_BYTES + putZeros(scratch + HEADER_BYTES, REGISTERS);
    }

    /** Takes a copy of a valid value; false if it is a sparse one longer than any server writes. */
    public boolean load(long address, int valueLength) {
        if (valueLength > DENSE_BYTES) {
            return false;
        }
        Memory.copy(address, scratch, valueLength);
        length = valueLength;
        return true;
    }

    public long address() {
        return scratch;
    }

    public int length() {
        return length;
    }

    /**
     * Adds an element; a sparse value that would grow beyond {@code sparseMaxBytes} becomes dense.
     *
     * @return 1 if a register rose, 0 if not, -1 if the value is corrupt
     */
    public int add(long hash, int sparseMaxBytes) {
        return raise(register(hash), runValue(hash), sparseMaxBytes);
    }

    /** Raises every register to {@code maxima}; false if the value is corrupt. */
    public boolean raiseAll(byte[] maxima, int sparseMaxBytes) {
        for (int i = 0; i < REGISTERS; i++) {
            if (maxima[i] != 0 && raise(i, maxima[i], sparseMaxBytes) < 0) {
                return false;
            }
        }
        return true;
    }

    /** Changes to the dense encoding, for good; false if the value is corrupt. */
    public boolean makeDense() {
        if (isDense(scratch)) {
            return true;
        }
        byte[] registers = new byte[REGISTERS];
        if (!mergeSparse(registers, scratch, length)) {
            return false;
        }
        Memory.putByte(scratch + ENCODING, DENSE);
        Memory.fill(scratch + HEADER_BYTES, DENSE_BYTES - HEADER_BYTES, (byte) 0);
        length = DENSE_BYTES;
        for (int i = 0; i < REGISTERS; i++) {
            raiseDense(scratch, i, registers[i]);
        }
        return true;
    }

    private int raise(int index, int value, int sparseMaxBytes) {
        if (!isDense(scratch)) {
            int outcome = value > VALUE_MAX ? NEEDS_DENSE : raiseSparse(index, value, sparseMaxBytes);
            if (outcome != NEEDS_DENSE) {
                return outcome;
            }
            if (!makeDense()) {
                return CORRUPT;
            }
        }
        return raiseDense(scratch, index, value) ? RAISED : AS_HIGH;
    }

    private static final int CORRUPT = -1;
    private static final int AS_HIGH = 0;
    private static final int RAISED = 1;
    private static final int NEEDS_DENSE = 2;

    private int raiseSparse(int index, int value, int sparseMaxBytes) {
        long end = scratch + length;
        long before = 0;
        long at = scratch + HEADER_BYTES;
        int first = 0;
        while (at < end && first + run(at) <= index) {
            first += run(at);
            before = at;
            at += opcodeBytes(at);
        }
        if (at >= end || at + opcodeBytes(at) > end) {
            return CORRUPT;
        }
        if (value(at) >= value) {
            return AS_HIGH;
        }
        if (!replace(at, first, index, value, sparseMaxBytes)) {
            return NEEDS_DENSE;
        }
        joinNeighbours(before != 0 ? before : scratch + HEADER_BYTES);
        return RAISED;
    }

    /** Puts the register between what is left of the run that it stood in; false if that grows too large. */
    private boolean replace(long at, int first, int index, int value, int sparseMaxBytes) {
        int last = first + run(at) - 1;
        int old = value(at);
        int oldBytes = opcodeBytes(at);
        int newBytes = runBytes(old, index - first) + 1 + runBytes(old, last - index);
        int growth = newBytes - oldBytes;
        if (growth > 0 && (length + growth > sparseMaxBytes || length + growth > DENSE_BYTES)) {
            return false;
        }
        long rest = at + oldBytes;
        Memory.copy(rest, at + newBytes, scratch + length - rest);
        length += growth;
        long to = at + putRun(at, old, index - first);
        to += putValues(to, value, 1);
        putRun(to, old, last - index);
        return true;
    }

    private void joinNeighbours(long from) {
        long at = from;
        for (int i = 0; i < JOIN_LOOKAHEAD && at < scratch + length; i++) {
            if (!joinNext(at)) {
                at += opcodeBytes(at);
            }
        }
    }

    /** Makes one opcode of this one and the next if both hold the same value and the run stays short enough. */
    private boolean joinNext(long at) {
        long end = scratch + length;
        if (!isValues(at) || at + 1 >= end || !isValues(at + 1) || value(at) != value(at + 1)) {
            return false;
        }
        int run = run(at) + run(at + 1);
        if (run > VALUE_MAX_RUN) {
            return false;
        }
        putValues(at + 1, value(at), run);
        Memory.copy(at + 1, at, end - at - 1);
        length--;
        return true;
    }

    // --- opcodes ---

    /**
     * A sparse value's opcodes in the original's notation, or null if it is corrupt: {@code z:} and {@code Z:} for the
     * two kinds of zeros, {@code v:} for values, with the run's length.
     */
    public static @Nullable String describeSparse(long address, int length) {
        StringBuilder text = new StringBuilder();
        long end = address + length;
        for (long at = address + HEADER_BYTES; at < end; at += opcodeBytes(at)) {
            if (at + opcodeBytes(at) > end) {
                return null;
            }
            text.append(text.isEmpty() ? "" : " ");
            if (isValues(at)) {
                text.append("v:").append(value(at)).append(',');
            } else {
                text.append(opcodeBytes(at) == 1 ? "z:" : "Z:");
            }
            text.append(run(at));
        }
        return text.toString();
    }

    private static boolean isValues(long at) {
        return Memory.getByte(at) < 0;
    }

    private static int opcodeBytes(long at) {
        return (Memory.getByte(at) & 0xC0) == 0x40 ? 2 : 1;
    }

    private static int run(long at) {
        int opcode = Memory.getByte(at) & 0xFF;
        if (opcode >= 0x80) {
            return (opcode & 3) + 1;
        }
        return opcode < 0x40 ? opcode + 1 : ((opcode & 0x3F) << 8 | (Memory.getByte(at + 1) & 0xFF)) + 1;
    }

    private static int value(long at) {
        int opcode = Memory.getByte(at);
        return opcode < 0 ? (opcode >>> 2 & 0x1F) + 1 : 0;
    }

    private static int runBytes(int value, int run) {
        if (run == 0) {
            return 0;
        }
        return value == 0 && run > ZERO_MAX_RUN ? 2 : 1;
    }

    private static int putRun(long at, int value, int run) {
        if (run == 0) {
            return 0;
        }
        return value == 0 ? putZeros(at, run) : putValues(at, value, run);
    }

    private static int putZeros(long at, int run) {
        int count = run - 1;
        if (run <= ZERO_MAX_RUN) {
            Memory.putByte(at, (byte) count);
            return 1;
        }
        Memory.putByte(at, (byte) (0x40 | count >>> 8));
        Memory.putByte(at + 1, (byte) count);
        return 2;
    }

    private static int putValues(long at, int value, int run) {
        Memory.putByte(at, (byte) (0x80 | (value - 1) << 2 | (run - 1)));
        return 1;
    }
}
