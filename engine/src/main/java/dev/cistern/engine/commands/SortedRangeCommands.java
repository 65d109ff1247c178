package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.RealText;
import dev.cistern.store.SortedScratch;
import dev.cistern.store.SortedSets;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.OW;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;

/**
 * Commands on ranges of a sorted set: by rank, by score and by name, forwards and backwards.
 *
 * <p>Whatever a range is given by, it is a range of ranks in the end. What was read of the options is one {@code int}, so
 * that a command leaves nothing on the heap. Runs on the loop's thread while the stripes of the keys are held.
 */
final class SortedRangeCommands {
    private static final CommandException NOT_A_SCORE = CommandException.of("ERR min or max is not a float");
    private static final CommandException NOT_A_NAME = CommandException.of(
            "ERR min or max not valid string range item");
    private static final CommandException LIMIT_OF_RANKS = CommandException.of(
            "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
    private static final CommandException SCORES_OF_NAMES = CommandException.of(
            "ERR syntax error, WITHSCORES not supported in combination with BYLEX");

    private static final int WITH_SCORES = 1;
    private static final int REVERSE = 1 << 1;
    private static final int BY_SCORE = 1 << 2;
    private static final int BY_NAME = 1 << 3;
    /** The command says by its name how it goes; else its options do. */
    private static final int FIXED = 1 << 4;
    private static final int STORES = 1 << 5;
    /** From here on stands the index of LIMIT's offset, 0 for none. */
    private static final int LIMIT_SHIFT = 6;

    private static final KeySpec THINNED = key(1).as(RW, DELETE);

    static final CommandTable TABLE = CommandTable.of("sorted-set",
            command("ZCOUNT", 4, key(1), READ, FAST).runs(SortedRangeCommands::countByScore),
            command("ZLEXCOUNT", 4, key(1), READ, FAST).runs(SortedRangeCommands::countByName),
            command("ZRANGE", -4, key(1), READ).runs((k, q, r) -> range(k, q, r, 0)),
            command("ZREVRANGE", -4, key(1), READ).runs((k, q, r) -> range(k, q, r, FIXED | REVERSE)),
            command("ZRANGEBYSCORE", -4, key(1), READ).runs((k, q, r) -> range(k, q, r, FIXED | BY_SCORE)),
            command("ZREVRANGEBYSCORE", -4, key(1), READ)
                    .runs((k, q, r) -> range(k, q, r, FIXED | BY_SCORE | REVERSE)),
            command("ZRANGEBYLEX", -4, key(1), READ).runs((k, q, r) -> range(k, q, r, FIXED | BY_NAME)),
            command("ZREVRANGEBYLEX", -4, key(1), READ)
                    .runs((k, q, r) -> range(k, q, r, FIXED | BY_NAME | REVERSE)),
            command("ZRANGESTORE", -5, key(1).as(OW, UPDATE), key(2).as(KeySpec.Use.RO, KeySpec.Use.ACCESS), WRITE,
                    DENY_OOM).runs(SortedRangeCommands::store),
            command("ZREMRANGEBYRANK", 4, THINNED, WRITE)
                    .runs((k, q, r) -> removeRange(k, q, r, 0, KeyEvent.ZREMRANGEBYRANK)),
            command("ZREMRANGEBYSCORE", 4, THINNED, WRITE)
                    .runs((k, q, r) -> removeRange(k, q, r, BY_SCORE, KeyEvent.ZREMRANGEBYSCORE)),
            command("ZREMRANGEBYLEX", 4, THINNED, WRITE)
                    .runs((k, q, r) -> removeRange(k, q, r, BY_NAME, KeyEvent.ZREMRANGEBYLEX)));

    private SortedRangeCommands() {}

    // --- bounds ---

    /** Throws unless the two arguments are bounds of the kind that the options say. */
    private static void check(Request request, int least, int most, int options) {
        if ((options & BY_SCORE) != 0) {
            scoreAt(request, least);
            scoreAt(request, most);
        } else if ((options & BY_NAME) != 0) {
            checkName(request, least);
            checkName(request, most);
        } else {
            request.longAt(least);
            request.longAt(most);
        }
    }

    /** The first rank of the range in the open set. */
    private static long firstRank(SortedSets sets, Request request, int least, int options) {
        if ((options & BY_SCORE) != 0) {
            return sets.rankOfScore(scoreAt(request, least), isExclusive(request.argument(least)));
        }
        if ((options & BY_NAME) != 0) {
            return rankOfName(sets, request, least, false);
        }
        return within(fromStart(request.longAt(least), sets.size()), sets.size());
    }

    /** The rank behind the range. */
    private static long behindRank(SortedSets sets, Request request, int most, int options) {
        if ((options & BY_SCORE) != 0) {
            return sets.rankOfScore(scoreAt(request, most), !isExclusive(request.argument(most)));
        }
        if ((options & BY_NAME) != 0) {
            return rankOfName(sets, request, most, true);
        }
        return within(Math.min(sets.size() - 1, fromStart(request.longAt(most), sets.size())) + 1, sets.size());
    }

    /** A rank that is there, or the one behind the last: so that the difference of two cannot overflow. */
    private static long within(long rank, long size) {
        return Math.max(0, Math.min(size, rank));
    }

    private static long fromStart(long index, long size) {
        return index < 0 ? index + size : index;
    }

    private static double scoreAt(Request request, int index) {
        Bytes text = request.argument(index);
        int skipped = isExclusive(text) ? 1 : 0;
        double score = RealText.parseBound(text.address() + skipped, text.length() - skipped);
        if (Double.isNaN(score)) {
            throw NOT_A_SCORE;
        }
        return score;
    }

    private static boolean isExclusive(Bytes bound) {
        return bound.length() > 0 && bound.byteAt(0) == '(';
    }

    private static void checkName(Request request, int index) {
        Bytes text = request.argument(index);
        int first = text.length() == 0 ? 0 : text.byteAt(0);
        boolean infinite = text.length() == 1 && (first == '-' || first == '+');
        if (!infinite && first != '(' && first != '[') {
            throw NOT_A_NAME;
        }
    }

    /** The rank of a bound by name; an inclusive one stands before what equals it, or behind it where a range ends. */
    private static long rankOfName(SortedSets sets, Request request, int index, boolean isEnd) {
        Bytes text = request.argument(index);
        return switch (text.byteAt(0)) {
            case '-' -> 0;
            case '+' -> sets.size();
            default -> {
                Bytes name = request.view().set(text.address() + 1, text.length() - 1);
                yield sets.rankOfName(name, isExclusive(text) != isEnd);
            }
        };
    }

    // --- counting ---

    private static void countByScore(Keyspace keyspace, Request request, Reply reply) {
        count(keyspace.sortedSets(), request, reply, BY_SCORE);
    }

    private static void countByName(Keyspace keyspace, Request request, Reply reply) {
        count(keyspace.sortedSets(), request, reply, BY_NAME);
    }

    private static void count(SortedSets sets, Request request, Reply reply, int options) {
        check(request, 2, 3, options);
        sets.open(request.key(1));
        long first = firstRank(sets, request, 2, options);
        reply.integer(Math.max(0, behindRank(sets, request, 3, options) - first));
    }

    // --- reading ---

    /** ZRANGE key min max [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES], and the commands that it replaces. */
    private static void range(Keyspace keyspace, Request request, Reply reply, int fixed) {
        int options = optionsFrom(request, 4, fixed);
        int least = (options & REVERSE) != 0 && (options & (BY_SCORE | BY_NAME)) != 0 ? 3 : 2;
        int most = 5 - least;
        // In the order in which they were given, for the error.
        check(request, least, most, options);
        SortedSets sets = keyspace.sortedSets();
        sets.open(request.key(1));
        long from = from(sets, request, least, most, options);
        long count = count(sets, request, least, most, options);
        boolean withScores = (options & WITH_SCORES) != 0;
        boolean inPairs = withScores && reply.isResp3();
        reply.array(withScores && !inPairs ? 2 * count : count);
        if (count > 0) {
            sets.seek(from);
        }
        for (long i = 0; i < count; i++) {
            if (inPairs) {
                reply.array(2);
            }
            reply.bulk(sets.read(request.view()));
            if (withScores) {
                reply.real(sets.score());
            }
            step(sets, options);
        }
    }

    private static void step(SortedSets sets, int options) {
        if ((options & REVERSE) != 0) {
            sets.previous();
        } else {
            sets.next();
        }
    }

    private static int optionsFrom(Request request, int from, int fixed) {
        int options = fixed;
        for (int i = from; i < request.count(); i++) {
            boolean isFree = (options & FIXED) == 0;
            if (request.is(i, "WITHSCORES") && (fixed & STORES) == 0) {
                options |= WITH_SCORES;
            } else if (request.is(i, "LIMIT") && i + 2 < request.count()) {
                request.longAt(i + 1);
                request.longAt(i + 2);
                options = (options & (1 << LIMIT_SHIFT) - 1) | (i + 1) << LIMIT_SHIFT;
                i += 2;
            } else if (isFree && (options & REVERSE) == 0 && request.is(i, "REV")) {
                options |= REVERSE;
            } else if (isFree && (options & (BY_SCORE | BY_NAME)) == 0 && request.is(i, "BYLEX")) {
                options |= BY_NAME;
            } else if (isFree && (options & (BY_SCORE | BY_NAME)) == 0 && request.is(i, "BYSCORE")) {
                options |= BY_SCORE;
            } else {
                throw CommandException.SYNTAX_ERROR;
            }
        }
        if ((options & (BY_SCORE | BY_NAME)) == 0 && limit(request, options) != -1) {
            throw LIMIT_OF_RANKS;
        }
        if ((options & BY_NAME) != 0 && (options & WITH_SCORES) != 0) {
            throw SCORES_OF_NAMES;
        }
        return options;
    }

    private static long offset(Request request, int options) {
        int index = options >>> LIMIT_SHIFT;
        return index == 0 ? 0 : request.longAt(index);
    }

    private static long limit(Request request, int options) {
        int index = options >>> LIMIT_SHIFT;
        return index == 0 ? -1 : request.longAt(index + 1);
    }

    private static boolean isReverseRanks(int options) {
        return (options & REVERSE) != 0 && (options & (BY_SCORE | BY_NAME)) == 0;
    }

    /** The rank of the member that is answered first. */
    private static long from(SortedSets sets, Request request, int least, int most, int options) {
        long offset = offsetOfRanks(request, options);
        if (isReverseRanks(options)) {
            return sets.size() - 1 - firstRank(sets, request, least, options);
        }
        return (options & REVERSE) != 0
                ? behindRank(sets, request, most, options) - 1 - offset
                : firstRank(sets, request, least, options) + offset;
    }

    /** LIMIT says nothing to ranks: its count may only be -1 there, and then its offset is not looked at. */
    private static long offsetOfRanks(Request request, int options) {
        return (options & (BY_SCORE | BY_NAME)) == 0 ? 0 : offset(request, options);
    }

    /** How many members are answered. */
    private static long count(SortedSets sets, Request request, int least, int most, int options) {
        long offset = offsetOfRanks(request, options);
        long inRange = behindRank(sets, request, most, options) - firstRank(sets, request, least, options);
        if (offset < 0 || inRange <= offset) {
            return 0;
        }
        long limit = limit(request, options);
        return limit < 0 ? inRange - offset : Math.min(limit, inRange - offset);
    }

    /** ZRANGESTORE destination source min max, with the options of ZRANGE. */
    private static void store(Keyspace keyspace, Request request, Reply reply) {
        int options = optionsFrom(request, 5, STORES);
        int least = (options & REVERSE) != 0 && (options & (BY_SCORE | BY_NAME)) != 0 ? 4 : 3;
        int most = 7 - least;
        check(request, least, most, options);
        SortedSets sets = keyspace.sortedSets();
        sets.open(request.key(2));
        long count = count(sets, request, least, most, options);
        try (SortedScratch result = keyspace.store().newSortedScratch()) {
            if (count > 0) {
                sets.seek(from(sets, request, least, most, options));
            }
            for (long i = 0; i < count; i++) {
                result.add(sets.read(request.view()), sets.score());
                step(sets, options);
            }
            sets.replace(request.key(1), result, KeyEvent.ZRANGESTORE);
        }
        reply.integer(count);
    }

    // --- removing ---

    private static void removeRange(Keyspace keyspace, Request request, Reply reply, int options, KeyEvent event) {
        check(request, 2, 3, options);
        SortedSets sets = keyspace.sortedSets();
        sets.openToChange(request.key(1));
        long first = firstRank(sets, request, 2, options);
        long removed = Math.max(0, behindRank(sets, request, 3, options) - first);
        if (removed > 0) {
            sets.removeRange(first, removed);
            sets.changed(event, removed);
            sets.endChange();
        }
        reply.integer(removed);
    }
}
