package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Category;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.persistence.Persistence;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_ASYNC_LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_MULTI;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** Commands that save all data to the snapshot's file. Runs on the loop's thread; BGSAVE leaves the work to another. */
final class SnapshotCommands {

    static final CommandTable TABLE = CommandTable.of("server",
            command("BGREWRITEAOF", 1, ADMIN, NO_SCRIPT, NO_ASYNC_LOADING).runsInSession(SnapshotCommands::rewrite),
            command("BGSAVE", -1, ADMIN, NO_SCRIPT, NO_ASYNC_LOADING).runsInSession(SnapshotCommands::bgSave),
            command("LASTSAVE", 1, LOADING, STALE, FAST, Category.ADMIN, Category.DANGEROUS,
                    tip("nondeterministic_output")).runsInSession(SnapshotCommands::lastSave),
            command("SAVE", 1, ADMIN, NO_SCRIPT, NO_ASYNC_LOADING, NO_MULTI).runsInSession(SnapshotCommands::save));

    private static final CommandException IN_PROGRESS = CommandException.of(
            "ERR Background save already in progress");
    private static final CommandException OTHER_IN_PROGRESS = CommandException.of("ERR Another child process is active "
            + "(AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.");
    private static final CommandException REWRITING = CommandException.of(
            "ERR Background append only file rewriting already in progress");
    private static final CommandException NO_PLACE = CommandException.of(
            "ERR This node keeps nothing on disk: start it with a directory (setting dir)");
    private static final CommandException FAILED = CommandException.of("ERR");

    private SnapshotCommands() {}

    /** Holds up this session's event loop, and by that the others on it, as it does in the original. */
    static void save(Session session, Request request, Reply reply) {
        Persistence persistence = begun(session);
        if (!persistence.save()) {
            throw FAILED;
        }
        reply.ok();
    }

    /** BGSAVE [SCHEDULE]: there is nothing here that would have to be waited for. */
    static void bgSave(Session session, Request request, Reply reply) {
        if (request.count() > 2 || (request.count() == 2 && !request.is(1, "SCHEDULE"))) {
            throw CommandException.SYNTAX_ERROR;
        }
        Persistence persistence = begun(session);
        session.node().inBackground(persistence::saveInBackground);
        reply.status("Background saving started");
    }

    /** BGREWRITEAOF: gives the append-only file a new base. */
    static void rewrite(Session session, Request request, Reply reply) {
        if (!session.node().persistence().hasPlace()) {
            throw NO_PLACE;
        }
        switch (session.node().appendOnly().rewrite().request()) {
            case STARTED -> reply.status("Background append only file rewriting started");
            case SCHEDULED -> reply.status("Background append only file rewriting scheduled");
            case RUNNING -> throw REWRITING;
        }
    }

    private static Persistence begun(Session session) {
        Persistence persistence = session.node().persistence();
        if (!persistence.hasPlace()) {
            throw NO_PLACE;
        }
        if (!persistence.begin()) {
            throw persistence.isWritingBase() ? OTHER_IN_PROGRESS : IN_PROGRESS;
        }
        return persistence;
    }

    static void lastSave(Session session, Request request, Reply reply) {
        reply.integer(session.node().persistence().lastSaveMillis() / 1000);
    }
}
