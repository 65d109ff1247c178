package dev.cistern.engine.memcached;

import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;

/**
 * Keys in base64, as the meta commands take and give them. Decodes as leniently as the original: what is no base64
 * character is passed over.
 */
final class Base64Key {
    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    private static final byte NONE = -1;
    private static final byte[] CODES = new byte[256];

    static {
        java.util.Arrays.fill(CODES, NONE);
        for (int i = 0; i < ALPHABET.length(); i++) {
            CODES[ALPHABET.charAt(i)] = (byte) i;
        }
        CODES['='] = 0;
    }

    private Base64Key() {}

    static int encodedLength(int length) {
        return (length + 2) / 3 * 4;
    }

    /** Writes the key's text to {@code target}; answers its length. */
    static int encode(Bytes key, long target) {
        long at = target;
        for (int i = 0; i < key.length(); i += 3) {
            int left = key.length() - i;
            int bits = byteAt(key, i) << 16 | (left > 1 ? byteAt(key, i + 1) << 8 : 0)
                    | (left > 2 ? byteAt(key, i + 2) : 0);
            Memory.putByte(at++, (byte) ALPHABET.charAt(bits >>> 18));
            Memory.putByte(at++, (byte) ALPHABET.charAt(bits >>> 12 & 63));
            Memory.putByte(at++, (byte) (left > 1 ? ALPHABET.charAt(bits >>> 6 & 63) : '='));
            Memory.putByte(at++, (byte) (left > 2 ? ALPHABET.charAt(bits & 63) : '='));
        }
        return (int) (at - target);
    }

    private static int byteAt(Bytes bytes, int index) {
        return bytes.byteAt(index) & 0xFF;
    }

    /** Writes the bytes that the text means to {@code target}; answers how many, 0 if it means none. */
    static int decode(long address, int length, long target) {
        int characters = 0;
        for (int i = 0; i < length; i++) {
            characters += code(address + i) == NONE ? 0 : 1;
        }
        if (characters == 0 || characters % 4 != 0) {
            return 0;
        }
        long at = target;
        int bits = 0;
        int taken = 0;
        int padding = 0;
        for (int i = 0; i < length; i++) {
            int code = code(address + i);
            if (code == NONE) {
                continue;
            }
            padding += Memory.getByte(address + i) == '=' ? 1 : 0;
            bits = bits << 6 | code;
            taken++;
            if (taken % 4 == 0) {
                if (padding > 2) {
                    return 0;
                }
                for (int shift = 16; shift >= 8 * padding; shift -= 8) {
                    Memory.putByte(at++, (byte) (bits >>> shift));
                }
                if (padding > 0) {
                    break;
                }
                bits = 0;
            }
        }
        return (int) (at - target);
    }

    private static byte code(long address) {
        return CODES[Memory.getByte(address) & 0xFF];
    }
}
