package dev.cistern.store;

/**
 * A packed sequence of elements in Redis' listpack format: strings and integers one after the other, walkable both ways.
 *
 * <pre>
 *   offset  size  field
 *        0     4  bytes        of all this, header and end mark included
 *        4     2  count        of elements; 65,535 = more than fit here, count them
 *        6   ...  elements
 *      ...     1  0xFF         end mark
 *
 *   an element: head, data, then the bytes of both as a number that is read from its right end
 *     head                     data             element
 *     0xxxxxxx                                  integer 0 .. 127
 *     10xxxxxx                 x                string of up to 63 bytes
 *     110xxxxx xxxxxxxx                         integer of 13 bits, higher ones first
 *     1110xxxx xxxxxxxx        x                string of up to 4,095 bytes, higher bits first
 *     11110000 4 bytes         x                longer string, its length little-endian
 *     11110001                 2                integers, little-endian
 *     11110010                 3
 *     11110011                 4
 *     11110100                 8
 * </pre>
 *
 * Text that reads as a 64-bit integer is held as one, in the narrowest form. The format is what dumps and snapshots of
 * the originals hold, so such a blob goes in and out of files as it is.
 *
 * <p>
 * Works on addresses and allocates nothing: whoever changes a listpack has made its memory large enough before
 * ({@link #elementBytes(Bytes)} says for how much). An element is named by its address, {@link #NONE} is none; a change
 * makes addresses behind it invalid. Not a safe reader: bytes from outside go through {@link #isValid} first. Used under
 * the lock of whoever owns the bytes.
 */
public final class Listpack {

    /** No element. */
    public static final long NONE = 0;

    static final int COUNT_OFFSET = Integer.BYTES;
    static final int HEADER_BYTES = COUNT_OFFSET + Short.BYTES;
    /** Bytes of a listpack without elements. */
    static final int EMPTY_BYTES = HEADER_BYTES + 1;
    /** More elements than this are not counted in the header. */
    static final int MAX_COUNT = 0xFFFE;
    /** Beyond this a listpack should be cut in pieces, says the original. */
    static final int MAX_BYTES = 1 << 30;

    private static final int UNKNOWN_COUNT = 0xFFFF;
    private static final int END = 0xFF;

    private static final int TINY_STRING = 0x80;
    private static final int INTEGER_13 = 0xC0;
    private static final int SMALL_STRING = 0xE0;
    private static final int LARGE_STRING = 0xF0;
    private static final int INTEGER_16 = 0xF1;
    private static final int INTEGER_24 = 0xF2;
    private static final int INTEGER_32 = 0xF3;
    private static final int INTEGER_64 = 0xF4;

    private static final int TINY_STRING_MAX = 63;
    private static final int SMALL_STRING_MAX = 4095;
    private static final int LARGE_STRING_HEAD_BYTES = 1 + Integer.BYTES;

    /** Moves the sign of 13 bits to where a long has it. */
    private static final int SIGN_13 = Long.SIZE - 13;

    private static final int MAX_BACK_BYTES = 5;

    private Listpack() {}

    // ------------------------------------------------------------------------------------------ the whole

    /** Writes an empty listpack, {@link #EMPTY_BYTES} long. */
    static void create(long listpack) {
        setHeader(listpack, EMPTY_BYTES, 0);
        Memory.putByte(listpack + HEADER_BYTES, (byte) END);
    }

    /** Bytes of the whole. */
    static int bytes(long listpack) {
        return Memory.getInt(listpack);
    }

    /** How many elements there are; walks over them when they are too many for the header. */
    public static int count(long listpack) {
        int count = Memory.getShort(listpack + COUNT_OFFSET) & 0xFFFF;
        return count == UNKNOWN_COUNT ? countByWalking(listpack) : count;
    }

    private static int countByWalking(long listpack) {
        int count = 0;
        for (long at = first(listpack); at != NONE; at = next(at)) {
            count++;
        }
        if (count <= MAX_COUNT) {
            Memory.putShort(listpack + COUNT_OFFSET, (short) count);
        }
        return count;
    }

    private static void setHeader(long listpack, int bytes, int count) {
        Memory.putInt(listpack, bytes);
        Memory.putShort(listpack + COUNT_OFFSET, (short) Math.min(count, UNKNOWN_COUNT));
    }

    private static void resized(long listpack, int addedBytes, int addedCount) {
        int count = Memory.getShort(listpack + COUNT_OFFSET) & 0xFFFF;
        setHeader(listpack, bytes(listpack) + addedBytes, count == UNKNOWN_COUNT ? count : count + addedCount);
    }

    /** Where the end mark stands, which is where an appended element goes. */
    static long end(long listpack) {
        return listpack + bytes(listpack) - 1;
    }

    // ---------------------------------------------------------------------------------------------- walking

    public static long first(long listpack) {
        return orNone(listpack + HEADER_BYTES);
    }

    static long last(long listpack) {
        return before(listpack, end(listpack));
    }

    /** The element after this one, or {@link #NONE}. */
    public static long next(long element) {
        return orNone(element + sizeAt(element));
    }

    /** The element before this one or before the end mark, or {@link #NONE}. */
    static long before(long listpack, long element) {
        if (element == listpack + HEADER_BYTES) {
            return NONE;
        }
        int body = bodyBytesBefore(element);
        return element - body - backBytes(body);
    }

    /** The element with this number, from 0 or from the end with -1, or {@link #NONE}. */
    static long seek(long listpack, int index) {
        int count = Memory.getShort(listpack + COUNT_OFFSET) & 0xFFFF;
        if (count == UNKNOWN_COUNT) {
            return index >= 0 ? seekForward(listpack, index) : seekBackward(listpack, -1 - index);
        }
        int wanted = index < 0 ? index + count : index;
        if (wanted < 0 || wanted >= count) {
            return NONE;
        }
        return wanted <= count >>> 1 ? seekForward(listpack, wanted) : seekBackward(listpack, count - 1 - wanted);
    }

    private static long seekForward(long listpack, int steps) {
        long at = first(listpack);
        for (int i = 0; i < steps && at != NONE; i++) {
            at = next(at);
        }
        return at;
    }

    private static long seekBackward(long listpack, int steps) {
        long at = last(listpack);
        for (int i = 0; i < steps && at != NONE; i++) {
            at = before(listpack, at);
        }
        return at;
    }

    private static long orNone(long at) {
        return head(at) == END ? NONE : at;
    }

    private static int head(long element) {
        return Memory.getByte(element) & 0xFF;
    }

    /** All bytes of the element that stands here. */
    static int sizeAt(long element) {
        int body = bodyBytes(element);
        return body + backBytes(body);
    }

    /** Head and data. */
    private static int bodyBytes(long element) {
        int head = head(element);
        if (head < TINY_STRING) {
            return 1;
        }
        if (head < INTEGER_13) {
            return 1 + (head & TINY_STRING_MAX);
        }
        if (head < SMALL_STRING) {
            return 2;
        }
        if (head < LARGE_STRING) {
            return 2 + smallStringLength(element, head);
        }
        return head == LARGE_STRING
                ? LARGE_STRING_HEAD_BYTES + Memory.getInt(element + 1)
                : 1 + integerBytes(head);
    }

    private static int smallStringLength(long element, int head) {
        return (head & 0x0F) << 8 | (Memory.getByte(element + 1) & 0xFF);
    }

    private static int integerBytes(int head) {
        return head == INTEGER_64 ? Long.BYTES : head - INTEGER_16 + 2;
    }

    /** Bytes of the number that ends an element. At each boundary the original changes over one too early: so do we. */
    private static int backBytes(int body) {
        if (body <= 127) {
            return 1;
        }
        if (body < (1 << 14) - 1) {
            return 2;
        }
        if (body < (1 << 21) - 1) {
            return 3;
        }
        return body < (1 << 28) - 1 ? 4 : MAX_BACK_BYTES;
    }

    private static void putBack(long at, int body) {
        int bytes = backBytes(body);
        int rest = body;
        for (int i = bytes - 1; i >= 0; i--) {
            Memory.putByte(at + i, (byte) ((rest & 0x7F) | (i == 0 ? 0 : 0x80)));
            rest >>>= 7;
        }
    }

    private static int bodyBytesBefore(long end) {
        int body = 0;
        for (int i = 0; i < MAX_BACK_BYTES; i++) {
            int next = Memory.getByte(end - 1 - i);
            body |= (next & 0x7F) << (7 * i);
            if (next >= 0) {
                break;
            }
        }
        return body;
    }

    // ---------------------------------------------------------------------------------------------- reading

    /** Whether the element is held as an integer. */
    public static boolean isInteger(long element) {
        int head = head(element);
        return head < TINY_STRING || (head & 0xE0) == INTEGER_13 || head > LARGE_STRING;
    }

    /** The number of an element that {@link #isInteger}. */
    public static long integer(long element) {
        int head = head(element);
        if (head < TINY_STRING) {
            return head;
        }
        if (head < SMALL_STRING) {
            int bits = (head & 0x1F) << 8 | (Memory.getByte(element + 1) & 0xFF);
            return (long) bits << SIGN_13 >> SIGN_13;
        }
        return switch (head) {
            case INTEGER_16 -> Memory.getShort(element + 1);
            // The head is the lowest byte of these four and falls out.
            case INTEGER_24 -> Memory.getInt(element) >> 8;
            case INTEGER_32 -> Memory.getInt(element + 1);
            default -> Memory.getLong(element + 1);
        };
    }

    /** Bytes of the text of a string element. */
    static int stringLength(long element) {
        int head = head(element);
        if (head < INTEGER_13) {
            return head & TINY_STRING_MAX;
        }
        return head < LARGE_STRING ? smallStringLength(element, head) : Memory.getInt(element + 1);
    }

    /** Where the text of a string element stands. */
    static long stringAddress(long element) {
        int head = head(element);
        if (head < INTEGER_13) {
            return element + 1;
        }
        return element + (head < LARGE_STRING ? 2 : LARGE_STRING_HEAD_BYTES);
    }

    /** Bytes of the element's text, that of a number too. */
    static int textLength(long element) {
        return isInteger(element) ? Decimal.length(integer(element)) : stringLength(element);
    }

    /** Points {@code target} at the element's text; a number's is written to {@code scratch}, {@link Decimal#MAX_BYTES}. */
    public static Bytes read(long element, Bytes target, long scratch) {
        if (isInteger(element)) {
            return target.set(scratch, Decimal.write(integer(element), scratch));
        }
        return target.set(stringAddress(element), stringLength(element));
    }

    /** Whether the element's text is {@code value}. */
    static boolean equal(long element, Bytes value) {
        if (!isInteger(element)) {
            return equalString(element, value);
        }
        long number = Decimal.parse(value.address(), value.length());
        return number == integer(element) && Decimal.isInteger(number, value.address(), value.length());
    }

    private static boolean equalString(long element, Bytes value) {
        return stringLength(element) == value.length()
                && Memory.equal(stringAddress(element), value.address(), value.length());
    }

    /**
     * The first element from {@code from} on whose text is {@code value}, or {@link #NONE}; looks at one and skips
     * {@code skip}: 1 to look at the fields of a sequence of pairs.
     */
    static long find(long from, Bytes value, int skip) {
        long number = Decimal.parse(value.address(), value.length());
        boolean isNumber = Decimal.isInteger(number, value.address(), value.length());
        int skipped = skip;
        for (long at = from; at != NONE; at = next(at)) {
            if (skipped < skip) {
                skipped++;
                continue;
            }
            skipped = 0;
            if (isInteger(at) ? isNumber && integer(at) == number : equalString(at, value)) {
                return at;
            }
        }
        return NONE;
    }

    // --------------------------------------------------------------------------------------------- changing

    /** Bytes of an element that holds {@code value}. */
    static int elementBytes(Bytes value) {
        long number = Decimal.parse(value.address(), value.length());
        if (Decimal.isInteger(number, value.address(), value.length())) {
            return elementBytes(number);
        }
        int body = stringHeadBytes(value.length()) + value.length();
        return body + backBytes(body);
    }

    /** Bytes of an element that holds {@code number}. */
    static int elementBytes(long number) {
        return integerBodyBytes(number) + 1;
    }

    private static int stringHeadBytes(int length) {
        if (length <= TINY_STRING_MAX) {
            return 1;
        }
        return length <= SMALL_STRING_MAX ? 2 : LARGE_STRING_HEAD_BYTES;
    }

    private static int integerBodyBytes(long number) {
        if (number >= 0 && number < TINY_STRING) {
            return 1;
        }
        if (number >= -(1 << 12) && number < 1 << 12) {
            return 2;
        }
        int bits = Long.SIZE + 1 - Long.numberOfLeadingZeros(number ^ (number >> (Long.SIZE - 1)));
        return 1 + (bits > Integer.SIZE ? Long.BYTES : Math.max(2, (bits + 7) >>> 3));
    }

    /** Puts an element before the one at {@code at}, which may be the {@link #end}; it stands at {@code at} then. */
    static void insert(long listpack, long at, Bytes value) {
        long number = Decimal.parse(value.address(), value.length());
        if (Decimal.isInteger(number, value.address(), value.length())) {
            insert(listpack, at, number);
        } else {
            open(listpack, at, elementBytes(value), 1);
            putString(at, value);
        }
    }

    static void insert(long listpack, long at, long number) {
        open(listpack, at, elementBytes(number), 1);
        putInteger(at, number);
    }

    static void append(long listpack, Bytes value) {
        insert(listpack, end(listpack), value);
    }

    static void append(long listpack, long number) {
        insert(listpack, end(listpack), number);
    }

    static void prepend(long listpack, Bytes value) {
        insert(listpack, listpack + HEADER_BYTES, value);
    }

    /** Puts {@code count} whole elements, which stand in {@code bytes} bytes elsewhere, before the one at {@code at}. */
    static void insertElements(long listpack, long at, long elements, int bytes, int count) {
        open(listpack, at, bytes, count);
        Memory.copy(elements, at, bytes);
    }

    /** Gives the element at {@code at} another value; it may grow by {@link #elementBytes} less {@link #sizeAt}. */
    static void replace(long listpack, long at, Bytes value) {
        long number = Decimal.parse(value.address(), value.length());
        if (Decimal.isInteger(number, value.address(), value.length())) {
            replace(listpack, at, number);
        } else {
            open(listpack, at + sizeAt(at), elementBytes(value) - sizeAt(at), 0);
            putString(at, value);
        }
    }

    static void replace(long listpack, long at, long number) {
        open(listpack, at + sizeAt(at), elementBytes(number) - sizeAt(at), 0);
        putInteger(at, number);
    }

    /** Takes out {@code count} elements from {@code at} on; what followed them stands there then. */
    static void delete(long listpack, long at, int count) {
        long behind = at;
        for (int i = 0; i < count; i++) {
            behind += sizeAt(behind);
        }
        deleteRange(listpack, at, behind, count);
    }

    /** Takes out the elements from {@code at} up to {@code behind}, which are {@code count}. */
    static void deleteRange(long listpack, long at, long behind, int count) {
        open(listpack, behind, (int) (at - behind), -count);
    }

    /** Moves what stands from {@code at} on by {@code bytes}, which may be negative, and counts. */
    private static void open(long listpack, long at, int bytes, int count) {
        if (bytes != 0) {
            Memory.copy(at, at + bytes, end(listpack) + 1 - at);
        }
        resized(listpack, bytes, count);
    }

    private static void putString(long at, Bytes value) {
        int length = value.length();
        int head = stringHeadBytes(length);
        if (head == 1) {
            Memory.putByte(at, (byte) (TINY_STRING | length));
        } else if (head == 2) {
            Memory.putByte(at, (byte) (SMALL_STRING | length >>> 8));
            Memory.putByte(at + 1, (byte) length);
        } else {
            Memory.putByte(at, (byte) LARGE_STRING);
            Memory.putInt(at + 1, length);
        }
        value.copyTo(at + head);
        putBack(at + head + length, head + length);
    }

    private static void putInteger(long at, long number) {
        int body = integerBodyBytes(number);
        switch (body) {
            case 1 -> Memory.putByte(at, (byte) number);
            case 2 -> {
                Memory.putByte(at, (byte) (INTEGER_13 | (number >>> 8 & 0x1F)));
                Memory.putByte(at + 1, (byte) number);
            }
            case 1 + Short.BYTES -> {
                Memory.putByte(at, (byte) INTEGER_16);
                Memory.putShort(at + 1, (short) number);
            }
            case 1 + 3 -> Memory.putInt(at, (int) number << 8 | INTEGER_24);
            case 1 + Integer.BYTES -> {
                Memory.putByte(at, (byte) INTEGER_32);
                Memory.putInt(at + 1, (int) number);
            }
            default -> {
                Memory.putByte(at, (byte) INTEGER_64);
                Memory.putLong(at + 1, number);
            }
        }
        putBack(at + body, body);
    }

    // --------------------------------------------------------------------------------------------- checking

    /** Whether {@code length} bytes from outside are a listpack, every element of it whole. Reads nothing beyond them. */
    public static boolean isValid(long listpack, int length) {
        if (length < EMPTY_BYTES || bytes(listpack) != length || head(end(listpack)) != END) {
            return false;
        }
        long end = end(listpack);
        long at = listpack + HEADER_BYTES;
        int count = 0;
        while (at < end) {
            int size = validSizeAt(at, end);
            if (size == 0) {
                return false;
            }
            at += size;
            count++;
        }
        int counted = Memory.getShort(listpack + COUNT_OFFSET) & 0xFFFF;
        return at == end && (counted == UNKNOWN_COUNT || counted == count);
    }

    /** Bytes of the element here if it is whole and ends before {@code end}, or 0. */
    private static int validSizeAt(long at, long end) {
        int head = head(at);
        if (head > INTEGER_64) {
            return 0;
        }
        long left = end - at;
        int headBytes = head < INTEGER_13 ? 1 : head < LARGE_STRING ? 2 : head == LARGE_STRING ? 5 : 1;
        if (headBytes > left) {
            return 0;
        }
        // A length from outside: neither it nor its sum may be trusted to fit into an int.
        if (head == LARGE_STRING && Integer.toUnsignedLong(Memory.getInt(at + 1)) > left) {
            return 0;
        }
        int body = bodyBytes(at);
        int size = body + backBytes(body);
        return size <= left && isBackOf(at + body, body) ? size : 0;
    }

    private static boolean isBackOf(long at, int body) {
        int bytes = backBytes(body);
        int rest = body;
        for (int i = bytes - 1; i >= 0; i--) {
            if ((Memory.getByte(at + i) & 0xFF) != ((rest & 0x7F) | (i == 0 ? 0 : 0x80))) {
                return false;
            }
            rest >>>= 7;
        }
        return true;
    }
}
