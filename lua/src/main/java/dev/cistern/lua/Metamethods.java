package dev.cistern.lua;

import dev.cistern.lua.Ast.BinaryOp;
import org.jspecify.annotations.Nullable;

/**
 * What operations do when the quick way of the {@link Interpreter} does not apply: string coercion, metatables, errors.
 *
 * <p>A handler runs in a machine's loop of its own, so it cannot yield, as in 5.1. Messages that name variables are made
 * by the interpreter, which knows the registers; here values are named by type.
 */
final class Metamethods {
    /** How many {@code __index} tables may follow one another before it must be a loop. */
    private static final int MAX_CHAIN = 100;

    private final LuaState state;
    private final Interpreter interpreter;

    Metamethods(LuaState state, Interpreter interpreter) {
        this.state = state;
        this.interpreter = interpreter;
    }

    // ---- handlers

    @Nullable
    LuaTable metatableOf(@Nullable Object value) {
        return switch (value) {
            case LuaTable table -> table.metatable;
            case LuaString string -> state.stringMetatable;
            case LuaUserdata userdata -> userdata.metatable;
            case null, default -> null;
        };
    }

    @Nullable
    Object handlerOf(@Nullable Object value, MetaEvent event) {
        LuaTable metatable = metatableOf(value);
        return metatable == null ? null : metatable.handler(event);
    }

    // ---- indexing

    @Nullable
    Object index(@Nullable Object object, @Nullable Object key) {
        Object at = object;
        for (int i = 0; i < MAX_CHAIN; i++) {
            Object handler;
            if (at instanceof LuaTable table) {
                Object value = table.get(key);
                if (value != null || table.metatable == null) {
                    return value;
                }
                handler = table.metatable.handler(MetaEvent.INDEX);
                if (handler == null) {
                    return null;
                }
            } else {
                handler = handlerOf(at, MetaEvent.INDEX);
                if (handler == null) {
                    throw unsupported("index", at);
                }
            }
            if (handler instanceof LuaFunction) {
                return interpreter.call(handler, at, key);
            }
            at = handler;
        }
        throw new LuaError("loop in gettable");
    }

    void setIndex(@Nullable Object object, @Nullable Object key, @Nullable Object value) {
        Object at = object;
        for (int i = 0; i < MAX_CHAIN; i++) {
            Object handler;
            if (at instanceof LuaTable table) {
                handler = table.metatable == null ? null : table.metatable.handler(MetaEvent.NEWINDEX);
                if (handler == null || table.get(key) != null) {
                    rawSet(table, key, value);
                    return;
                }
            } else {
                handler = handlerOf(at, MetaEvent.NEWINDEX);
                if (handler == null) {
                    throw unsupported("index", at);
                }
            }
            if (handler instanceof LuaFunction) {
                interpreter.call(handler, at, key, value);
                return;
            }
            at = handler;
        }
        throw new LuaError("loop in settable");
    }

    static void rawSet(LuaTable table, @Nullable Object key, @Nullable Object value) {
        if (key == null) {
            throw new LuaError("table index is nil");
        }
        if (key instanceof Double number && Double.isNaN(number)) {
            throw new LuaError("table index is NaN");
        }
        table.set(key, value);
    }

    static LuaError unsupported(String operation, @Nullable Object value) {
        return new LuaError("attempt to " + operation + " a " + Lua.typeName(value) + " value");
    }

    // ---- arithmetic

    static double arithmetic(BinaryOp op, double x, double y) {
        return switch (op) {
            case ADD -> x + y;
            case SUB -> x - y;
            case MUL -> x * y;
            case DIV -> x / y;
            case MOD -> modulo(x, y);
            case POW -> power(x, y);
            default -> throw new IllegalArgumentException(op.name());
        };
    }

    /** 5.1 defines it by floor, which makes it NaN for an infinite divisor. */
    static double modulo(double x, double y) {
        return x - Math.floor(x / y) * y;
    }

    static double power(double x, double y) {
        // C says 1 where Java says NaN.
        return x == 1 || x == -1 && Double.isInfinite(y) ? 1 : Math.pow(x, y);
    }

    private static final MetaEvent[] ARITHMETIC = {MetaEvent.ADD, MetaEvent.SUB, MetaEvent.MUL, MetaEvent.DIV,
            MetaEvent.MOD, MetaEvent.POW};
    static final BinaryOp[] OPERATIONS = {BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL, BinaryOp.DIV, BinaryOp.MOD,
            BinaryOp.POW};

    /** {@code which} counts from {@link Op#ADD}. Answers null (never a number) when neither operand can do it. */
    @Nullable
    Arithmetic arithmetic(int which, @Nullable Object left, @Nullable Object right) {
        Double x = Lua.toNumber(left);
        Double y = x == null ? null : Lua.toNumber(right);
        if (x != null && y != null) {
            return new Arithmetic(arithmetic(OPERATIONS[which], x, y));
        }
        Object handler = binaryHandler(left, right, ARITHMETIC[which]);
        return handler == null ? null : new Arithmetic(interpreter.call(handler, left, right));
    }

    /** A result that may be nil. */
    record Arithmetic(@Nullable Object result) {}

    private @Nullable Object binaryHandler(@Nullable Object left, @Nullable Object right, MetaEvent event) {
        Object handler = handlerOf(left, event);
        return handler != null ? handler : handlerOf(right, event);
    }

    @Nullable
    Arithmetic negate(@Nullable Object value) {
        Double number = Lua.toNumber(value);
        if (number != null) {
            return new Arithmetic(-number);
        }
        Object handler = handlerOf(value, MetaEvent.UNM);
        return handler == null ? null : new Arithmetic(interpreter.call(handler, value, value));
    }

    @Nullable
    Arithmetic length(@Nullable Object value) {
        if (value instanceof LuaTable table) {
            return new Arithmetic((double) table.length());
        }
        if (value instanceof LuaString string) {
            return new Arithmetic((double) string.length());
        }
        Object handler = handlerOf(value, MetaEvent.LEN);
        return handler == null ? null : new Arithmetic(interpreter.call(handler, value, null));
    }

    // ---- comparison

    boolean equal(@Nullable Object a, @Nullable Object b) {
        if (Lua.rawEquals(a, b)) {
            return true;
        }
        boolean comparable = a instanceof LuaTable && b instanceof LuaTable
                || a instanceof LuaUserdata && b instanceof LuaUserdata;
        if (!comparable) {
            return false;
        }
        Object handler = sharedHandler(a, b, MetaEvent.EQ);
        return handler != null && Lua.isTrue(interpreter.call(handler, a, b));
    }

    /** Comparison handlers count only when both operands have the same one. */
    private @Nullable Object sharedHandler(@Nullable Object a, @Nullable Object b, MetaEvent event) {
        Object handler = handlerOf(a, event);
        return handler != null && Lua.rawEquals(handler, handlerOf(b, event)) ? handler : null;
    }

    boolean less(@Nullable Object a, @Nullable Object b) {
        if (a instanceof Double x && b instanceof Double y) {
            return x < y;
        }
        if (a instanceof LuaString s && b instanceof LuaString t) {
            return s.compareTo(t) < 0;
        }
        Object handler = sameType(a, b) ? sharedHandler(a, b, MetaEvent.LT) : null;
        if (handler == null) {
            throw incomparable(a, b);
        }
        return Lua.isTrue(interpreter.call(handler, a, b));
    }

    boolean lessOrEqual(@Nullable Object a, @Nullable Object b) {
        if (a instanceof Double x && b instanceof Double y) {
            return x <= y;
        }
        if (a instanceof LuaString s && b instanceof LuaString t) {
            return s.compareTo(t) <= 0;
        }
        if (sameType(a, b)) {
            Object handler = sharedHandler(a, b, MetaEvent.LE);
            if (handler != null) {
                return Lua.isTrue(interpreter.call(handler, a, b));
            }
            handler = sharedHandler(b, a, MetaEvent.LT);
            if (handler != null) {
                return !Lua.isTrue(interpreter.call(handler, b, a));
            }
        }
        throw incomparable(a, b);
    }

    private static boolean sameType(@Nullable Object a, @Nullable Object b) {
        return Lua.typeName(a).equals(Lua.typeName(b));
    }

    private static LuaError incomparable(@Nullable Object a, @Nullable Object b) {
        String first = Lua.typeName(a);
        String second = Lua.typeName(b);
        return new LuaError(first.equals(second)
                ? "attempt to compare two " + first + " values"
                : "attempt to compare " + first + " with " + second);
    }

    // ---- concatenation

    /** Raised for a value that can be neither joined nor handled; the interpreter names it. */
    static final class NotConcatenable extends RuntimeException {
        private static final long serialVersionUID = 1L;
        final int register;
        final transient @Nullable Object value;

        NotConcatenable(int register, @Nullable Object value) {
            super(null, null, false, false);
            this.register = register;
            this.value = value;
        }
    }

    /** Joins registers from right to left, as many strings at a time as stand beside one another. */
    @Nullable
    Object concat(@Nullable Object[] registers, int first, int count) {
        int last = first + count - 1;
        Object joined = registers[last];
        int at = last - 1;
        while (at >= first) {
            if (isJoinable(registers[at]) && isJoinable(joined)) {
                int start = at;
                while (start > first && isJoinable(registers[start - 1])) {
                    start--;
                }
                joined = join(registers, start, at, joined);
                at = start - 1;
            } else {
                Object handler = binaryHandler(registers[at], joined, MetaEvent.CONCAT);
                if (handler == null) {
                    boolean leftIsFine = isJoinable(registers[at]);
                    throw new NotConcatenable(leftIsFine ? at + 1 : at, leftIsFine ? joined : registers[at]);
                }
                joined = interpreter.call(handler, registers[at], joined);
                at--;
            }
        }
        return joined;
    }

    private static boolean isJoinable(@Nullable Object value) {
        return value instanceof LuaString || value instanceof Double;
    }

    private LuaString join(@Nullable Object[] registers, int from, int to, @Nullable Object end) {
        LuaString[] parts = new LuaString[to - from + 2];
        long length = 0;
        for (int i = 0; i < parts.length; i++) {
            parts[i] = text(i < parts.length - 1 ? registers[from + i] : end);
            length += parts[i].length();
        }
        if (length > LuaState.MAX_STRING_BYTES) {
            throw new LuaError("string length overflow");
        }
        state.memory.reserve(LuaString.OVERHEAD_BYTES + length);
        byte[] bytes = new byte[(int) length];
        int at = 0;
        for (LuaString part : parts) {
            System.arraycopy(part.bytes, 0, bytes, at, part.bytes.length);
            at += part.bytes.length;
        }
        return LuaString.wrap(bytes);
    }

    private static LuaString text(@Nullable Object value) {
        return value instanceof LuaString string
                ? string
                : LuaString.of(Numbers.toText((Double) java.util.Objects
                        .requireNonNull(value)));
    }

    // ---- text

    /** As {@code tostring}: a metatable may decide. */
    @Nullable
    Object toStringValue(@Nullable Object value) {
        if (value instanceof LuaString) {
            return value;
        }
        Object handler = handlerOf(value, MetaEvent.TOSTRING);
        return handler == null ? LuaString.of(Lua.toText(value)) : interpreter.call(handler, value, null);
    }
}
