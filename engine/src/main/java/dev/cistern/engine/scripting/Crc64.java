package dev.cistern.engine.scripting;

/** The checksum of snapshot files and dumps: CRC-64 with the polynomial of Jones, reflected, starting at 0. */
final class Crc64 {
    /** 0xAD93D23594C935A9 with its bits in reverse order. */
    private static final long REVERSED_POLYNOMIAL = Long.reverse(0xAD93D23594C935A9L);
    private static final long[] TABLE = new long[256];

    static {
        for (int value = 0; value < 256; value++) {
            long remainder = value;
            for (int bit = 0; bit < 8; bit++) {
                remainder = (remainder & 1) != 0 ? (remainder >>> 1) ^ REVERSED_POLYNOMIAL : remainder >>> 1;
            }
            TABLE[value] = remainder;
        }
    }

    private Crc64() {}

    /** Of the first {@code length} bytes. */
    static long of(byte[] bytes, int length) {
        long crc = 0;
        for (int i = 0; i < length; i++) {
            crc = TABLE[(int) (crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
        }
        return crc;
    }
}
