package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandLog;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import java.util.List;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** SLOWLOG and COMMANDLOG: the commands that took too long, or had too large a request or reply. */
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
                            tip("response_policy:all_succeeded")).runsInSession(SlowlogCommands::reset)),
            command("COMMANDLOG", -2).holds(
                    command("GET", 4, ADMIN, LOADING, STALE, tip("request_policy:all_nodes"),
                            tip("nondeterministic_output")).runsInSession(SlowlogCommands::getOfType),
                    command("HELP", 2, LOADING, STALE).runsInSession(Help.of("COMMANDLOG",
                            "GET <count> <type>",
                            "    The newest entries of a log, so many or, for -1, all: each with its",
                            "    id, the time, how much it was, its arguments, and the client.",
                            "LEN <type>", "    How many entries there are.",
                            "RESET <type>", "    Forgets all entries.",
                            "(type)", "    slow: microseconds. large-request, large-reply: bytes.")),
                    command("LEN", 3, ADMIN, LOADING, STALE, tip("request_policy:all_nodes"),
                            tip("response_policy:agg_sum"), tip("nondeterministic_output"))
                            .runsInSession(SlowlogCommands::lenOfType),
                    command("RESET", 3, ADMIN, LOADING, STALE, tip("request_policy:all_nodes"),
                            tip("response_policy:all_succeeded")).runsInSession(SlowlogCommands::resetType)));

    private static final CommandException BAD_TYPE = CommandException.of(
            "ERR type should be one of the following: slow, large-request, large-reply");

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
        entries(session.node().slowLog(), count, reply);
    }

    /** The newest entries of a log; -1 for all. */
    private static void entries(CommandLog log, long count, Reply reply) {
        List<CommandLog.Entry> entries = log.newest(count < 0 ? Long.MAX_VALUE : count);
        reply.array(entries.size());
        for (CommandLog.Entry entry : entries) {
            reply.array(6);
            reply.integer(entry.id());
            reply.integer(entry.unixSeconds());
            reply.integer(entry.value());
            reply.array(entry.arguments().size());
            entry.arguments().forEach(reply::bulk);
            reply.bulk(entry.clientAddress());
            reply.bulk(entry.clientName());
        }
    }

    private static CommandLog log(Session session, Request request, int typeAt) {
        if (request.is(typeAt, "SLOW")) {
            return session.node().slowLog();
        }
        if (request.is(typeAt, "LARGE-REQUEST")) {
            return session.node().largeRequests();
        }
        if (request.is(typeAt, "LARGE-REPLY")) {
            return session.node().largeReplies();
        }
        throw BAD_TYPE;
    }

    static void getOfType(Session session, Request request, Reply reply) {
        long count = request.longAt(2, BAD_COUNT);
        if (count < -1) {
            throw BAD_COUNT;
        }
        entries(log(session, request, 3), count, reply);
    }

    static void lenOfType(Session session, Request request, Reply reply) {
        reply.integer(log(session, request, 2).length());
    }

    static void resetType(Session session, Request request, Reply reply) {
        log(session, request, 2).reset();
        reply.ok();
    }

    static void len(Session session, Request request, Reply reply) {
        reply.integer(session.node().slowLog().length());
    }

    static void reset(Session session, Request request, Reply reply) {
        session.node().slowLog().reset();
        reply.ok();
    }
}
