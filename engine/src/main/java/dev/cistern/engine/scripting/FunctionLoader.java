package dev.cistern.engine.scripting;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.lua.HostFunction;
import dev.cistern.lua.Library;
import dev.cistern.lua.Lua;
import dev.cistern.lua.LuaCall;
import dev.cistern.lua.LuaError;
import dev.cistern.lua.LuaFunction;
import dev.cistern.lua.LuaKilled;
import dev.cistern.lua.LuaState;
import dev.cistern.lua.LuaString;
import dev.cistern.lua.LuaTable;
import dev.cistern.lua.Prototype;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/**
 * Runs the text of a library once and collects the functions that it registers.
 *
 * <p>While it runs, the text finds nothing but {@code redis} with {@code register_function} and the log: it is to
 * register, not to work. Belongs to the functions' engine and is used as that is, by one thread at a time.
 */
final class FunctionLoader {
    private static final String CHUNK_NAME = "@user_function";
    private static final String BAD_NAME = "Library names can only contain letters, numbers, or underscores(_) and must "
            + "be at least one character long";

    private final ScriptEngine engine;
    private final LuaTable api;
    /** What the text under way has registered; null when none is. */
    private @Nullable Map<String, Function> registered;

    FunctionLoader(ScriptEngine engine) {
        this.engine = engine;
        api = engine.state().newTable(0, 16);
        engine.addFactsAndLog(api);
        Library.add(api, "register_function", this::register);
        forbidUnknown(api);
    }

    private void forbidUnknown(LuaTable table) {
        LuaTable metatable = engine.state().newTable(0, 1);
        metatable.set("__index", new HostFunction("__index", call -> {
            throw call
                    .error("Script attempted to access nonexistent global variable '" + Lua.toText(call.arg(2)) + "'");
        }));
        table.setMetatable(metatable);
        engine.state().protect(table);
    }

    static void requireEngine(FunctionLibrary.Header header) {
        if (!header.engine().equalsIgnoreCase("lua")) {
            throw CommandException.of("ERR Engine '" + header.engine() + "' not found");
        }
    }

    /** Throws what is wrong with the text, or what went wrong when it ran. */
    FunctionLibrary load(FunctionLibrary.Header header, byte[] code) {
        if (!FunctionLibrary.isName(header.name())) {
            throw CommandException.of("ERR " + BAD_NAME);
        }
        requireEngine(header);
        Prototype prototype = compile(code);
        Map<String, Function> functions = new LinkedHashMap<>();
        registered = functions;
        try {
            run(prototype);
        } finally {
            registered = null;
        }
        if (functions.isEmpty()) {
            throw CommandException.of("ERR No functions registered");
        }
        return new FunctionLibrary(header.name(), code, functions);
    }

    private static Prototype compile(byte[] code) {
        int lineEnd = new String(code, ISO_8859_1).indexOf('\n');
        try {
            return LuaState.compile(Arrays.copyOfRange(code, lineEnd, code.length), CHUNK_NAME);
        } catch (LuaError error) {
            throw CommandException.of("ERR Error compiling function: " + error.getMessage());
        }
    }

    private void run(Prototype prototype) {
        LuaState state = engine.state();
        Map<LuaString, Object> globals = setAside(state.globals());
        engine.beginLoading();
        try {
            state.run(state.load(prototype));
        } catch (LuaError error) {
            throw failed(ScriptEngine.textOf(error));
        } catch (LuaKilled killed) {
            throw failed("ERR " + killed.getMessage());
        } finally {
            engine.endLoading();
            restore(state.globals(), globals);
        }
    }

    private static CommandException failed(String why) {
        return CommandException.of("ERR Error registering functions: " + why);
    }

    /** Functions keep the table of globals that they were made with, so its contents change instead of the table. */
    private Map<LuaString, Object> setAside(LuaTable globals) {
        Map<LuaString, Object> before = new LinkedHashMap<>();
        for (Object key = globals.nextKey(null); key != null; key = globals.nextKey(key)) {
            before.put((LuaString) key, Objects.requireNonNull(globals.get(key)));
        }
        globals.setReadonly(false);
        before.keySet().forEach(name -> globals.set(name, null));
        globals.set("redis", api);
        globals.set("server", api);
        globals.setReadonly(true);
        return before;
    }

    private static void restore(LuaTable globals, Map<LuaString, Object> before) {
        globals.setReadonly(false);
        before.forEach(globals::set);
        globals.setReadonly(true);
    }

    // --- register_function ---

    private LuaError error(String text) {
        return new LuaError(engine.reader().plainError("ERR " + text));
    }

    private void register(LuaCall call) {
        if (registered == null) {
            throw error("server.register_function can only be called on FUNCTION LOAD command");
        }
        if (call.count() < 1 || call.count() > 2) {
            throw error("wrong number of arguments to server.register_function");
        }
        if (call.count() == 1) {
            registerNamed(call);
            return;
        }
        LuaString name = Lua.toStringOrNull(call.arg(1));
        if (name == null) {
            throw error("first argument to server.register_function must be a string");
        }
        if (!(call.arg(2) instanceof LuaFunction body)) {
            throw error("second argument to server.register_function must be a function");
        }
        add(new Function(text(name), null, 0, body));
    }

    private static String text(LuaString string) {
        return new String(string.shared(), ISO_8859_1);
    }

    private void add(Function function) {
        if (!FunctionLibrary.isName(function.name())) {
            throw error(BAD_NAME);
        }
        if (Objects.requireNonNull(registered).putIfAbsent(function.name(), function) != null) {
            throw error("Function already exists in the library");
        }
    }

    private void registerNamed(LuaCall call) {
        if (!(call.arg(1) instanceof LuaTable arguments)) {
            throw error("calling server.register_function with a single argument is only applicable to Lua table "
                    + "(representing named arguments).");
        }
        Registration registration = new Registration();
        for (Object key = arguments.nextKey(null); key != null; key = arguments.nextKey(key)) {
            LuaString name = Lua.toStringOrNull(key);
            if (name == null) {
                throw error("named argument key given to server.register_function is not a string");
            }
            registration.take(text(name).toLowerCase(Locale.ROOT), arguments.get(key));
        }
        add(registration.function());
    }

    /** The named arguments of one call. */
    private final class Registration {
        private @Nullable LuaString name;
        private @Nullable LuaString description;
        private @Nullable LuaFunction body;
        private int flags;

        void take(String key, @Nullable Object value) {
            switch (key) {
                case "function_name" -> name = string(key, value);
                case "description" -> description = string(key, value);
                case "callback" -> {
                    if (!(value instanceof LuaFunction function)) {
                        throw error("callback argument given to server.register_function must be a function");
                    }
                    body = function;
                }
                case "flags" -> flags = flags(value);
                default -> throw error("unknown argument given to server.register_function");
            }
        }

        private LuaString string(String key, @Nullable Object value) {
            LuaString string = Lua.toStringOrNull(value);
            if (string == null) {
                throw error(key + " argument given to server.register_function must be a string");
            }
            return string;
        }

        private int flags(@Nullable Object value) {
            if (!(value instanceof LuaTable list)) {
                throw error("flags argument to server.register_function must be a table representing function flags");
            }
            int bits = 0;
            int index = 1;
            for (Object item = list.get(index); item != null; item = list.get(++index)) {
                ScriptFlag flag = item instanceof LuaString text ? ScriptFlag.named(text(text)) : null;
                if (flag == null) {
                    throw error("unknown flag given");
                }
                bits |= flag.bit();
            }
            return bits;
        }

        Function function() {
            if (name == null) {
                throw error("server.register_function must get a function name argument");
            }
            if (body == null) {
                throw error("server.register_function must get a callback argument");
            }
            return new Function(text(name), description == null ? null : text(description), flags, body);
        }
    }
}
