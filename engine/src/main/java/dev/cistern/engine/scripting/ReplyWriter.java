package dev.cistern.engine.scripting;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.lua.Lua;
import dev.cistern.lua.LuaString;
import dev.cistern.lua.LuaTable;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

/**
 * Makes a reply of the value that a script returned, by the original's rules: numbers lose their fraction, an array ends
 * before its first nil, a table with a field of a known name is the shape that it names.
 *
 * <p>One per run.
 */
final class ReplyWriter {
    /** Tables may contain themselves. */
    private static final int MAX_DEPTH = 2_000;
    /** A table that contains another one twice, and so on, spells out more than any memory holds. */
    private static final long MAX_REPLY_BYTES = 256L << 20;
    private static final CommandException TOO_DEEP = CommandException.of("ERR reached lua stack limit");
    private static final CommandException TOO_LARGE = CommandException.of("ERR the script's reply is too large");

    private static final LuaString ERR = LuaString.of("err");
    private static final LuaString OK = LuaString.of("ok");
    private static final LuaString DOUBLE = LuaString.of("double");
    private static final LuaString BIG_NUMBER = LuaString.of("big_number");
    private static final LuaString VERBATIM = LuaString.of("verbatim_string");
    private static final LuaString FORMAT = LuaString.of("format");
    private static final LuaString STRING = LuaString.of("string");
    private static final LuaString MAP = LuaString.of("map");
    private static final LuaString SET = LuaString.of("set");

    private final Reply reply;
    private final long largest;
    private final boolean booleansStay;
    private int depth;

    /** {@code booleansStay}: the script chose RESP3, where they are values of their own. */
    ReplyWriter(Reply reply, boolean booleansStay) {
        this.reply = reply;
        this.largest = reply.length() + MAX_REPLY_BYTES;
        this.booleansStay = booleansStay;
    }

    /** Throws when the value is too deep or too large to be told; what was written by then is the caller's to take back. */
    void write(@Nullable Object value) {
        switch (value) {
            case LuaString string -> reply.bulk(string.shared());
            case Double number -> reply.integer(Lua.toLong(number));
            case Boolean truth -> bool(truth);
            case LuaTable table -> {
                if (reply.length() > largest) {
                    throw TOO_LARGE;
                }
                table(table);
            }
            case null, default -> reply.nullBulk();
        }
    }

    private void bool(boolean truth) {
        if (booleansStay) {
            reply.bool(truth);
        } else if (truth) {
            reply.integer(1);
        } else {
            reply.nullBulk();
        }
    }

    private void table(LuaTable table) {
        if (++depth > MAX_DEPTH) {
            depth--;
            reply.error(TOO_DEEP);
            return;
        }
        if (table.hasFields() && named(table)) {
            depth--;
            return;
        }
        long mark = reply.open();
        int count = 0;
        for (Object member = table.get(1); member != null; member = table.get(count + 1)) {
            write(member);
            count++;
        }
        reply.closeArray(mark, count);
        depth--;
    }

    private boolean named(LuaTable table) {
        if (table.get(ERR) instanceof LuaString text) {
            reply.raw(line('-', text));
        } else if (table.get(OK) instanceof LuaString text) {
            reply.raw(line('+', text));
        } else if (table.get(DOUBLE) instanceof Double number) {
            reply.real(number);
        } else if (table.get(MAP) instanceof LuaTable fields) {
            map(fields);
        } else if (table.get(SET) instanceof LuaTable members) {
            set(members);
        } else if (table.get(BIG_NUMBER) instanceof LuaString digits) {
            reply.bigNumber(new String(oneLine(digits), ISO_8859_1));
        } else {
            return verbatim(table.get(VERBATIM));
        }
        return true;
    }

    private boolean verbatim(@Nullable Object parts) {
        if (parts instanceof LuaTable table && table.get(FORMAT) instanceof LuaString format
                && table.get(STRING) instanceof LuaString text) {
            byte[] three = {' ', ' ', ' '};
            System.arraycopy(format.shared(), 0, three, 0, Math.min(3, format.length()));
            reply.verbatim(three, text.shared());
            return true;
        }
        return false;
    }

    private void map(LuaTable fields) {
        long mark = reply.open();
        long count = 0;
        for (Object key = fields.nextKey(null); key != null; key = fields.nextKey(key)) {
            write(key);
            write(fields.get(key));
            count++;
        }
        reply.closeMap(mark, count);
    }

    private void set(LuaTable members) {
        long mark = reply.open();
        long count = 0;
        for (Object member = members.nextKey(null); member != null; member = members.nextKey(member)) {
            write(member);
            count++;
        }
        reply.closeSet(mark, count);
    }

    /** A whole line. It cannot hold line ends, which would make two replies of it. */
    static byte[] line(char type, LuaString text) {
        byte[] inner = oneLine(text);
        byte[] line = new byte[inner.length + 3];
        line[0] = (byte) type;
        System.arraycopy(inner, 0, line, 1, inner.length);
        line[line.length - 2] = '\r';
        line[line.length - 1] = '\n';
        return line;
    }

    /** Up to a zero byte, where the original's text ends, with spaces for line ends. */
    private static byte[] oneLine(LuaString text) {
        byte[] bytes = text.shared();
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        byte[] copy = Arrays.copyOf(bytes, length);
        for (int i = 0; i < length; i++) {
            if (copy[i] == '\r' || copy[i] == '\n') {
                copy[i] = ' ';
            }
        }
        return copy;
    }
}
