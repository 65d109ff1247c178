package dev.cistern.lua;

import org.jspecify.annotations.Nullable;

/**
 * How Lua values stand in Java, and the conversions that need no state.
 *
 * <p>nil is {@code null}, booleans are {@code Boolean}, numbers are {@code Double}, the rest are {@link LuaString},
 * {@link LuaTable}, {@link LuaFunction}, {@link Coroutine} and {@link LuaUserdata}. The rejected alternative keeps
 * numbers unboxed in a {@code double[]} beside the {@code Object[]}: in a prototype of both machines on JDK 25, fib(27)
 * took 21-24 ms unboxed and 23-30 ms boxed, filling and summing a table of two million 82-152 and 96-155 ms. That is
 * too little for two arrays in every frame, table and host call.
 */
public final class Lua {
    private Lua() {}

    /** What {@code type} answers. */
    public static String typeName(@Nullable Object value) {
        return switch (value) {
            case null -> "nil";
            case Boolean b -> "boolean";
            case Double d -> "number";
            case LuaString s -> "string";
            case LuaTable t -> "table";
            case LuaFunction f -> "function";
            case Coroutine c -> "thread";
            default -> "userdata";
        };
    }

    public static boolean isTrue(@Nullable Object value) {
        return value != null && value != Boolean.FALSE;
    }

    /** The number a value is or spells; null when it is neither. */
    public static @Nullable Double toNumber(@Nullable Object value) {
        if (value instanceof Double number) {
            return number;
        }
        return value instanceof LuaString string ? Numbers.parse(string.bytes) : null;
    }

    /** The number as C converts it to 64 bits: towards zero, and the smallest of all when it does not fit. */
    public static long toLong(double number) {
        // 2^63 and more, and NaN, are what the processor calls indefinite.
        return number >= -0x1p63 && number < 0x1p63 ? (long) number : Long.MIN_VALUE;
    }

    /** The string a string or number is; null for all else. */
    public static @Nullable LuaString toStringOrNull(@Nullable Object value) {
        if (value instanceof LuaString string) {
            return string;
        }
        return value instanceof Double number ? LuaString.of(Numbers.toText(number)) : null;
    }

    /** What {@code tostring} answers where no metatable has a say. */
    public static String toText(@Nullable Object value) {
        return switch (value) {
            case null -> "nil";
            case Boolean truth -> truth.toString();
            case Double number -> Numbers.toText(number);
            case LuaString string -> string.toString();
            default -> address(typeName(value), value);
        };
    }

    private static String address(String prefix, Object value) {
        return "%s: 0x%08x".formatted(prefix, System.identityHashCode(value));
    }

    /** Equality without metamethods. */
    public static boolean rawEquals(@Nullable Object a, @Nullable Object b) {
        if (a == b) {
            return !(a instanceof Double number) || !Double.isNaN(number);
        }
        if (a instanceof Double x && b instanceof Double y) {
            return x.doubleValue() == y.doubleValue();
        }
        return a instanceof LuaString s && b instanceof LuaString t && s.sameAs(t);
    }

    /** How {@code source} is called in messages: {@code =name} and {@code @name} lose the mark, text is quoted. */
    static String displayName(String source) {
        if (source.startsWith("=") || source.startsWith("@")) {
            String name = source.substring(1);
            if (name.length() <= 59) {
                return name;
            }
            return source.charAt(0) == '=' ? name.substring(0, 59) : "..." + name.substring(name.length() - 52);
        }
        // As in C a zero byte ends the text.
        int end = source.indexOf('\0') < 0 ? source.length() : source.indexOf('\0');
        int lineEnd = 0;
        while (lineEnd < end && source.charAt(lineEnd) != '\n' && source.charAt(lineEnd) != '\r') {
            lineEnd++;
        }
        // 60 bytes in all, less the frame [string "..."] and its end.
        int room = 60 - "[string \"...\"] ".length();
        boolean cut = lineEnd < end || lineEnd > room;
        return "[string \"" + source.substring(0, Math.min(lineEnd, room)) + (cut ? "...\"]" : "\"]");
    }
}
