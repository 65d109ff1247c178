package dev.cistern.lua;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A world of its own for scripts: globals, libraries, limits. Everything a script can reach hangs on one state.
 *
 * <p>One thread at a time. Made in microseconds, so that it may serve one script, a user or a node, as the engine likes.
 * A state holds on to what its scripts stored; {@link #run} gives each run its own allowance of failures.
 */
public final class LuaState {
    static final int MAX_STRING_BYTES = Integer.MAX_VALUE - 64;

    final Memory memory;
    final Interpreter interpreter;
    private final LuaTable globals;
    private final LuaTable registry;
    @Nullable
    LuaTable stringMetatable;
    Coroutine current;
    /** The innermost activation, valid whenever Java code other than the machine's loop runs. */
    @Nullable
    Activation top;
    LuaRandom random = new Drand48();
    @Nullable
    LuaString errorField;
    LongSupplier cpuNanos = System::nanoTime;

    /** An empty state: no libraries, no limits. */
    public LuaState() {
        memory = new Memory(this);
        interpreter = new Interpreter(this, memory);
        globals = new LuaTable(memory);
        registry = new LuaTable(memory);
        current = new Coroutine(new HostFunction("main", call -> {}), globals);
        current.status = Coroutine.Status.RUNNING;
    }

    /** A state with the libraries that scripts of a cache node find: base, string, table, math, coroutine and the rest. */
    public static LuaState withLibraries() {
        LuaState state = new LuaState();
        BaseLibrary.open(state);
        CoroutineLibrary.open(state);
        StringLibrary.open(state);
        TableLibrary.open(state);
        MathLibrary.open(state);
        ClockLibrary.open(state);
        BitLibrary.open(state);
        StructLibrary.open(state);
        JsonLibrary.open(state);
        MessagePackLibrary.open(state);
        return state;
    }

    // ---- limits and sources

    /** The most memory that live values may take, as {@link Memory} counts it. */
    public void setMemoryLimit(long bytes) {
        memory.setLimit(bytes);
    }

    /** Memory in use: live values and what became garbage since the last census. */
    public long usedBytes() {
        return memory.usedBytes();
    }

    /** Calls the hook after every {@code interval} instructions; null: never. */
    public void setHook(long interval, @Nullable CountHook hook) {
        interpreter.setHook(interval, hook);
    }

    /** Instructions executed since the state was made; host functions add what their work is worth. */
    public long instructions() {
        return interpreter.instructions();
    }

    public void setRandom(LuaRandom random) {
        this.random = random;
    }

    /** Makes {@code pcall} answer this field of an error that is a table, instead of the table. */
    public void setErrorField(String name) {
        errorField = LuaString.of(name);
    }

    /** What {@code os.clock} shows. */
    public void setClock(LongSupplier cpuNanos) {
        this.cpuNanos = cpuNanos;
    }

    /** Ends the script, or lets it recover, if live values take more than the limit. For host functions, which are asked to. */
    public void checkMemory() {
        memory.settle();
    }

    // ---- values

    /** The table {@code _G}. */
    public LuaTable globals() {
        return globals;
    }

    /** A place for values that the host must keep alive and scripts cannot see. */
    public LuaTable registry() {
        return registry;
    }

    public LuaTable newTable() {
        return new LuaTable(memory);
    }

    /** A table with room for so many items and fields. */
    public LuaTable newTable(int items, int fields) {
        return new LuaTable(memory, items, fields);
    }

    /** A string that counts against the memory limit. The array is taken over. */
    public LuaString newString(byte[] bytes) {
        memory.charge(LuaString.OVERHEAD_BYTES + (long) bytes.length);
        return LuaString.wrap(bytes);
    }

    /** Compiles a chunk once for any number of states. Throws {@link LuaError} for what is not Lua. */
    public static Prototype compile(byte[] source, String chunkName) {
        return Compiler.compile(source, chunkName);
    }

    /** A function of this state with the global environment. */
    public LuaClosure load(Prototype prototype) {
        LuaClosure closure = new LuaClosure(prototype, new Cell[0], globals);
        memory.charge(closure.sizeBytes());
        return closure;
    }

    public LuaClosure load(byte[] source, String chunkName) {
        return load(compile(source, chunkName));
    }

    // ---- running

    /** Where the running script is, as "@chunk:line" of its innermost function; null when none runs. */
    public @Nullable String location() {
        for (Activation at = top; at != null; at = at.caller) {
            if (at instanceof Frame frame) {
                Prototype prototype = frame.closure.prototype;
                return prototype.chunkName + ":" + prototype.lines[Math.max(frame.pc - 1, 0)];
            }
        }
        return null;
    }

    /**
     * Calls a function from outside of any script and answers its results. Throws {@link LuaError} when the script fails
     * and {@link LuaKilled} when it was ended.
     */
    public @Nullable Object[] run(LuaFunction function, @Nullable Object... arguments) {
        memory.beginRun();
        return call(function, arguments);
    }

    /** Calls a function within a run, from a host function for example. */
    public @Nullable Object[] call(LuaFunction function, @Nullable Object... arguments) {
        try {
            interpreter.invoke(function, arguments, 0, arguments.length);
        } catch (StackOverflowError tooDeep) {
            // Depth is bounded for threads of the usual stack; this is for hosts that run scripts on smaller ones.
            throw new LuaError((Object) LuaString.of("stack overflow"));
        } catch (LuaError error) {
            if (error.isUnplaced()) {
                error.place("");
            }
            throw error;
        }
        return java.util.Arrays.copyOf(interpreter.results, interpreter.resultCount);
    }

    /** Hands every root to a census. */
    void pushRoots(Memory memory) {
        memory.see(globals);
        memory.see(registry);
        memory.see(stringMetatable);
        memory.seeAll(interpreter.results, 0, interpreter.resultCount);
        for (Coroutine at = current; at != null; at = at.resumer) {
            memory.see(at);
        }
        memory.seeActive(top);
    }

    // ---- protection

    /** Makes a table and the tables in it (libraries) readonly, each once. */
    public void protect(LuaTable table) {
        if (table.isReadonly()) {
            return;
        }
        table.setReadonly(true);
        for (int at = table.nextPosition(0); at > 0; at = table.nextPosition(at)) {
            if (table.valueAt(at) instanceof LuaTable inner) {
                protect(inner);
            }
        }
        if (table.metatable != null) {
            protect(table.metatable);
        }
    }

    /**
     * Closes the globals: reading one that does not exist and writing any are errors, the libraries and the metatable of
     * strings become readonly. Called by the host when it has registered its own functions.
     */
    public void protectGlobals() {
        LuaTable metatable = newTable(0, 1);
        metatable.set("__index", new HostFunction("__index", call -> {
            throw call
                    .error("Script attempted to access nonexistent global variable '" + Lua.toText(call.arg(2)) + "'");
        }));
        globals.metatable = metatable;
        protect(globals);
        if (stringMetatable != null) {
            protect(stringMetatable);
        }
    }
}
