package dev.cistern.lua;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A running host function: its arguments, counted from 1 as in messages, and its results.
 *
 * <p>The object is reused: it is valid until the function returns, and arguments are read where the caller has them.
 */
public final class LuaCall extends Activation {
    private static final int KEPT_RESULTS = 64;

    private final LuaState state;
    private @Nullable Object[] arguments = Frame.NO_VALUES;
    private int first;
    private int count;
    @Nullable
    Object[] results = new Object[4];
    int resultCount;
    /** Set by {@code coroutine.yield}: the results go to the resumer, and the coroutine stands still. */
    boolean yields;

    LuaCall(LuaState state) {
        this.state = state;
    }

    void bind(@Nullable Activation from, @Nullable Object[] values, int start, int length) {
        caller = from;
        depth = from == null ? 0 : from.depth + 1;
        bindArguments(values, start, length);
    }

    void bindArguments(@Nullable Object[] values, int start, int length) {
        arguments = values;
        first = start - 1;
        count = length;
        resultCount = 0;
        yields = false;
    }

    /** Lets go of what it referred to, so that a pooled object keeps nothing alive. */
    void release() {
        arguments = Frame.NO_VALUES;
        caller = null;
        if (results.length > KEPT_RESULTS) {
            results = new Object[4];
        } else {
            Arrays.fill(results, 0, resultCount, null);
        }
        resultCount = 0;
    }

    void seeValues(Memory memory) {
        memory.seeAll(arguments, first + 1, count);
        memory.seeAll(results, 0, resultCount);
    }

    public LuaState state() {
        return state;
    }

    // ---- arguments

    public int count() {
        return count;
    }

    /** The argument, or nil when there are fewer. */
    public @Nullable Object arg(int index) {
        return index <= count ? arguments[first + index] : null;
    }

    public boolean isNone(int index) {
        return index > count;
    }

    /** An argument that may be anything but must be there. */
    public @Nullable Object checkAny(int index) {
        if (index > count) {
            throw argumentError(index, "value expected");
        }
        return arg(index);
    }

    public double checkNumber(int index) {
        if (arg(index) instanceof Double number) {
            return number;
        }
        Double converted = Lua.toNumber(arg(index));
        if (converted == null) {
            throw typeError(index, "number");
        }
        return converted;
    }

    public double optNumber(int index, double absent) {
        return arg(index) == null ? absent : checkNumber(index);
    }

    /** See {@link Lua#toLong}. */
    public long checkLong(int index) {
        return Lua.toLong(checkNumber(index));
    }

    /** The low 32 bits of {@link #checkLong}. */
    public int checkInt(int index) {
        return (int) checkLong(index);
    }

    public int optInt(int index, int absent) {
        return arg(index) == null ? absent : checkInt(index);
    }

    public LuaString checkString(int index) {
        if (arg(index) instanceof LuaString string) {
            return string;
        }
        LuaString converted = Lua.toStringOrNull(arg(index));
        if (converted == null) {
            throw typeError(index, "string");
        }
        return converted;
    }

    public @Nullable LuaString optString(int index) {
        return arg(index) == null ? null : checkString(index);
    }

    public LuaTable checkTable(int index) {
        if (arg(index) instanceof LuaTable table) {
            return table;
        }
        throw typeError(index, "table");
    }

    public LuaFunction checkFunction(int index) {
        if (arg(index) instanceof LuaFunction function) {
            return function;
        }
        throw typeError(index, "function");
    }

    // ---- results

    public void returns(@Nullable Object value) {
        results[0] = value;
        resultCount = 1;
    }

    public void returns(double value) {
        returns((Double) value);
    }

    public void returns(boolean value) {
        returns((Boolean) value);
    }

    public void returns(@Nullable Object value, @Nullable Object second) {
        results[0] = value;
        results[1] = second;
        resultCount = 2;
    }

    /** Adds a result after the ones already given. */
    public void push(@Nullable Object value) {
        if (resultCount == results.length) {
            results = Arrays.copyOf(results, resultCount * 2);
        }
        results[resultCount++] = value;
    }

    public void pushAll(@Nullable Object[] values, int from, int length) {
        if (resultCount + length > results.length) {
            results = Arrays.copyOf(results, Math.max(resultCount + length, results.length * 2));
        }
        System.arraycopy(values, from, results, resultCount, length);
        resultCount += length;
    }

    /** Adds all arguments from {@code index} on as results. */
    public void pushArguments(int index) {
        if (index <= count) {
            pushAll(arguments, first + index, count - index + 1);
        }
    }

    /** Calls a value with the arguments from {@code index} on; its results stand in the state's result buffer. */
    void invokeWithArguments(@Nullable Object function, int index) {
        int from = Math.min(index, count + 1);
        state.interpreter.invoke(function, arguments, first + from, count - from + 1);
    }

    void resumeWithArguments(Coroutine coroutine, int index) {
        int from = Math.min(index, count + 1);
        state.interpreter.resume(coroutine, arguments, first + from, count - from + 1);
    }

    // ---- errors

    /** An error with the position of the caller in front. */
    public LuaError error(String message) {
        return new LuaError((Object) LuaString.of(position(1) + message));
    }

    /** "chunk:line: " of the function at a level: 1 is the caller. Empty when that is not Lua code. */
    String position(int level) {
        return level > 0 && activationAt(level) instanceof Frame frame ? frame.position() : "";
    }

    /** The function at a level, null when there is none or it was replaced by a tail call. 0 is this one. */
    @Nullable
    Activation activationAt(int level) {
        int left = level;
        Activation at = this;
        while (left > 0 && at != null && !(at instanceof Coroutine.Base)) {
            left--;
            if (at instanceof Frame frame) {
                if (left < frame.tailCalls) {
                    return null;
                }
                left -= frame.tailCalls;
            }
            at = at.caller;
        }
        return at instanceof Coroutine.Base ? null : at;
    }

    /** True when a level exists, be it only as a replaced function. */
    boolean hasLevel(int level) {
        int left = level;
        Activation at = this;
        while (left > 0 && at != null && !(at instanceof Coroutine.Base)) {
            left--;
            if (at instanceof Frame frame) {
                left = Math.max(0, left - frame.tailCalls);
                if (left == 0) {
                    return true;
                }
            }
            at = at.caller;
        }
        return at != null && !(at instanceof Coroutine.Base);
    }

    public LuaError argumentError(int index, String problem) {
        VariableNames.Name name = caller instanceof Frame frame ? VariableNames.ofCallee(frame) : null;
        int shown = index;
        if (name != null && name.kind().equals("method")) {
            shown--;
            if (shown == 0) {
                return error("calling '%s' on bad self (%s)".formatted(name.name(), problem));
            }
        }
        return error("bad argument #%d to '%s' (%s)".formatted(shown, name == null ? "?" : name.name(), problem));
    }

    public LuaError typeError(int index, String expected) {
        return argumentError(index, expected + " expected, got " + (isNone(index)
                ? "no value"
                : Lua.typeName(arg(index))));
    }
}
