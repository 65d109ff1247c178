package dev.cistern.lua;

import dev.cistern.lua.Prototype.Capture;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The machine: one loop over instructions, in which a Lua function calls another without using the Java stack.
 *
 * <p>The Java stack grows only when Java code calls back (metamethods, {@code pcall}, {@code sort}, a resume), and that
 * is bounded by {@link #MAX_NATIVE_DEPTH}. Every instruction is counted. The loop must stay below 8,000 bytes of
 * bytecode, or the JVM will never compile it; a test watches that.
 */
final class Interpreter {
    private static final int MAX_NATIVE_DEPTH = 200;
    private static final int MAX_DEPTH = 20_000;
    private static final int SLICE = 256;
    /** References that are copied in about the time of an instruction. */
    private static final int COPIES_PER_INSTRUCTION = 16;
    private static final Cell[] NO_CELLS = {};

    private final LuaState state;
    private final Memory memory;
    final Metamethods metamethods;

    /** Instructions until something must be looked at: the hook, or a census. */
    private long budget = Long.MAX_VALUE;
    /** Set aside while an interrupt holds the budget at zero. */
    private long setAside;
    private boolean interrupted;
    private long hookInterval = Long.MAX_VALUE;
    private @Nullable CountHook hook;
    private long counted;

    private int nativeDepth;
    private int chargedDepth;
    private LuaCall[] calls = new LuaCall[8];
    private int callDepth;

    /** Results of the last {@link #invoke}, until the next one. */
    @Nullable
    Object[] results = new Object[16];
    int resultCount;

    Interpreter(LuaState state, Memory memory) {
        this.state = state;
        this.memory = memory;
        this.metamethods = new Metamethods(state, this);
    }

    // ---- counting

    void setHook(long interval, @Nullable CountHook hook) {
        counted = instructions();
        this.hook = hook;
        hookInterval = hook == null ? Long.MAX_VALUE : interval;
        setAside = 0;
        interrupted = false;
        budget = hookInterval;
    }

    /** Instructions since the state was made. */
    long instructions() {
        return counted + hookInterval - budget - setAside;
    }

    /** Makes the machine look up before its next instruction. */
    void interrupt() {
        if (!interrupted) {
            interrupted = true;
            setAside = budget;
            budget = 0;
        }
    }

    /** Counts work of a host function as so many instructions. */
    void spend(long work) {
        budget -= work;
        if (budget < 0) {
            lookUp();
        }
    }

    /**
     * Hands the loop its next instructions, this one included: the loop counts in a register, a field would cost it as
     * much as an instruction. What it does not use it gives back, but for a loop that ends by an error.
     */
    private int slice() {
        budget--;
        if (budget < 0) {
            lookUp();
        }
        int slice = (int) Math.min(budget, SLICE);
        budget -= slice;
        return slice;
    }

    private void lookUp() {
        if (interrupted) {
            interrupted = false;
            budget += setAside;
            setAside = 0;
            memory.settle();
        }
        if (budget < 0) {
            counted += hookInterval - budget;
            budget = hookInterval;
            if (hook != null) {
                hook.reached(state);
            }
        }
    }

    // ---- calls from Java

    /** Calls any value; the results stand in {@link #results}. */
    void invoke(@Nullable Object function, @Nullable Object[] arguments, int from, int count) {
        if (nativeDepth >= MAX_NATIVE_DEPTH) {
            throw new LuaError("C stack overflow");
        }
        nativeDepth++;
        Activation saved = state.top;
        try {
            if (function instanceof LuaClosure closure) {
                Frame frame = enter(closure, arguments, from, count, saved);
                frame.entry = true;
                execute(frame);
            } else if (function instanceof HostFunction host) {
                LuaCall call = callHost(host, saved, arguments, from, count);
                if (call.yields) {
                    throw new LuaError("attempt to yield across metamethod/C-call boundary");
                }
                setResults(call.results, 0, call.resultCount);
                endHost(call);
            } else {
                invokeHandler(function, arguments, from, count);
            }
        } finally {
            nativeDepth--;
            state.top = saved;
        }
    }

    private void invokeHandler(@Nullable Object value, @Nullable Object[] arguments, int from, int count) {
        Object handler = metamethods.handlerOf(value, MetaEvent.CALL);
        if (!(handler instanceof LuaFunction)) {
            throw Metamethods.unsupported("call", value);
        }
        @Nullable
        Object[] shifted = new Object[count + 1];
        shifted[0] = value;
        System.arraycopy(arguments, from, shifted, 1, count);
        invoke(handler, shifted, 0, count + 1);
    }

    void setResults(@Nullable Object[] values, int from, int count) {
        if (count > results.length) {
            results = new Object[Math.max(count, results.length * 2)];
        }
        System.arraycopy(values, from, results, 0, count);
        resultCount = count;
    }

    /** The first result of a call with up to three arguments. */
    @Nullable
    Object call(@Nullable Object function, @Nullable Object... arguments) {
        invoke(function, arguments, 0, arguments.length);
        return resultCount > 0 ? results[0] : null;
    }

    // ---- frames

    private Frame enter(LuaClosure closure, @Nullable Object[] arguments, int from, int count,
            @Nullable Activation by) {
        Prototype prototype = closure.prototype;
        @Nullable
        Object[] registers = new Object[prototype.registerCount];
        int fixed = prototype.parameterCount;
        int given = Math.min(count, fixed);
        for (int i = 0; i < given; i++) {
            registers[i] = arguments[from + i];
        }
        Frame frame = new Frame(closure, registers);
        frame.caller = by;
        int depth = by == null ? 1 : by.depth + 1;
        frame.depth = depth;
        if (depth > chargedDepth) {
            deeper(frame);
        }
        if (prototype.vararg) {
            takeVarargs(frame, arguments, from + fixed, count - fixed);
        }
        return frame;
    }

    /** So many references were copied into an array of their own: they count as memory, and as work. */
    private void copied(int count) {
        memory.charge(4L * count);
        if (count >= COPIES_PER_INSTRUCTION) {
            budget -= count / COPIES_PER_INSTRUCTION;
        }
    }

    /** Frames are charged when the stack reaches a new depth, and taken back by the next census. */
    private void deeper(Frame frame) {
        if (frame.depth > MAX_DEPTH) {
            if (frame.caller != null) {
                state.top = frame.caller;
            }
            throw new LuaError("stack overflow");
        }
        chargedDepth = frame.depth;
        memory.charge(frame.sizeBytes());
    }

    private void takeVarargs(Frame frame, @Nullable Object[] arguments, int from, int count) {
        if (count > 0) {
            frame.varargs = Arrays.copyOfRange(arguments, from, from + count);
            copied(count);
        }
        Prototype prototype = frame.closure.prototype;
        if (prototype.needsArg) {
            LuaTable table = new LuaTable(memory, Math.max(count, 0), 1);
            for (int i = 0; i < count; i++) {
                table.set(i + 1, arguments[from + i]);
            }
            table.set("n", (double) Math.max(count, 0));
            frame.registers[prototype.parameterCount] = table;
        }
    }

    // ---- host functions

    /** Runs a host function; the caller takes its results and then must {@link #endHost}. */
    private LuaCall callHost(HostFunction function, @Nullable Activation by, @Nullable Object[] arguments, int from,
            int count) {
        if (callDepth == calls.length) {
            calls = Arrays.copyOf(calls, callDepth * 2);
        }
        LuaCall call = calls[callDepth];
        if (call == null) {
            call = new LuaCall(state);
            calls[callDepth] = call;
        }
        call.bind(by, arguments, from, count);
        callDepth++;
        state.top = call;
        boolean done = false;
        try {
            function.body.run(call);
            done = true;
        } catch (LuaError error) {
            error.locate(by);
            if (error.isUnplaced()) {
                // Raised while Java code ran: there is no line to name.
                error.place("");
            }
            throw error;
        } finally {
            callDepth--;
            if (!done) {
                call.release();
            }
        }
        return call;
    }

    private void endHost(LuaCall call) {
        call.release();
    }

    /**
     * Calls R[at] with {@code count} arguments after it. Answers the frame to go on with: a new one for a Lua function, the
     * same one when a host function is done, null when that yielded.
     */
    private @Nullable Frame beginCall(Frame frame, int at, int count, int wanted) {
        int given = count;
        Object function = frame.registers[at];
        if (!(function instanceof LuaFunction)) {
            insertHandler(frame, at, count);
            function = frame.registers[at];
            given++;
        }
        if (function instanceof LuaClosure closure) {
            Frame callee = enter(closure, frame.registers, at + 1, given, frame);
            callee.returnTo = at;
            callee.wanted = wanted;
            return callee;
        }
        LuaCall call = callHost((HostFunction) Objects.requireNonNull(function), frame, frame.registers, at + 1, given);
        if (call.yields) {
            suspend(frame, at, wanted, call);
            return null;
        }
        if (wanted == 1) {
            frame.registers[at] = call.resultCount > 0 ? call.results[0] : null;
        } else {
            deliver(frame, at, wanted, call.results, 0, call.resultCount);
        }
        endHost(call);
        return frame;
    }

    private void suspend(Frame frame, int at, int wanted, LuaCall call) {
        Coroutine coroutine = state.current;
        coroutine.suspended = frame;
        coroutine.resumeTo = at;
        coroutine.resumeWanted = wanted;
        setResults(call.results, 0, call.resultCount);
        endHost(call);
    }

    /** Puts results where a frame wants them; all of them ({@code wanted} -1) leave an open end. */
    private void deliver(Frame frame, int at, int wanted, @Nullable Object[] values, int from, int count) {
        if (wanted < 0) {
            @Nullable
            Object[] registers = withRoom(frame, at + count);
            System.arraycopy(values, from, registers, at, count);
            frame.top = at + count;
            return;
        }
        int copied = Math.min(count, wanted);
        System.arraycopy(values, from, frame.registers, at, copied);
        for (int i = copied; i < wanted; i++) {
            frame.registers[at + i] = null;
        }
    }

    private @Nullable Object[] withRoom(Frame frame, int count) {
        int before = frame.registers.length;
        @Nullable
        Object[] registers = frame.withRoom(count);
        if (registers.length > before) {
            copied(registers.length - before);
        }
        return registers;
    }

    /** Makes room for the handler that is called in place of a value that is no function. */
    private void insertHandler(Frame frame, int at, int count) {
        Object value = frame.registers[at];
        Object handler = metamethods.handlerOf(value, MetaEvent.CALL);
        if (!(handler instanceof LuaFunction)) {
            state.top = frame;
            throw named("call", frame, at, value);
        }
        @Nullable
        Object[] registers = withRoom(frame, at + count + 2);
        System.arraycopy(registers, at, registers, at + 1, count + 1);
        registers[at] = handler;
    }

    // ---- coroutines

    /** Runs a coroutine until it yields, returns or fails; what it hands out stands in {@link #results}. */
    void resume(Coroutine coroutine, @Nullable Object[] arguments, int from, int count) {
        if (nativeDepth >= MAX_NATIVE_DEPTH) {
            throw new LuaError("C stack overflow");
        }
        Coroutine resumer = state.current;
        Activation saved = Objects.requireNonNull(state.top);
        coroutine.base.caller = saved;
        coroutine.base.depth = saved.depth + 1;
        coroutine.nativeDepth = ++nativeDepth;
        resumer.status = Coroutine.Status.NORMAL;
        coroutine.status = Coroutine.Status.RUNNING;
        coroutine.resumer = resumer;
        state.current = coroutine;
        state.top = coroutine.base;
        try {
            proceed(coroutine, arguments, from, count);
        } finally {
            coroutine.status = coroutine.suspended == null ? Coroutine.Status.DEAD : Coroutine.Status.SUSPENDED;
            coroutine.base.caller = null;
            coroutine.resumer = null;
            resumer.status = Coroutine.Status.RUNNING;
            state.current = resumer;
            state.top = saved;
            nativeDepth--;
        }
        chargeFrames(coroutine);
    }

    private void proceed(Coroutine coroutine, @Nullable Object[] arguments, int from, int count) {
        Frame frame = coroutine.suspended;
        if (frame != null) {
            coroutine.suspended = null;
            deliver(frame, coroutine.resumeTo, coroutine.resumeWanted, arguments, from, count);
            execute(frame);
        } else if (coroutine.body instanceof LuaClosure closure) {
            Frame first = enter(closure, arguments, from, count, coroutine.base);
            first.entry = true;
            execute(first);
        } else {
            LuaCall call = callHost((HostFunction) coroutine.body, coroutine.base, arguments, from, count);
            setResults(call.results, 0, call.resultCount);
            endHost(call);
        }
    }

    private void chargeFrames(Coroutine coroutine) {
        Frame top = coroutine.suspended;
        if (top != null) {
            int own = top.depth - coroutine.base.depth;
            int fresh = own - coroutine.chargedDepth;
            long bytes = 0;
            for (Activation at = top; fresh > 0 && at instanceof Frame frame; at = at.caller) {
                bytes += frame.sizeBytes();
                fresh--;
            }
            coroutine.chargedDepth = Math.max(coroutine.chargedDepth, own);
            memory.charge(bytes);
        }
    }

    /** A census has counted the frames as deep as this; deeper ones are new to it. */
    void counted(@Nullable Activation deepest) {
        chargedDepth = deepest == null ? 0 : deepest.depth;
    }

    boolean mayYield(LuaCall call) {
        return call.caller instanceof Frame && nativeDepth == state.current.nativeDepth
                && state.current.resumer != null;
    }

    // ---- the loop

    private void execute(Frame entry) {
        try {
            loop(entry);
        } catch (LuaError error) {
            error.locate(state.top);
            if (error.isUnplaced()) {
                error.place(((Frame) Objects.requireNonNull(state.top)).position());
            }
            throw error;
        } catch (Metamethods.NotConcatenable failure) {
            Frame frame = (Frame) Objects.requireNonNull(state.top);
            LuaError error = named("concatenate", frame, failure.register, failure.value);
            error.locate(frame);
            error.place(frame.position());
            throw error;
        }
    }

    /**
     * Runs frames until the first of them returns or the coroutine yields.
     *
     * <p>What may fail must {@link #leave} first: the error takes its place from there. Only what is frequent and short
     * stands here, the rest in {@link #rare}: the JVM's compiler takes seconds for a loop with everything in it.
     */
    private void loop(Frame entry) {
        Frame frame = entry;
        int left = 0;
        for (;;) {
            LuaClosure closure = frame.closure;
            long[] code = closure.prototype.code;
            @Nullable
            Object[] k = closure.prototype.constants;
            @Nullable
            Object[] r = frame.registers;
            int pc = frame.pc;
            frame : for (;;) {
                if (--left < 0) {
                    leave(frame, pc);
                    left = slice();
                }
                long i = code[pc++];
                int a = (int) (i >> 8) & 0xffff;
                switch ((int) i & 0xff) {
                    case Op.MOVE -> r[a] = r[Op.b(i)];
                    case Op.LOADK -> r[a] = k[Op.c(i)];
                    case Op.GETUPVAL -> r[a] = closure.upvalues[Op.b(i)].value;
                    case Op.GETCELL -> r[a] = cell(r[Op.b(i)]).value;
                    case Op.GETGLOBAL -> r[a] = global(frame, pc, name(k[Op.c(i)]));
                    case Op.GETTABLE -> r[a] = get(frame, pc, i, r[Op.c(i)]);
                    case Op.GETFIELD -> r[a] = get(frame, pc, i, name(k[Op.c(i)]));
                    case Op.SETTABLE -> set(frame, pc, i, r[Op.c(i)]);
                    case Op.SETFIELD -> set(frame, pc, i, name(k[Op.c(i)]));
                    case Op.ADD -> r[a] = r[Op.b(i)] instanceof Double x && r[Op.c(i)] instanceof Double y
                            ? (Object) (x + y)
                            : arithmetic(frame, pc, i, r[Op.c(i)]);
                    case Op.SUB -> r[a] = r[Op.b(i)] instanceof Double x && r[Op.c(i)] instanceof Double y
                            ? (Object) (x - y)
                            : arithmetic(frame, pc, i, r[Op.c(i)]);
                    case Op.MUL -> r[a] = r[Op.b(i)] instanceof Double x && r[Op.c(i)] instanceof Double y
                            ? (Object) (x * y)
                            : arithmetic(frame, pc, i, r[Op.c(i)]);
                    case Op.ADDK -> r[a] = r[Op.b(i)] instanceof Double x && k[Op.c(i)] instanceof Double y
                            ? (Object) (x + y)
                            : arithmetic(frame, pc, i, k[Op.c(i)]);
                    case Op.SUBK -> r[a] = r[Op.b(i)] instanceof Double x && k[Op.c(i)] instanceof Double y
                            ? (Object) (x - y)
                            : arithmetic(frame, pc, i, k[Op.c(i)]);
                    case Op.MULK -> r[a] = r[Op.b(i)] instanceof Double x && k[Op.c(i)] instanceof Double y
                            ? (Object) (x * y)
                            : arithmetic(frame, pc, i, k[Op.c(i)]);
                    case Op.JMP -> pc = Op.c(i);
                    case Op.JT -> {
                        if (r[a] != null && r[a] != Boolean.FALSE) {
                            pc = Op.c(i);
                        }
                    }
                    case Op.JF -> {
                        if (r[a] == null || r[a] == Boolean.FALSE) {
                            pc = Op.c(i);
                        }
                    }
                    // In each of these pairs the odd number jumps when it is so, the even one when it is not.
                    case Op.JEQ, Op.JNE -> {
                        if (equal(frame, pc, r[a], r[Op.b(i)]) == ((i & 1) != 0)) {
                            pc = Op.c(i);
                        }
                    }
                    case Op.JEQK, Op.JNEK -> {
                        if (Lua.rawEquals(r[a], k[Op.b(i)]) == ((i & 1) != 0)) {
                            pc = Op.c(i);
                        }
                    }
                    case Op.JLT, Op.JNLT -> {
                        boolean less = r[a] instanceof Double x && r[Op.b(i)] instanceof Double y
                                ? x < y
                                : less(frame, pc, r[a], r[Op.b(i)]);
                        if (less == ((i & 1) != 0)) {
                            pc = Op.c(i);
                        }
                    }
                    case Op.JLE, Op.JNLE -> {
                        boolean lessOrEqual = r[a] instanceof Double x && r[Op.b(i)] instanceof Double y
                                ? x <= y
                                : lessOrEqual(frame, pc, r[a], r[Op.b(i)]);
                        if (lessOrEqual == ((i & 1) != 0)) {
                            pc = Op.c(i);
                        }
                    }
                    case Op.JLTK, Op.JNLTK -> {
                        boolean less = r[a] instanceof Double x && k[Op.b(i)] instanceof Double y
                                ? x < y
                                : less(frame, pc, r[a], k[Op.b(i)]);
                        if (less == ((i & 1) != 0)) {
                            pc = Op.c(i);
                        }
                    }
                    case Op.JLEK, Op.JNLEK -> {
                        boolean lessOrEqual = r[a] instanceof Double x && k[Op.b(i)] instanceof Double y
                                ? x <= y
                                : lessOrEqual(frame, pc, r[a], k[Op.b(i)]);
                        if (lessOrEqual == ((i & 1) != 0)) {
                            pc = Op.c(i);
                        }
                    }
                    case Op.FORLOOP -> {
                        double step = number(r[a + 2]);
                        double limit = number(r[a + 1]);
                        double index = number(r[a]) + step;
                        if (step > 0 ? index <= limit : limit <= index) {
                            Double boxed = index;
                            r[a] = boxed;
                            r[a + 3] = boxed;
                            pc = Op.c(i);
                        }
                    }
                    case Op.TFORLOOP -> {
                        Object control = r[a + 3];
                        if (control != null) {
                            r[a + 2] = control;
                            pc = Op.c(i);
                        }
                    }
                    case Op.CALL -> {
                        frame.pc = pc;
                        Frame next = call(frame, i);
                        if (next == null) {
                            budget += left;
                            return;
                        }
                        if (next != frame) {
                            frame = next;
                            break frame;
                        }
                        r = frame.registers;
                    }
                    case Op.RETURN -> {
                        Frame next = leaveFrame(frame, i);
                        if (next == null) {
                            budget += left;
                            return;
                        }
                        frame = next;
                        break frame;
                    }
                    case Op.TAILCALL, Op.TFORCALL -> {
                        frame.pc = pc;
                        Frame next = rareCall(frame, i);
                        if (next == null) {
                            budget += left;
                            return;
                        }
                        frame = next;
                        break frame;
                    }
                    default -> {
                        leave(frame, pc);
                        pc = rare(frame, i, pc);
                        r = frame.registers;
                    }
                }
            }
        }
    }

    /** The instructions that do a lot or come seldom; {@link #leave} has been called. Answers where to go on. */
    private int rare(Frame frame, long i, int pc) {
        @Nullable
        Object[] r = frame.registers;
        LuaClosure closure = frame.closure;
        @Nullable
        Object[] k = closure.prototype.constants;
        int a = Op.a(i);
        switch ((int) i & 0xff) {
            case Op.LOADNIL -> Arrays.fill(r, a, Op.b(i) + 1, null);
            case Op.LOADBOOL -> r[a] = Op.b(i) != 0;
            case Op.SETUPVAL -> closure.upvalues[Op.b(i)].value = r[a];
            case Op.NEWCELL -> {
                memory.charge(Cell.SIZE_BYTES);
                r[a] = new Cell(r[a]);
            }
            case Op.SETCELL -> cell(r[a]).value = r[Op.b(i)];
            case Op.SETGLOBAL -> metamethods.setIndex(closure.environment, k[Op.c(i)], r[a]);
            case Op.GETINT -> r[a] = get(frame, pc, i, (Double) (double) Op.c(i));
            case Op.SETINT -> set(frame, pc, i, (Double) (double) Op.c(i));
            case Op.NEWTABLE -> r[a] = new LuaTable(memory, Op.b(i), Op.c(i));
            case Op.SELF -> {
                Object object = r[Op.b(i)];
                Object method = get(frame, pc, i, name(k[Op.c(i)]));
                r[a + 1] = object;
                r[a] = method;
            }
            case Op.SETLIST -> setList(frame, a, Op.b(i), Op.c(i));
            case Op.DIV, Op.MOD, Op.POW -> r[a] = arithmetic(frame, pc, i, r[Op.c(i)]);
            case Op.DIVK, Op.MODK, Op.POWK -> r[a] = arithmetic(frame, pc, i, k[Op.c(i)]);
            case Op.UNM -> r[a] = negate(frame, Op.b(i));
            case Op.NOT -> r[a] = !Lua.isTrue(r[Op.b(i)]);
            case Op.LEN -> r[a] = length(frame, Op.b(i));
            case Op.CONCAT -> r[a] = metamethods.concat(r, Op.b(i), Op.c(i));
            case Op.JGTK, Op.JNGTK -> {
                return metamethods.less(k[Op.b(i)], r[a]) == ((i & 1) != 0) ? Op.c(i) : pc;
            }
            case Op.JGEK, Op.JNGEK -> {
                return metamethods.lessOrEqual(k[Op.b(i)], r[a]) == ((i & 1) != 0) ? Op.c(i) : pc;
            }
            case Op.FORPREP -> {
                prepareFor(r, a);
                return Op.c(i);
            }
            case Op.CLOSURE -> r[a] = newClosure(closure.prototype.children[Op.c(i)], closure, r);
            case Op.VARARG -> deliver(frame, a, Op.b(i) - 1, frame.varargs, 0, frame.varargs.length);
            default -> throw new IllegalStateException("no such instruction");
        }
        return pc;
    }

    /** A call in the middle of a function; see {@link #beginCall}. */
    private @Nullable Frame call(Frame frame, long i) {
        int a = Op.a(i);
        int b = Op.b(i);
        int count = b != 0 ? b - 1 : frame.top - a - 1;
        if (frame.registers[a] instanceof LuaClosure closure) {
            Frame callee = enter(closure, frame.registers, a + 1, count, frame);
            callee.returnTo = a;
            callee.wanted = Op.c(i) - 1;
            return callee;
        }
        return beginCall(frame, a, count, Op.c(i) - 1);
    }

    private @Nullable Frame rareCall(Frame frame, long i) {
        int a = Op.a(i);
        int b = Op.b(i);
        @Nullable
        Object[] r = frame.registers;
        if (Op.op(i) == Op.TAILCALL) {
            Frame next = beginCall(frame, a, b != 0 ? b - 1 : frame.top - a - 1, -1);
            if (next != null && next != frame) {
                replace(frame, next);
            }
            return next;
        }
        if (r[a] == BaseLibrary.NEXT && r[a + 1] instanceof LuaTable table) {
            state.top = frame;
            next(table, r, a, b);
            return frame;
        }
        r[a + 3] = r[a];
        r[a + 4] = r[a + 1];
        r[a + 5] = r[a + 2];
        return beginCall(frame, a + 3, 2, b);
    }

    /** Hands the results of a function to its caller, which goes on; null when Java code called it. */
    private @Nullable Frame leaveFrame(Frame frame, long i) {
        int a = Op.a(i);
        int b = Op.b(i);
        int count = b != 0 ? b - 1 : frame.top - a;
        if (frame.entry) {
            setResults(frame.registers, a, count);
            return null;
        }
        Frame caller = (Frame) Objects.requireNonNull(frame.caller);
        if (frame.wanted == 1) {
            caller.registers[frame.returnTo] = count > 0 ? frame.registers[a] : null;
        } else {
            deliver(caller, frame.returnTo, frame.wanted, frame.registers, a, count);
        }
        return caller;
    }

    // ---- what the loop leaves to methods, to stay small enough for the compiler

    private void leave(Frame frame, int pc) {
        frame.pc = pc;
        state.top = frame;
    }

    private static Cell cell(@Nullable Object register) {
        return (Cell) Objects.requireNonNull(register);
    }

    private static LuaString name(@Nullable Object constant) {
        return (LuaString) Objects.requireNonNull(constant);
    }

    private static double number(@Nullable Object register) {
        return (Double) Objects.requireNonNull(register);
    }

    private LuaError named(String operation, Frame frame, int register, @Nullable Object value) {
        VariableNames.Name name = VariableNames.of(frame.closure.prototype, frame.pc - 1, register);
        return new LuaError(name == null
                ? "attempt to " + operation + " a " + Lua.typeName(value) + " value"
                : "attempt to " + operation + " " + name + " (a " + Lua.typeName(value) + " value)");
    }

    private @Nullable Object global(Frame frame, int pc, LuaString name) {
        LuaTable globals = frame.closure.environment;
        Object value = globals.get(name);
        if (value == null && globals.metatable != null) {
            leave(frame, pc);
            value = metamethods.index(globals, name);
        }
        return value;
    }

    /** R[B][key]. */
    private @Nullable Object get(Frame frame, int pc, long i, LuaString key) {
        if (frame.registers[Op.b(i)] instanceof LuaTable table) {
            Object value = table.get(key);
            if (value != null || table.metatable == null) {
                return value;
            }
        }
        return index(frame, pc, Op.b(i), key);
    }

    /** R[B][key]. */
    private @Nullable Object get(Frame frame, int pc, long i, @Nullable Object key) {
        if (frame.registers[Op.b(i)] instanceof LuaTable table) {
            Object value = table.get(key);
            if (value != null || table.metatable == null) {
                return value;
            }
        }
        return index(frame, pc, Op.b(i), key);
    }

    private @Nullable Object index(Frame frame, int pc, int register, @Nullable Object key) {
        leave(frame, pc);
        Object object = frame.registers[register];
        if (!(object instanceof LuaTable) && metamethods.handlerOf(object, MetaEvent.INDEX) == null) {
            throw named("index", frame, register, object);
        }
        return metamethods.index(object, key);
    }

    /** R[A][key] = R[B]. */
    private void set(Frame frame, int pc, long i, @Nullable Object key) {
        Object object = frame.registers[Op.a(i)];
        Object value = frame.registers[Op.b(i)];
        if (!(object instanceof LuaTable table && table.setPlain(key, value))) {
            setIndex(frame, pc, Op.a(i), key, value);
        }
    }

    /** R[A][key] = R[B]. */
    private void set(Frame frame, int pc, long i, LuaString key) {
        Object value = frame.registers[Op.b(i)];
        if (!(frame.registers[Op.a(i)] instanceof LuaTable table && table.setPlain(key, value))) {
            setIndex(frame, pc, Op.a(i), key, value);
        }
    }

    private void setIndex(Frame frame, int pc, int register, @Nullable Object key, @Nullable Object value) {
        leave(frame, pc);
        Object object = frame.registers[register];
        if (!(object instanceof LuaTable) && metamethods.handlerOf(object, MetaEvent.NEWINDEX) == null) {
            throw named("index", frame, register, object);
        }
        metamethods.setIndex(object, key, value);
    }

    private void setList(Frame frame, int register, int count, int start) {
        LuaTable table = (LuaTable) Objects.requireNonNull(frame.registers[register]);
        int given = count != 0 ? count : frame.top - register - 1;
        table.ensureArray(start + given - 1);
        for (int i = given; i > 0; i--) {
            table.set(start + i - 1, frame.registers[register + i]);
        }
    }

    private @Nullable Object arithmetic(Frame frame, int pc, long instruction, @Nullable Object right) {
        int op = Op.op(instruction);
        int which = op >= Op.ADDK ? op - Op.ADDK : op - Op.ADD;
        Object left = frame.registers[Op.b(instruction)];
        if (left instanceof Double x && right instanceof Double y) {
            return Metamethods.arithmetic(Metamethods.OPERATIONS[which], x, y);
        }
        leave(frame, pc);
        Metamethods.Arithmetic outcome = metamethods.arithmetic(which, left, right);
        if (outcome == null) {
            boolean leftFails = Lua.toNumber(left) == null;
            int register = leftFails ? Op.b(instruction) : op >= Op.ADDK ? -1 : Op.c(instruction);
            throw named("perform arithmetic on", frame, register, leftFails ? left : right);
        }
        return outcome.result();
    }

    private @Nullable Object negate(Frame frame, int register) {
        Object value = frame.registers[register];
        if (value instanceof Double number) {
            return -number;
        }
        Metamethods.Arithmetic outcome = metamethods.negate(value);
        if (outcome == null) {
            throw named("perform arithmetic on", frame, register, value);
        }
        return outcome.result();
    }

    private @Nullable Object length(Frame frame, int register) {
        Object value = frame.registers[register];
        if (value instanceof LuaTable table) {
            return (Double) (double) table.length();
        }
        Metamethods.Arithmetic outcome = metamethods.length(value);
        if (outcome == null) {
            throw named("get length of", frame, register, value);
        }
        return outcome.result();
    }

    private boolean equal(Frame frame, int pc, @Nullable Object a, @Nullable Object b) {
        if (a instanceof LuaTable && b instanceof LuaTable || a instanceof LuaUserdata) {
            leave(frame, pc);
            return metamethods.equal(a, b);
        }
        return Lua.rawEquals(a, b);
    }

    private boolean less(Frame frame, int pc, @Nullable Object a, @Nullable Object b) {
        leave(frame, pc);
        return metamethods.less(a, b);
    }

    private boolean lessOrEqual(Frame frame, int pc, @Nullable Object a, @Nullable Object b) {
        leave(frame, pc);
        return metamethods.lessOrEqual(a, b);
    }

    /** Checks start, limit and step of a loop, and takes one step back, which the loop instruction will add again. */
    private static void prepareFor(@Nullable Object[] r, int a) {
        Double start = forNumber(r[a], "'for' initial value must be a number");
        Double limit = forNumber(r[a + 1], "'for' limit must be a number");
        Double step = forNumber(r[a + 2], "'for' step must be a number");
        r[a] = start - step;
        r[a + 1] = limit;
        r[a + 2] = step;
    }

    private static Double forNumber(@Nullable Object value, String complaint) {
        Double number = Lua.toNumber(value);
        if (number == null) {
            throw new LuaError(complaint);
        }
        return number;
    }

    /** The iteration of {@code pairs}, without a call. */
    private static void next(LuaTable table, @Nullable Object[] r, int a, int wanted) {
        int position = table.positionOf(r[a + 2]);
        if (position < 0) {
            throw new LuaError("invalid key to 'next'");
        }
        int following = table.nextPosition(position);
        r[a + 3] = following < 0 ? null : table.keyAt(following);
        if (wanted > 1) {
            r[a + 4] = following < 0 ? null : table.valueAt(following);
            for (int i = 2; i < wanted; i++) {
                r[a + 3 + i] = null;
            }
        }
    }

    private LuaClosure newClosure(Prototype prototype, LuaClosure maker, @Nullable Object[] registers) {
        Capture[] captures = prototype.captures;
        Cell[] cells = captures.length == 0 ? NO_CELLS : new Cell[captures.length];
        for (int i = 0; i < captures.length; i++) {
            Capture capture = captures[i];
            cells[i] = capture.fromRegister() ? cell(registers[capture.index()]) : maker.upvalues[capture.index()];
        }
        LuaClosure closure = new LuaClosure(prototype, cells, maker.environment);
        memory.charge(closure.sizeBytes());
        return closure;
    }

    /** A tail call: the new frame takes the place of the old one. */
    private static void replace(Frame old, Frame next) {
        next.caller = old.caller;
        next.depth = old.depth;
        next.returnTo = old.returnTo;
        next.wanted = old.wanted;
        next.entry = old.entry;
        next.tailCalls = old.tailCalls + 1;
    }
}
