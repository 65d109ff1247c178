package dev.cistern.store;

/**
 * The bytes of one entry: where what lies, and how the header packs it.
 *
 * <pre>
 *   offset   size  field
 *        0      8  header
 *        8      8  long lengths    only in the long form: key length (4), value length (4)
 *    +0/+8      8  deadlineMillis  only with a deadline; Unix time
 *      ...      k  key
 *      ...      v  value
 *
 *   header    bits
 *     0 ..  3    4  value type     code of {@link ValueType}
 *     4 ..  7    4  encoding       code of {@link Encoding}
 *          8     1  has a deadline
 *          9     1  long form      the two lengths below are zero, the real ones follow the header
 *    10 .. 19   10  key length     up to 1,023
 *    20 .. 39   20  value length   up to 1,048,575
 *    40 .. 63   24  access         seconds of the last access modulo 2^24, or a frequency
 * </pre>
 *
 * Little-endian. A key of 16 bytes and a value of 16 are 40 bytes, a size class of the arena. The deadline stands before
 * the key, because every lookup reads it together with header and key in one cache line and because a value may then
 * grow at its end. Where the slot of an entry ends is not written here: the arena knows (see {@link Arena#slotBytes}).
 */
final class EntryLayout {

    static final int HEADER_BYTES = Long.BYTES;
    static final int LONG_LENGTHS_BYTES = 2 * Integer.BYTES;
    static final int DEADLINE_BYTES = Long.BYTES;

    static final int TYPE_SHIFT = 0;
    static final int TYPE_BITS = 4;
    static final int ENCODING_SHIFT = TYPE_SHIFT + TYPE_BITS;
    static final int ENCODING_BITS = 4;
    static final int DEADLINE_SHIFT = ENCODING_SHIFT + ENCODING_BITS;
    static final int LONG_SHIFT = DEADLINE_SHIFT + 1;
    static final int KEY_LENGTH_SHIFT = LONG_SHIFT + 1;
    static final int KEY_LENGTH_BITS = 10;
    static final int VALUE_LENGTH_SHIFT = KEY_LENGTH_SHIFT + KEY_LENGTH_BITS;
    static final int VALUE_LENGTH_BITS = 20;
    static final int ACCESS_SHIFT = VALUE_LENGTH_SHIFT + VALUE_LENGTH_BITS;
    static final int ACCESS_BITS = 24;

    static final int SHORT_KEY_MAX = (1 << KEY_LENGTH_BITS) - 1;
    static final int SHORT_VALUE_MAX = (1 << VALUE_LENGTH_BITS) - 1;
    static final int ACCESS_MASK = (1 << ACCESS_BITS) - 1;

    private static final long HAS_DEADLINE = 1L << DEADLINE_SHIFT;
    private static final long IS_LONG = 1L << LONG_SHIFT;
    private static final long SHAPE = HAS_DEADLINE | IS_LONG;

    private EntryLayout() {}

    /** Bytes of an entry, without the rounding of its slot. */
    static long bytes(int keyLength, int valueLength, boolean hasDeadline) {
        return (long) HEADER_BYTES + (isLong(keyLength, valueLength) ? LONG_LENGTHS_BYTES : 0)
                + (hasDeadline ? DEADLINE_BYTES : 0) + keyLength + valueLength;
    }

    /** Whether the lengths stand elsewhere than in the header. */
    static boolean isLong(long header) {
        return (header & IS_LONG) != 0;
    }

    private static boolean isLong(int keyLength, int valueLength) {
        return keyLength > SHORT_KEY_MAX || valueLength > SHORT_VALUE_MAX;
    }

    /** Writes everything before the key; {@code form} is the type and encoding as {@link #form} packs them. */
    static void writeHeader(long entry, int form, int access, int keyLength, int valueLength, long deadlineMillis) {
        long header = form | (long) access << ACCESS_SHIFT;
        long at = entry + HEADER_BYTES;
        if (isLong(keyLength, valueLength)) {
            header |= IS_LONG;
            Memory.putInt(at, keyLength);
            Memory.putInt(at + Integer.BYTES, valueLength);
            at += LONG_LENGTHS_BYTES;
        } else {
            header |= (long) keyLength << KEY_LENGTH_SHIFT | (long) valueLength << VALUE_LENGTH_SHIFT;
        }
        if (deadlineMillis != Keyspace.NO_DEADLINE) {
            header |= HAS_DEADLINE;
            Memory.putLong(at, deadlineMillis);
        }
        Memory.putLong(entry, header);
    }

    static int form(ValueType type, Encoding encoding) {
        return type.code() << TYPE_SHIFT | encoding.code() << ENCODING_SHIFT;
    }

    static long header(long entry) {
        return Memory.getLong(entry);
    }

    /** Type and encoding together. */
    static int form(long entry) {
        return Memory.getByte(entry) & 0xFF;
    }

    /** Says that the value's bytes are of this form; their number stays. */
    static void setForm(long entry, int form) {
        Memory.putByte(entry, (byte) form);
    }

    static int typeCode(long entry) {
        return form(entry) >>> TYPE_SHIFT & (1 << TYPE_BITS) - 1;
    }

    static int encodingCode(long entry) {
        return encodingCodeIn(form(entry));
    }

    static int encodingCodeIn(long header) {
        return (int) (header >>> ENCODING_SHIFT) & (1 << ENCODING_BITS) - 1;
    }

    static boolean hasDeadline(long header) {
        return (header & HAS_DEADLINE) != 0;
    }

    static int access(long header) {
        return (int) (header >>> ACCESS_SHIFT);
    }

    static void setAccess(long entry, long header, int access) {
        Memory.putLong(entry, (header & (1L << ACCESS_SHIFT) - 1) | (long) access << ACCESS_SHIFT);
    }

    /** The two optional fields are 8 bytes each and their flags are neighbours, so their number is a bit count. */
    static int keyOffset(long header) {
        return HEADER_BYTES + (Long.bitCount(header & SHAPE) << 3);
    }

    static long keyAddress(long entry) {
        return entry + keyOffset(header(entry));
    }

    static int keyLength(long entry, long header) {
        return (header & IS_LONG) == 0
                ? (int) (header >>> KEY_LENGTH_SHIFT) & SHORT_KEY_MAX
                : Memory.getInt(entry + HEADER_BYTES);
    }

    static int valueLength(long entry, long header) {
        return (header & IS_LONG) == 0
                ? (int) (header >>> VALUE_LENGTH_SHIFT) & SHORT_VALUE_MAX
                : Memory.getInt(entry + HEADER_BYTES + Integer.BYTES);
    }

    static long valueAddress(long entry, long header) {
        return entry + keyOffset(header) + keyLength(entry, header);
    }

    /** Bytes in use of the entry's slot. */
    static long bytes(long entry) {
        long header = header(entry);
        return keyOffset(header) + (long) keyLength(entry, header) + valueLength(entry, header);
    }

    static long deadlineMillis(long entry, long header) {
        return hasDeadline(header) ? Memory.getLong(entry + keyOffset(header) - DEADLINE_BYTES) : Keyspace.NO_DEADLINE;
    }

    static boolean keyEquals(long entry, long keyAddress, int keyLength) {
        long header = header(entry);
        return keyLength(entry, header) == keyLength && Memory.equal(entry + keyOffset(header), keyAddress, keyLength);
    }

    /** An entry lives through its last millisecond, as in the original. */
    static boolean isExpired(long entry, long header, long nowMillis) {
        return hasDeadline(header) && nowMillis > deadlineMillis(entry, header);
    }
}
