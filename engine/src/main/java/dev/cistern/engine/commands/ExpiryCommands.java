package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.store.Keyspace.ABSENT;
import static dev.cistern.store.Keyspace.NO_DEADLINE;
import static dev.cistern.store.Keyspace.NO_TOUCH;

/**
 * Commands that give keys a deadline, take it away, or tell how long they have to live.
 *
 * <p>Runs on the loop's thread while the key's stripe is held. Time is the keyspace's: it stands still during a command.
 */
final class ExpiryCommands {
    private static final long SECOND = 1000;
    private static final long MILLISECOND = 1;

    private static final int NX = 1;
    private static final int XX = 1 << 1;
    private static final int GT = 1 << 2;
    private static final int LT = 1 << 3;

    private static final long TTL_ABSENT = -2;
    private static final long TTL_NONE = -1;

    private static final CommandException NX_WITH_OTHERS = CommandException.of(
            "ERR NX and XX, GT or LT options at the same time are not compatible");
    private static final CommandException GT_WITH_LT = CommandException.of(
            "ERR GT and LT options at the same time are not compatible");
    private static final CommandException INVALID_EXPIRE = CommandException.invalidExpireTime("expire");
    private static final CommandException INVALID_PEXPIRE = CommandException.invalidExpireTime("pexpire");
    private static final CommandException INVALID_EXPIREAT = CommandException.invalidExpireTime("expireat");
    private static final CommandException INVALID_PEXPIREAT = CommandException.invalidExpireTime("pexpireat");

    private static final KeySpec UPDATED = key(1).as(RW, UPDATE);

    static final CommandTable TABLE = CommandTable.of("generic",
            command("EXPIRE", -3, UPDATED, WRITE, FAST).runs(ExpiryCommands::expire),
            command("PEXPIRE", -3, UPDATED, WRITE, FAST).runs(ExpiryCommands::pExpire),
            command("EXPIREAT", -3, UPDATED, WRITE, FAST).runs(ExpiryCommands::expireAt),
            command("PEXPIREAT", -3, UPDATED, WRITE, FAST).runs(ExpiryCommands::pExpireAt),
            command("TTL", 2, key(1), READ, FAST, tip("nondeterministic_output")).runs(ExpiryCommands::ttl),
            command("PTTL", 2, key(1), READ, FAST, tip("nondeterministic_output")).runs(ExpiryCommands::pTtl),
            command("EXPIRETIME", 2, key(1), READ, FAST).runs(ExpiryCommands::expireTime),
            command("PEXPIRETIME", 2, key(1), READ, FAST).runs(ExpiryCommands::pExpireTime),
            command("PERSIST", 2, UPDATED, WRITE, FAST).runs(ExpiryCommands::persist));

    private ExpiryCommands() {}

    private static void expire(Keyspace keyspace, Request request, Reply reply) {
        expire(keyspace, request, reply, SECOND, keyspace.nowMillis(), INVALID_EXPIRE);
    }

    private static void pExpire(Keyspace keyspace, Request request, Reply reply) {
        expire(keyspace, request, reply, MILLISECOND, keyspace.nowMillis(), INVALID_PEXPIRE);
    }

    private static void expireAt(Keyspace keyspace, Request request, Reply reply) {
        expire(keyspace, request, reply, SECOND, 0, INVALID_EXPIREAT);
    }

    private static void pExpireAt(Keyspace keyspace, Request request, Reply reply) {
        expire(keyspace, request, reply, MILLISECOND, 0, INVALID_PEXPIREAT);
    }

    /** A deadline that is over deletes the key at once, and that counts as success. */
    private static void expire(Keyspace keyspace, Request request, Reply reply, long unitMillis, long base,
            CommandException invalid) {
        int conditions = conditions(request, 3, request.count());
        long deadline = deadlineMillis(request.longAt(2), unitMillis, base, invalid);
        Bytes key = request.key(1);
        long entry = keyspace.findForWrite(key);
        if (entry == ABSENT || !isAllowed(conditions, keyspace.deadlineMillis(entry), deadline)) {
            reply.integer(0);
            return;
        }
        if (deadline < 0 || keyspace.isPast(deadline)) {
            keyspace.delete(key);
        } else {
            keyspace.setDeadline(key, deadline);
        }
        reply.integer(1);
    }

    /** The conditions that stand from one argument up to another. */
    static int conditions(Request request, int from, int end) {
        int conditions = 0;
        for (int i = from; i < end; i++) {
            conditions |= conditionAt(request, i);
        }
        if ((conditions & NX) != 0 && conditions != NX) {
            throw NX_WITH_OTHERS;
        }
        if ((conditions & GT) != 0 && (conditions & LT) != 0) {
            throw GT_WITH_LT;
        }
        return conditions;
    }

    private static int conditionAt(Request request, int index) {
        if (request.is(index, "NX")) {
            return NX;
        } else if (request.is(index, "XX")) {
            return XX;
        } else if (request.is(index, "GT")) {
            return GT;
        } else if (request.is(index, "LT")) {
            return LT;
        }
        throw CommandException.of("ERR Unsupported option " + request.text(index));
    }

    /** Times before now, and before 1970, are allowed; what 64 bits cannot hold is not. */
    private static long deadlineMillis(long time, long unitMillis, long base, CommandException invalid) {
        if (time > Long.MAX_VALUE / unitMillis || time < Long.MIN_VALUE / unitMillis
                || time * unitMillis > Long.MAX_VALUE - base) {
            throw invalid;
        }
        return base + time * unitMillis;
    }

    /** Whether the conditions let {@code deadline} replace {@code present}. No deadline counts as one never reached. */
    static boolean isAllowed(int conditions, long present, long deadline) {
        if (conditions == 0) {
            return true;
        }
        boolean none = present == NO_DEADLINE;
        return ((conditions & NX) == 0 || none)
                && ((conditions & XX) == 0 || !none)
                && ((conditions & GT) == 0 || (!none && deadline > present))
                && ((conditions & LT) == 0 || none || deadline < present);
    }

    private static void ttl(Keyspace keyspace, Request request, Reply reply) {
        long left = leftMillis(keyspace, request.key(1));
        reply.integer(left < 0 ? left : toSeconds(left));
    }

    private static void pTtl(Keyspace keyspace, Request request, Reply reply) {
        reply.integer(leftMillis(keyspace, request.key(1)));
    }

    private static long leftMillis(Keyspace keyspace, Bytes key) {
        long deadline = deadlineOf(keyspace, key);
        return deadline < 0 ? deadline : Math.max(0, deadline - keyspace.nowMillis());
    }

    private static void expireTime(Keyspace keyspace, Request request, Reply reply) {
        long deadline = deadlineOf(keyspace, request.key(1));
        reply.integer(deadline < 0 ? deadline : toSeconds(deadline));
    }

    private static void pExpireTime(Keyspace keyspace, Request request, Reply reply) {
        reply.integer(deadlineOf(keyspace, request.key(1)));
    }

    private static long deadlineOf(Keyspace keyspace, Bytes key) {
        long entry = keyspace.find(key, NO_TOUCH);
        if (entry == ABSENT) {
            return TTL_ABSENT;
        }
        long deadline = keyspace.deadlineMillis(entry);
        return deadline == NO_DEADLINE ? TTL_NONE : deadline;
    }

    /** To the nearest second, as the original counts, so that a fresh TTL reads as it was given. */
    static long toSeconds(long millis) {
        return millis / 1000 + (millis % 1000 >= 500 ? 1 : 0);
    }

    private static void persist(Keyspace keyspace, Request request, Reply reply) {
        Bytes key = request.key(1);
        long entry = keyspace.findForWrite(key);
        boolean expires = entry != ABSENT && keyspace.deadlineMillis(entry) != NO_DEADLINE;
        if (expires) {
            keyspace.setDeadline(key, NO_DEADLINE);
        }
        reply.integer(expires ? 1 : 0);
    }
}
