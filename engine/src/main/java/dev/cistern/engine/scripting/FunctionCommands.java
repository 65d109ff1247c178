package dev.cistern.engine.scripting;

import dev.cistern.engine.commands.GlobText;
import dev.cistern.engine.commands.Help;
import dev.cistern.engine.dispatch.BusyScript;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.dispatch.Unit;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.ALLOW_BUSY;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.MAY_REPLICATE;
import static dev.cistern.engine.dispatch.Flag.NO_MANDATORY_KEYS;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.OWN_LOCKING;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.RUNS_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.SKIP_MONITOR;
import static dev.cistern.engine.dispatch.Flag.STALE;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

/** FCALL, FCALL_RO and FUNCTION. */
public final class FunctionCommands {
    private static final String NOTES = "We cannot tell how the keys will be used so we assume the worst, %s";
    private static final CommandException NOT_FOUND = CommandException.of("ERR Function not found");
    private static final CommandException BAD_KEYS = CommandException.of("ERR Bad number of keys provided");
    private static final CommandException TOO_MANY_KEYS = CommandException.of(
            "ERR Number of keys can't be greater than number of args");
    private static final CommandException NEGATIVE_KEYS = CommandException.of(
            "ERR Number of keys can't be negative");
    private static final CommandException FLUSH_OPTIONS = CommandException.of(
            "ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
    private static final CommandException BAD_POLICY = CommandException.of(
            "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.");
    private static final CommandException NO_CODE = CommandException.of("ERR Function code is missing");
    private static final CommandException NO_PATTERN = CommandException.of(
            "ERR library name argument was not given");

    public static final CommandTable TABLE = CommandTable.of("scripting",
            command("FCALL", -3, MAY_REPLICATE, NO_SCRIPT, STALE, SKIP_MONITOR, NO_MANDATORY_KEYS, OWN_LOCKING,
                    RUNS_SCRIPT,
                    KeySpec.counted(2, 1).as(RW, ACCESS, UPDATE).notes(NOTES.formatted("RW and UPDATE")))
                    .tells(ScriptFlags::ofFunction)
                    .runsInSession(FunctionCommands::call),
            command("FCALL_RO", -3, READ, NO_SCRIPT, STALE, SKIP_MONITOR, NO_MANDATORY_KEYS, OWN_LOCKING,
                    RUNS_SCRIPT, KeySpec.counted(2, 1).as(RO, ACCESS).notes(NOTES.formatted("RO and ACCESS")))
                    .tells(ScriptFlags::ofFunction)
                    .runsInSession(FunctionCommands::callReadOnly),
            command("FUNCTION", -2).holds(
                    command("DELETE", 3, WRITE, NO_SCRIPT, OWN_LOCKING, tip("request_policy:all_shards"),
                            tip("response_policy:all_succeeded")).runsInSession(FunctionCommands::delete),
                    command("DUMP", 2, NO_SCRIPT).runsInSession(FunctionCommands::dump),
                    command("FLUSH", -2, WRITE, NO_SCRIPT, OWN_LOCKING, tip("request_policy:all_shards"),
                            tip("response_policy:all_succeeded")).runsInSession(FunctionCommands::flush),
                    command("HELP", 2, LOADING, STALE).runsInSession(Help.of("FUNCTION",
                            "DELETE <library>", "    Deletes a library and its functions.",
                            "DUMP", "    All libraries as bytes that RESTORE takes.",
                            "FLUSH [ASYNC|SYNC]", "    Deletes all libraries.",
                            "KILL", "    Ends the function that runs, unless it wrote.",
                            "LIST [LIBRARYNAME <pattern>] [WITHCODE]", "    The libraries and their functions.",
                            "LOAD [REPLACE] <code>", "    Adds a library, whose first line names it.",
                            "RESTORE <dump> [FLUSH|APPEND|REPLACE]", "    Adds the libraries of a dump.",
                            "STATS", "    The function that runs, and how many there are.")),
                    command("KILL", 2, NO_SCRIPT, ALLOW_BUSY, tip("request_policy:all_shards"),
                            tip("response_policy:one_succeeded")).runsInSession(FunctionCommands::kill),
                    command("LIST", -2, NO_SCRIPT, tip("nondeterministic_output_order"))
                            .runsInSession(FunctionCommands::list),
                    command("LOAD", -3, WRITE, DENY_OOM, NO_SCRIPT, OWN_LOCKING, tip("request_policy:all_shards"),
                            tip("response_policy:all_succeeded")).runsInSession(FunctionCommands::load),
                    command("RESTORE", -3, WRITE, DENY_OOM, NO_SCRIPT, OWN_LOCKING,
                            tip("request_policy:all_shards"), tip("response_policy:all_succeeded"))
                            .runsInSession(FunctionCommands::restore),
                    command("STATS", 2, NO_SCRIPT, ALLOW_BUSY, tip("nondeterministic_output"),
                            tip("request_policy:all_shards"), tip("response_policy:special"))
                            .runsInSession(FunctionCommands::stats)));

    private FunctionCommands() {}

    // --- calling ---

    static void call(Session session, Request request, Reply reply) {
        call(session, request, reply, false);
    }

    static void callReadOnly(Session session, Request request, Reply reply) {
        call(session, request, reply, true);
    }

    private static void call(Session session, Request request, Reply reply, boolean readOnly) {
        Functions functions = Scripts.of(session.node()).functions();
        String name = new String(request.copy(1), ISO_8859_1);
        if (functions.find(name) == null) {
            throw NOT_FOUND;
        }
        checkKeys(request);
        inUnit(session, request, () -> {
            // Found again, since another loop may have changed the libraries before this unit began.
            Function function = functions.find(name);
            if (function == null) {
                throw NOT_FOUND;
            }
            Command command = session.loop().commandOf(request);
            if (command != null) {
                functions.engine().call(session, command, request, reply, function, readOnly);
            }
        });
    }

    private static void checkKeys(Request request) {
        long keys = request.longAt(2, BAD_KEYS);
        if (keys > request.count() - 3) {
            throw TOO_MANY_KEYS;
        }
        if (keys < 0) {
            throw NEGATIVE_KEYS;
        }
    }

    /** Libraries change, and functions run, one at a time in the whole node. */
    private static void inUnit(Session session, Request request, Runnable work) {
        Command command = session.loop().commandOf(request);
        if (command == null) {
            throw NOT_FOUND;
        }
        Unit unit = session.loop().unit();
        unit.beginOpen(command, request);
        try {
            work.run();
        } finally {
            unit.end();
        }
    }

    // --- libraries ---

    static void load(Session session, Request request, Reply reply) {
        boolean replacing = false;
        int at = 2;
        for (; at < request.count() - 1; at++) {
            if (!request.is(at, "REPLACE")) {
                throw CommandException.of("ERR Unknown option given: " + request.text(at));
            }
            replacing = true;
        }
        if (at >= request.count()) {
            throw NO_CODE;
        }
        byte[] code = request.copy(at);
        boolean replace = replacing;
        inUnit(session, request, () -> reply.bulk(Scripts.of(session.node()).functions().load(code, replace)));
    }

    static void delete(Session session, Request request, Reply reply) {
        inUnit(session, request, () -> Scripts.of(session.node()).functions().delete(request.text(2)));
        reply.ok();
    }

    static void flush(Session session, Request request, Reply reply) {
        if (request.count() > 3) {
            throw wrongForm(request);
        }
        if (request.count() == 3 && !request.is(2, "SYNC") && !request.is(2, "ASYNC")) {
            throw FLUSH_OPTIONS;
        }
        inUnit(session, request, () -> Scripts.of(session.node()).functions().flush());
        reply.ok();
    }

    private static CommandException wrongForm(Request request) {
        return CommandException.of("ERR unknown subcommand or wrong number of arguments for '" + request.text(1)
                + "'. Try FUNCTION HELP.");
    }

    static void dump(Session session, Request request, Reply reply) {
        FunctionDump.write(Scripts.of(session.node()).functions().libraries(), reply);
    }

    static void restore(Session session, Request request, Reply reply) {
        if (request.count() > 4) {
            throw wrongForm(request);
        }
        Functions.Restoring how = request.count() == 3 ? Functions.Restoring.APPEND : policy(request.text(3));
        List<byte[]> codes = FunctionDump.read(request.argument(2));
        inUnit(session, request, () -> Scripts.of(session.node()).functions().restore(codes, how));
        reply.ok();
    }

    private static Functions.Restoring policy(String text) {
        return Arrays.stream(Functions.Restoring.values()).filter(policy -> policy.name().equalsIgnoreCase(text))
                .findFirst().orElseThrow(() -> BAD_POLICY);
    }

    // --- telling ---

    static void list(Session session, Request request, Reply reply) {
        boolean withCode = false;
        Bytes pattern = null;
        for (int i = 2; i < request.count(); i++) {
            if (!withCode && request.is(i, "WITHCODE")) {
                withCode = true;
            } else if (pattern == null && request.is(i, "LIBRARYNAME")) {
                if (++i >= request.count()) {
                    throw NO_PATTERN;
                }
                pattern = request.argument(i);
            } else {
                throw CommandException.of("ERR Unknown argument " + request.text(i));
            }
        }
        long mark = reply.open();
        int count = 0;
        for (FunctionLibrary library : Scripts.of(session.node()).functions().libraries()) {
            if (pattern == null || GlobText.matches(pattern, library.name())) {
                tell(library, withCode, reply);
                count++;
            }
        }
        reply.closeArray(mark, count);
    }

    private static void tell(FunctionLibrary library, boolean withCode, Reply reply) {
        reply.map(withCode ? 4 : 3);
        reply.bulk("library_name");
        reply.bulk(library.name());
        reply.bulk("engine");
        reply.bulk("LUA");
        reply.bulk("functions");
        reply.array(library.functions().size());
        library.functions().values().forEach(function -> tell(function, reply));
        if (withCode) {
            reply.bulk("library_code");
            reply.bulk(library.code());
        }
    }

    private static void tell(Function function, Reply reply) {
        reply.map(3);
        reply.bulk("name");
        reply.bulk(function.name());
        reply.bulk("description");
        if (function.description() == null) {
            reply.nullBulk();
        } else {
            reply.bulk(function.description().getBytes(ISO_8859_1));
        }
        reply.bulk("flags");
        List<ScriptFlag> flags = Arrays.stream(ScriptFlag.values()).filter(flag -> flag.isIn(function.flags()))
                .toList();
        reply.set(flags.size());
        flags.forEach(flag -> reply.status(flag.text()));
    }

    static void stats(Session session, Request request, Reply reply) {
        Functions functions = Scripts.of(session.node()).functions();
        BusyScript.Running running = session.node().busyScript().running();
        reply.map(2);
        reply.bulk("running_script");
        if (running == null) {
            reply.nullBulk();
        } else {
            tell(running, session.node().clock().nanos() - running.startNanos(), reply);
        }
        reply.bulk("engines");
        reply.map(1);
        reply.bulk("LUA");
        reply.map(2);
        reply.bulk("libraries_count");
        reply.integer(functions.libraries().size());
        reply.bulk("functions_count");
        reply.integer(functions.functionCount());
    }

    private static void tell(BusyScript.Running running, long nanos, Reply reply) {
        reply.map(3);
        reply.bulk("name");
        reply.bulk(running.name());
        reply.bulk("command");
        reply.array(running.command().size());
        running.command().forEach(reply::bulk);
        reply.bulk("duration_ms");
        reply.integer(TimeUnit.NANOSECONDS.toMillis(nanos));
    }

    static void kill(Session session, Request request, Reply reply) {
        session.node().busyScript().kill(false);
        reply.ok();
    }
}
