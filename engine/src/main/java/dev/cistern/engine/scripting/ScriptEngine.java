package dev.cistern.engine.scripting;

import dev.cistern.engine.dispatch.BusyScript;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.Node;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.dispatch.Unit;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.lua.Drand48;
import dev.cistern.lua.Lua;
import dev.cistern.lua.LuaError;
import dev.cistern.lua.LuaFunction;
import dev.cistern.lua.LuaKilled;
import dev.cistern.lua.LuaState;
import dev.cistern.lua.LuaString;
import dev.cistern.lua.LuaTable;
import java.io.ByteArrayOutputStream;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * A machine with the node's library, and the way to run one of its functions for a session: arguments in, a unit around
 * it, the reply or the error out.
 *
 * <p>One thread at a time: a loop's own engine by that, the one for functions because a script is an open unit.
 */
final class ScriptEngine {
    /** About 50 microseconds of work: how soon a script hears that it should end. */
    private static final long HOOK_INSTRUCTIONS = 5_000;
    private static final long LEAST_MEMORY_BYTES = 16L << 20;
    private static final long MOST_MEMORY_BYTES = 512L << 20;
    private static final int SHARE_OF_HEAP = 8;
    private static final long LONGEST_LOADING_NANOS = 500_000_000;
    /** The functions of 5.1 that the original does not give to scripts. */
    private static final List<String> NOT_OFFERED = List.of("newproxy", "setfenv", "getfenv");
    private static final LuaString KEYS = LuaString.of("KEYS");
    private static final LuaString ARGV = LuaString.of("ARGV");
    private static final LuaString ERR = LuaString.of("err");
    private static final LuaString IGNORE = LuaString.of("ignore_error_stats_update");

    private final Node node;
    private final LuaState state;
    private final ScriptRun run = new ScriptRun();
    private final ReplyReader reader;
    private final CommandCall commands;
    private final ServerLibrary serverLibrary;
    private final LuaTable library;
    private boolean isLoading;
    private long loadingUntilNanos;
    private BusyScript.@Nullable Running running;
    private long servedNanos;
    private @Nullable Request request;

    ScriptEngine(Node node) {
        this.node = node;
        state = LuaState.withLibraries();
        long memory = Math.clamp(Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP, LEAST_MEMORY_BYTES,
                MOST_MEMORY_BYTES);
        state.setMemoryLimit(memory);
        state.setErrorField("err");
        Drand48 random = new Drand48();
        random.seed(new SecureRandom().nextInt());
        state.setRandom(random);
        state.setHook(HOOK_INSTRUCTIONS, this::lookUp);
        NOT_OFFERED.forEach(name -> state.globals().set(name, null));
        reader = new ReplyReader(state, memory);
        commands = new CommandCall(run, reader);
        serverLibrary = new ServerLibrary(node.identity(), run, commands, reader);
        library = state.newTable(0, 32);
        serverLibrary.addAll(library);
    }

    /** The engine of one loop for EVAL. */
    static ScriptEngine forEval(Node node) {
        ScriptEngine engine = new ScriptEngine(node);
        LuaTable globals = engine.state.globals();
        engine.serverLibrary.addForEval(engine.library);
        engine.addLibrary();
        globals.set(KEYS, engine.state.newTable());
        globals.set(ARGV, engine.state.newTable());
        engine.state.protectGlobals();
        return engine;
    }

    /** The node's engine for functions. */
    static ScriptEngine forFunctions(Node node) {
        ScriptEngine engine = new ScriptEngine(node);
        engine.addLibrary();
        engine.state.protectGlobals();
        return engine;
    }

    private void addLibrary() {
        state.globals().set("redis", library);
        state.globals().set("server", library);
    }

    /** What a library of functions finds while it is loaded, beside the way to register. */
    void addFactsAndLog(LuaTable table) {
        serverLibrary.addFactsAndLog(table);
    }

    /** Functions that a library registered live as long as it does, and count as memory. */
    void keepAlive(Collection<Function> functions) {
        LuaTable kept = state.newTable(0, functions.size());
        for (Function function : functions) {
            kept.set(function.name(), function.body());
        }
        state.registry().set("functions", kept);
    }

    // --- loading ---

    /** The text of a library begins to run: it has a while. */
    void beginLoading() {
        loadingUntilNanos = node.clock().nanos() + LONGEST_LOADING_NANOS;
        isLoading = true;
    }

    void endLoading() {
        isLoading = false;
    }

    LuaState state() {
        return state;
    }

    ReplyReader reader() {
        return reader;
    }

    long usedBytes() {
        return state.usedBytes();
    }

    // --- running ---

    /** EVAL and its family; the keys stand from the fourth argument on. */
    void eval(Session session, Command command, Request arguments, Reply reply, Script script, boolean readOnly) {
        int keys = (int) arguments.longAt(2);
        LuaTable globals = state.globals();
        globals.setReadonly(false);
        globals.set(KEYS, list(arguments, 3, 3 + keys));
        globals.set(ARGV, list(arguments, 3 + keys, arguments.count()));
        globals.setReadonly(true);
        run.begin(session, script, readOnly);
        execute(session, command, arguments, reply, state.load(script.prototype()));
    }

    /** FCALL; the function takes keys and arguments as its own. */
    void call(Session session, Command command, Request arguments, Reply reply, Function function, boolean readOnly) {
        int keys = (int) arguments.longAt(2);
        run.begin(session, function, readOnly);
        execute(session, command, arguments, reply, function.body(), list(arguments, 3, 3 + keys),
                list(arguments, 3 + keys, arguments.count()));
    }

    private LuaTable list(Request arguments, int from, int to) {
        LuaTable list = state.newTable(to - from, 0);
        for (int i = from; i < to; i++) {
            list.set(i - from + 1, state.newString(arguments.copy(i)));
        }
        return list;
    }

    private void execute(Session session, Command command, Request arguments, Reply reply, LuaFunction body,
            @Nullable Object... bodyArguments) {
        int database = session.database();
        Unit unit = session.loop().unit();
        request = arguments;
        @Nullable
        Object result = null;
        byte[] failure = null;
        unit.beginOpen(command, arguments);
        try {
            @Nullable
            Object[] results = state.run(body, bodyArguments);
            result = results.length == 0 ? null : results[0];
        } catch (LuaError error) {
            failure = failed(session, command, error);
        } catch (LuaKilled killed) {
            failure = ended(session, command, killed);
        } finally {
            unit.end();
            session.select(database);
            idle();
        }
        if (failure == null) {
            answer(session, command, reply, result);
        } else {
            reply.raw(failure);
        }
    }

    private void answer(Session session, Command command, Reply reply, @Nullable Object result) {
        if (result instanceof LuaTable table && table.get(ERR) instanceof LuaString text) {
            count(session, command, text, table.get(IGNORE));
        }
        new ReplyWriter(reply, run.protocol() == 3).write(result);
    }

    // --- errors ---

    private byte[] failed(Session session, Command command, LuaError error) {
        LuaString text = message(error);
        count(session, command, text, error.value() instanceof LuaTable table ? table.get(IGNORE) : null);
        return ReplyWriter.line('-', joined("", text, place(error.origin())));
    }

    private static LuaString message(LuaError error) {
        LuaString field = error.value() instanceof LuaTable table ? Lua.toStringOrNull(table.get(ERR)) : null;
        return field == null ? joined("ERR ", shown(error.value()), "") : field;
    }

    /** What is told of an error that no run is to blame for. */
    static String textOf(LuaError error) {
        return message(error).toString();
    }

    private static LuaString shown(@Nullable Object value) {
        return value instanceof LuaString string ? string : LuaString.of(Lua.toText(value));
    }

    private byte[] ended(Session session, Command command, LuaKilled killed) {
        LuaString text = LuaString.of("ERR " + killed.getMessage());
        count(session, command, text, null);
        return ReplyWriter.line('-', joined("", text, place(killed.origin())));
    }

    private String place(@Nullable String origin) {
        return origin == null ? "" : " script: " + run.name() + ", on " + origin + ".";
    }

    private static LuaString joined(String before, LuaString text, String after) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(before.getBytes(UTF_8));
        bytes.writeBytes(text.shared());
        bytes.writeBytes(after.getBytes(UTF_8));
        return LuaString.wrap(bytes.toByteArray());
    }

    /** Errors of commands that the script called have been counted with those. */
    private void count(Session session, Command command, LuaString text, @Nullable Object isCounted) {
        session.loop().statistics().failed(command);
        if (!Boolean.TRUE.equals(isCounted)) {
            String line = new String(text.shared(), ISO_8859_1);
            int space = line.indexOf(' ');
            node.errors().count(space < 0 ? line : line.substring(0, space));
        }
    }

    // --- scripts that take long ---

    /** The machine asks now and then. Ends the script if somebody wants that, and lets others have a word after a while. */
    private void lookUp(LuaState ignored) {
        if (isLoading && node.clock().nanos() > loadingUntilNanos) {
            throw new LuaKilled("FUNCTION LOAD timeout");
        }
        if (!run.isRunning()) {
            return;
        }
        long now = node.clock().nanos();
        BusyScript.Running script = running;
        if (script == null) {
            script = new BusyScript.Running(run.name(), copied(), run.isEval(), now, run.wrote());
            running = script;
            run.isBusyAs(script);
            node.busyScript().began(script);
        }
        endIfAsked(script);
        long thresholdMillis = node.settings().busyReplyThreshold.value();
        if (thresholdMillis > 0 && now - script.startNanos() >= TimeUnit.MILLISECONDS.toNanos(thresholdMillis)) {
            node.set(Condition.BUSY, true);
            node.store().setBusy(true);
            if (now - servedNanos >= TimeUnit.MILLISECONDS.toNanos(1)) {
                run.session().loop().serveOthers(run.session());
                servedNanos = node.clock().nanos();
                endIfAsked(script);
            }
        }
    }

    private List<byte[]> copied() {
        List<byte[]> command = new ArrayList<>();
        Request arguments = request;
        for (int i = 0; arguments != null && i < arguments.count(); i++) {
            command.add(arguments.copy(i));
        }
        return command;
    }

    private void endIfAsked(BusyScript.Running script) {
        if (script.isToBeKilled()) {
            throw new LuaKilled("Script killed by user with " + (run.isEval() ? "SCRIPT" : "FUNCTION") + " KILL.",
                    state.location());
        }
        if (node.busyScript().isEnding()) {
            throw new LuaKilled("the node ends", state.location());
        }
    }

    private void idle() {
        run.end();
        request = null;
        if (running != null) {
            running = null;
            node.busyScript().ended();
            node.set(Condition.BUSY, false);
            node.store().setBusy(false);
        }
    }

    /** Gives the buffers back. */
    void close() {
        commands.close();
    }
}
