package dev.cistern.lua;

/** The library {@code coroutine}. */
final class CoroutineLibrary {
    private CoroutineLibrary() {}

    static void open(LuaState state) {
        LuaTable library = Library.open(state, "coroutine", 8);
        Library.add(library, "create", call -> call.returns(create(call)));
        Library.add(library, "resume", CoroutineLibrary::resume);
        Library.add(library, "running", CoroutineLibrary::running);
        Library.add(library, "status", CoroutineLibrary::status);
        Library.add(library, "wrap", CoroutineLibrary::wrap);
        Library.add(library, "yield", CoroutineLibrary::yieldValues);
    }

    private static Coroutine create(LuaCall call) {
        if (!(call.arg(1) instanceof LuaClosure body)) {
            throw call.argumentError(1, "Lua function expected");
        }
        call.state().memory.charge(Coroutine.OVERHEAD_BYTES);
        return new Coroutine(body, call.state().current.environment);
    }

    private static void resume(LuaCall call) {
        if (!(call.arg(1) instanceof Coroutine coroutine)) {
            throw call.argumentError(1, "coroutine expected");
        }
        if (coroutine.status != Coroutine.Status.SUSPENDED) {
            call.returns(false, LuaString.of("cannot resume " + nameOf(coroutine) + " coroutine"));
            return;
        }
        Interpreter interpreter = call.state().interpreter;
        try {
            call.resumeWithArguments(coroutine, 2);
            call.push(true);
            call.pushAll(interpreter.results, 0, interpreter.resultCount);
        } catch (LuaError error) {
            if (error.isUnplaced()) {
                error.place("");
            }
            call.returns(false, error.value());
        }
    }

    private static String nameOf(Coroutine coroutine) {
        return coroutine.status.name().toLowerCase(java.util.Locale.ROOT);
    }

    /** A function that resumes, and passes errors on with the place of its caller in front. */
    private static void wrap(LuaCall call) {
        Coroutine coroutine = create(call);
        call.returns(new HostFunction("wrap", inner -> resumeWrapped(inner, coroutine), coroutine));
    }

    private static void resumeWrapped(LuaCall call, Coroutine coroutine) {
        if (coroutine.status != Coroutine.Status.SUSPENDED) {
            throw call.error("cannot resume " + nameOf(coroutine) + " coroutine");
        }
        Interpreter interpreter = call.state().interpreter;
        try {
            call.resumeWithArguments(coroutine, 1);
            call.pushAll(interpreter.results, 0, interpreter.resultCount);
        } catch (LuaError error) {
            if (error.isUnplaced()) {
                error.place("");
            }
            if (error.value() instanceof LuaString text) {
                error.replace(LuaString.of(call.position(1) + text));
            }
            error.moveOn();
            throw error;
        }
    }

    private static void yieldValues(LuaCall call) {
        if (!call.state().interpreter.mayYield(call)) {
            throw new LuaError("attempt to yield across metamethod/C-call boundary");
        }
        call.pushArguments(1);
        call.yields = true;
    }

    private static void running(LuaCall call) {
        Coroutine current = call.state().current;
        call.returns(current.resumer == null ? null : current);
    }

    private static void status(LuaCall call) {
        if (!(call.arg(1) instanceof Coroutine coroutine)) {
            throw call.argumentError(1, "coroutine expected");
        }
        call.returns(LuaString.of(nameOf(coroutine)));
    }
}
