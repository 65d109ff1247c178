package dev.cistern.engine.scripting;

import dev.cistern.engine.commands.Help;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.ALLOW_BUSY;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.MAY_REPLICATE;
import static dev.cistern.engine.dispatch.Flag.NO_MANDATORY_KEYS;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.OWN_LOCKING;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.RUNS_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.SKIP_MONITOR;
import static dev.cistern.engine.dispatch.Flag.STALE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;

/** EVAL, EVALSHA, their read-only forms, and SCRIPT. */
public final class EvalCommands {
    private static final KeySpec ANY_KEYS = KeySpec.counted(2, 1).as(RW, ACCESS, UPDATE);
    private static final KeySpec READ_KEYS = KeySpec.counted(2, 1).as(RO, ACCESS);
    private static final String NOTES = "We cannot tell how the keys will be used so we assume the worst, %s";
    private static final CommandException NO_SCRIPT_FOUND = CommandException.of("NOSCRIPT No matching script.");
    private static final CommandException TOO_MANY_KEYS = CommandException.of(
            "ERR Number of keys can't be greater than number of args");
    private static final CommandException NEGATIVE_KEYS = CommandException.of(
            "ERR Number of keys can't be negative");
    private static final CommandException FLUSH_OPTIONS = CommandException.of(
            "ERR SCRIPT FLUSH only support SYNC|ASYNC option");
    private static final CommandException DEBUG_OPTIONS = CommandException.of("ERR Use SCRIPT DEBUG YES/SYNC/NO");
    private static final CommandException NO_DEBUGGER = CommandException.of(
            "ERR the script debugger is not offered by this server");

    public static final CommandTable TABLE = CommandTable.of("scripting",
            command("EVAL", -3, MAY_REPLICATE, NO_SCRIPT, STALE, SKIP_MONITOR, NO_MANDATORY_KEYS, OWN_LOCKING,
                    RUNS_SCRIPT,
                    ANY_KEYS.notes(NOTES.formatted("RW and UPDATE"))).tells(ScriptFlags::ofText)
                    .runsInSession(EvalCommands::eval),
            command("EVALSHA", -3, MAY_REPLICATE, NO_SCRIPT, STALE, SKIP_MONITOR, NO_MANDATORY_KEYS, OWN_LOCKING,
                    RUNS_SCRIPT,
                    ANY_KEYS).tells(ScriptFlags::ofDigest)
                    .runsInSession(EvalCommands::evalSha),
            command("EVAL_RO", -3, READ, NO_SCRIPT, STALE, SKIP_MONITOR, NO_MANDATORY_KEYS, OWN_LOCKING, RUNS_SCRIPT,
                    READ_KEYS.notes(NOTES.formatted("RO and ACCESS"))).tells(ScriptFlags::ofText)
                    .runsInSession(EvalCommands::evalReadOnly),
            command("EVALSHA_RO", -3, READ, NO_SCRIPT, STALE, SKIP_MONITOR, NO_MANDATORY_KEYS, OWN_LOCKING,
                    RUNS_SCRIPT, READ_KEYS).tells(ScriptFlags::ofDigest)
                    .runsInSession(EvalCommands::evalShaReadOnly),
            command("SCRIPT", -2).holds(
                    command("DEBUG", 3, NO_SCRIPT).runsInSession(EvalCommands::debug),
                    command("EXISTS", -3, NO_SCRIPT, tip("request_policy:all_shards"),
                            tip("response_policy:agg_logical_and")).runsInSession(EvalCommands::exists),
                    command("FLUSH", -2, NO_SCRIPT, tip("request_policy:all_nodes"),
                            tip("response_policy:all_succeeded")).runsInSession(EvalCommands::flush),
                    command("HELP", 2, LOADING, STALE).runsInSession(Help.of("SCRIPT",
                            "DEBUG (YES|SYNC|NO)", "    The debugger, which is not there: NO is all it takes.",
                            "EXISTS <sha1> [<sha1> ...]", "    Which of these scripts are in the cache.",
                            "FLUSH [ASYNC|SYNC]", "    Forgets all scripts.",
                            "KILL", "    Ends the script that runs, unless it wrote.",
                            "LOAD <script>", "    Puts a script into the cache without running it.",
                            "SHOW <sha1>", "    The text of a script.")),
                    command("KILL", 2, NO_SCRIPT, ALLOW_BUSY, tip("request_policy:all_shards"),
                            tip("response_policy:one_succeeded")).runsInSession(EvalCommands::kill),
                    command("LOAD", 3, NO_SCRIPT, STALE, tip("request_policy:all_nodes"),
                            tip("response_policy:all_succeeded")).runsInSession(EvalCommands::load),
                    command("SHOW", 3, NO_SCRIPT).runsInSession(EvalCommands::show)));

    private EvalCommands() {}

    // --- running ---

    static void eval(Session session, Request request, Reply reply) {
        checkKeys(request);
        run(session, request, reply, Scripts.of(session).lookup.ofText(request.argument(1)), false);
    }

    static void evalReadOnly(Session session, Request request, Reply reply) {
        checkKeys(request);
        run(session, request, reply, Scripts.of(session).lookup.ofText(request.argument(1)), true);
    }

    static void evalSha(Session session, Request request, Reply reply) {
        runKnown(session, request, reply, false);
    }

    static void evalShaReadOnly(Session session, Request request, Reply reply) {
        runKnown(session, request, reply, true);
    }

    private static void runKnown(Session session, Request request, Reply reply, boolean readOnly) {
        if (request.argument(1).length() != Sha1.HEX_DIGITS) {
            throw NO_SCRIPT_FOUND;
        }
        checkKeys(request);
        Script script = Scripts.of(session).lookup.ofDigest(request.argument(1));
        if (script == null) {
            throw NO_SCRIPT_FOUND;
        }
        run(session, request, reply, script, readOnly);
    }

    private static void checkKeys(Request request) {
        long keys = request.longAt(2);
        if (keys > request.count() - 3) {
            throw TOO_MANY_KEYS;
        }
        if (keys < 0) {
            throw NEGATIVE_KEYS;
        }
    }

    private static void run(Session session, Request request, Reply reply, Script script, boolean readOnly) {
        Command command = session.loop().commandOf(request);
        if (command != null) {
            Scripts.of(session).engine.eval(session, command, request, reply, script, readOnly);
        }
    }

    // --- the cache ---

    static void load(Session session, Request request, Reply reply) {
        reply.bulk(Scripts.of(session.node()).cache().add(request.copy(2), true).hex());
    }

    static void exists(Session session, Request request, Reply reply) {
        ScriptCache cache = Scripts.of(session.node()).cache();
        reply.array(request.count() - 2L);
        for (int i = 2; i < request.count(); i++) {
            reply.integer(cache.has(request.argument(i)) ? 1 : 0);
        }
    }

    static void show(Session session, Request request, Reply reply) {
        Sha1 digest = Sha1.parse(request.argument(2));
        Script script = digest == null ? null : Scripts.of(session.node()).cache().find(digest);
        if (script == null) {
            throw NO_SCRIPT_FOUND;
        }
        reply.bulk(script.body());
    }

    static void flush(Session session, Request request, Reply reply) {
        boolean known = request.count() == 2
                || (request.count() == 3 && (request.is(2, "SYNC") || request.is(2, "ASYNC")));
        if (!known) {
            throw FLUSH_OPTIONS;
        }
        Scripts.of(session.node()).cache().flush();
        reply.ok();
    }

    static void kill(Session session, Request request, Reply reply) {
        session.node().busyScript().kill(true);
        reply.ok();
    }

    static void debug(Session session, Request request, Reply reply) {
        if (request.is(2, "YES") || request.is(2, "SYNC")) {
            throw NO_DEBUGGER;
        }
        if (!request.is(2, "NO")) {
            throw DEBUG_OPTIONS;
        }
        reply.ok();
    }
}
