package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Decimal;
import dev.cistern.store.Hashes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.MemoryTag;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.INSERT;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.store.Keyspace.KEEP_DEADLINE;
import static dev.cistern.store.Keyspace.NO_DEADLINE;

/**
 * Commands on hashes: fields with values.
 *
 * <p>Not those about the time that fields have to live ({@link HashExpiryCommands}) nor those that look at them by chance
 * or bit by bit ({@link HashWalkCommands}). Runs on the loop's thread while the key's stripe is held.
 */
final class HashCommands {
    private static final CommandException NOT_AN_INTEGER = CommandException.of("ERR hash value is not an integer");
    private static final CommandException NOT_A_FLOAT = CommandException.of("ERR hash value is not a float");
    private static final CommandException NAN_OR_INFINITY = CommandException.of("ERR value is NaN or Infinity");
    private static final CommandException ODD_HSET = CommandException.of(
            "ERR wrong number of arguments for 'hset' command");
    private static final CommandException ODD_HMSET = CommandException.of(
            "ERR wrong number of arguments for 'hmset' command");
    private static final KeySpec INSPECTED = key(1).as(RO);
    private static final KeySpec COUNTED = key(1).as(RW, ACCESS, UPDATE);

    static final CommandTable TABLE = CommandTable.of("hash",
            command("HSET", -4, key(1), WRITE, DENY_OOM, FAST).runs(HashCommands::set),
            command("HMSET", -4, key(1), WRITE, DENY_OOM, FAST).runs(HashCommands::multiSet),
            command("HSETNX", 4, key(1).as(RW, INSERT), WRITE, DENY_OOM, FAST).runs(HashCommands::setNx),
            command("HGET", 3, key(1), READ, FAST).runs(HashCommands::get),
            command("HMGET", -3, key(1), READ, FAST).runs(HashCommands::multiGet),
            command("HDEL", -3, key(1).as(RW, DELETE), WRITE, FAST).runs(HashCommands::delete),
            command("HLEN", 2, INSPECTED, READ, FAST).runs(HashCommands::length),
            command("HSTRLEN", 3, INSPECTED, READ, FAST).runs(HashCommands::stringLength),
            command("HEXISTS", 3, INSPECTED, READ, FAST).runs(HashCommands::exists),
            command("HINCRBY", 4, COUNTED, WRITE, DENY_OOM, FAST).runs(HashCommands::incrBy),
            command("HINCRBYFLOAT", 4, COUNTED, WRITE, DENY_OOM, FAST).runs(HashCommands::incrByFloat),
            command("HGETALL", 2, key(1), READ, tip("nondeterministic_output_order")).runs(HashCommands::getAll),
            command("HKEYS", 2, key(1), READ, tip("nondeterministic_output_order")).runs(HashCommands::fields),
            command("HVALS", 2, key(1), READ, tip("nondeterministic_output_order")).runs(HashCommands::values));

    private HashCommands() {}

    private static void set(Keyspace keyspace, Request request, Reply reply) {
        reply.integer(setAll(keyspace.hashes(), request, ODD_HSET));
    }

    private static void multiSet(Keyspace keyspace, Request request, Reply reply) {
        setAll(keyspace.hashes(), request, ODD_HMSET);
        reply.ok();
    }

    /** Answers how many fields are new. */
    private static int setAll(Hashes hashes, Request request, CommandException odd) {
        if (request.count() % 2 != 0) {
            throw odd;
        }
        hashes.openToChange(request.key(1));
        int pairs = (request.count() - 2) / 2;
        hashes.expect(pairs, longest(request, 2));
        int created = 0;
        int revived = 0;
        for (int i = 2; i < request.count(); i += 2) {
            Hashes.Put put = hashes.put(request.argument(i), request.argument(i + 1), NO_DEADLINE);
            created += put == Hashes.Put.REPLACED ? 0 : 1;
            revived += put == Hashes.Put.REVIVED ? 1 : 0;
        }
        tellPut(hashes, KeyEvent.HSET, pairs, revived);
        return created;
    }

    /** The longest argument from this one on. */
    static int longest(Request request, int from) {
        int longest = 0;
        for (int i = from; i < request.count(); i++) {
            longest = Math.max(longest, request.argument(i).length());
        }
        return longest;
    }

    /** Tells of changed fields, some of which came back from the dead. */
    static void tellPut(Hashes hashes, KeyEvent event, int changes, int revived) {
        if (revived > 0) {
            hashes.expired(revived, 0);
        }
        hashes.changed(event, changes);
    }

    private static void setNx(Keyspace keyspace, Request request, Reply reply) {
        Hashes hashes = keyspace.hashes();
        hashes.openToChange(request.key(1));
        boolean isNew = !hashes.has(request.argument(2));
        if (isNew) {
            hashes.expect(1, longest(request, 2));
            put(hashes, KeyEvent.HSET, request.argument(2), request.argument(3), NO_DEADLINE);
        }
        reply.integer(isNew ? 1 : 0);
    }

    private static void put(Hashes hashes, KeyEvent event, Bytes field, Bytes value, long deadlineMillis) {
        Hashes.Put put = hashes.put(field, value, deadlineMillis);
        tellPut(hashes, event, 1, put == Hashes.Put.REVIVED ? 1 : 0);
    }

    private static void get(Keyspace keyspace, Request request, Reply reply) {
        Hashes hashes = keyspace.hashes();
        Bytes value = request.view();
        boolean found = hashes.open(request.key(1)) && hashes.get(request.argument(2), value);
        reply.bulkOrNull(found ? value : null);
    }

    private static void multiGet(Keyspace keyspace, Request request, Reply reply) {
        Hashes hashes = keyspace.hashes();
        hashes.open(request.key(1));
        reply.array(request.count() - 2);
        Bytes value = request.view();
        for (int i = 2; i < request.count(); i++) {
            reply.bulkOrNull(hashes.get(request.argument(i), value) ? value : null);
        }
    }

    private static void delete(Keyspace keyspace, Request request, Reply reply) {
        Hashes hashes = keyspace.hashes();
        int deleted = 0;
        if (hashes.openToChange(request.key(1))) {
            for (int i = 2; i < request.count(); i++) {
                deleted += hashes.remove(request.argument(i)) ? 1 : 0;
            }
        }
        if (deleted > 0) {
            hashes.changed(KeyEvent.HDEL, deleted);
            hashes.endChange();
        }
        reply.integer(deleted);
    }

    private static void length(Keyspace keyspace, Request request, Reply reply) {
        Hashes hashes = keyspace.hashes();
        hashes.open(request.key(1));
        reply.integer(hashes.size());
    }

    private static void stringLength(Keyspace keyspace, Request request, Reply reply) {
        Hashes hashes = keyspace.hashes();
        Bytes value = request.view();
        boolean found = hashes.open(request.key(1)) && hashes.get(request.argument(2), value);
        reply.integer(found ? value.length() : 0);
    }

    private static void exists(Keyspace keyspace, Request request, Reply reply) {
        Hashes hashes = keyspace.hashes();
        reply.integer(hashes.open(request.key(1)) && hashes.has(request.argument(2)) ? 1 : 0);
    }

    // --- counting ---

    private static void incrBy(Keyspace keyspace, Request request, Reply reply) {
        long increment = request.longAt(3);
        Hashes hashes = keyspace.hashes();
        hashes.openToChange(request.key(1));
        Bytes value = request.view();
        long old = hashes.get(request.argument(2), value) ? integer(value) : 0;
        long sum = old + increment;
        if (((old ^ sum) & (increment ^ sum)) < 0) {
            throw CommandException.WOULD_OVERFLOW;
        }
        Hashes.Put put = hashes.putNumber(request.argument(2), sum);
        tellPut(hashes, KeyEvent.HINCRBY, 1, put == Hashes.Put.REVIVED ? 1 : 0);
        reply.integer(sum);
    }

    private static long integer(Bytes value) {
        long number = Decimal.parse(value.address(), value.length());
        if (!Decimal.isInteger(number, value.address(), value.length())) {
            throw NOT_AN_INTEGER;
        }
        return number;
    }

    private static void incrByFloat(Keyspace keyspace, Request request, Reply reply) {
        LongDouble increment = LongDouble.parse(request.copy(3));
        if (increment == null) {
            throw CommandException.NOT_A_FLOAT;
        }
        if (!increment.isFinite()) {
            throw NAN_OR_INFINITY;
        }
        Hashes hashes = keyspace.hashes();
        hashes.openToChange(request.key(1));
        LongDouble old = LongDouble.ZERO;
        if (hashes.get(request.argument(2), request.view())) {
            old = LongDouble.parse(request.view().toByteArray());
        }
        if (old == null) {
            throw NOT_A_FLOAT;
        }
        LongDouble sum = old.plus(increment);
        if (sum == null || !sum.isFinite()) {
            throw CommandException.NOT_A_NUMBER;
        }
        byte[] text = sum.text();
        putText(hashes, request.argument(2), text);
        reply.bulk(text);
    }

    private static void putText(Hashes hashes, Bytes field, byte[] text) {
        long copy = Memory.allocate(MemoryTag.SCRATCH, text.length);
        try {
            Memory.copy(text, 0, copy, text.length);
            put(hashes, KeyEvent.HINCRBYFLOAT, field, new Bytes(copy, text.length), KEEP_DEADLINE);
        } finally {
            Memory.free(MemoryTag.SCRATCH, copy, text.length);
        }
    }

    // --- all fields ---

    private static void getAll(Keyspace keyspace, Request request, Reply reply) {
        Hashes hashes = keyspace.hashes();
        hashes.open(request.key(1));
        reply.map(liveSize(hashes, request));
        Bytes field = request.view();
        Bytes value = request.secondView();
        hashes.beginWalk();
        while (hashes.next(field, value)) {
            reply.bulk(field);
            reply.bulk(value);
        }
    }

    private static void fields(Keyspace keyspace, Request request, Reply reply) {
        Hashes hashes = keyspace.hashes();
        hashes.open(request.key(1));
        reply.array(liveSize(hashes, request));
        hashes.beginWalk();
        while (hashes.next(request.view(), request.secondView())) {
            reply.bulk(request.view());
        }
    }

    private static void values(Keyspace keyspace, Request request, Reply reply) {
        Hashes hashes = keyspace.hashes();
        hashes.open(request.key(1));
        reply.array(liveSize(hashes, request));
        hashes.beginWalk();
        while (hashes.next(request.view(), request.secondView())) {
            reply.bulk(request.secondView());
        }
    }

    /** How many fields a walk over the open hash will show. */
    static long liveSize(Hashes hashes, Request request) {
        if (!hashes.mayHaveExpired()) {
            return hashes.size();
        }
        long count = 0;
        hashes.beginWalk();
        while (hashes.next(request.view(), request.secondView())) {
            count++;
        }
        return count;
    }
}
