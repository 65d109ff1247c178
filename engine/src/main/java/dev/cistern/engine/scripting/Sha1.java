package dev.cistern.engine.scripting;

import dev.cistern.store.Bytes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The digest that names a script, found in requests as 40 hexadecimal digits of any case. */
record Sha1(long first, long second, int third) {
    static final int HEX_DIGITS = 40;

    static Sha1 of(byte[] bytes) {
        byte[] digest = digest(bytes);
        return new Sha1(bits(digest, 0, 8), bits(digest, 8, 8), (int) bits(digest, 16, 4));
    }

    private static byte[] digest(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-1").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    private static long bits(byte[] bytes, int from, int count) {
        long value = 0;
        for (int i = from; i < from + count; i++) {
            value = (value << 8) | (bytes[i] & 0xff);
        }
        return value;
    }

    /** The digest that these bytes spell; null when they spell none. */
    static @Nullable Sha1 parse(Bytes hex) {
        if (hex.length() != HEX_DIGITS) {
            return null;
        }
        for (int i = 0; i < HEX_DIGITS; i++) {
            if (digit(hex, i) < 0) {
                return null;
            }
        }
        return new Sha1(number(hex, 0, 16), number(hex, 16, 16), (int) number(hex, 32, 8));
    }

    /** Whether these 40 bytes spell this digest. */
    boolean isSpelled(Bytes hex) {
        return spells(hex, 0, 16, first) && spells(hex, 16, 16, second) && spells(hex, 32, 8, third);
    }

    private static boolean spells(Bytes hex, int from, int count, long value) {
        for (int i = 0; i < count; i++) {
            if (digit(hex, from + i) != ((int) (value >>> (4 * (count - 1 - i))) & 0xf)) {
                return false;
            }
        }
        return true;
    }

    private static long number(Bytes hex, int from, int count) {
        long value = 0;
        for (int i = from; i < from + count; i++) {
            value = (value << 4) | digit(hex, i);
        }
        return value;
    }

    private static int digit(Bytes hex, int index) {
        int c = hex.byteAt(index) | 0x20;
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    }

    static String hexOf(byte[] bytes) {
        return HexFormat.of().formatHex(digest(bytes));
    }

    /** In small letters. */
    String hex() {
        return String.format("%016x%016x%08x", first, second, third);
    }
}
