package dev.cistern.engine.commands;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Streams;

/**
 * The options of XADD and XTRIM: what to trim, and where XADD's id stands.
 *
 * <p>What was read is one {@code long}, so that it leaves nothing on the heap. Stateless; any thread.
 *
 * <pre>
 *   bits      of the long
 *    0 ..  3  the constants below
 *    4 .. 23  index of the threshold's argument; 0 = do not trim
 *   24 .. 43  index of the limit's argument; 0 = none given
 *   44 .. 63  index of XADD's id; 0 = none
 * </pre>
 */
final class StreamTrim {
    private static final int ONLY_IF_THERE = 1;
    private static final int BY_LENGTH = 1 << 1;
    private static final int APPROXIMATE = 1 << 2;

    private static final int THRESHOLD_SHIFT = 4;
    private static final int INDEX_BITS = 20;
    private static final int LIMIT_SHIFT = THRESHOLD_SHIFT + INDEX_BITS;
    private static final int ID_SHIFT = LIMIT_SHIFT + INDEX_BITS;
    private static final long INDEX_MASK = (1L << INDEX_BITS) - 1;

    /** An approximate trimming takes the entries of so many nodes at most, unless it is told otherwise. */
    private static final long NODES_AT_ONCE = 100;
    private static final long LIMIT_WITHOUT_NODE_LIMIT = 10_000;

    private static final CommandException BOTH = CommandException.of(
            "ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
    private static final CommandException NEGATIVE_LENGTH = CommandException.of(
            "ERR The MAXLEN argument must be >= 0.");
    private static final CommandException NEGATIVE_LIMIT = CommandException.of("ERR The LIMIT argument must be >= 0.");
    private static final CommandException LIMIT_ALONE = CommandException.of(
            "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
    private static final CommandException LIMIT_EXACT = CommandException.of(
            "ERR syntax error, LIMIT cannot be used without the special ~ option");
    private static final CommandException NO_STRATEGY = CommandException.of(
            "ERR syntax error, XTRIM must be called with a trimming strategy");

    private StreamTrim() {}

    /** Reads the arguments behind the key; XADD's up to its id. */
    static long parse(Request request, boolean isAdd) {
        long options = 0;
        int i = 2;
        for (; i < request.count(); i++) {
            int more = request.count() - 1 - i;
            if (isAdd && isStar(request.argument(i))) {
                break;
            } else if (more > 0 && (request.is(i, "MAXLEN") || request.is(i, "MINID"))) {
                options = threshold(request, i, options);
                i = index(options, THRESHOLD_SHIFT);
            } else if (more > 0 && request.is(i, "LIMIT")) {
                if (request.longAt(i + 1) < 0) {
                    throw NEGATIVE_LIMIT;
                }
                options = withIndex(options, LIMIT_SHIFT, ++i);
            } else if (isAdd && request.is(i, "NOMKSTREAM")) {
                options |= ONLY_IF_THERE;
            } else if (isAdd) {
                StreamIdText.requireNew(request, i);
                break;
            } else {
                throw CommandException.SYNTAX_ERROR;
            }
        }
        requireStrategy(options, request, isAdd);
        return i < request.count() ? withIndex(options, ID_SHIFT, i) : options;
    }

    private static boolean isStar(Bytes argument) {
        return argument.length() == 1 && argument.byteAt(0) == '*';
    }

    private static long threshold(Request request, int at, long options) {
        if (index(options, THRESHOLD_SHIFT) != 0) {
            throw BOTH;
        }
        int i = at + 1;
        boolean exact = request.is(i, "=") && i + 1 < request.count();
        boolean approximate = request.is(i, "~") && i + 1 < request.count();
        if (exact || approximate) {
            i++;
        }
        boolean byLength = request.is(at, "MAXLEN");
        if (!byLength) {
            StreamIdText.requireStrict(request, i);
        } else if (request.longAt(i) < 0) {
            throw NEGATIVE_LENGTH;
        }
        return withIndex(options, THRESHOLD_SHIFT, i) | (byLength ? BY_LENGTH : 0) | (approximate ? APPROXIMATE : 0);
    }

    private static void requireStrategy(long options, Request request, boolean isAdd) {
        int limit = index(options, LIMIT_SHIFT);
        boolean trims = index(options, THRESHOLD_SHIFT) != 0;
        if (limit != 0 && request.longAt(limit) != 0 && !trims) {
            throw LIMIT_ALONE;
        }
        if (!isAdd && !trims) {
            throw NO_STRATEGY;
        }
        if (limit != 0 && trims && !has(options, APPROXIMATE)) {
            throw LIMIT_EXACT;
        }
    }

    private static boolean has(long options, int option) {
        return (options & option) != 0;
    }

    private static int index(long options, int shift) {
        return (int) (options >>> shift & INDEX_MASK);
    }

    private static long withIndex(long options, int shift, int index) {
        if (index > INDEX_MASK) {
            // So many options cannot be meant.
            throw CommandException.SYNTAX_ERROR;
        }
        return (options & ~(INDEX_MASK << shift)) | ((long) index << shift);
    }

    /** NOMKSTREAM. */
    static boolean isOnlyIfThere(long options) {
        return has(options, ONLY_IF_THERE);
    }

    /** Where XADD's id stands; 0 when there is none. */
    static int idIndex(long options) {
        return index(options, ID_SHIFT);
    }

    /** Trims the chosen stream as the options say; returns how many entries went. */
    static long apply(long options, Streams streams, Request request, long nodeMaxEntries) {
        int threshold = index(options, THRESHOLD_SHIFT);
        if (threshold == 0) {
            return 0;
        }
        boolean approximate = has(options, APPROXIMATE);
        long limit = limit(options, request, nodeMaxEntries);
        if (has(options, BY_LENGTH)) {
            return streams.trimToLength(request.longAt(threshold), approximate, limit);
        }
        Bytes least = request.argument(threshold);
        return streams.trimToId(StreamIdText.millis(least), StreamIdText.sequence(least, 0), approximate, limit);
    }

    private static long limit(long options, Request request, long nodeMaxEntries) {
        int given = index(options, LIMIT_SHIFT);
        if (given != 0) {
            return request.longAt(given);
        }
        if (!has(options, APPROXIMATE)) {
            return 0;
        }
        return nodeMaxEntries == 0
                ? LIMIT_WITHOUT_NODE_LIMIT
                : nodeMaxEntries > Long.MAX_VALUE / NODES_AT_ONCE ? Long.MAX_VALUE : NODES_AT_ONCE * nodeMaxEntries;
    }
}
