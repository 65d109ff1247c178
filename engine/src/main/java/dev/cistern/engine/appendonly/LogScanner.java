package dev.cistern.engine.appendonly;

import dev.cistern.store.Memory;

/**
 * Finds the borders of commands and lines in a log's bytes, and understands nothing else of them.
 *
 * <p>Trusts nothing: a length is believed only as far as there are bytes. Owns no memory; one thread at a time.
 */
final class LogScanner {
    private static final int MAX_DIGITS = 19;

    /** What stands at the place. */
    enum Kind {
        COMMAND, LINE,
        /** All ends in the middle of it. */
        CUT,
        /** Nothing that belongs there. */
        BAD,
        /** Nothing. */
        END
    }

    private final long limit;
    private long position;
    private long start;
    private long nameAt;
    private long nameBytes;
    private boolean isCut;

    LogScanner(long address, long length) {
        this.position = address;
        this.start = address;
        this.limit = address + length;
    }

    /** Where what was found begins. */
    long start() {
        return start;
    }

    /** Where it ends, and the next is looked for. */
    long end() {
        return position;
    }

    /** Finds the next; anything but a command or a line is found again and again. */
    Kind next() {
        start = position;
        if (position == limit) {
            return Kind.END;
        }
        isCut = false;
        byte first = Memory.getByte(position);
        boolean found = first == '#' ? line() : first == '*' && command();
        if (!found) {
            position = start;
            return isCut ? Kind.CUT : Kind.BAD;
        }
        return first == '#' ? Kind.LINE : Kind.COMMAND;
    }

    private boolean line() {
        long most = Math.min(limit, start + LogFormat.MAX_LINE_BYTES);
        while (position < most) {
            if (Memory.getByte(position++) == '\n') {
                return true;
            }
        }
        isCut = position == limit;
        return false;
    }

    private boolean command() {
        long count = number('*');
        if (count <= 0) {
            return false;
        }
        for (long i = 0; i < count; i++) {
            long length = number('$');
            if (length < 0) {
                return false;
            }
            if (length > limit - position - 2) {
                isCut = true;
                return false;
            }
            if (i == 0) {
                nameAt = position;
                nameBytes = length;
            }
            position += length;
            if (Memory.getByte(position) != '\r' || Memory.getByte(position + 1) != '\n') {
                return false;
            }
            position += 2;
        }
        return true;
    }

    /** A number behind a letter, and the line's end; below zero if there is none. */
    private long number(char letter) {
        if (position == limit) {
            isCut = true;
            return -1;
        }
        if (Memory.getByte(position) != letter) {
            return -1;
        }
        long value = 0;
        int digits = 0;
        for (position++; position < limit && Memory.getByte(position) != '\r'; position++) {
            int digit = Memory.getByte(position) - '0';
            if (digit < 0 || digit > 9 || ++digits >= MAX_DIGITS) {
                return -1;
            }
            value = value * 10 + digit;
        }
        if (limit - position < 2) {
            isCut = true;
            return -1;
        }
        if (digits == 0 || Memory.getByte(position + 1) != '\n') {
            return -1;
        }
        position += 2;
        return value;
    }

    /** Whether the command that was found is this one, which is given in small letters. */
    boolean isCommand(String name) {
        if (nameBytes != name.length()) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            if ((Memory.getByte(nameAt + i) | 0x20) != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** The line that was found, without its end. */
    String text() {
        StringBuilder text = new StringBuilder();
        for (long at = start; at < position; at++) {
            char letter = (char) (Memory.getByte(at) & 0xFF);
            if (letter != '\r' && letter != '\n') {
                text.append(letter);
            }
        }
        return text.toString();
    }
}
