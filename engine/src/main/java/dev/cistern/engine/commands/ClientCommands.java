package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.ClientLine;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.ReplyMode;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import java.util.ArrayList;
import java.util.List;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** CLIENT: what a session says of itself, and what it may do to others. */
final class ClientCommands {

    private static final CommandException NOT_IMPORTING = CommandException.of("ERR Server is not in import mode");

    static final CommandTable TABLE = CommandTable.of("connection",
            command("CLIENT", -2).holds(
                    command("CACHING", 3, NO_SCRIPT, LOADING, STALE).runsInSession(TrackingCommands::caching),
                    command("CAPA", -3, NO_SCRIPT, LOADING, STALE).runsInSession(ClientCommands::capa),
                    command("GETNAME", 2, NO_SCRIPT, LOADING, STALE).runsInSession(ClientCommands::getName),
                    command("GETREDIR", 2, NO_SCRIPT, LOADING, STALE).runsInSession(TrackingCommands::getRedirect),
                    command("HELP", 2, LOADING, STALE).runsInSession(help()),
                    command("ID", 2, NO_SCRIPT, LOADING, STALE).runsInSession(ClientCommands::id),
                    // No node of this version imports keys, which the original's import-mode would switch on.
                    command("IMPORT-SOURCE", 3, NO_SCRIPT, LOADING, STALE).runsInSession((_, _, _) -> {
                        throw NOT_IMPORTING;
                    }),
                    command("INFO", 2, NO_SCRIPT, LOADING, STALE, tip("nondeterministic_output"))
                            .runsInSession(ClientCommands::info),
                    command("KILL", -3, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(ClientCommands::kill),
                    command("LIST", -2, ADMIN, NO_SCRIPT, LOADING, STALE, tip("nondeterministic_output"))
                            .runsInSession(ClientCommands::list),
                    command("NO-EVICT", 3, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(ClientCommands::noEvict),
                    command("NO-TOUCH", 3, NO_SCRIPT, LOADING, STALE).runsInSession(ClientCommands::noTouch),
                    command("PAUSE", -3, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(ClientCommands::pause),
                    command("REPLY", 3, NO_SCRIPT, LOADING, STALE).runsInSession(ClientCommands::reply),
                    command("SETINFO", 4, NO_SCRIPT, LOADING, STALE).runsInSession(ClientCommands::setInfo),
                    command("SETNAME", 3, NO_SCRIPT, LOADING, STALE).runsInSession(ClientCommands::setName),
                    command("TRACKING", -3, NO_SCRIPT, LOADING, STALE).runsInSession(TrackingCommands::tracking),
                    command("TRACKINGINFO", 2, NO_SCRIPT, LOADING, STALE)
                            .runsInSession(TrackingCommands::trackingInfo),
                    command("UNBLOCK", -3, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(ClientCommands::unblock),
                    command("UNPAUSE", 2, ADMIN, NO_SCRIPT, LOADING, STALE)
                            .runsInSession(ClientCommands::unpause)));

    private static final CommandException BAD_NAME = CommandException.of(
            "ERR Client names cannot contain spaces, newlines or special characters.");
    private static final CommandException NO_SUCH_CLIENT = CommandException.of("ERR No such client");
    private static final CommandException BAD_TIMEOUT = CommandException.of(
            "ERR timeout is not an integer or out of range");
    private static final CommandException NEGATIVE_TIMEOUT = CommandException.of("ERR timeout is negative");
    private static final CommandException BAD_PAUSE_MODE = CommandException.of(
            "ERR CLIENT PAUSE mode must be WRITE or ALL");
    private static final CommandException BAD_UNBLOCK_REASON = CommandException.of(
            "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");

    private ClientCommands() {}

    private static Command.SessionBody help() {
        return Help.of("CLIENT",
                "CACHING (YES|NO)", "    Whether what the next command reads is tracked.",
                "CAPA <capability> [<capability> ...]", "    What this client can do: redirect.",
                "GETNAME", "    The name that this session gave itself.",
                "GETREDIR", "    Which client gets this one's invalidation messages; -1 without tracking.",
                "ID", "    The number of this session.",
                "IMPORT-SOURCE (ON|OFF)", "    Whether this session brings keys from another node.",
                "INFO", "    One line about this session.",
                "KILL <ip:port>", "    Ends the session from that address.",
                "KILL <option> <value> [<option> <value> [...]]",
                "    Ends the sessions for which all options hold: ID, TYPE, USER, ADDR, LADDR, IP, NAME, LIB-NAME,",
                "    LIB-VER, FLAGS, CAPA, DB, each also with NOT- before it; MAXAGE, IDLE. SKIPME no includes this one.",
                "LIST [<option> <value> [...]]", "    One line about each session for which all options hold.",
                "NO-EVICT (ON|OFF)", "    Spares this session when clients take too much memory.",
                "NO-TOUCH (ON|OFF)", "    Lets this session read keys without counting as an access to them.",
                "PAUSE <timeout> [WRITE|ALL]", "    Holds back writing, or all, commands for so many milliseconds.",
                "REPLY (ON|OFF|SKIP)", "    Whether this session wants to be answered.",
                "SETINFO (LIB-NAME|LIB-VER) <value>", "    Which client library is at the other end.",
                "SETNAME <name>", "    Gives this session a name.",
                "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [PREFIX <prefix> ...]] [OPTIN] [OPTOUT] [NOLOOP]",
                "    Whether this session is told when keys change that it has read.",
                "TRACKINGINFO", "    Whether and how keys are tracked for this session.",
                "UNBLOCK <id> [TIMEOUT|ERROR]", "    Wakes a session that waits in a blocking command.",
                "UNPAUSE", "    Ends a pause before its time.");
    }

    static void id(Session session, Request request, Reply reply) {
        reply.integer(session.id());
    }

    static void getName(Session session, Request request, Reply reply) {
        if (session.name().isEmpty()) {
            reply.nullBulk();
        } else {
            reply.bulk(session.name());
        }
    }

    static void setName(Session session, Request request, Reply reply) {
        requireName(request.argument(2));
        session.name(request.text(2));
        reply.ok();
    }

    /** A name must not break the lines of CLIENT LIST: printable ASCII without blanks. */
    static void requireName(Bytes name) {
        if (!isPrintable(name)) {
            throw BAD_NAME;
        }
    }

    private static boolean isPrintable(Bytes text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.byteAt(i) < '!' || text.byteAt(i) > '~') {
                return false;
            }
        }
        return true;
    }

    static void setInfo(Session session, Request request, Reply reply) {
        boolean isName = request.is(2, "LIB-NAME");
        if (!isName && !request.is(2, "LIB-VER")) {
            throw CommandException.of("ERR Unrecognized option '" + request.text(2) + "'");
        }
        if (!isPrintable(request.argument(3))) {
            throw CommandException.of(
                    "ERR %s cannot contain spaces, newlines or special characters.", isName ? "lib-name" : "lib-ver");
        }
        if (isName) {
            session.libraryName(request.text(3));
        } else {
            session.libraryVersion(request.text(3));
        }
        reply.ok();
    }

    /** Capabilities that are not known are those of newer servers: they are passed over. */
    static void capa(Session session, Request request, Reply reply) {
        for (int i = 2; i < request.count(); i++) {
            if (request.is(i, "REDIRECT")) {
                session.capabilities("r");
            }
        }
        reply.ok();
    }

    static void info(Session session, Request request, Reply reply) {
        reply.verbatim(ClientLine.of(session, session.node().clock().wallMillis()) + "\n");
    }

    static void list(Session session, Request request, Reply reply) {
        StringBuilder lines = new StringBuilder();
        long now = session.node().clock().wallMillis();
        for (Session other : matching(session, ClientFilter.forList(session, request))) {
            lines.append(ClientLine.of(other, now)).append('\n');
        }
        reply.verbatim(lines.toString());
    }

    private static List<Session> matching(Session me, ClientFilter filter) {
        List<Session> matching = new ArrayList<>();
        for (Session session : me.node().sessions().all()) {
            if (filter.matches(session)) {
                matching.add(session);
            }
        }
        return matching;
    }

    static void kill(Session session, Request request, Reply reply) {
        if (request.count() == 3) {
            killAddress(session, request.text(2));
            reply.ok();
            return;
        }
        List<Session> condemned = matching(session, ClientFilter.forKill(session, request));
        condemned.forEach(other -> end(session, other));
        reply.integer(condemned.size());
    }

    private static void killAddress(Session me, String address) {
        for (Session session : me.node().sessions().all()) {
            if (session.remoteAddress().equals(address) && !session.user().isInternal()) {
                end(me, session);
                return;
            }
        }
        throw NO_SUCH_CLIENT;
    }

    /** Another session belongs to its own loop: that is where it ends. */
    private static void end(Session me, Session other) {
        if (other.id() == me.id()) {
            me.closeAfterReply();
        } else {
            other.execute(() -> other.connection().closeNow());
        }
    }

    static void noEvict(Session session, Request request, Reply reply) {
        session.noEvict(isOn(request));
        reply.ok();
    }

    static void noTouch(Session session, Request request, Reply reply) {
        session.noTouch(isOn(request));
        reply.ok();
    }

    private static boolean isOn(Request request) {
        if (!request.is(2, "ON") && !request.is(2, "OFF")) {
            throw CommandException.SYNTAX_ERROR;
        }
        return request.is(2, "ON");
    }

    static void reply(Session session, Request request, Reply reply) {
        if (request.is(2, "ON")) {
            session.replyMode(ReplyMode.ON);
            reply.ok();
        } else if (request.is(2, "OFF")) {
            session.replyMode(ReplyMode.OFF);
        } else if (request.is(2, "SKIP")) {
            if (session.replyMode() != ReplyMode.OFF) {
                session.replyMode(ReplyMode.SKIP_NEXT);
            }
        } else {
            throw CommandException.SYNTAX_ERROR;
        }
    }

    static void pause(Session session, Request request, Reply reply) {
        long millis = request.longAt(2, BAD_TIMEOUT);
        if (millis < 0) {
            throw NEGATIVE_TIMEOUT;
        }
        boolean writesOnly = request.count() == 4 && request.is(3, "WRITE");
        if (request.count() > 4 || (request.count() == 4 && !writesOnly && !request.is(3, "ALL"))) {
            throw BAD_PAUSE_MODE;
        }
        session.node().pause(session.node().clock().wallMillis() + millis, writesOnly);
        reply.ok();
    }

    static void unpause(Session session, Request request, Reply reply) {
        session.node().unpause();
        reply.ok();
    }

    static void unblock(Session session, Request request, Reply reply) {
        boolean withError = request.count() == 4 && request.is(3, "ERROR");
        if (request.count() > 4 || (request.count() == 4 && !withError && !request.is(3, "TIMEOUT"))) {
            throw BAD_UNBLOCK_REASON;
        }
        Session other = session.node().sessions().find(request.longAt(2));
        reply.integer(other != null && other.unblock(withError) ? 1 : 0);
    }
}
