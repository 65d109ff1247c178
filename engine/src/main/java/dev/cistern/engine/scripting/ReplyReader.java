package dev.cistern.engine.scripting;

import dev.cistern.engine.protocol.Reply;
import dev.cistern.lua.LuaError;
import dev.cistern.lua.LuaState;
import dev.cistern.lua.LuaString;
import dev.cistern.lua.LuaTable;
import dev.cistern.store.Memory;
import org.jspecify.annotations.Nullable;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/**
 * Makes Lua values of a command's reply, by the original's rules: a missing string is {@code false}, a status a table with
 * {@code ok}, RESP3's own shapes tables with one field that says which.
 *
 * <p>Reads what our own commands wrote, so it does not doubt the form. One per engine.
 */
final class ReplyReader {
    private static final LuaString OK = LuaString.of("ok");
    private static final LuaString ERR = LuaString.of("err");
    private static final LuaString IGNORE = LuaString.of("ignore_error_stats_update");
    private static final LuaString MAP = LuaString.of("map");
    private static final LuaString SET = LuaString.of("set");
    private static final LuaString DOUBLE = LuaString.of("double");
    private static final LuaString BIG_NUMBER = LuaString.of("big_number");
    private static final LuaString VERBATIM = LuaString.of("verbatim_string");
    private static final LuaString FORMAT = LuaString.of("format");
    private static final LuaString STRING = LuaString.of("string");
    private static final LuaString OK_VALUE = LuaString.of("OK");
    /** A reply's bytes may grow so many times when they become values: a short string takes 40 bytes and a place. */
    private static final int LARGEST_GROWTH = 8;

    private final LuaState state;
    private final long limitBytes;
    private long at;

    ReplyReader(LuaState state, long limitBytes) {
        this.state = state;
        this.limitBytes = limitBytes;
    }

    /** The value of the one reply in the buffer. */
    @Nullable
    Object read(Reply reply) {
        if (reply.length() * LARGEST_GROWTH > limitBytes) {
            // Half-made values cannot be seen by the machine's count of memory, so what may not fit is not begun.
            throw new LuaError((Object) LuaString.of("not enough memory"));
        }
        at = reply.address();
        return value();
    }

    private @Nullable Object value() {
        int type = Memory.getByte(at++);
        return switch (type) {
            case '$' -> bulk();
            case ':' -> (Double) (double) number();
            case '+' -> single(OK, status());
            case '*' -> array();
            case '-' -> error(line());
            case '_' -> nothing();
            case '#' -> line().at(0) == 't';
            case ',' -> single(DOUBLE, real());
            case '(' -> single(BIG_NUMBER, line());
            case '=' -> verbatim();
            case '%' -> map();
            case '~' -> set();
            case '|' -> afterAttribute();
            default -> throw new IllegalStateException("no reply begins with " + type);
        };
    }

    private LuaTable single(LuaString field, Object value) {
        LuaTable table = state.newTable(0, 1);
        table.set(field, value);
        return table;
    }

    /** What a script sees of an error that a command answered, or that came before it could run. */
    LuaTable error(LuaString text) {
        LuaTable table = state.newTable(0, 2);
        table.set(ERR, text);
        table.set(IGNORE, true);
        return table;
    }

    /** An error that is not counted yet. */
    LuaTable plainError(String text) {
        return single(ERR, LuaString.of(text));
    }

    /** What {@code error_reply} makes of a text: its first word is the code, or, if it has only one, there is none. */
    LuaTable errorReply(LuaString text) {
        byte[] bytes = text.shared();
        int start = bytes.length > 0 && bytes[0] == '-' ? 1 : 0;
        int end = bytes.length;
        while (end > start && (bytes[end - 1] == '\r' || bytes[end - 1] == '\n')) {
            end--;
        }
        String line = new String(bytes, start, end - start, ISO_8859_1);
        String coded = line.indexOf(' ') < 0 ? "ERR " + line : line;
        return single(ERR, LuaString.wrap(coded.getBytes(ISO_8859_1)));
    }

    private @Nullable Object bulk() {
        int length = (int) number();
        if (length < 0) {
            return false;
        }
        LuaString string = string(length);
        at += 2;
        return string;
    }

    private LuaString string(int length) {
        byte[] bytes = new byte[length];
        Memory.copy(at, bytes, 0, length);
        at += length;
        return state.newString(bytes);
    }

    private LuaString status() {
        if (Memory.getInt(at) == ('O' | ('K' << 8) | ('\r' << 16) | ('\n' << 24))) {
            at += 4;
            return OK_VALUE;
        }
        return line();
    }

    private LuaString line() {
        long end = at;
        while (Memory.getByte(end) != '\r') {
            end++;
        }
        LuaString line = string((int) (end - at));
        at += 2;
        return line;
    }

    private long number() {
        boolean negative = Memory.getByte(at) == '-';
        if (negative) {
            at++;
        }
        long value = 0;
        for (int digit = Memory.getByte(at); digit != '\r'; digit = Memory.getByte(at)) {
            value = value * 10 + digit - '0';
            at++;
        }
        at += 2;
        return negative ? -value : value;
    }

    private @Nullable Object nothing() {
        at += 2;
        return null;
    }

    private Double real() {
        String text = line().toString();
        return switch (text) {
            case "inf" -> Double.POSITIVE_INFINITY;
            case "-inf" -> Double.NEGATIVE_INFINITY;
            case "nan", "-nan" -> Double.NaN;
            default -> Double.valueOf(text);
        };
    }

    private Object array() {
        int count = (int) number();
        if (count < 0) {
            return false;
        }
        LuaTable table = state.newTable(count, 0);
        for (int i = 1; i <= count; i++) {
            table.set(i, value());
        }
        return table;
    }

    private Object map() {
        int count = (int) number();
        LuaTable fields = state.newTable(0, count);
        for (int i = 0; i < count; i++) {
            Object key = value();
            Object value = value();
            if (key != null) {
                fields.set(key, value);
            }
        }
        return single(MAP, fields);
    }

    private Object set() {
        int count = (int) number();
        LuaTable members = state.newTable(0, count);
        for (int i = 0; i < count; i++) {
            Object member = value();
            if (member != null) {
                members.set(member, true);
            }
        }
        return single(SET, members);
    }

    private Object verbatim() {
        int length = (int) number();
        LuaTable parts = state.newTable(0, 2);
        parts.set(FORMAT, string(3));
        at++;
        parts.set(STRING, string(length - 4));
        at += 2;
        return single(VERBATIM, parts);
    }

    private @Nullable Object afterAttribute() {
        int count = (int) number();
        for (int i = 0; i < 2 * count; i++) {
            var _ = value();
        }
        return value();
    }
}
