package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.ALLOW_BUSY;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_MULTI;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.RUNS_QUEUED;
import static dev.cistern.engine.dispatch.Flag.SKIP_SLOWLOG;
import static dev.cistern.engine.dispatch.Flag.STALE;
import static dev.cistern.engine.dispatch.Flag.UNQUEUED;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.keysFrom;

/** Transactions. How a queue runs at once, and what touches a watched key, stands in the package of transactions. */
final class TransactionCommands {

    static final CommandTable TABLE = CommandTable.of("transactions",
            command("MULTI", 1, NO_SCRIPT, LOADING, STALE, FAST, ALLOW_BUSY, NO_MULTI)
                    .runsInSession(TransactionCommands::multi),
            command("EXEC", 1, NO_SCRIPT, LOADING, STALE, SKIP_SLOWLOG, UNQUEUED, RUNS_QUEUED)
                    .runsInSession(TransactionCommands::exec),
            command("DISCARD", 1, NO_SCRIPT, LOADING, STALE, FAST, ALLOW_BUSY, UNQUEUED)
                    .runsInSession(TransactionCommands::discard),
            command("WATCH", -2, keysFrom(1).as(RO), NO_SCRIPT, LOADING, STALE, FAST, ALLOW_BUSY, NO_MULTI)
                    .runsInSession(TransactionCommands::watch),
            command("UNWATCH", 1, NO_SCRIPT, LOADING, STALE, FAST, ALLOW_BUSY)
                    .runsInSession(TransactionCommands::unwatch));

    private static final CommandException EXEC_WITHOUT_MULTI = CommandException.of("ERR EXEC without MULTI");
    private static final CommandException DISCARD_WITHOUT_MULTI = CommandException.of("ERR DISCARD without MULTI");

    private TransactionCommands() {}

    private static void multi(Session session, Request request, Reply reply) {
        session.beginTransaction();
        reply.ok();
    }

    private static void exec(Session session, Request request, Reply reply) {
        if (!session.isInTransaction()) {
            throw EXEC_WITHOUT_MULTI;
        }
        try {
            session.transaction().execute(reply);
        } finally {
            session.endTransaction();
        }
    }

    private static void discard(Session session, Request request, Reply reply) {
        if (!session.isInTransaction()) {
            throw DISCARD_WITHOUT_MULTI;
        }
        session.endTransaction();
        reply.ok();
    }

    private static void watch(Session session, Request request, Reply reply) {
        for (int i = 1; i < request.count(); i++) {
            session.transaction().watch(request.key(i));
        }
        reply.ok();
    }

    private static void unwatch(Session session, Request request, Reply reply) {
        if (session.watchedKeys() > 0) {
            session.transaction().unwatch();
        }
        reply.ok();
    }
}
