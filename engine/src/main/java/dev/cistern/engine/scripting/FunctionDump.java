package dev.cistern.engine.scripting;

import dev.cistern.engine.protocol.CommandException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/**
 * The bytes of FUNCTION DUMP and RESTORE: the functions' part of a snapshot file with a footer of its own.
 *
 * <pre>
 *   0xF5  length  text of a library     once for each library
 *   ...
 *   version      2 bytes, little-endian
 *   checksum     8 bytes, little-endian: CRC-64 of all before it
 *
 *   length   00xxxxxx                           up to 63
 *            01xxxxxx xxxxxxxx                  up to 16,383
 *            10000000, 4 bytes big-endian
 *            10000001, 8 bytes big-endian
 *            110000tt                           a string spelled otherwise: 0, 1, 2 an integer of 1, 2, 4 bytes;
 *                                               3 compressed: length of the compressed bytes, length, the bytes
 * </pre>
 *
 * <p>Written without compression and in the oldest version that knows functions, so that every Redis from 7.0 on and every
 * Valkey reads it. Reading doubts every byte.
 */
final class FunctionDump {
    private static final int LIBRARY = 0xF5;
    private static final int LIBRARY_OF_A_PRERELEASE = 0xF6;
    /** Redis 7.0. */
    private static final int WRITTEN_VERSION = 10;
    /** Redis 7.2 and Valkey 8. */
    private static final int NEWEST_VERSION = 11;
    private static final int FOOTER_BYTES = 10;
    /** No text of a library is longer; what claims to be is refused before memory is taken for it. */
    private static final int MAX_TEXT_BYTES = 512 << 20;
    private static final CommandException WRONG_FOOTER = CommandException.of(
            "ERR DUMP payload version or checksum are wrong");
    private static final CommandException WRONG_TEXT = CommandException.of(
            "ERR failed loading the given functions payload");
    private static final CommandException PRERELEASE = CommandException.of(
            "ERR Pre-GA function format not supported");
    private static final CommandException NOT_A_FUNCTION = CommandException.of("ERR given type is not a function");

    private final byte[] bytes;
    private final int end;
    private int at;

    private FunctionDump(byte[] bytes) {
        this.bytes = bytes;
        this.end = bytes.length - FOOTER_BYTES;
    }

    // --- writing ---

    static byte[] write(Collection<FunctionLibrary> libraries) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (FunctionLibrary library : libraries) {
            out.write(LIBRARY);
            writeLength(out, library.code().length);
            out.writeBytes(library.code());
        }
        writeLittleEndian(out, WRITTEN_VERSION, 2);
        writeLittleEndian(out, Crc64.of(out.toByteArray(), out.size()), 8);
        return out.toByteArray();
    }

    private static void writeLength(ByteArrayOutputStream out, int length) {
        if (length < 1 << 6) {
            out.write(length);
        } else if (length < 1 << 14) {
            out.write(0x40 | (length >> 8));
            out.write(length);
        } else {
            out.write(0x80);
            for (int shift = 24; shift >= 0; shift -= 8) {
                out.write(length >> shift);
            }
        }
    }

    private static void writeLittleEndian(ByteArrayOutputStream out, long value, int count) {
        for (int i = 0; i < count; i++) {
            out.write((int) (value >>> (8 * i)));
        }
    }

    // --- reading ---

    /** The texts of the libraries. Throws what is wrong with the bytes. */
    static List<byte[]> read(byte[] bytes) {
        if (bytes.length < FOOTER_BYTES) {
            throw WRONG_FOOTER;
        }
        FunctionDump dump = new FunctionDump(bytes);
        boolean right = dump.littleEndian(dump.end, 2) <= NEWEST_VERSION
                && dump.littleEndian(dump.end + 2, 8) == Crc64.of(bytes, dump.end + 2);
        if (!right) {
            throw WRONG_FOOTER;
        }
        return dump.texts();
    }

    private long littleEndian(int from, int count) {
        long value = 0;
        for (int i = count - 1; i >= 0; i--) {
            value = (value << 8) | (bytes[from + i] & 0xff);
        }
        return value;
    }

    private List<byte[]> texts() {
        List<byte[]> texts = new ArrayList<>();
        while (at < end) {
            int type = next();
            if (type == LIBRARY_OF_A_PRERELEASE) {
                throw PRERELEASE;
            }
            if (type != LIBRARY) {
                throw NOT_A_FUNCTION;
            }
            texts.add(string());
        }
        return texts;
    }

    private int next() {
        if (at >= end) {
            throw WRONG_TEXT;
        }
        return bytes[at++] & 0xff;
    }

    private long bigEndian(int count) {
        long value = 0;
        for (int i = 0; i < count; i++) {
            value = (value << 8) | next();
        }
        return value;
    }

    private byte[] string() {
        int first = next();
        if (first >>> 6 == 3) {
            return spelledOtherwise(first & 0x3f);
        }
        return take(length(first));
    }

    /** A length whose first byte has been read; those beyond any text's, and strings spelled otherwise, are refused. */
    private int length(int first) {
        long length = switch (first >>> 6) {
            case 0 -> first;
            case 1 -> ((long) (first & 0x3f) << 8) | next();
            case 2 -> first == 0x80 ? bigEndian(4) : first == 0x81 ? bigEndian(8) : -1;
            default -> -1;
        };
        if (length < 0 || length > MAX_TEXT_BYTES) {
            throw WRONG_TEXT;
        }
        return (int) length;
    }

    private byte[] take(int length) {
        if (length > end - at) {
            throw WRONG_TEXT;
        }
        byte[] taken = java.util.Arrays.copyOfRange(bytes, at, at + length);
        at += length;
        return taken;
    }

    private byte[] spelledOtherwise(int how) {
        if (how == 3) {
            int compressed = length(next());
            int length = length(next());
            byte[] text = Lzf.decompress(take(compressed), length);
            if (text == null) {
                throw WRONG_TEXT;
            }
            return text;
        }
        if (how > 2) {
            throw WRONG_TEXT;
        }
        int size = 1 << how;
        byte[] number = take(size);
        long value = number[size - 1];
        for (int i = size - 2; i >= 0; i--) {
            value = (value << 8) | (number[i] & 0xff);
        }
        return Long.toString(value).getBytes(ISO_8859_1);
    }
}
