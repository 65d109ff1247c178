package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.SortedSets;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.counted;
import static dev.cistern.engine.dispatch.KeySpec.key;

/**
 * Commands on members of sorted sets and on their ends, that answer at once.
 *
 * <p>Not those on ranges ({@link SortedRangeCommands}), on several sets at once ({@link SortedAlgebraCommands}), or by
 * chance and bit by bit ({@link SortedWalkCommands}). Runs on the loop's thread while the stripes of the keys are held.
 */
final class SortedSetCommands {
    private static final CommandException XX_AND_NX = CommandException.of(
            "ERR XX and NX options at the same time are not compatible");
    private static final CommandException GT_LT_NX = CommandException.of(
            "ERR GT, LT, and/or NX options at the same time are not compatible");
    private static final CommandException INCR_OF_MANY = CommandException.of(
            "ERR INCR option supports a single increment-element pair");
    private static final CommandException NOT_A_NUMBER = CommandException.of(
            "ERR resulting score is not a number (NaN)");
    private static final CommandException ZRANK_ARITY = wrongArity("zrank");
    private static final CommandException ZREVRANK_ARITY = wrongArity("zrevrank");

    private static final int NX = 1;
    private static final int XX = 1 << 1;
    private static final int GT = 1 << 2;
    private static final int LT = 1 << 3;
    private static final int CH = 1 << 4;
    private static final int INCR = 1 << 5;

    private static final KeySpec POPPED = key(1).as(RW, ACCESS, DELETE);

    static final CommandTable TABLE = CommandTable.of("sorted-set",
            command("ZADD", -4, key(1).as(RW, UPDATE), WRITE, DENY_OOM, FAST).runs(SortedSetCommands::add),
            command("ZINCRBY", 4, key(1).as(RW, ACCESS, UPDATE), WRITE, DENY_OOM, FAST)
                    .runs(SortedSetCommands::incrBy),
            command("ZREM", -3, key(1).as(RW, DELETE), WRITE, FAST).runs(SortedSetCommands::remove),
            command("ZCARD", 2, key(1).as(RO), READ, FAST).runs(SortedSetCommands::size),
            command("ZSCORE", 3, key(1), READ, FAST).runs(SortedSetCommands::score),
            command("ZMSCORE", -3, key(1), READ, FAST).runs(SortedSetCommands::scores),
            command("ZRANK", -3, key(1), READ, FAST).runs(SortedSetCommands::rank),
            command("ZREVRANK", -3, key(1), READ, FAST).runs(SortedSetCommands::reverseRank),
            command("ZPOPMIN", -2, POPPED, WRITE, FAST).runs(SortedSetCommands::popMin),
            command("ZPOPMAX", -2, POPPED, WRITE, FAST).runs(SortedSetCommands::popMax),
            command("ZMPOP", -4, counted(1, 1).as(RW, ACCESS, DELETE), WRITE).runs(SortedSetCommands::multiPop));

    private SortedSetCommands() {}

    private static CommandException wrongArity(String name) {
        return CommandException.of("ERR wrong number of arguments for '%s' command", name);
    }

    // --- adding ---

    private static void add(Keyspace keyspace, Request request, Reply reply) {
        add(keyspace.sortedSets(), request, reply, 0);
    }

    private static void incrBy(Keyspace keyspace, Request request, Reply reply) {
        add(keyspace.sortedSets(), request, reply, INCR);
    }

    /** ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...] */
    private static void add(SortedSets sets, Request request, Reply reply, int given) {
        int options = given;
        int first = 2;
        for (int option = optionAt(request, first); option != 0; option = optionAt(request, first)) {
            options |= option;
            first++;
        }
        check(options, request.count() - first);
        for (int i = first; i < request.count(); i += 2) {
            request.doubleAt(i);
        }
        boolean there = sets.openToChange(request.key(1));
        if (!there && (options & XX) != 0) {
            if ((options & INCR) != 0) {
                reply.nullBulk();
            } else {
                reply.integer(0);
            }
            return;
        }
        if (!there) {
            sets.expect((request.count() - first) / 2, longestMember(request, first));
        }
        if ((options & INCR) != 0) {
            increment(sets, request, first, options, reply);
        } else {
            putAll(sets, request, first, options, reply);
        }
    }

    private static int optionAt(Request request, int index) {
        if (index >= request.count()) {
            return 0;
        }
        return switch (request.argument(index).length()) {
            case 2 -> request.is(index, "NX")
                    ? NX
                    : request.is(index, "XX")
                            ? XX
                            : request.is(index, "GT")
                                    ? GT
                                    : request.is(index, "LT") ? LT : request.is(index, "CH") ? CH : 0;
            case 4 -> request.is(index, "INCR") ? INCR : 0;
            default -> 0;
        };
    }

    private static void check(int options, int arguments) {
        if (arguments == 0 || arguments % 2 != 0) {
            throw CommandException.SYNTAX_ERROR;
        }
        if ((options & (NX | XX)) == (NX | XX)) {
            throw XX_AND_NX;
        }
        if (Integer.bitCount(options & (GT | LT | NX)) > 1) {
            throw GT_LT_NX;
        }
        if ((options & INCR) != 0 && arguments > 2) {
            throw INCR_OF_MANY;
        }
    }

    private static int longestMember(Request request, int first) {
        int longest = 0;
        for (int i = first + 1; i < request.count(); i += 2) {
            longest = Math.max(longest, request.argument(i).length());
        }
        return longest;
    }

    private static void putAll(SortedSets sets, Request request, int first, int options, Reply reply) {
        int added = 0;
        int updated = 0;
        for (int i = first; i < request.count(); i += 2) {
            Bytes member = request.argument(i + 1);
            double score = request.doubleAt(i);
            if (!sets.find(member)) {
                if ((options & XX) == 0) {
                    sets.add(member, score);
                    added++;
                }
            } else if (isAllowed(options, sets.score(), score) && score != sets.score()) {
                sets.setScore(member, score);
                updated++;
            }
        }
        if (added + updated > 0) {
            sets.changed(KeyEvent.ZADD, added + updated);
            sets.endChange();
        }
        reply.integer((options & CH) != 0 ? added + updated : added);
    }

    private static boolean isAllowed(int options, double old, double score) {
        return (options & NX) == 0 && ((options & GT) == 0 || score > old) && ((options & LT) == 0 || score < old);
    }

    /** Answers the new score, or null when an option forbade it. */
    private static void increment(SortedSets sets, Request request, int first, int options, Reply reply) {
        Bytes member = request.argument(first + 1);
        boolean found = sets.find(member);
        double increment = request.doubleAt(first);
        double old = found ? sets.score() : 0;
        // Not a sum if there is nothing to add to: 0 and -0 would make 0.
        double score = found ? old + increment : increment;
        if (found ? (options & NX) != 0 : (options & XX) != 0) {
            reply.nullBulk();
            return;
        }
        if (Double.isNaN(score)) {
            throw NOT_A_NUMBER;
        }
        if (found && !isAllowed(options, old, score)) {
            reply.nullBulk();
            return;
        }
        if (!found) {
            sets.add(member, score);
        } else if (score != old) {
            sets.setScore(member, score);
        }
        if (!found || score != old) {
            sets.changed(KeyEvent.ZINCR, 1);
            sets.endChange();
        }
        reply.real(score);
    }

    private static void remove(Keyspace keyspace, Request request, Reply reply) {
        SortedSets sets = keyspace.sortedSets();
        sets.openToChange(request.key(1));
        int removed = 0;
        for (int i = 2; i < request.count() && sets.size() > 0; i++) {
            if (sets.find(request.argument(i))) {
                sets.remove();
                removed++;
            }
        }
        if (removed > 0) {
            sets.changed(KeyEvent.ZREM, removed);
            sets.endChange();
        }
        reply.integer(removed);
    }

    // --- asking ---

    private static void size(Keyspace keyspace, Request request, Reply reply) {
        keyspace.sortedSets().open(request.key(1));
        reply.integer(keyspace.sortedSets().size());
    }

    private static void score(Keyspace keyspace, Request request, Reply reply) {
        SortedSets sets = keyspace.sortedSets();
        sets.open(request.key(1));
        scoreOf(sets, request.argument(2), reply);
    }

    private static void scoreOf(SortedSets sets, Bytes member, Reply reply) {
        if (sets.find(member)) {
            reply.real(sets.score());
        } else {
            reply.nullBulk();
        }
    }

    private static void scores(Keyspace keyspace, Request request, Reply reply) {
        SortedSets sets = keyspace.sortedSets();
        sets.open(request.key(1));
        reply.array(request.count() - 2);
        for (int i = 2; i < request.count(); i++) {
            scoreOf(sets, request.argument(i), reply);
        }
    }

    private static void rank(Keyspace keyspace, Request request, Reply reply) {
        rank(keyspace.sortedSets(), request, reply, false, ZRANK_ARITY);
    }

    private static void reverseRank(Keyspace keyspace, Request request, Reply reply) {
        rank(keyspace.sortedSets(), request, reply, true, ZREVRANK_ARITY);
    }

    /** ZRANK key member [WITHSCORE] */
    private static void rank(SortedSets sets, Request request, Reply reply, boolean reverse, CommandException arity) {
        if (request.count() > 4) {
            throw arity;
        }
        boolean withScore = request.count() == 4;
        if (withScore && !request.is(3, "WITHSCORE")) {
            throw CommandException.SYNTAX_ERROR;
        }
        sets.open(request.key(1));
        if (!sets.find(request.argument(2))) {
            if (withScore) {
                reply.nullArray();
            } else {
                reply.nullBulk();
            }
            return;
        }
        if (withScore) {
            reply.array(2);
        }
        reply.integer(reverse ? sets.size() - 1 - sets.rank() : sets.rank());
        if (withScore) {
            reply.real(sets.score());
        }
    }

    // --- the ends ---

    private static void popMin(Keyspace keyspace, Request request, Reply reply) {
        pop(keyspace.sortedSets(), request, reply, true);
    }

    private static void popMax(Keyspace keyspace, Request request, Reply reply) {
        pop(keyspace.sortedSets(), request, reply, false);
    }

    private static void pop(SortedSets sets, Request request, Reply reply, boolean least) {
        if (request.count() > 3) {
            throw CommandException.SYNTAX_ERROR;
        }
        boolean counts = request.count() == 3;
        long count = counts ? ListCommands.notNegativeAt(request, 2, CommandException.MUST_BE_POSITIVE) : 1;
        if (!sets.openToChange(request.key(1)) || count == 0) {
            reply.array(0);
        } else {
            popSome(sets, request.view(), reply, least, count, counts && reply.isResp3());
        }
    }

    /** Takes members from an end of the open set, and answers them with their scores, in pairs or one after the other. */
    static void popSome(SortedSets sets, Bytes view, Reply reply, boolean least, long count, boolean inPairs) {
        long size = sets.size();
        long popped = Math.min(size, count);
        reply.array(inPairs ? popped : 2 * popped);
        sets.seek(least ? 0 : size - 1);
        for (long i = 0; i < popped; i++) {
            if (inPairs) {
                reply.array(2);
            }
            reply.bulk(sets.read(view));
            reply.real(sets.score());
            if (least) {
                sets.next();
            } else {
                sets.previous();
            }
        }
        sets.removeRange(least ? 0 : size - popped, popped);
        sets.changed(least ? KeyEvent.ZPOPMIN : KeyEvent.ZPOPMAX, popped);
        sets.endChange();
    }

    /** ZMPOP numkeys key [key ...] MIN | MAX [COUNT count] */
    private static void multiPop(Keyspace keyspace, Request request, Reply reply) {
        if (!popFromFirst(keyspace.sortedSets(), request, reply, 1)) {
            reply.nullArray();
        }
    }

    /** Pops from the first set that is there, of the keys that the number at {@code index} counts; says whether one is. */
    static boolean popFromFirst(SortedSets sets, Request request, Reply reply, int index) {
        PopArguments arguments = PopArguments.read(request, index, "MIN", "MAX");
        for (int i = index + 1; i < index + 1 + arguments.keys(); i++) {
            if (sets.openToChange(request.key(i))) {
                reply.array(2);
                reply.bulk(request.key(i));
                popSome(sets, request.view(), reply, arguments.first(), arguments.count(), true);
                return true;
            }
        }
        return false;
    }
}
