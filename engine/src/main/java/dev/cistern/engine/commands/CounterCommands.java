package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
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
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.store.Keyspace.ABSENT;

/**
 * Commands that count in a string.
 *
 * <p>Whole numbers are the keyspace's own business; only INCRBYFLOAT computes here. Runs on the loop's thread while the
 * key's stripe is held.
 */
final class CounterCommands {
    private static final CommandException DECREMENT_OVERFLOW = CommandException.of("ERR decrement would overflow");
    private static final KeySpec COUNTER = key(1).as(RW, ACCESS, UPDATE);

    static final CommandTable TABLE = CommandTable.of("string",
            command("INCR", 2, COUNTER, WRITE, DENY_OOM, FAST).runs(CounterCommands::incr),
            command("DECR", 2, COUNTER, WRITE, DENY_OOM, FAST).runs(CounterCommands::decr),
            command("INCRBY", 3, COUNTER, WRITE, DENY_OOM, FAST).runs(CounterCommands::incrBy),
            command("DECRBY", 3, COUNTER, WRITE, DENY_OOM, FAST).runs(CounterCommands::decrBy),
            command("INCRBYFLOAT", 3, COUNTER, WRITE, DENY_OOM, FAST).runs(CounterCommands::incrByFloat));

    private CounterCommands() {}

    private static void incr(Keyspace keyspace, Request request, Reply reply) {
        reply.integer(keyspace.add(request.key(1), 1));
    }

    private static void decr(Keyspace keyspace, Request request, Reply reply) {
        reply.integer(keyspace.add(request.key(1), -1));
    }

    /** INCRBY key increment. Throws NOT_AN_INTEGER, WRONG_TYPE or WOULD_OVERFLOW before anything changes. */
    private static void incrBy(Keyspace keyspace, Request request, Reply reply) {
        reply.integer(keyspace.add(request.key(1), request.longAt(2)));
    }

    private static void decrBy(Keyspace keyspace, Request request, Reply reply) {
        long decrement = request.longAt(2);
        if (decrement == Long.MIN_VALUE) {
            throw DECREMENT_OVERFLOW;
        }
        reply.integer(keyspace.add(request.key(1), -decrement));
    }

    /** The result stays text even if it is whole, as users see in OBJECT ENCODING. */
    private static void incrByFloat(Keyspace keyspace, Request request, Reply reply) {
        LongDouble value = numberOf(keyspace, keyspace.findForWrite(request.key(1)), request.view());
        LongDouble increment = LongDouble.parse(request.copy(2));
        if (value == null || increment == null) {
            throw CommandException.NOT_A_FLOAT;
        }
        LongDouble sum = value.plus(increment);
        if (sum == null || !sum.isFinite()) {
            throw CommandException.NOT_A_NUMBER;
        }
        byte[] text = sum.text();
        setText(keyspace, request.key(1), text);
        reply.bulk(text);
    }

    private static @Nullable LongDouble numberOf(Keyspace keyspace, long entry, Bytes view) {
        if (entry == ABSENT) {
            return LongDouble.ZERO;
        }
        return keyspace.isInt(entry)
                ? LongDouble.of(keyspace.intValue(entry))
                : LongDouble.parse(keyspace.readString(entry, view).toByteArray());
    }

    private static void setText(Keyspace keyspace, Bytes key, byte[] text) {
        long copy = Memory.allocate(MemoryTag.SCRATCH, text.length);
        try {
            Memory.copy(text, 0, copy, text.length);
            keyspace.setText(key, new Bytes(copy, text.length), Keyspace.KEEP_DEADLINE, KeyEvent.INCRBYFLOAT);
        } finally {
            Memory.free(MemoryTag.SCRATCH, copy, text.length);
        }
    }
}
