package dev.cistern.lua;

import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * The functions that need no library name: assert, pairs, pcall and so on. Nothing here reads a file, loads bytecode or
 * prints, unless the host adds {@link #print}.
 */
public final class BaseLibrary {
    /** The machine knows this one by sight, and walks a table without calling it. */
    static final HostFunction NEXT = new HostFunction("next", BaseLibrary::next);

    private static final HostFunction IPAIRS_STEP = new HostFunction("ipairs_aux", BaseLibrary::ipairsStep);
    /** What a call may hand to {@code unpack}: the original's stack has no room for more. */
    private static final int MAX_UNPACKED = 7_999;

    private BaseLibrary() {}

    static void open(LuaState state) {
        LuaTable globals = state.globals();
        globals.set("_G", globals);
        globals.set("_VERSION", LuaString.of("Lua 5.1"));
        globals.set("next", NEXT);
        Library.add(globals, "assert", BaseLibrary::assertTrue);
        Library.add(globals, "collectgarbage", BaseLibrary::collectGarbage);
        Library.add(globals, "error", BaseLibrary::error);
        Library.add(globals, "gcinfo", call -> call.returns(Math.floor(call.state().usedBytes() / 1024.0)));
        Library.add(globals, "getfenv", BaseLibrary::getEnvironment);
        Library.add(globals, "getmetatable", BaseLibrary::getMetatable);
        Library.add(globals, "ipairs", BaseLibrary::ipairs);
        Library.add(globals, "load", BaseLibrary::load);
        Library.add(globals, "loadstring", BaseLibrary::loadString);
        Library.add(globals, "newproxy", BaseLibrary::newProxy);
        Library.add(globals, "pairs", BaseLibrary::pairs);
        Library.add(globals, "pcall", BaseLibrary::protectedCall);
        Library.add(globals, "rawequal", call -> {
            call.checkAny(1);
            call.checkAny(2);
            call.returns(Lua.rawEquals(call.arg(1), call.arg(2)));
        });
        Library.add(globals, "rawget", BaseLibrary::rawGet);
        Library.add(globals, "rawset", BaseLibrary::rawSet);
        Library.add(globals, "select", BaseLibrary::select);
        Library.add(globals, "setfenv", BaseLibrary::setEnvironment);
        Library.add(globals, "setmetatable", BaseLibrary::setMetatable);
        Library.add(globals, "tonumber", BaseLibrary::toNumber);
        Library.add(globals, "tostring", BaseLibrary::toText);
        Library.add(globals, "type", call -> call.returns(LuaString.of(Lua.typeName(call.checkAny(1)))));
        Library.add(globals, "unpack", BaseLibrary::unpack);
        Library.add(globals, "xpcall", BaseLibrary::protectedCallWithHandler);
    }

    /** The function {@code print} for hosts that want it; each call hands over one line without its end. */
    public static HostFunction print(java.util.function.Consumer<byte[]> output) {
        return new HostFunction("print", call -> {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int i = 1; i <= call.count(); i++) {
                Object text = call.state().interpreter.metamethods.toStringValue(call.arg(i));
                if (!(text instanceof LuaString string)) {
                    throw call.error("'tostring' must return a string to 'print'");
                }
                if (i > 1) {
                    line.write('\t');
                }
                line.writeBytes(string.bytes);
            }
            output.accept(line.toByteArray());
        });
    }

    // ---- errors

    private static void assertTrue(LuaCall call) {
        if (!Lua.isTrue(call.checkAny(1))) {
            LuaString message = call.optString(2);
            throw call.error(message == null ? "assertion failed!" : message.toString());
        }
        call.pushArguments(1);
    }

    private static void error(LuaCall call) {
        int level = call.optInt(2, 1);
        Object value = call.arg(1);
        if (level > 0 && (value instanceof LuaString || value instanceof Double)) {
            byte[] position = LuaString.of(call.position(level)).bytes;
            LuaString text = call.checkString(1);
            byte[] joined = java.util.Arrays.copyOf(position, position.length + text.length());
            System.arraycopy(text.bytes, 0, joined, position.length, text.length());
            value = LuaString.wrap(joined);
        }
        throw new LuaError(value);
    }

    private static void protectedCall(LuaCall call) {
        call.checkAny(1);
        Interpreter interpreter = call.state().interpreter;
        try {
            call.invokeWithArguments(call.arg(1), 2);
            call.push(true);
            call.pushAll(interpreter.results, 0, interpreter.resultCount);
        } catch (LuaError error) {
            call.returns(false, shown(call.state(), caught(error)));
        } catch (StackOverflowError tooDeep) {
            call.returns(false, LuaString.of("stack overflow"));
        }
    }

    /** What {@code pcall} shows of an error: of a table the field that the host chose, if it is a string. */
    private static @Nullable Object shown(LuaState state, @Nullable Object value) {
        LuaString field = state.errorField;
        if (field != null && value instanceof LuaTable table) {
            LuaString text = Lua.toStringOrNull(table.get(field));
            return text == null ? value : text;
        }
        return value;
    }

    private static @Nullable Object caught(LuaError error) {
        if (error.isUnplaced()) {
            error.place("");
        }
        return error.value();
    }

    private static void protectedCallWithHandler(LuaCall call) {
        call.checkAny(2);
        Interpreter interpreter = call.state().interpreter;
        try {
            call.invokeWithArguments(call.arg(1), call.count() + 1);
            call.push(true);
        } catch (LuaError error) {
            call.push(false);
            handle(call, caught(error));
        } catch (StackOverflowError tooDeep) {
            call.push(false);
            handle(call, LuaString.of("stack overflow"));
        }
        call.pushAll(interpreter.results, 0, interpreter.resultCount);
    }

    private static void handle(LuaCall call, @Nullable Object value) {
        Interpreter interpreter = call.state().interpreter;
        try {
            interpreter.invoke(call.arg(2), new Object[]{value}, 0, 1);
            // A handler has one result.
            interpreter.setResults(new Object[]{interpreter.resultCount > 0 ? interpreter.results[0] : null}, 0, 1);
        } catch (LuaError second) {
            interpreter.setResults(new Object[]{LuaString.of("error in error handling")}, 0, 1);
        }
    }

    // ---- walking

    private static void next(LuaCall call) {
        LuaTable table = call.checkTable(1);
        int position = table.positionOf(call.arg(2));
        if (position < 0) {
            throw new LuaError("invalid key to 'next'");
        }
        int following = table.nextPosition(position);
        if (following < 0) {
            call.returns((Object) null);
        } else {
            call.returns(table.keyAt(following), table.valueAt(following));
        }
    }

    private static void pairs(LuaCall call) {
        LuaTable table = call.checkTable(1);
        call.push(NEXT);
        call.push(table);
        call.push(null);
    }

    private static void ipairs(LuaCall call) {
        LuaTable table = call.checkTable(1);
        call.push(IPAIRS_STEP);
        call.push(table);
        call.push(0.0);
    }

    private static void ipairsStep(LuaCall call) {
        int index = call.checkInt(2) + 1;
        Object value = call.checkTable(1).get(index);
        if (value != null) {
            call.returns((double) index, value);
        }
    }

    private static void select(LuaCall call) {
        if (call.arg(1) instanceof LuaString mark && mark.length() > 0 && mark.at(0) == '#') {
            call.returns(call.count() - 1.0);
            return;
        }
        int index = call.checkInt(1);
        if (index < 0) {
            index = call.count() + index;
        } else if (index > call.count()) {
            index = call.count();
        }
        if (index < 1) {
            throw call.argumentError(1, "index out of range");
        }
        call.pushArguments(index + 1);
    }

    static void unpack(LuaCall call) {
        LuaTable table = call.checkTable(1);
        int from = call.optInt(2, 1);
        int to = call.arg(3) == null ? table.length() : call.checkInt(3);
        if (from > to) {
            return;
        }
        long count = (long) to - from + 1;
        if (count > MAX_UNPACKED) {
            throw call.error("too many results to unpack");
        }
        for (int i = 0; i < count; i++) {
            call.push(table.get(from + i));
        }
    }

    // ---- tables and metatables

    private static void rawGet(LuaCall call) {
        LuaTable table = call.checkTable(1);
        call.checkAny(2);
        call.returns(table.get(call.arg(2)));
    }

    private static void rawSet(LuaCall call) {
        LuaTable table = call.checkTable(1);
        call.checkAny(2);
        call.checkAny(3);
        Metamethods.rawSet(table, call.arg(2), call.arg(3));
        call.returns(table);
    }

    private static void getMetatable(LuaCall call) {
        call.checkAny(1);
        LuaTable metatable = call.state().interpreter.metamethods.metatableOf(call.arg(1));
        Object shown = metatable == null ? null : metatable.handler(MetaEvent.METATABLE);
        call.returns(shown == null ? metatable : shown);
    }

    private static void setMetatable(LuaCall call) {
        LuaTable table = call.checkTable(1);
        Object metatable = call.arg(2);
        if (call.isNone(2) || metatable != null && !(metatable instanceof LuaTable)) {
            throw call.argumentError(2, "nil or table expected");
        }
        if (table.metatable != null && table.metatable.handler(MetaEvent.METATABLE) != null) {
            throw call.error("cannot change a protected metatable");
        }
        table.setMetatable((LuaTable) metatable);
        call.returns(table);
    }

    /** An empty userdata, with a metatable of its own or that of another proxy. Finalizers never run. */
    private static void newProxy(LuaCall call) {
        LuaTable metatable = null;
        if (call.arg(1) == Boolean.TRUE) {
            metatable = call.state().newTable();
        } else if (call.arg(1) instanceof LuaUserdata other && other.metatable != null) {
            metatable = other.metatable;
        } else if (Lua.isTrue(call.arg(1))) {
            throw call.argumentError(1, "boolean or proxy expected");
        }
        call.returns(new LuaUserdata("proxy", metatable));
    }

    // ---- conversions

    private static void toNumber(LuaCall call) {
        int base = call.optInt(2, 10);
        if (base == 10) {
            call.checkAny(1);
            call.returns((Object) Lua.toNumber(call.arg(1)));
            return;
        }
        LuaString text = call.checkString(1);
        if (base < 2 || base > 36) {
            throw call.argumentError(2, "base out of range");
        }
        call.returns((Object) parseInBase(text.bytes, base));
    }

    /** As {@code strtoul}: a sign turns the value around in 64 bits, and too large a value sticks at the top. */
    private static @Nullable Double parseInBase(byte[] text, int base) {
        int end = 0;
        while (end < text.length && text[end] != 0) {
            end++;
        }
        int at = 0;
        while (at < end && Numbers.isSpace(text[at])) {
            at++;
        }
        while (end > at && Numbers.isSpace(text[end - 1])) {
            end--;
        }
        boolean negative = at < end && text[at] == '-';
        if (at < end && (text[at] == '-' || text[at] == '+')) {
            at++;
        }
        if (base == 16 && end - at > 2 && text[at] == '0' && (text[at + 1] | 0x20) == 'x'
                && Character.digit(text[at + 2], 16) >= 0) {
            at += 2;
        }
        if (at == end) {
            return null;
        }
        long value = 0;
        boolean overflow = false;
        for (; at < end; at++) {
            int digit = Character.digit(text[at], base);
            if (digit < 0) {
                return null;
            }
            overflow |= Long.compareUnsigned(value, Long.divideUnsigned(-1L - digit, base)) > 0;
            value = value * base + digit;
        }
        long result = overflow ? -1L : negative ? -value : value;
        double unsigned = (result >>> 1) * 2.0 + (result & 1);
        return result >= 0 ? (Double) (double) result : (Double) unsigned;
    }

    private static void toText(LuaCall call) {
        call.checkAny(1);
        call.returns(call.state().interpreter.metamethods.toStringValue(call.arg(1)));
    }

    // ---- loading

    private static void loadString(LuaCall call) {
        LuaString source = call.checkString(1);
        LuaString name = call.optString(2);
        compile(call, source.bytes, name == null ? source : name);
    }

    private static void load(LuaCall call) {
        LuaFunction reader = call.checkFunction(1);
        LuaString name = call.optString(2);
        ByteBuilder source = new ByteBuilder(call.state());
        for (;;) {
            Object piece = call.state().interpreter.call(reader);
            LuaString text = Lua.toStringOrNull(piece);
            if (piece != null && text == null) {
                call.returns(null, call.error("reader function must return a string").value());
                return;
            }
            if (text == null || text.length() == 0) {
                break;
            }
            source.add(text.bytes);
        }
        compile(call, source.toBytes(), name == null ? LuaString.of("=(load)") : name);
    }

    private static void compile(LuaCall call, byte[] source, LuaString name) {
        call.state().interpreter.spend(source.length / 16);
        call.state().memory.reserve(8L * source.length);
        try {
            // Bytecode is not a way in: its first byte is an unexpected symbol, as in the original.
            LuaClosure chunk = new LuaClosure(LuaState.compile(source, name.toString()), new Cell[0],
                    call.state().current.environment);
            call.returns(chunk);
        } catch (LuaError error) {
            call.returns(null, error.value());
        }
    }

    // ---- environments

    /** The closure that the argument names: a function, or a level of running ones; null for level 0. */
    private static @Nullable Object environmentOwner(LuaCall call, boolean optional) {
        if (call.arg(1) instanceof LuaFunction function) {
            return function;
        }
        int level = optional ? call.optInt(1, 1) : call.checkInt(1);
        if (level < 0) {
            throw call.argumentError(1, "level must be non-negative");
        }
        if (level == 0) {
            return null;
        }
        Activation activation = call.activationAt(level);
        if (activation == null) {
            if (!call.hasLevel(level)) {
                throw call.argumentError(1, "invalid level");
            }
            throw call.error("no function environment for tail call at level " + level);
        }
        return activation instanceof Frame frame ? frame.closure : activation;
    }

    private static void getEnvironment(LuaCall call) {
        Object owner = environmentOwner(call, true);
        call.returns(owner instanceof LuaClosure closure
                ? closure.environment
                : owner == null ? call.state().current.environment : call.state().globals());
    }

    private static void setEnvironment(LuaCall call) {
        LuaTable environment = call.checkTable(2);
        if (call.arg(1) instanceof Double level && level == 0) {
            call.state().current.environment = environment;
            return;
        }
        if (!(environmentOwner(call, false) instanceof LuaClosure closure)) {
            throw call.error("'setfenv' cannot change environment of given object");
        }
        closure.environment = environment;
        call.returns(closure);
    }

    // ---- memory

    private static void collectGarbage(LuaCall call) {
        LuaString option = call.optString(1);
        Memory memory = call.state().memory;
        switch (option == null ? "collect" : option.toString()) {
            case "count" -> call.returns(memory.usedBytes() / 1024.0);
            case "collect" -> {
                memory.takeCensus();
                call.state().interpreter.spend(memory.usedBytes() / 64);
                call.returns(0.0);
            }
            case "step" -> call.returns(true);
            case "stop", "restart" -> call.returns(0.0);
            case "setpause", "setstepmul" -> call.returns(200.0);
            default -> throw call.argumentError(1, "invalid option '" + option + "'");
        }
    }
}
