package dev.cistern.engine.protocol;

import dev.cistern.store.Memory;

/**
 * Splits a line that a person typed into arguments: blanks separate, quotes hold together, escapes name bytes.
 *
 * <p>Works in place: an argument is never longer than its spelling, so the decoded bytes overwrite it.
 */
final class InlineParser {
    private long at;
    private long end;

    /** Adds the arguments of the line to the request; false if a quote is not closed or something sticks to it. */
    boolean split(long from, long to, Request request) {
        at = from;
        end = to;
        while (true) {
            while (at < end && isBlank(Memory.getByte(at))) {
                at++;
            }
            if (at >= end) {
                return true;
            }
            if (!argument(request)) {
                return false;
            }
        }
    }

    private boolean argument(Request request) {
        long first = at;
        long write = at;
        while (at < end) {
            byte letter = Memory.getByte(at);
            if (isBlank(letter) || letter == 0) {
                break;
            }
            if (letter == '"' || letter == '\'') {
                write = letter == '"' ? doubleQuoted(write) : singleQuoted(write);
                if (write < 0) {
                    return false;
                }
                break;
            }
            Memory.putByte(write++, letter);
            at++;
        }
        if (at < end && Memory.getByte(at) == 0) {
            // The original takes the line for a C string.
            at = end;
        }
        request.add(first, (int) (write - first));
        return true;
    }

    private long doubleQuoted(long to) {
        long write = to;
        at++;
        while (at < end) {
            byte letter = Memory.getByte(at);
            if (letter == '"') {
                return closed() ? write : -1;
            }
            if (letter == '\\' && at + 1 < end) {
                Memory.putByte(write++, escaped());
            } else {
                Memory.putByte(write++, letter);
                at++;
            }
        }
        return -1;
    }

    /** Reads the escape at the cursor: \xHH, or a letter that stands for a control code, or the letter itself. */
    private byte escaped() {
        byte letter = Memory.getByte(at + 1);
        if (letter == 'x' && at + 3 < end) {
            int high = Character.digit(Memory.getByte(at + 2), 16);
            int low = Character.digit(Memory.getByte(at + 3), 16);
            if (high >= 0 && low >= 0) {
                at += 4;
                return (byte) (high << 4 | low);
            }
        }
        at += 2;
        return switch (letter) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'b' -> '\b';
            case 'a' -> 7;
            default -> letter;
        };
    }

    private long singleQuoted(long to) {
        long write = to;
        at++;
        while (at < end) {
            byte letter = Memory.getByte(at);
            if (letter == '\'') {
                return closed() ? write : -1;
            }
            if (letter == '\\' && at + 1 < end && Memory.getByte(at + 1) == '\'') {
                letter = '\'';
                at++;
            }
            Memory.putByte(write++, letter);
            at++;
        }
        return -1;
    }

    /** Steps over the closing quote; only a blank or the end may follow it. */
    private boolean closed() {
        at++;
        return at >= end || isBlank(Memory.getByte(at)) || Memory.getByte(at) == 0;
    }

    private static boolean isBlank(byte letter) {
        return letter == ' ' || (letter >= '\t' && letter <= '\r');
    }
}
