package dev.cistern.store;

/**
 * The hash slot of a key: CRC16 (polynomial 0x1021, as XMODEM has it) of the key or of its hash tag, modulo 16,384.
 *
 * <p>
 * The tag is what stands between the first opening brace and the next closing one, if that is anything. Stateless; any
 * thread.
 */
public final class KeySlot {

    /** How many there are. */
    public static final int COUNT = 1 << 14;

    /** A key's hash keeps the slot in its uppermost bits: see {@link HashFunction}. */
    static final int HASH_SHIFT = Long.SIZE - 14;

    private static final int POLYNOMIAL = 0x1021;
    private static final char[] TABLE = table();

    private KeySlot() {}

    private static char[] table() {
        char[] table = new char[256];
        for (int i = 0; i < table.length; i++) {
            int crc = i << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) == 0 ? crc << 1 : crc << 1 ^ POLYNOMIAL;
            }
            table[i] = (char) crc;
        }
        return table;
    }

    /** The slot of the key whose bytes lie there. */
    public static int of(long address, int length) {
        int open = indexOf('{', address, 0, length);
        int close = open < 0 ? -1 : indexOf('}', address, open + 1, length);
        return close <= open + 1 ? crc(address, length) : crc(address + open + 1, close - open - 1);
    }

    public static int of(Bytes key) {
        return of(key.address(), key.length());
    }

    private static int indexOf(char letter, long address, int from, int length) {
        for (int i = from; i < length; i++) {
            if (Memory.getByte(address + i) == letter) {
                return i;
            }
        }
        return -1;
    }

    private static int crc(long address, int length) {
        int crc = 0;
        for (int i = 0; i < length; i++) {
            crc = (crc << 8 ^ TABLE[(crc >>> 8 ^ Memory.getByte(address + i)) & 0xFF]) & 0xFFFF;
        }
        return crc & COUNT - 1;
    }
}
