package dev.cistern.engine.scripting;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.rdb.Crc64;
import dev.cistern.engine.rdb.Rdb;
import dev.cistern.engine.rdb.RdbException;
import dev.cistern.engine.rdb.RdbInput;
import dev.cistern.engine.rdb.RdbOutput;
import dev.cistern.engine.rdb.RdbString;
import dev.cistern.store.Bytes;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The bytes of FUNCTION DUMP and RESTORE: the functions' part of a snapshot file with a footer of its own.
 *
 * <pre>
 *   0xF5  string    the text of a library, once for each
 *   ...
 *   version         2 bytes, little-endian
 *   checksum        8 bytes, little-endian: CRC-64 of all before it
 * </pre>
 *
 * <p>Written in the oldest version that knows functions, so that every Redis from 7.0 on and every Valkey reads it.
 * Reading doubts every byte.
 */
final class FunctionDump {
    private static final int LIBRARY_OF_A_PRERELEASE = 0xF6;
    private static final CommandException WRONG_FOOTER = CommandException.of(
            "ERR DUMP payload version or checksum are wrong");
    private static final CommandException WRONG_TEXT = CommandException.of(
            "ERR failed loading the given functions payload");
    private static final CommandException PRERELEASE = CommandException.of(
            "ERR Pre-GA function format not supported");
    private static final CommandException NOT_A_FUNCTION = CommandException.of("ERR given type is not a function");

    private FunctionDump() {}

    static void write(Collection<FunctionLibrary> libraries, Reply reply) {
        try (RdbOutput out = new RdbOutput()) {
            for (FunctionLibrary library : libraries) {
                out.putByte(Rdb.FUNCTION_2);
                putText(out, library.code());
            }
            out.putShort(Rdb.VERSION);
            out.putLong(out.checksum());
            reply.bulk(out.address(), (int) out.length());
        }
    }

    private static void putText(RdbOutput out, byte[] text) {
        long copy = Memory.allocate(MemoryTag.SNAPSHOT, text.length);
        try {
            Memory.copy(text, 0, copy, text.length);
            out.putString(copy, text.length);
        } finally {
            Memory.free(MemoryTag.SNAPSHOT, copy, text.length);
        }
    }

    /** The texts of the libraries. Throws what is wrong with the bytes. */
    static List<byte[]> read(Bytes dump) {
        long length = dump.length() - (long) Rdb.FOOTER_BYTES;
        if (length < 0 || !isRight(dump, dump.address() + length)) {
            throw WRONG_FOOTER;
        }
        try (RdbString text = new RdbString()) {
            return texts(new RdbInput(dump.address(), length), text);
        } catch (RdbException broken) {
            throw WRONG_TEXT;
        }
    }

    private static boolean isRight(Bytes dump, long footer) {
        int version = Memory.getShort(footer) & 0xFFFF;
        long checksum = Memory.getLong(footer + Short.BYTES);
        boolean isKnown = version <= Rdb.MAX_VERSION || version == Rdb.VALKEY_VERSION;
        return isKnown && checksum == Crc64.update(0, dump.address(), footer + Short.BYTES - dump.address());
    }

    private static List<byte[]> texts(RdbInput input, RdbString text) {
        List<byte[]> texts = new ArrayList<>();
        while (input.remaining() > 0) {
            int type = input.readByte();
            if (type == LIBRARY_OF_A_PRERELEASE) {
                throw PRERELEASE;
            }
            if (type != Rdb.FUNCTION_2) {
                throw NOT_A_FUNCTION;
            }
            input.readString(text);
            texts.add(text.view().toByteArray());
        }
        return texts;
    }
}
