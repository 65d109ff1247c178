package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Keyspace;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.QUICK;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.STALE;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.INSERT;
import static dev.cistern.engine.dispatch.KeySpec.Use.OW;
import static dev.cistern.engine.dispatch.KeySpec.Use.RM;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.engine.dispatch.KeySpec.keysFrom;
import static dev.cistern.store.Keyspace.ABSENT;
import static dev.cistern.store.Keyspace.NO_STATS;
import static dev.cistern.store.Keyspace.NO_TOUCH;

/**
 * Commands on keys, whatever their values: delete, rename, copy, move, and what OBJECT tells of them.
 *
 * <p>Not those about time ({@link ExpiryCommands}) nor those that walk over all keys ({@link ScanCommands}). Runs on the
 * loop's thread while the stripes of the keys are held; a key has the same stripe in every database.
 */
final class KeyCommands {
    private static final CommandException OUT_OF_INT_RANGE = CommandException.of(
            "ERR value is out of range, value must between %d and %d", Integer.MIN_VALUE, Integer.MAX_VALUE);
    private static final CommandException NO_FREQUENCY = CommandException.of(
            "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching"
                    + " between policies at runtime LRU and LFU data will take some time to adjust.");
    private static final CommandException NO_IDLE_TIME = CommandException.of(
            "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between"
                    + " policies at runtime LRU and LFU data will take some time to adjust.");
    private static final KeySpec INSPECTED = key(2).as(RO);

    static final CommandTable TABLE = CommandTable.of("generic",
            command("DEL", -2, keysFrom(1).as(RM, DELETE), WRITE, QUICK, tip("request_policy:multi_shard"),
                    tip("response_policy:agg_sum")).runs(KeyCommands::delete),
            command("UNLINK", -2, keysFrom(1).as(RM, DELETE), WRITE, FAST, tip("request_policy:multi_shard"),
                    tip("response_policy:agg_sum")).runs(KeyCommands::delete),
            command("EXISTS", -2, keysFrom(1).as(RO), READ, FAST, tip("request_policy:multi_shard"),
                    tip("response_policy:agg_sum")).runs(KeyCommands::exists),
            command("TOUCH", -2, keysFrom(1).as(RO), READ, FAST, tip("request_policy:multi_shard"),
                    tip("response_policy:agg_sum")).runs(KeyCommands::touch),
            command("TYPE", 2, key(1).as(RO), READ, FAST).runs(KeyCommands::type),
            command("RENAME", 3, key(1).as(RW, ACCESS, DELETE), key(2).as(OW, UPDATE), WRITE)
                    .runs(KeyCommands::rename),
            command("RENAMENX", 3, key(1).as(RW, ACCESS, DELETE), key(2).as(OW, INSERT), WRITE, FAST)
                    .runs(KeyCommands::renameNx),
            command("COPY", -3, key(1).as(RO, ACCESS), key(2).as(OW, UPDATE), WRITE, DENY_OOM)
                    .runsInSession(KeyCommands::copy),
            command("MOVE", 3, key(1).as(RW, ACCESS, UPDATE), WRITE, FAST).runsInSession(KeyCommands::move),
            command("OBJECT", -2).holds(
                    command("ENCODING", 3, INSPECTED, READ, tip("nondeterministic_output"))
                            .runs(KeyCommands::objectEncoding),
                    command("FREQ", 3, INSPECTED, READ, tip("nondeterministic_output"))
                            .runs(KeyCommands::objectFrequency),
                    command("IDLETIME", 3, INSPECTED, READ, tip("nondeterministic_output"))
                            .runs(KeyCommands::objectIdleTime),
                    command("REFCOUNT", 3, INSPECTED, READ, tip("nondeterministic_output"))
                            .runs(KeyCommands::objectReferences),
                    command("HELP", 2, LOADING, STALE).runsInSession(Help.of("OBJECT",
                            "ENCODING <key>", "    How the bytes of the key's value are held.",
                            "FREQ <key>", "    How often the key is used, on a logarithmic scale; needs an LFU policy.",
                            "IDLETIME <key>", "    For how many seconds nobody has used the key.",
                            "REFCOUNT <key>", "    How many owners the key's value has."))));

    private KeyCommands() {}

    private static void delete(Keyspace keyspace, Request request, Reply reply) {
        int deleted = 0;
        for (int i = 1; i < request.count(); i++) {
            if (keyspace.delete(request.key(i))) {
                deleted++;
            }
        }
        reply.integer(deleted);
    }

    /** A key that is named twice counts twice. */
    private static void exists(Keyspace keyspace, Request request, Reply reply) {
        int found = 0;
        for (int i = 1; i < request.count(); i++) {
            if (keyspace.exists(request.key(i))) {
                found++;
            }
        }
        reply.integer(found);
    }

    private static void touch(Keyspace keyspace, Request request, Reply reply) {
        int found = 0;
        boolean touches = keyspace.touches();
        // A session that reads without touching (CLIENT NO-TOUCH) may still touch on purpose.
        keyspace.setTouches(true);
        for (int i = 1; i < request.count(); i++) {
            if (keyspace.find(request.key(i)) != ABSENT) {
                found++;
            }
        }
        keyspace.setTouches(touches);
        reply.integer(found);
    }

    private static void type(Keyspace keyspace, Request request, Reply reply) {
        long entry = keyspace.find(request.key(1), NO_TOUCH);
        reply.status(entry == ABSENT ? "none" : keyspace.type(entry).typeName());
    }

    private static void rename(Keyspace keyspace, Request request, Reply reply) {
        if (!keyspace.rename(request.key(1), request.key(2))) {
            throw CommandException.NO_SUCH_KEY;
        }
        reply.ok();
    }

    /** Answers 0 for a key renamed to itself: there is one of that name. */
    private static void renameNx(Keyspace keyspace, Request request, Reply reply) {
        if (keyspace.findForWrite(request.key(1)) == ABSENT) {
            throw CommandException.NO_SUCH_KEY;
        }
        boolean free = keyspace.findForWrite(request.key(2)) == ABSENT;
        if (free) {
            keyspace.rename(request.key(1), request.key(2));
        }
        reply.integer(free ? 1 : 0);
    }

    /** COPY source destination [DB database] [REPLACE] */
    private static void copy(Session session, Request request, Reply reply) {
        int database = session.database();
        boolean replace = false;
        for (int i = 3; i < request.count(); i++) {
            if (request.is(i, "REPLACE")) {
                replace = true;
            } else if (request.is(i, "DB") && i + 1 < request.count()) {
                database = databaseAt(session, request, ++i);
            } else {
                throw CommandException.SYNTAX_ERROR;
            }
        }
        if (database == session.database() && request.key(1).contentEquals(request.key(2))) {
            throw CommandException.SAME_OBJECT;
        }
        if (database != session.database()) {
            session.requireNoCluster("Copying to another database");
        }
        Keyspace target = session.keyspace(database);
        reply.integer(session.keyspace().copy(request.key(1), target, request.key(2), replace) ? 1 : 0);
    }

    private static void move(Session session, Request request, Reply reply) {
        session.requireNoCluster("MOVE");
        int database = databaseAt(session, request, 2);
        if (database == session.database()) {
            throw CommandException.SAME_OBJECT;
        }
        reply.integer(session.keyspace().move(request.key(1), session.keyspace(database)) ? 1 : 0);
    }

    private static int databaseAt(Session session, Request request, int index) {
        long database = request.longAt(index, Integer.MIN_VALUE, Integer.MAX_VALUE, OUT_OF_INT_RANGE);
        if (database < 0 || database >= session.node().settings().databases.value()) {
            throw CommandException.DB_OUT_OF_RANGE;
        }
        return (int) database;
    }

    // --- OBJECT: looking at a key is no use of it ---

    private static long inspect(Keyspace keyspace, Request request) {
        return keyspace.find(request.key(2), NO_TOUCH | NO_STATS);
    }

    private static void objectEncoding(Keyspace keyspace, Request request, Reply reply) {
        long entry = inspect(keyspace, request);
        if (entry == ABSENT) {
            reply.nullBulk();
        } else {
            reply.bulk(keyspace.encoding(entry).encodingName());
        }
    }

    private static void objectFrequency(Keyspace keyspace, Request request, Reply reply) {
        long entry = inspect(keyspace, request);
        if (entry == ABSENT) {
            reply.nullBulk();
        } else if (keyspace.store().useCounting() == null) {
            throw NO_FREQUENCY;
        } else {
            reply.integer(keyspace.useCounter(entry));
        }
    }

    private static void objectIdleTime(Keyspace keyspace, Request request, Reply reply) {
        long entry = inspect(keyspace, request);
        if (entry == ABSENT) {
            reply.nullBulk();
        } else if (keyspace.store().useCounting() != null) {
            throw NO_IDLE_TIME;
        } else {
            reply.integer(keyspace.idleSeconds(entry));
        }
    }

    /** Values are never shared, so a value has the one owner that its key is. */
    private static void objectReferences(Keyspace keyspace, Request request, Reply reply) {
        long entry = inspect(keyspace, request);
        if (entry == ABSENT) {
            reply.nullBulk();
        } else {
            reply.integer(keyspace.isInt(entry) && isShared(keyspace.intValue(entry)) ? Integer.MAX_VALUE : 1);
        }
    }

    /** The original has each of these numbers once for all keys, and so many owners stand for "for ever". */
    private static boolean isShared(long number) {
        return number >= 0 && number < SHARED_NUMBERS;
    }

    private static final int SHARED_NUMBERS = 10_000;
}
