package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.dispatch.SlowLog;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import java.util.List;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** SLOWLOG: the commands that took longer than slowlog-log-slower-than. */
final class SlowlogCommands {

    static final CommandTable TABLE = CommandTable.of("server",
            command("SLOWLOG", -2).holds(
                    command("GET", -2, ADMIN, LOADING, STALE, tip("request_policy:all_nodes"),
                            tip("nondeterministic_output")).runsInSession(SlowlogCommands::get),
                    command("HELP", 2, LOADING, STALE).runsInSession(Help.of("SLOWLOG",
                            "GET [<count>]", "    The newest entries (10, or so many; -1 for all): each with its id,",
                            "    the time, how many microseconds it took, its arguments, and the client.",
                            "LEN", "    How many entries there are.",
                            "RESET", "    Forgets all entries.")),
                    command("LEN", 2, ADMIN, LOADING, STALE, tip("request_policy:all_nodes"),
                            tip("response_policy:agg_sum"), tip("nondeterministic_output"))
                            .runsInSession(SlowlogCommands::len),
                    command("RESET", 2, ADMIN, LOADING, STALE, tip("request_policy:all_nodes"),
                            tip("response_policy:all_succeeded")).runsInSession(SlowlogCommands::reset)));

    private static final long USUAL_COUNT = 10;
    private static final CommandException BAD_COUNT = CommandException.of(
            "ERR count should be greater than or equal to -1");

    private SlowlogCommands() {}

    static void get(Session session, Request request, Reply reply) {
        if (request.count() > 3) {
            throw CommandException.SYNTAX_ERROR;
        }
        long count = request.count() == 3 ? request.longAt(2, BAD_COUNT) : USUAL_COUNT;
        if (count < -1) {
            throw BAD_COUNT;
        }
        List<SlowLog.Entry> entries = session.node().slowLog().newest(count < 0 ? Long.MAX_VALUE : count);
        reply.array(entries.size());
        for (SlowLog.Entry entry : entries) {
            reply.array(6);
            reply.integer(entry.id());
            reply.integer(entry.unixSeconds());
            reply.integer(entry.micros());
            reply.array(entry.arguments().size());
            entry.arguments().forEach(reply::bulk);
            reply.bulk(entry.clientAddress());
            reply.bulk(entry.clientName());
        }
    }

    static void len(Session session, Request request, Reply reply) {
        reply.integer(session.node().slowLog().length());
    }

    static void reset(Session session, Request request, Reply reply) {
        session.node().slowLog().reset();
        reply.ok();
    }
}
