package dev.cistern.engine.rdb;

import dev.cistern.store.Memory;

/**
 * The checksum at the end of a dump or snapshot: CRC-64 of Jones, reflected, from 0 and not inverted at the end. Of the
 * nine digits {@code 123456789} it is {@code e9c6d914c4b8d9ca}. Any thread.
 *
 * <p>Eight bytes at a time: table {@code n} says what a byte becomes after {@code n} more bytes have passed.
 */
public final class Crc64 {
    private static final long POLYNOMIAL = Long.reverse(0xad93d23594c935a9L);
    private static final long[][] TABLES = tables();

    private Crc64() {}

    private static long[][] tables() {
        long[][] tables = new long[Long.BYTES][256];
        for (int value = 0; value < 256; value++) {
            long crc = value;
            for (int bit = 0; bit < Byte.SIZE; bit++) {
                crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ POLYNOMIAL;
            }
            tables[0][value] = crc;
        }
        for (int value = 0; value < 256; value++) {
            for (int table = 1; table < Long.BYTES; table++) {
                long before = tables[table - 1][value];
                tables[table][value] = tables[0][(int) before & 0xFF] ^ before >>> 8;
            }
        }
        return tables;
    }

    /** The checksum of what {@code crc} is the checksum of, followed by these bytes. */
    public static long update(long crc, long address, long length) {
        long result = crc;
        long at = address;
        long end = address + length;
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            result = eightBytes(result ^ Memory.getLong(at));
        }
        for (; at < end; at++) {
            result = TABLES[0][(int) (result ^ Memory.getByte(at)) & 0xFF] ^ result >>> 8;
        }
        return result;
    }

    private static long eightBytes(long word) {
        long result = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            result ^= TABLES[Long.BYTES - 1 - i][(int) (word >>> (i * Byte.SIZE)) & 0xFF];
        }
        return result;
    }
}
