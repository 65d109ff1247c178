package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Decimal;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.Use.VARIABLE_FLAGS;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.store.Keyspace.ABSENT;

/**
 * Commands that take a string for a row of integers of any width up to 64 bits.
 *
 * <p>All arguments are checked before anything is done, so the list of operations is read twice: once to check it and to
 * learn how long the string must be, once to carry it out. Runs on the loop's thread while the key's stripe is held.
 */
final class BitfieldCommands {
    private static final int MAX_SIGNED_BITS = 64;
    private static final int MAX_UNSIGNED_BITS = 63;

    private static final CommandException INVALID_TYPE = CommandException.of("ERR Invalid bitfield type. Use something "
            + "like i16 u8. Note that u64 is not supported but i64 is.");
    private static final CommandException INVALID_OFFSET = CommandException.of(
            "ERR bit offset is not an integer or out of range");
    private static final CommandException INVALID_OVERFLOW = CommandException.of(
            "ERR Invalid OVERFLOW type specified");
    private static final CommandException GET_ONLY = CommandException.of(
            "ERR BITFIELD_RO only supports the GET subcommand");

    static final CommandTable TABLE = CommandTable.of("bitmap",
            command("BITFIELD", -2, key(1).as(RW, ACCESS, UPDATE, VARIABLE_FLAGS)
                    .notes("This command allows both access and modification of the key"), WRITE, DENY_OOM)
                    .runsInSession(BitfieldCommands::bitfield),
            command("BITFIELD_RO", -2, key(1), READ, FAST).runsInSession(BitfieldCommands::bitfieldReadOnly));

    private BitfieldCommands() {}

    private static void bitfield(Session session, Request request, Reply reply) {
        Operations operations = new Operations(session, request);
        int count = operations.check();
        if (operations.neededBits == 0) {
            read(session.keyspace(), operations, count, reply);
        } else {
            change(session.keyspace(), operations, count, reply);
        }
    }

    private static void bitfieldReadOnly(Session session, Request request, Reply reply) {
        Operations operations = new Operations(session, request);
        int count = operations.check();
        if (operations.neededBits > 0) {
            throw GET_ONLY;
        }
        read(session.keyspace(), operations, count, reply);
    }

    private static void read(Keyspace keyspace, Operations operations, int count, Reply reply) {
        Request request = operations.request;
        Bytes string = request.view().set(0, 0);
        long entry = keyspace.find(request.key(1));
        if (entry != ABSENT) {
            keyspace.readString(entry, string);
        }
        reply.array(count);
        while (operations.next()) {
            reply.integer(operations.field(string));
        }
    }

    private static void change(Keyspace keyspace, Operations operations, int count, Reply reply) {
        Request request = operations.request;
        Bytes key = request.key(1);
        int neededBytes = (int) ((operations.neededBits + 7) >>> 3);
        long entry = keyspace.findForWrite(key);
        boolean changed = entry == ABSENT || keyspace.stringLength(entry) < neededBytes;
        Bytes string = keyspace.readString(keyspace.growString(key, neededBytes), request.view());
        reply.array(count);
        while (operations.next()) {
            long old = operations.field(string);
            if (operations.kind == Kind.GET) {
                reply.integer(old);
            } else if (operations.fails(old)) {
                reply.nullBulk();
            } else {
                long value = operations.result(old);
                Bits.write(string.address(), operations.offset, operations.width, value);
                changed |= old != value;
                reply.integer(operations.kind == Kind.SET ? old : value);
            }
        }
        if (changed) {
            keyspace.stringChanged(key, KeyEvent.SETBIT);
        }
    }

    private enum Kind {
        GET, SET, INCRBY
    }

    /** What happens to a result that does not fit its field. */
    private enum Overflow {
        /** The upper bits are lost. */
        WRAP,
        /** The result is the nearest value that fits. */
        SAT,
        /** Nothing is changed, and the answer is null. */
        FAIL
    }

    /** The request's operations one after the other: a cursor whose fields describe the present one. */
    private static final class Operations {
        private final Session session;
        private final Request request;
        private int at = 2;
        private Overflow overflow = Overflow.WRAP;
        /** How many bits the string must have for what is written; 0 if nothing is. */
        private long neededBits;

        private Kind kind = Kind.GET;
        private boolean signed;
        private int width;
        private long offset;
        /** The value to set or the increment. */
        private long operand;

        Operations(Session session, Request request) {
            this.session = session;
            this.request = request;
        }

        /** Reads all operations and goes back to before the first; answers how many there are. */
        int check() {
            int count = 0;
            while (next()) {
                count++;
                if (kind != Kind.GET) {
                    neededBits = Math.max(neededBits, offset + width);
                }
            }
            at = 2;
            overflow = Overflow.WRAP;
            return count;
        }

        /** Goes to the next operation, over changes of what overflow means. */
        boolean next() {
            while (at < request.count()) {
                int left = request.count() - at - 1;
                if (request.is(at, "OVERFLOW") && left >= 1) {
                    overflow = overflowAt(at + 1);
                    at += 2;
                } else if (request.is(at, "GET") && left >= 2) {
                    return operation(Kind.GET, 3);
                } else if (request.is(at, "SET") && left >= 3) {
                    return operation(Kind.SET, 4);
                } else if (request.is(at, "INCRBY") && left >= 3) {
                    return operation(Kind.INCRBY, 4);
                } else {
                    throw CommandException.SYNTAX_ERROR;
                }
            }
            return false;
        }

        private boolean operation(Kind which, int arguments) {
            kind = which;
            readType(request.argument(at + 1));
            offset = offset(request.argument(at + 2));
            operand = which == Kind.GET ? 0 : request.longAt(at + 3);
            at += arguments;
            return true;
        }

        private Overflow overflowAt(int index) {
            if (request.is(index, "WRAP")) {
                return Overflow.WRAP;
            } else if (request.is(index, "SAT")) {
                return Overflow.SAT;
            } else if (request.is(index, "FAIL")) {
                return Overflow.FAIL;
            }
            throw INVALID_OVERFLOW;
        }

        /** i or u, and how many bits. */
        private void readType(Bytes type) {
            byte letter = type.length() == 0 ? 0 : Memory.getByte(type.address());
            if (letter != 'i' && letter != 'u') {
                throw INVALID_TYPE;
            }
            signed = letter == 'i';
            long bits = integer(type.address() + 1, type.length() - 1, INVALID_TYPE);
            if (bits < 1 || bits > (signed ? MAX_SIGNED_BITS : MAX_UNSIGNED_BITS)) {
                throw INVALID_TYPE;
            }
            width = (int) bits;
        }

        /** A bit's place, or after # the number of a field in a row of equal ones. */
        private long offset(Bytes argument) {
            boolean inFields = argument.length() > 0 && Memory.getByte(argument.address()) == '#';
            int from = inFields ? 1 : 0;
            long number = integer(argument.address() + from, argument.length() - from, INVALID_OFFSET);
            if (inFields && Math.multiplyHigh(number, width) != (number * width) >> 63) {
                throw INVALID_OFFSET;
            }
            return BitmapCommands.requireOffset(session, inFields ? number * width : number);
        }

        private static long integer(long address, int length, CommandException otherwise) {
            long value = Decimal.parse(address, length);
            if (!Decimal.isInteger(value, address, length)) {
                throw otherwise;
            }
            return value;
        }

        /** The present value of the field. */
        long field(Bytes string) {
            long bits = Bits.read(string.address(), string.length(), offset, width);
            return signed ? extended(bits) : bits;
        }

        private long extended(long bits) {
            int unused = Long.SIZE - width;
            return bits << unused >> unused;
        }

        private long most() {
            return signed ? Long.MAX_VALUE >> (Long.SIZE - width) : (1L << width) - 1;
        }

        private long least() {
            return signed ? Long.MIN_VALUE >> (Long.SIZE - width) : 0;
        }

        boolean fails(long old) {
            return overflow == Overflow.FAIL && direction(old) != 0;
        }

        long result(long old) {
            long exact = kind == Kind.SET ? operand : old + operand;
            int direction = direction(old);
            if (direction == 0) {
                return exact;
            }
            if (overflow == Overflow.SAT) {
                return direction > 0 ? most() : least();
            }
            return signed ? extended(exact) : exact & most();
        }

        /** Whether the result lies above (1) or below (-1) what the field can hold. */
        private int direction(long old) {
            return kind == Kind.SET ? directionOfSet() : directionOfSum(old);
        }

        /**
         * Two values count as too high that look too low: a negative one for an unsigned field, as a very large one; and
         * one so low that the original's distance to the highest overflows. A saturated field shows the difference.
         */
        private int directionOfSet() {
            if (width == MAX_SIGNED_BITS) {
                return 0;
            }
            boolean above = signed ? most() - operand < 0 : operand < 0 || operand > most();
            return above ? 1 : operand < least() ? -1 : 0;
        }

        /** Each sum and difference has terms of different sign, or a term that leaves it room: none overflows. */
        private int directionOfSum(long old) {
            if (operand > 0) {
                return old > most() - operand ? 1 : 0;
            }
            return operand < 0 && (signed ? old < least() - operand : old + operand < 0) ? -1 : 0;
        }
    }
}
