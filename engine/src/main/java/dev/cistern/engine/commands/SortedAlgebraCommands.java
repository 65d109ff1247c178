package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.SortedScratch;
import java.util.Arrays;
import java.util.Comparator;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.OW;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.counted;
import static dev.cistern.engine.dispatch.KeySpec.key;

/**
 * Commands that unite, intersect and subtract sorted sets; sets may be among them, whose members count as of score 1.
 *
 * <p>The result is gathered off-heap in order, then answered or stored. Runs on the loop's thread while the stripes of all
 * keys are held.
 */
final class SortedAlgebraCommands {
    private static final CommandException NO_WEIGHT = CommandException.of("ERR weight value is not a float");
    private static final CommandException NEGATIVE_LIMIT = CommandException.of("ERR LIMIT can't be negative");

    private static final KeySpec TARGET = key(1).as(OW, UPDATE);
    private static final KeySpec SOURCES = counted(2, 1).as(RO, ACCESS);

    static final CommandTable TABLE = CommandTable.of("sorted-set",
            command("ZUNION", -3, counted(1, 1), READ).runs(answers("zunion", Operation.UNION)),
            command("ZINTER", -3, counted(1, 1), READ).runs(answers("zinter", Operation.INTERSECTION)),
            command("ZDIFF", -3, counted(1, 1), READ).runs(answers("zdiff", Operation.DIFFERENCE)),
            command("ZUNIONSTORE", -4, TARGET, SOURCES, WRITE, DENY_OOM)
                    .runs(stores("zunionstore", Operation.UNION, KeyEvent.ZUNIONSTORE)),
            command("ZINTERSTORE", -4, TARGET, SOURCES, WRITE, DENY_OOM)
                    .runs(stores("zinterstore", Operation.INTERSECTION, KeyEvent.ZINTERSTORE)),
            command("ZDIFFSTORE", -4, TARGET, SOURCES, WRITE, DENY_OOM)
                    .runs(stores("zdiffstore", Operation.DIFFERENCE, KeyEvent.ZDIFFSTORE)),
            command("ZINTERCARD", -3, counted(1, 1), READ).runs(SortedAlgebraCommands::intersectionSize));

    private SortedAlgebraCommands() {}

    private enum Operation {
        UNION, INTERSECTION, DIFFERENCE
    }

    /** What becomes of the scores of a member that is in several sets. */
    private enum Aggregate {
        SUM, MIN, MAX;

        double of(double target, double score) {
            return switch (this) {
                // Infinities of both signs have no sum: the original takes 0.
                case SUM -> Double.isNaN(target + score) ? 0 : target + score;
                case MIN -> score < target ? score : target;
                case MAX -> score > target ? score : target;
            };
        }
    }

    private static Command.KeyspaceBody answers(String name, Operation operation) {
        CommandException noKeys = noKeys(name);
        return (keyspace, request, reply) -> {
            Arguments arguments = new Arguments(keyspace, request, 1, noKeys);
            arguments.readOptions(operation != Operation.DIFFERENCE, true);
            try (SortedScratch result = arguments.gather(operation)) {
                answer(result, arguments.withScores, request.view(), reply);
            }
        };
    }

    private static Command.KeyspaceBody stores(String name, Operation operation, KeyEvent event) {
        CommandException noKeys = noKeys(name);
        return (keyspace, request, reply) -> {
            Arguments arguments = new Arguments(keyspace, request, 2, noKeys);
            arguments.readOptions(operation != Operation.DIFFERENCE, false);
            try (SortedScratch result = arguments.gather(operation)) {
                keyspace.sortedSets().replace(request.key(1), result, event);
                reply.integer(result.size());
            }
        };
    }

    private static CommandException noKeys(String name) {
        return CommandException.of("ERR at least 1 input key is needed for '%s' command", name);
    }

    private static final CommandException NO_KEYS_OF_CARD = noKeys("zintercard");

    /** ZINTERCARD numkeys key [key ...] [LIMIT limit] */
    private static void intersectionSize(Keyspace keyspace, Request request, Reply reply) {
        Arguments arguments = new Arguments(keyspace, request, 1, NO_KEYS_OF_CARD);
        long limit = 0;
        for (int i = arguments.options; i < request.count(); i += 2) {
            if (i + 1 == request.count() || !request.is(i, "LIMIT")) {
                throw CommandException.SYNTAX_ERROR;
            }
            limit = ListCommands.notNegativeAt(request, i + 1, NEGATIVE_LIMIT);
        }
        reply.integer(arguments.countIntersection(limit == 0 ? Long.MAX_VALUE : limit));
    }

    private static void answer(SortedScratch result, boolean withScores, Bytes view, Reply reply) {
        boolean inPairs = withScores && reply.isResp3();
        reply.array(withScores && !inPairs ? 2 * result.size() : result.size());
        for (boolean more = result.seek(0); more; more = result.next()) {
            if (inPairs) {
                reply.array(2);
            }
            reply.bulk(result.read(view));
            if (withScores) {
                reply.real(result.score());
            }
        }
    }

    /** The sets that one command is about, and what it says of them. Lives as long as the command. */
    private static final class Arguments {
        private final Keyspace keyspace;
        private final Request request;
        private final ScoredSource[] sources;
        /** The index of the first argument behind the keys. */
        private final int options;
        private Aggregate aggregate = Aggregate.SUM;
        private boolean withScores;
        private final Bytes member = new Bytes();

        /** Opens the keys that the number at {@code index} counts. */
        Arguments(Keyspace keyspace, Request request, int index, CommandException noKeys) {
            this.keyspace = keyspace;
            this.request = request;
            long keys = request.longAt(index);
            if (keys < 1) {
                throw noKeys;
            }
            if (keys > request.count() - index - 1) {
                throw CommandException.SYNTAX_ERROR;
            }
            sources = new ScoredSource[(int) keys];
            for (int i = 0; i < sources.length; i++) {
                sources[i] = ScoredSource.open(keyspace, request.key(index + 1 + i), i);
            }
            options = index + 1 + sources.length;
        }

        void readOptions(boolean combinesScores, boolean answers) {
            int i = options;
            while (i < request.count()) {
                if (combinesScores && request.is(i, "WEIGHTS") && i + sources.length < request.count()) {
                    readWeights(i + 1);
                    i += 1 + sources.length;
                } else if (combinesScores && request.is(i, "AGGREGATE") && i + 1 < request.count()) {
                    aggregate = aggregateAt(i + 1);
                    i += 2;
                } else if (answers && request.is(i, "WITHSCORES")) {
                    withScores = true;
                    i++;
                } else {
                    throw CommandException.SYNTAX_ERROR;
                }
            }
        }

        private void readWeights(int from) {
            for (int i = 0; i < sources.length; i++) {
                try {
                    sources[i].weight = request.doubleAt(from + i);
                } catch (CommandException e) {
                    throw NO_WEIGHT;
                }
            }
        }

        private Aggregate aggregateAt(int index) {
            for (Aggregate choice : Aggregate.values()) {
                if (request.is(index, choice.name())) {
                    return choice;
                }
            }
            throw CommandException.SYNTAX_ERROR;
        }

        SortedScratch gather(Operation operation) {
            SortedScratch result = keyspace.store().newSortedScratch();
            try {
                switch (operation) {
                    case UNION -> unite(result);
                    case INTERSECTION -> intersect(result);
                    case DIFFERENCE -> subtract(result);
                }
                return result;
            } catch (RuntimeException e) {
                result.close();
                throw e;
            }
        }

        /** From the smallest to the largest, as the original does: the order in which scores are summed up shows. */
        private void sortBySize() {
            Arrays.sort(sources, Comparator.comparingLong(ScoredSource::size));
        }

        private void unite(SortedScratch result) {
            sortBySize();
            for (ScoredSource source : sources) {
                for (boolean more = source.first(member); more; more = source.next(member)) {
                    double score = source.weighted();
                    if (result.find(member)) {
                        result.setScore(aggregate.of(result.score(), score));
                    } else {
                        result.add(member, score);
                    }
                }
            }
        }

        private void intersect(SortedScratch result) {
            sortBySize();
            ScoredSource smallest = sources[0];
            for (boolean more = smallest.first(member); more; more = smallest.next(member)) {
                double score = smallest.weighted();
                boolean inAll = true;
                for (int i = 1; inAll && i < sources.length; i++) {
                    inAll = sources[i].find(member);
                    if (inAll) {
                        score = aggregate.of(score, sources[i].score() * sources[i].weight);
                    }
                }
                if (inAll) {
                    result.add(member, score);
                }
            }
        }

        private void subtract(SortedScratch result) {
            for (boolean more = sources[0].first(member); more; more = sources[0].next(member)) {
                double score = sources[0].score();
                if (!isInOthers()) {
                    result.add(member, score);
                }
            }
        }

        private boolean isInOthers() {
            for (int i = 1; i < sources.length; i++) {
                if (sources[i].find(member)) {
                    return true;
                }
            }
            return false;
        }

        long countIntersection(long limit) {
            sortBySize();
            long found = 0;
            for (boolean more = sources[0].first(member); more && found < limit; more = sources[0].next(member)) {
                boolean inAll = true;
                for (int i = 1; inAll && i < sources.length; i++) {
                    inAll = sources[i].find(member);
                }
                found += inAll ? 1 : 0;
            }
            return found;
        }
    }
}
