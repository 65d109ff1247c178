package dev.cistern.engine.commands;

import dev.cistern.engine.commands.Bits.Operation;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;
import org.jspecify.annotations.Nullable;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.QUICK;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.OW;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.engine.dispatch.KeySpec.keysFrom;
import static dev.cistern.store.Keyspace.ABSENT;

/**
 * Commands that take a string for a row of bits.
 *
 * <p>Not those that take it for a row of integers ({@link BitfieldCommands}). Runs on the loop's thread while the
 * stripes of the keys are held.
 */
final class BitmapCommands {
    private static final CommandException INVALID_OFFSET = CommandException.of(
            "ERR bit offset is not an integer or out of range");
    private static final CommandException INVALID_BIT = CommandException.of(
            "ERR bit is not an integer or out of range");
    private static final CommandException NOT_ONE_OR_ZERO = CommandException.of(
            "ERR The bit argument must be 1 or 0.");
    private static final CommandException NOT_TAKES_ONE = CommandException.of(
            "ERR BITOP NOT must be called with a single source key.");

    static final CommandTable TABLE = CommandTable.of("bitmap",
            command("SETBIT", 4, key(1).as(RW, ACCESS, UPDATE), WRITE, DENY_OOM, QUICK)
                    .runsInSession(BitmapCommands::setBit),
            command("GETBIT", 3, key(1), READ, FAST).runsInSession(BitmapCommands::getBit),
            command("BITCOUNT", -2, key(1), READ).runs(BitmapCommands::bitCount),
            command("BITPOS", -3, key(1), READ).runs(BitmapCommands::bitPos),
            command("BITOP", -4, key(2).as(OW, UPDATE), keysFrom(3).as(RO, ACCESS), WRITE, DENY_OOM)
                    .runs(BitmapCommands::bitOp));

    private BitmapCommands() {}

    /** A bit's place, within the longest string there may be. */
    static long requireOffset(Session session, long offset) {
        if (offset < 0 || offset >> 3 >= session.node().settings().protoMaxBulkLen.value()) {
            throw INVALID_OFFSET;
        }
        return offset;
    }

    private static long offsetAt(Session session, Request request, int index) {
        return requireOffset(session, request.longAt(index, INVALID_OFFSET));
    }

    private static void setBit(Session session, Request request, Reply reply) {
        Keyspace keyspace = session.keyspace();
        Bytes key = request.key(1);
        long offset = offsetAt(session, request, 2);
        long bit = request.longAt(3, INVALID_BIT);
        if (bit != 0 && bit != 1) {
            throw INVALID_BIT;
        }
        long entry = keyspace.findForWrite(key);
        boolean grows = entry == ABSENT || offset >> 3 >= keyspace.stringLength(entry);
        long grown = keyspace.growString(key, (int) (offset >> 3) + 1);
        long address = keyspace.readString(grown, request.view()).address();
        long old = Bits.read(address, Integer.MAX_VALUE, offset, 1);
        if (grows || old != bit) {
            Bits.write(address, offset, 1, bit);
            keyspace.stringChanged(key, KeyEvent.SETBIT);
        }
        reply.integer(old);
    }

    private static void getBit(Session session, Request request, Reply reply) {
        long offset = offsetAt(session, request, 2);
        Keyspace keyspace = session.keyspace();
        long entry = keyspace.find(request.key(1));
        if (entry == ABSENT) {
            reply.integer(0);
            return;
        }
        Bytes string = keyspace.readString(entry, request.view());
        reply.integer(Bits.read(string.address(), string.length(), offset, 1));
    }

    /** The string of the key; null if there is none. Throws WRONG_TYPE. */
    private static @Nullable Bytes stringOf(Keyspace keyspace, Bytes key, Bytes view) {
        long entry = keyspace.find(key);
        return entry == ABSENT ? null : keyspace.readString(entry, view);
    }

    /** BITCOUNT key [start [end [BYTE | BIT]]] */
    private static void bitCount(Keyspace keyspace, Request request, Reply reply) {
        long start = request.count() > 2 ? request.longAt(2) : 0;
        boolean inBits = isInBits(request, 4);
        long end = request.count() > 3 ? request.longAt(3) : -1;
        Bytes string = stringOf(keyspace, request.key(1), request.view());
        boolean crossed = start < 0 && end < 0 && start > end;
        if (string == null || crossed) {
            reply.integer(0);
            return;
        }
        long first = firstBit(string, start, inBits);
        long last = lastBit(string, end, inBits);
        reply.integer(first > last ? 0 : Bits.count(string.address(), first, last));
    }

    /** Whether the last of the optional arguments, if it is there, says BIT. Throws if there are more. */
    private static boolean isInBits(Request request, int index) {
        if (request.count() <= index) {
            return false;
        }
        boolean inBits = request.is(index, "BIT");
        if (request.count() > index + 1 || (!inBits && !request.is(index, "BYTE"))) {
            throw CommandException.SYNTAX_ERROR;
        }
        return inBits;
    }

    private static long firstBit(Bytes string, long start, boolean inBits) {
        long units = inBits ? string.length() * 8L : string.length();
        long first = Math.max(0, start < 0 ? units + start : start);
        return inBits ? first : Math.min(first, units) * 8;
    }

    private static long lastBit(Bytes string, long end, boolean inBits) {
        long units = inBits ? string.length() * 8L : string.length();
        long last = Math.min(units - 1, Math.max(0, end < 0 ? units + end : end));
        return inBits ? last : last * 8 + 7;
    }

    /** BITPOS key bit [start [end [BYTE | BIT]]] */
    private static void bitPos(Keyspace keyspace, Request request, Reply reply) {
        long bit = request.longAt(2);
        if (bit != 0 && bit != 1) {
            throw NOT_ONE_OR_ZERO;
        }
        long start = request.count() > 3 ? request.longAt(3) : 0;
        boolean inBits = isInBits(request, 5);
        boolean endIsGiven = request.count() > 4;
        long end = endIsGiven ? request.longAt(4) : -1;
        Bytes string = stringOf(keyspace, request.key(1), request.view());
        if (string == null) {
            reply.integer(bit == 0 ? 0 : -1);
            return;
        }
        long first = firstBit(string, start, inBits);
        long last = lastBit(string, end, inBits);
        if (first > last) {
            reply.integer(-1);
            return;
        }
        long found = Bits.position(string.address(), first, last, (int) bit);
        // Without an end the string counts as followed by zeros.
        reply.integer(found < 0 && bit == 0 && !endIsGiven ? last + 1 : found);
    }

    /** BITOP AND | OR | XOR | NOT destination key [key ...]: missing keys and missing ends count as zeros. */
    private static void bitOp(Keyspace keyspace, Request request, Reply reply) {
        Operation operation = operationAt(request, 1);
        if (operation == Operation.NOT && request.count() != 4) {
            throw NOT_TAKES_ONE;
        }
        int length = 0;
        for (int i = 3; i < request.count(); i++) {
            Bytes source = stringOf(keyspace, request.key(i), request.view());
            length = Math.max(length, source == null ? 0 : source.length());
        }
        if (length == 0) {
            keyspace.delete(request.key(2));
        } else {
            long result = Memory.allocate(MemoryTag.SCRATCH, length);
            Memory.fill(result, length, (byte) 0);
            try {
                for (int i = 3; i < request.count(); i++) {
                    Bytes source = stringOf(keyspace, request.key(i), request.view());
                    accumulate(i == 3 && operation != Operation.NOT ? Operation.OR : operation, result, length, source);
                }
                keyspace.setText(request.key(2), request.view().set(result, length), Keyspace.NO_DEADLINE,
                        KeyEvent.SET);
            } finally {
                Memory.free(MemoryTag.SCRATCH, result, length);
            }
        }
        reply.integer(length);
    }

    private static Operation operationAt(Request request, int index) {
        if (request.is(index, "AND")) {
            return Operation.AND;
        } else if (request.is(index, "OR")) {
            return Operation.OR;
        } else if (request.is(index, "XOR")) {
            return Operation.XOR;
        } else if (request.is(index, "NOT")) {
            return Operation.NOT;
        }
        throw CommandException.SYNTAX_ERROR;
    }

    private static void accumulate(Operation operation, long result, int length, @Nullable Bytes source) {
        int common = source == null ? 0 : source.length();
        if (source != null) {
            Bits.combine(operation, result, source.address(), common);
        }
        // OR and XOR with zeros change nothing.
        if (operation == Operation.AND) {
            Memory.fill(result + common, length - common, (byte) 0);
        }
    }
}
