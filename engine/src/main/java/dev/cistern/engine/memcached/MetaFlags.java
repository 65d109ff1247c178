package dev.cistern.engine.memcached;

import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import org.jspecify.annotations.Nullable;

/**
 * The flags of a meta command, read and checked before anything is done. What they ask to be told again is written later,
 * in the order of the line. Reused; one per event loop.
 */
final class MetaFlags {
    private static final int CODES = 127;

    private final Numbers numbers = new Numbers();
    private final boolean[] seen = new boolean[CODES];
    private byte @Nullable [] error;
    private boolean isKeyLast;

    boolean isKeyBinary;
    boolean isQuiet;
    boolean wantsValue;
    boolean leavesUntouched;
    boolean invalidates;
    boolean vivifies;
    boolean hasExpected;
    boolean hasNewDeadline;
    /** 0 when none is given. */
    byte mode;
    int clientFlags;
    long expected;
    long delta;
    long initial;
    long deadline;
    long vivifyDeadline;
    long recacheDeadline;

    private void clear() {
        java.util.Arrays.fill(seen, false);
        error = null;
        isKeyBinary = false;
        isKeyLast = false;
        isQuiet = false;
        wantsValue = false;
        leavesUntouched = false;
        invalidates = false;
        vivifies = false;
        hasExpected = false;
        hasNewDeadline = false;
        mode = 0;
        clientFlags = 0;
        expected = 0;
        delta = 1;
        initial = 0;
        deadline = Keyspace.NO_DEADLINE;
        vivifyDeadline = Keyspace.NO_DEADLINE;
        recacheDeadline = Keyspace.NO_DEADLINE;
    }

    /** Reads the line's words from {@code start} on; answers what is wrong with them, or null. */
    byte @Nullable [] read(CommandLine line, int start, ItemActions actions) {
        clear();
        for (int i = start; i < line.count(); i++) {
            int flag = line.first(i);
            if (flag < 0 || flag >= CODES || seen[flag]) {
                complain(Texts.DUPLICATE_FLAG);
                return error;
            }
            seen[flag] = true;
            if (!read(flag, line, i, actions)) {
                complain(Texts.INVALID_FLAG);
                return error;
            }
        }
        return error;
    }

    /** Says whether there is such a flag; what is wrong with its value is kept for the end, as in the original. */
    private boolean read(int flag, CommandLine line, int index, ItemActions actions) {
        switch (flag) {
            case 'O', 'P', 'L', 'k', 's', 't', 'c', 'f', 'l', 'h' -> {
            }
            case 'b' -> {
                isKeyBinary = true;
                isKeyLast = true;
            }
            case 'v' -> wantsValue = true;
            case 'u' -> leavesUntouched = true;
            case 'q' -> isQuiet = true;
            case 'I' -> invalidates = true;
            case 'N' -> {
                vivifies = true;
                vivifyDeadline = deadline(line, index, actions);
            }
            case 'T' -> {
                hasNewDeadline = true;
                deadline = deadline(line, index, actions);
            }
            case 'R' -> recacheDeadline = deadline(line, index, actions);
            case 'F' -> clientFlags = (int) number(line, index, Texts.BAD_FORMAT);
            case 'C' -> {
                expected = number(line, index, Texts.BAD_TOKEN);
                hasExpected = true;
            }
            case 'M' -> readMode(line, index);
            case 'J' -> initial = number(line, index, Texts.BAD_INITIAL);
            case 'D' -> delta = number(line, index, Texts.BAD_META_DELTA);
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Whether no flag after the key's was wrong. */
    boolean isKeyLast() {
        return isKeyLast;
    }

    private void complain(byte[] complaint) {
        error = complaint;
        isKeyLast = false;
    }

    private long deadline(CommandLine line, int index, ItemActions actions) {
        int exptime = numbers.signedInt(line.address(index) + 1, line.length(index) - 1);
        if (!numbers.isValid()) {
            complain(Texts.BAD_TOKEN);
        }
        return actions.deadline(exptime);
    }

    private long number(CommandLine line, int index, byte[] complaint) {
        long value = numbers.unsigned(line.address(index) + 1, line.length(index) - 1);
        if (!numbers.isValid()) {
            complain(complaint);
        }
        return value;
    }

    private void readMode(CommandLine line, int index) {
        if (line.length(index) == 2) {
            mode = Memory.getByte(line.address(index) + 1);
        } else {
            complain(Texts.BAD_MODE_LENGTH);
        }
    }
}
