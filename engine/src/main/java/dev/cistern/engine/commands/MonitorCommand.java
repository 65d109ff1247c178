package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** MONITOR: the session is told of every command of the node from here on, until RESET or its end. */
final class MonitorCommand {

    static final CommandTable TABLE = CommandTable.of("server",
            command("MONITOR", 1, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(MonitorCommand::monitor));

    private static final CommandException NOT_IN_TRANSACTION = CommandException.of(
            "ERR MONITOR isn't allowed for DENY BLOCKING client");

    private MonitorCommand() {}

    private static void monitor(Session session, Request request, Reply reply) {
        if (session.loop().unit().isRunning()) {
            throw NOT_IN_TRANSACTION;
        }
        // Asked a second time, the original says nothing.
        if (!session.isMonitor()) {
            session.monitor();
            reply.ok();
        }
    }
}
