package dev.cistern.engine.commands;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Keyspace;

/**
 * The options that follow the arguments of SET, GETEX and MSETEX.
 *
 * <p>What was read is one {@code long}, so that a SET with options leaves nothing on the heap: which options there are,
 * and where their values stand among the arguments. Stateless; any thread.
 *
 * <pre>
 *   bits      of the long
 *    0 ..  9  options, the constants below
 *   10 .. 36  index of the expire time's argument, 0 for none
 *   37 .. 63  index of IFEQ's argument, 0 for none
 * </pre>
 */
final class StringOptions {
    static final int NX = 1;
    static final int XX = 1 << 1;
    static final int IFEQ = 1 << 2;
    static final int GET = 1 << 3;
    static final int KEEPTTL = 1 << 4;
    static final int PERSIST = 1 << 5;
    static final int EX = 1 << 6;
    static final int PX = 1 << 7;
    static final int EXAT = 1 << 8;
    static final int PXAT = 1 << 9;

    private static final int CONDITION = NX | XX | IFEQ;
    private static final int TIME = EX | PX | EXAT | PXAT;
    private static final int LIFETIME = TIME | KEEPTTL | PERSIST;

    static final int OF_SET = CONDITION | GET | TIME | KEEPTTL;
    static final int OF_GETEX = TIME | PERSIST;
    static final int OF_MSETEX = NX | XX | TIME | KEEPTTL;

    private static final int TIME_INDEX_SHIFT = 10;
    private static final int IFEQ_INDEX_SHIFT = 37;
    private static final long INDEX_MASK = (1L << 27) - 1;

    private StringOptions() {}

    /** Reads the arguments from {@code from} to the last one. Throws SYNTAX_ERROR. */
    static long parse(Request request, int from, int allowed) {
        long options = 0;
        for (int i = from; i < request.count(); i++) {
            int option = optionAt(request, i) & allowed;
            if (option == 0 || (options & excludedBy(option)) != 0) {
                throw CommandException.SYNTAX_ERROR;
            }
            options |= option;
            if ((option & (TIME | IFEQ)) != 0) {
                i++;
                if (i == request.count()) {
                    throw CommandException.SYNTAX_ERROR;
                }
                options = withIndex(options, option == IFEQ ? IFEQ_INDEX_SHIFT : TIME_INDEX_SHIFT, i);
            }
        }
        return options;
    }

    private static int optionAt(Request request, int index) {
        return switch (request.argument(index).length()) {
            case 2 -> request.is(index, "EX")
                    ? EX
                    : request.is(index, "PX")
                            ? PX
                            : request.is(index, "NX")
                                    ? NX
                                    : request.is(index, "XX") ? XX : 0;
            case 3 -> request.is(index, "GET") ? GET : 0;
            case 4 -> request.is(index, "EXAT")
                    ? EXAT
                    : request.is(index, "PXAT")
                            ? PXAT
                            : request.is(index, "IFEQ") ? IFEQ : 0;
            case 7 -> request.is(index, "KEEPTTL") ? KEEPTTL : request.is(index, "PERSIST") ? PERSIST : 0;
            default -> 0;
        };
    }

    /** The options that may not stand before this one. Most may be repeated, and the last value counts. */
    private static int excludedBy(int option) {
        if (option == IFEQ) {
            return CONDITION;
        }
        if ((option & CONDITION) != 0) {
            return CONDITION & ~option;
        }
        return (option & LIFETIME) != 0 ? LIFETIME & ~option : 0;
    }

    private static long withIndex(long options, int shift, int index) {
        return (options & ~(INDEX_MASK << shift)) | ((long) index << shift);
    }

    static boolean has(long options, int option) {
        return (options & option) != 0;
    }

    static int ifeqIndex(long options) {
        return (int) ((options >>> IFEQ_INDEX_SHIFT) & INDEX_MASK);
    }

    /**
     * When the key is to expire, in the words of {@link Keyspace#set}.
     *
     * @param invalid
     *            what to throw for a time that cannot be
     */
    static long deadlineMillis(long options, Request request, long nowMillis, CommandException invalid) {
        int index = (int) ((options >>> TIME_INDEX_SHIFT) & INDEX_MASK);
        if (index == 0) {
            return has(options, KEEPTTL) ? Keyspace.KEEP_DEADLINE : Keyspace.NO_DEADLINE;
        }
        long base = has(options, EX | PX) ? nowMillis : 0;
        return deadlineMillis(request.longAt(index), has(options, EX | EXAT) ? 1000 : 1, base, invalid);
    }

    /** {@code base + time * unitMillis}, for a positive time; throws {@code invalid} if there is no such moment. */
    static long deadlineMillis(long time, int unitMillis, long base, CommandException invalid) {
        if (time <= 0 || time > (Long.MAX_VALUE - base) / unitMillis) {
            throw invalid;
        }
        return base + time * unitMillis;
    }
}
