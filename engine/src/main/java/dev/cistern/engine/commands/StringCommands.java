package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.ValueType;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.QUICK;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.INSERT;
import static dev.cistern.engine.dispatch.KeySpec.Use.OW;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.Use.VARIABLE_FLAGS;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.engine.dispatch.KeySpec.keysFrom;
import static dev.cistern.engine.dispatch.KeySpec.range;
import static dev.cistern.store.Keyspace.ABSENT;
import static dev.cistern.store.Keyspace.NO_DEADLINE;

/**
 * Commands that read, set or take away whole strings.
 *
 * <p>Not those that look into a string ({@link SubstringCommands}), count in it ({@link CounterCommands}) or take it for
 * bits. A body runs on its loop's thread while the stripes of its keys are held; what it changes, the keyspace records.
 */
final class StringCommands {
    private static final CommandException INVALID_SET = CommandException.invalidExpireTime("set");
    private static final CommandException INVALID_SETEX = CommandException.invalidExpireTime("setex");
    private static final CommandException INVALID_PSETEX = CommandException.invalidExpireTime("psetex");
    private static final CommandException INVALID_GETEX = CommandException.invalidExpireTime("getex");
    private static final CommandException INVALID_MSETEX = CommandException.invalidExpireTime("msetex");
    private static final CommandException MSET_ARITY = wrongArity("mset");
    private static final CommandException MSETNX_ARITY = wrongArity("msetnx");
    private static final CommandException INVALID_NUMKEYS = CommandException.of(
            "ERR invalid numkeys value or out of range");

    private static final KeySpec MSETEX_KEYS = KeySpec.counted(1, 2).as(OW, UPDATE);

    static final CommandTable TABLE = CommandTable.of("string",
            command("GET", 2, key(1), READ, FAST).runs(StringCommands::get),
            command("SET", -3, key(1).as(RW, ACCESS, UPDATE, VARIABLE_FLAGS)
                    .notes("RW and ACCESS due to the optional `GET` argument"), WRITE, DENY_OOM, QUICK)
                    .runs(StringCommands::set),
            command("SETNX", 3, key(1).as(OW, INSERT), WRITE, DENY_OOM, FAST).runs(StringCommands::setNx),
            command("SETEX", 4, key(1).as(OW, UPDATE), WRITE, DENY_OOM, QUICK).runs(StringCommands::setEx),
            command("PSETEX", 4, key(1).as(OW, UPDATE), WRITE, DENY_OOM, QUICK).runs(StringCommands::pSetEx),
            command("GETSET", 3, key(1).as(RW, ACCESS, UPDATE), WRITE, DENY_OOM, FAST).runs(StringCommands::getSet),
            command("GETDEL", 2, key(1).as(RW, ACCESS, DELETE), WRITE, FAST).runs(StringCommands::getDel),
            command("GETEX", -2, key(1).as(RW, ACCESS, UPDATE).notes("RW and UPDATE because it changes the TTL"),
                    WRITE, FAST).runs(StringCommands::getEx),
            command("DELIFEQ", 3, key(1).as(RW, ACCESS, DELETE), WRITE, FAST).runs(StringCommands::delIfEq),
            command("MGET", -2, keysFrom(1), READ, FAST, tip("request_policy:multi_shard"))
                    .runs(StringCommands::mGet),
            command("MSET", -3, range(1, -1, 2).as(OW, UPDATE), WRITE, DENY_OOM, tip("request_policy:multi_shard"),
                    tip("response_policy:all_succeeded")).runs(StringCommands::mSet),
            command("MSETNX", -3, range(1, -1, 2).as(OW, INSERT), WRITE, DENY_OOM,
                    tip("request_policy:multi_shard"), tip("response_policy:agg_min")).runs(StringCommands::mSetNx),
            command("MSETEX", -4, MSETEX_KEYS, WRITE, DENY_OOM,
                    tip("request_policy:multi_shard"), tip("response_policy:all_succeeded"))
                    .runs(StringCommands::mSetEx));

    private StringCommands() {}

    private static CommandException wrongArity(String name) {
        return CommandException.of("ERR wrong number of arguments for '%s' command", name);
    }

    // --- one key ---

    private static void get(Keyspace keyspace, Request request, Reply reply) {
        replyString(keyspace, keyspace.find(request.key(1)), request, reply);
    }

    /** The string of the entry, or null for none. Throws WRONG_TYPE. */
    private static void replyString(Keyspace keyspace, long entry, Request request, Reply reply) {
        if (entry == ABSENT) {
            reply.nullBulk();
        } else if (keyspace.isInt(entry)) {
            reply.bulk(keyspace.intValue(entry));
        } else {
            reply.bulk(keyspace.readString(entry, request.view()));
        }
    }

    private static void set(Keyspace keyspace, Request request, Reply reply) {
        if (request.count() == 3) {
            keyspace.set(request.key(1), request.argument(2), NO_DEADLINE);
            reply.ok();
        } else {
            setWithOptions(keyspace, request, reply);
        }
    }

    private static void setWithOptions(Keyspace keyspace, Request request, Reply reply) {
        long options = StringOptions.parse(request, 3, StringOptions.OF_SET);
        long deadline = StringOptions.deadlineMillis(options, request, keyspace.nowMillis(), INVALID_SET);
        boolean answersOld = StringOptions.has(options, StringOptions.GET);
        long entry = answersOld ? keyspace.find(request.key(1)) : keyspace.findForWrite(request.key(1));
        if (answersOld) {
            replyString(keyspace, entry, request, reply);
        }
        boolean sets = isMet(keyspace, entry, options, request);
        if (sets) {
            put(keyspace, request.key(1), request.argument(2), deadline);
        }
        if (!answersOld) {
            if (sets) {
                reply.ok();
            } else {
                reply.nullBulk();
            }
        }
    }

    /** Whether NX, XX or IFEQ let the entry be replaced. Throws WRONG_TYPE if IFEQ is asked of another type. */
    private static boolean isMet(Keyspace keyspace, long entry, long options, Request request) {
        boolean found = entry != ABSENT;
        if (StringOptions.has(options, StringOptions.IFEQ)) {
            Bytes comparison = request.argument(StringOptions.ifeqIndex(options));
            return found && keyspace.readString(entry, request.view()).contentEquals(comparison);
        }
        return !StringOptions.has(options, found ? StringOptions.NX : StringOptions.XX);
    }

    /** Sets the key. What would be expired at once is not stored: the key is deleted instead. */
    private static void put(Keyspace keyspace, Bytes key, Bytes value, long deadline) {
        if (keyspace.isPast(deadline)) {
            keyspace.delete(key);
        } else {
            keyspace.set(key, value, deadline);
        }
    }

    private static void setNx(Keyspace keyspace, Request request, Reply reply) {
        boolean found = keyspace.findForWrite(request.key(1)) != ABSENT;
        if (!found) {
            keyspace.set(request.key(1), request.argument(2), NO_DEADLINE);
        }
        reply.integer(found ? 0 : 1);
    }

    private static void setEx(Keyspace keyspace, Request request, Reply reply) {
        setFor(keyspace, request, 1000, INVALID_SETEX);
        reply.ok();
    }

    private static void pSetEx(Keyspace keyspace, Request request, Reply reply) {
        setFor(keyspace, request, 1, INVALID_PSETEX);
        reply.ok();
    }

    private static void setFor(Keyspace keyspace, Request request, int unitMillis, CommandException invalid) {
        long deadline = StringOptions.deadlineMillis(request.longAt(2), unitMillis, keyspace.nowMillis(), invalid);
        keyspace.set(request.key(1), request.argument(3), deadline);
    }

    private static void getSet(Keyspace keyspace, Request request, Reply reply) {
        replyString(keyspace, keyspace.find(request.key(1)), request, reply);
        keyspace.set(request.key(1), request.argument(2), NO_DEADLINE);
    }

    private static void getDel(Keyspace keyspace, Request request, Reply reply) {
        long entry = keyspace.find(request.key(1));
        replyString(keyspace, entry, request, reply);
        if (entry != ABSENT) {
            keyspace.delete(request.key(1));
        }
    }

    /** An absent key is answered before the time is looked at, so a wrong time is no error then. */
    private static void getEx(Keyspace keyspace, Request request, Reply reply) {
        long options = StringOptions.parse(request, 2, StringOptions.OF_GETEX);
        Bytes key = request.key(1);
        long entry = keyspace.find(key);
        replyString(keyspace, entry, request, reply);
        if (entry == ABSENT) {
            return;
        }
        long deadline = StringOptions.deadlineMillis(options, request, keyspace.nowMillis(), INVALID_GETEX);
        if (keyspace.isPast(deadline)) {
            keyspace.delete(key);
        } else if (deadline >= 0) {
            keyspace.setDeadline(key, deadline);
        } else if (StringOptions.has(options, StringOptions.PERSIST) && keyspace.deadlineMillis(entry) >= 0) {
            keyspace.setDeadline(key, NO_DEADLINE);
        }
    }

    private static void delIfEq(Keyspace keyspace, Request request, Reply reply) {
        long entry = keyspace.findForWrite(request.key(1));
        boolean equal = entry != ABSENT
                && keyspace.readString(entry, request.view()).contentEquals(request.argument(2));
        if (equal) {
            keyspace.delete(request.key(1));
        }
        reply.integer(equal ? 1 : 0);
    }

    // --- several keys ---

    private static void mGet(Keyspace keyspace, Request request, Reply reply) {
        reply.array(request.count() - 1);
        for (int i = 1; i < request.count(); i++) {
            long entry = keyspace.find(request.key(i));
            // Unlike GET, a key of another type is as good as absent.
            boolean isString = entry != ABSENT && keyspace.type(entry) == ValueType.STRING;
            replyString(keyspace, isString ? entry : ABSENT, request, reply);
        }
    }

    private static void mSet(Keyspace keyspace, Request request, Reply reply) {
        requirePairs(request, MSET_ARITY);
        setPairs(keyspace, request, 1, request.count(), NO_DEADLINE);
        reply.ok();
    }

    private static void mSetNx(Keyspace keyspace, Request request, Reply reply) {
        requirePairs(request, MSETNX_ARITY);
        boolean sets = areAll(keyspace, request, 1, request.count(), false);
        if (sets) {
            setPairs(keyspace, request, 1, request.count(), NO_DEADLINE);
        }
        reply.integer(sets ? 1 : 0);
    }

    private static void requirePairs(Request request, CommandException otherwise) {
        if (request.count() % 2 == 0) {
            throw otherwise;
        }
    }

    /** MSETEX numkeys key value [key value ...] [NX | XX] [EX | PX | EXAT | PXAT time | KEEPTTL] */
    private static void mSetEx(Keyspace keyspace, Request request, Reply reply) {
        long keys = request.longAt(1, INVALID_NUMKEYS);
        if (keys < 1 || keys > Integer.MAX_VALUE) {
            throw INVALID_NUMKEYS;
        }
        if (keys > (request.count() - 2) / 2) {
            throw CommandException.SYNTAX_ERROR;
        }
        int end = 2 + 2 * (int) keys;
        long options = StringOptions.parse(request, end, StringOptions.OF_MSETEX);
        long deadline = StringOptions.deadlineMillis(options, request, keyspace.nowMillis(), INVALID_MSETEX);
        boolean sets = !StringOptions.has(options, StringOptions.NX | StringOptions.XX)
                || areAll(keyspace, request, 2, end, StringOptions.has(options, StringOptions.XX));
        if (sets) {
            setPairs(keyspace, request, 2, end, deadline);
        }
        reply.integer(sets ? 1 : 0);
    }

    /** Whether each key of the pairs is there; or, if {@code there} is false, none. */
    private static boolean areAll(Keyspace keyspace, Request request, int from, int to, boolean there) {
        for (int i = from; i < to; i += 2) {
            if (keyspace.findForWrite(request.key(i)) != ABSENT != there) {
                return false;
            }
        }
        return true;
    }

    private static void setPairs(Keyspace keyspace, Request request, int from, int to, long deadline) {
        for (int i = from; i < to; i += 2) {
            put(keyspace, request.key(i), request.argument(i + 1), deadline);
        }
    }
}
