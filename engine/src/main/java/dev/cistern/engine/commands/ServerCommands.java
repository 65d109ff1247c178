package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Fact;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.persistence.Persistence;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.ALLOW_BUSY;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_MULTI;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** Commands about the node as a whole: its time, its role, its end, and a picture. */
final class ServerCommands {

    static final CommandTable TABLE = CommandTable.of("server",
            command("LOLWUT", -1, READ, FAST).runsInSession(ServerCommands::lolwut),
            command("SHUTDOWN", -1, ADMIN, NO_SCRIPT, LOADING, STALE, NO_MULTI, ALLOW_BUSY)
                    .runsInSession(ServerCommands::shutdown),
            command("TIME", 1, LOADING, STALE, FAST, Fact.tip("nondeterministic_output"))
                    .runsInSession(ServerCommands::time));

    private static final CommandException CANNOT_SAVE = CommandException.of(
            "ERR Errors trying to SHUTDOWN. Check logs.");
    private static final CommandException NO_SHUTDOWN = CommandException.of("ERR No shutdown in progress.");

    private ServerCommands() {}

    static void time(Session session, Request request, Reply reply) {
        // Within a transaction or a script it stands still.
        long micros = session.loop().unit().isRunning()
                ? session.keyspace().nowMillis() * 1000
                : session.node().clock().wallMicros();
        reply.array(2);
        reply.bulk(micros / 1_000_000);
        reply.bulk(micros % 1_000_000);
    }

    /** SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]. Saves before the end if asked to, or if the node saves
     * by itself and is not asked not to. */
    static void shutdown(Session session, Request request, Reply reply) {
        boolean abort = false;
        boolean save = false;
        boolean noSave = false;
        boolean other = false;
        for (int i = 1; i < request.count(); i++) {
            save |= request.is(i, "SAVE");
            noSave |= request.is(i, "NOSAVE");
            abort |= request.is(i, "ABORT");
            other |= request.is(i, "NOW") || request.is(i, "FORCE");
            boolean known = request.is(i, "SAVE") || request.is(i, "NOSAVE") || request.is(i, "ABORT")
                    || request.is(i, "NOW") || request.is(i, "FORCE");
            if (!known) {
                throw CommandException.SYNTAX_ERROR;
            }
        }
        if ((save && noSave) || (abort && (save || noSave || other))) {
            throw CommandException.SYNTAX_ERROR;
        }
        if (abort) {
            throw NO_SHUTDOWN;
        }
        Persistence persistence = session.node().persistence();
        boolean saves = save || (persistence.hasSavePoints() && !noSave);
        if (saves && persistence.hasPlace() && !(persistence.begin() && persistence.save())) {
            throw CANNOT_SAVE;
        }
        if (noSave) {
            persistence.forgoLastSave();
        }
        // The original answers nothing: its end is the answer.
        session.closeAfterReply();
        session.node().requestShutdown();
    }

    private static final String[] CISTERN = {
            "      .-~~~~~~~~~~~-.      ",
            "   .-~  ~    ~     ~-.   ",
            "  (   ~   ~~    ~     )  ",
            "  |`-._  ~    ~  _.-'|  ",
            "  |    `-------'     |  ",
            "  |  o               |  ",
            "  |   o   kept here, |  ",
            "  |  o    not far    |  ",
            "   `-.____________.-'   "};

    /** LOLWUT [VERSION version ...]: there is one picture, for every version that is a number. */
    static void lolwut(Session session, Request request, Reply reply) {
        if (request.count() > 2 && request.is(1, "VERSION")) {
            var _ = request.longAt(2);
        }
        StringBuilder picture = new StringBuilder();
        for (String line : CISTERN) {
            picture.append(line.stripTrailing()).append('\n');
        }
        picture.append("Redis ver. ").append(session.node().identity().redisVersion()).append('\n');
        reply.verbatim(picture.toString());
    }
}
