package dev.cistern.engine.replication;

import dev.cistern.engine.protocol.Reply;
import dev.cistern.store.Bytes;
import dev.cistern.store.Decimal;
import dev.cistern.store.Memory;

/**
 * Reads back what a command has just answered, which says what happened. Knows the few types that such replies have.
 *
 * <p>Reused; a loop's thread only.
 */
final class ReplyCursor {
    /** The answer to {@link #open} for null. */
    static final int NULL = -1;

    private long position;
    private long end;
    private final Bytes view = new Bytes();

    /** Begins with what was written from {@code mark} on. */
    ReplyCursor at(Reply reply, long mark) {
        position = reply.address() + mark;
        end = reply.address() + reply.length();
        return this;
    }

    boolean isAtEnd() {
        return position >= end;
    }

    boolean isError() {
        return !isAtEnd() && Memory.getByte(position) == '-';
    }

    /** Whether an aggregate is next, the null array not being one. */
    boolean isAggregate() {
        int type = isAtEnd() || Memory.getByte(position + 1) == '-' ? 0 : Memory.getByte(position);
        return type == '*' || type == '%' || type == '~' || type == '>';
    }

    boolean isMap() {
        return !isAtEnd() && Memory.getByte(position) == '%';
    }

    /** Goes into an aggregate; answers the number of its elements (of a map: pairs), or NULL. */
    int open() {
        boolean isNull = Memory.getByte(position) == '_';
        long number = line();
        return isNull ? NULL : (int) number;
    }

    /** The next string, which must not be null. */
    Bytes string() {
        int type = Memory.getByte(position);
        long length = line();
        if (type != '$') {
            return view;
        }
        view.set(position, (int) length);
        position += length + 2;
        return view;
    }

    /** The next string; empty for null, and says whether it is none. */
    boolean stringOrNull() {
        boolean isNull = Memory.getByte(position) == '_'
                || (Memory.getByte(position) == '$' && Memory.getByte(position + 1) == '-');
        if (isNull) {
            line();
            return false;
        }
        string();
        return true;
    }

    /** The string that was read last. */
    Bytes last() {
        return view;
    }

    void skip() {
        if (isAggregate()) {
            boolean isMap = Memory.getByte(position) == '%';
            int left = open() * (isMap ? 2 : 1);
            for (int i = 0; i < left; i++) {
                skip();
            }
        } else {
            stringOrNull();
        }
    }

    /** Reads a header line; its text stays visible in {@link #last}. */
    private long line() {
        long from = position + 1;
        long at = from;
        while (Memory.getByte(at) != '\r') {
            at++;
        }
        view.set(from, (int) (at - from));
        position = at + 2;
        return view.length() == 0 ? 0 : Decimal.parse(from, view.length());
    }
}
