package dev.cistern.engine.commands;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Decimal;
import dev.cistern.store.Memory;

/**
 * Ids of stream entries as clients spell them: {@code 1526919030474-55}, {@code 1526919030474}, {@code -}, {@code +}.
 *
 * <p>An id is two numbers, and two methods give one each, so that reading one leaves nothing on the heap. They read what
 * {@link #require} or {@link #requireStrict} has let pass. Stateless; any thread.
 */
final class StreamIdText {
    static final CommandException INVALID = CommandException.of(
            "ERR Invalid stream ID specified as stream command argument");
    private static final CommandException INVALID_START = CommandException.of(
            "ERR invalid start ID for the interval");
    private static final CommandException INVALID_END = CommandException.of("ERR invalid end ID for the interval");

    /** The greatest number there is, as bits: numbers here have no sign. */
    static final long MAX = -1;
    private static final int MAX_LENGTH = 127;

    private StreamIdText() {}

    // --- whether it is one ---

    /** Throws unless the argument is an id, {@code -} or {@code +}. */
    static void require(Request request, int index) {
        if (!isValid(request.argument(index), 0, false)) {
            throw INVALID;
        }
    }

    /** Throws unless the argument is an id in digits. */
    static void requireStrict(Request request, int index) {
        if (!isStrict(request.argument(index))) {
            throw INVALID;
        }
    }

    static boolean isStrict(Bytes text) {
        return !isBorder(text) && isValid(text, 0, false);
    }

    /** Throws unless the argument is an id for a new entry, whose sequence may be {@code *}. */
    static void requireNew(Request request, int index) {
        Bytes text = request.argument(index);
        if (isBorder(text) || !isValid(text, 0, true)) {
            throw INVALID;
        }
    }

    /** Throws unless the argument is the border of a range: an id, {@code -} or {@code +}, or {@code (} and an id. */
    static void requireBorder(Request request, int index) {
        Bytes text = request.argument(index);
        boolean exclusive = isExclusive(text);
        boolean isNumber = !exclusive || !isBorderSign(text, 1);
        if (!isNumber || !isValid(text, exclusive ? 1 : 0, false)) {
            throw INVALID;
        }
    }

    private static boolean isBorder(Bytes text) {
        return isBorderSign(text, 0);
    }

    private static boolean isBorderSign(Bytes text, int at) {
        return text.length() == at + 1 && (text.byteAt(at) == '-' || text.byteAt(at) == '+');
    }

    private static boolean isExclusive(Bytes text) {
        return text.length() > 1 && text.byteAt(0) == '(';
    }

    private static boolean isValid(Bytes text, int from, boolean mayBeAutomatic) {
        if (text.length() - from > MAX_LENGTH) {
            return false;
        }
        if (isBorderSign(text, from)) {
            return true;
        }
        int end = end(text);
        int dash = dash(text, from, end);
        if (!isNumber(text, from, dash)) {
            return false;
        }
        return dash == end || (mayBeAutomatic && isAutomatic(text)) || isNumber(text, dash + 1, end);
    }

    /** Text ends where C's would. */
    private static int end(Bytes text) {
        int end = 0;
        while (end < text.length() && text.byteAt(end) != 0) {
            end++;
        }
        return end;
    }

    private static int dash(Bytes text, int from, int end) {
        int at = from;
        while (at < end && text.byteAt(at) != '-') {
            at++;
        }
        return at;
    }

    /** Whether the sequence of a new entry's id is to be found by the server. */
    static boolean isAutomatic(Bytes text) {
        int length = text.length();
        return length > 2 && text.byteAt(length - 1) == '*' && dash(text, 0, length) == length - 2;
    }

    // --- the numbers ---

    static long millis(Bytes text) {
        return millis(text, 0);
    }

    private static long millis(Bytes text, int from) {
        if (isBorderSign(text, from)) {
            return text.byteAt(from) == '-' ? 0 : MAX;
        }
        return number(text, from, dash(text, from, end(text)));
    }

    /** The second number; {@code missing} for an id without one or with {@code *}. */
    static long sequence(Bytes text, long missing) {
        return sequence(text, 0, missing);
    }

    private static long sequence(Bytes text, int from, long missing) {
        if (isBorderSign(text, from)) {
            return text.byteAt(from) == '-' ? 0 : MAX;
        }
        int end = end(text);
        int dash = dash(text, from, end);
        return dash == end || isAutomatic(text) ? missing : number(text, dash + 1, end);
    }

    /** Throws when a range that begins behind this id is none. */
    static void requireStart(Request request, int index) {
        Bytes text = request.argument(index);
        if (isExclusive(text) && millis(text, 1) == MAX && sequence(text, 1, 0) == MAX) {
            throw INVALID_START;
        }
    }

    /** Throws when a range that ends before this id is none. */
    static void requireEnd(Request request, int index) {
        Bytes text = request.argument(index);
        if (isExclusive(text) && millis(text, 1) == 0 && sequence(text, 1, MAX) == 0) {
            throw INVALID_END;
        }
    }

    /** The first id of a range that begins with this border. */
    static long startMillis(Bytes text) {
        if (!isExclusive(text)) {
            return millis(text, 0);
        }
        return sequence(text, 1, 0) == MAX ? millis(text, 1) + 1 : millis(text, 1);
    }

    static long startSequence(Bytes text) {
        return isExclusive(text) ? sequence(text, 1, 0) + 1 : sequence(text, 0, 0);
    }

    /** The last id of a range that ends with this border. */
    static long endMillis(Bytes text) {
        if (!isExclusive(text)) {
            return millis(text, 0);
        }
        return sequence(text, 1, MAX) == 0 ? millis(text, 1) - 1 : millis(text, 1);
    }

    static long endSequence(Bytes text) {
        return isExclusive(text) ? sequence(text, 1, MAX) - 1 : sequence(text, 0, MAX);
    }

    // --- digits ---

    /** Whether it is a number as C's strtoull reads one, or a canonical one that is not negative. */
    private static boolean isNumber(Bytes text, int from, int end) {
        int at = firstDigit(text, from, end);
        if (at == end || isCanonicalNegative(text, from, end)) {
            return false;
        }
        long value = 0;
        for (; at < end; at++) {
            int digit = text.byteAt(at) - '0';
            if (digit < 0 || digit > 9 || overflows(value, digit)) {
                return false;
            }
            value = value * 10 + digit;
        }
        return true;
    }

    private static boolean overflows(long value, int digit) {
        long most = Long.divideUnsigned(MAX, 10);
        int compared = Long.compareUnsigned(value, most);
        return compared > 0 || (compared == 0 && digit > 5);
    }

    private static boolean isCanonicalNegative(Bytes text, int from, int end) {
        long parsed = Decimal.parse(text.address() + from, end - from);
        return Memory.getByte(text.address() + from) == '-'
                && Decimal.isInteger(parsed, text.address() + from, end - from);
    }

    /** Behind blanks and a sign. */
    private static int firstDigit(Bytes text, int from, int end) {
        int at = from;
        while (at < end && (text.byteAt(at) == ' ' || (text.byteAt(at) >= '\t' && text.byteAt(at) <= '\r'))) {
            at++;
        }
        boolean signed = at < end && (text.byteAt(at) == '-' || text.byteAt(at) == '+');
        return signed ? at + 1 : at;
    }

    private static long number(Bytes text, int from, int end) {
        int first = firstDigit(text, from, end);
        long value = 0;
        for (int at = first; at < end; at++) {
            value = value * 10 + (text.byteAt(at) - '0');
        }
        return first > from && text.byteAt(first - 1) == '-' ? -value : value;
    }
}
