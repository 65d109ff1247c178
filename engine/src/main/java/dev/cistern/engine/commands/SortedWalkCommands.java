package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.SortedSets;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.KeySpec.key;

/**
 * Commands that look at some members of a sorted set: by chance (ZRANDMEMBER) or one part after the other (ZSCAN).
 *
 * <p>Runs on the loop's thread while the key's stripe is held.
 */
final class SortedWalkCommands {
    /** What %.17g of C prints. */
    private static final MathContext SCANNED_DIGITS = new MathContext(17);

    static final CommandTable TABLE = CommandTable.of("sorted-set",
            command("ZRANDMEMBER", -2, key(1), READ, tip("nondeterministic_output")).runs(SortedWalkCommands::random),
            command("ZSCAN", -3, key(1), READ, tip("nondeterministic_output")).runs(SortedWalkCommands::scan));

    private SortedWalkCommands() {}

    /** ZSCAN key cursor [MATCH pattern] [COUNT count] [NOSCORES] */
    private static void scan(Keyspace keyspace, Request request, Reply reply) {
        long cursor = ScanCommands.cursorAt(request, 2);
        SortedSets sets = keyspace.sortedSets();
        if (!sets.open(request.key(1))) {
            ElementScan.empty(reply);
            return;
        }
        ElementScan scan = new ElementScan(request, 3, "NOSCORES");
        long mark = scan.begin(reply);
        if (sets.isPacked()) {
            for (boolean more = sets.seek(0); more; more = sets.next()) {
                show(sets, scan, request, reply);
            }
            scan.end(reply, mark, 0);
            return;
        }
        do {
            long shown = 0;
            sets.beginBucket(cursor);
            while (sets.nextInBucket()) {
                shown++;
                show(sets, scan, request, reply);
            }
            cursor = sets.cursorAfter();
            scan.passed(shown);
        } while (cursor != 0 && scan.wantsMore());
        scan.end(reply, mark, cursor);
    }

    private static void show(SortedSets sets, ElementScan scan, Request request, Reply reply) {
        if (!scan.matches(sets.read(request.view()))) {
            return;
        }
        scan.write(reply, request.view());
        if (!scan.showsValues()) {
            return;
        }
        if (sets.isPacked()) {
            scan.write(reply, sets.readScore(request.view()));
        } else {
            scan.write(reply, scannedText(sets.score()).getBytes(StandardCharsets.ISO_8859_1));
        }
    }

    /** A score as the original shows it here, and only here: with 17 digits, as %.17g of C. */
    static String scannedText(double score) {
        if (Double.isInfinite(score)) {
            return score > 0 ? "inf" : "-inf";
        }
        if (score == 0) {
            return 1 / score < 0 ? "-0" : "0";
        }
        BigDecimal rounded = new BigDecimal(score).round(SCANNED_DIGITS).stripTrailingZeros();
        int exponent = rounded.precision() - rounded.scale() - 1;
        if (exponent >= -4 && exponent < SCANNED_DIGITS.getPrecision()) {
            return rounded.toPlainString();
        }
        String digits = rounded.unscaledValue().abs().toString();
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        String sign = exponent < 0 ? "-" : "+";
        return (score < 0 ? "-" : "") + mantissa + "e" + sign + (Math.abs(exponent) < 10 ? "0" : "")
                + Math.abs(exponent);
    }

    /** ZRANDMEMBER key [count [WITHSCORES]] */
    private static void random(Keyspace keyspace, Request request, Reply reply) {
        SortedSets sets = keyspace.sortedSets();
        if (request.count() == 2) {
            boolean there = sets.open(request.key(1)) && sets.seek(Sampling.below(sets.size()));
            reply.bulkOrNull(there ? sets.read(request.view()) : null);
            return;
        }
        long count = request.longAt(2, -Long.MAX_VALUE, Long.MAX_VALUE, CommandException.OUT_OF_LONG_RANGE);
        boolean withScores = request.count() > 3;
        if (request.count() > 4 || (withScores && !request.is(3, "WITHSCORES"))) {
            throw CommandException.SYNTAX_ERROR;
        }
        if (withScores && (count < -Long.MAX_VALUE / 2 || count > Long.MAX_VALUE / 2)) {
            throw CommandException.OUT_OF_RANGE;
        }
        sets.open(request.key(1));
        new Members(sets, request.view(), reply, withScores).choose(count);
    }

    /** Writes members, chosen one way or the other. */
    private static final class Members {
        private final SortedSets sets;
        private final Bytes view;
        private final Reply reply;
        private final boolean withScores;
        private final boolean inPairs;

        Members(SortedSets sets, Bytes view, Reply reply, boolean withScores) {
            this.sets = sets;
            this.view = view;
            this.reply = reply;
            this.withScores = withScores;
            this.inPairs = withScores && reply.isResp3();
        }

        /** So many different ones, or with a negative count so many that may be the same. */
        void choose(long count) {
            long size = sets.size();
            long wanted = size == 0 ? 0 : count < 0 ? -count : Math.min(count, size);
            if (count < 0) {
                Sampling.requireEnd(wanted);
            }
            reply.array(withScores && !inPairs ? 2 * wanted : wanted);
            if (count < 0) {
                for (long i = 0; i < wanted; i++) {
                    write(Sampling.below(size));
                }
            } else if (Sampling.isSmallShare(wanted, size)) {
                draw(wanted, size);
            } else {
                select(wanted, size);
            }
        }

        private void write(long rank) {
            sets.seek(rank);
            writeHere();
        }

        private void writeHere() {
            if (inPairs) {
                reply.array(2);
            }
            reply.bulk(sets.read(view));
            if (withScores) {
                reply.real(sets.score());
            }
        }

        /** Few of many: each new one is drawn from the first ones, or is the next one if it was drawn before. */
        private void draw(long wanted, long size) {
            Set<Long> drawn = new HashSet<>();
            for (long bound = size - wanted; bound < size; bound++) {
                long rank = Sampling.below(bound + 1);
                if (!drawn.add(rank)) {
                    rank = bound;
                    drawn.add(rank);
                }
                write(rank);
            }
        }

        /** Each member in order, with the chance that is left. */
        private void select(long wanted, long size) {
            long left = wanted;
            sets.seek(0);
            for (long rest = size; left > 0; rest--) {
                if (Sampling.below(rest) < left) {
                    writeHere();
                    left--;
                }
                if (left > 0) {
                    sets.next();
                }
            }
        }
    }
}
