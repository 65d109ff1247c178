package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Sets;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.OW;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.counted;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.engine.dispatch.KeySpec.keysFrom;

/**
 * Commands that intersect, subtract and unite sets, and answer or keep the result.
 *
 * <p>Runs on the loop's thread while the stripes of all keys are held.
 */
final class SetCombiningCommands {
    private static final CommandException NO_KEYS = CommandException.of("ERR numkeys should be greater than 0");
    private static final CommandException TOO_MANY_KEYS = CommandException.of(
            "ERR Number of keys can't be greater than number of args");
    private static final CommandException NEGATIVE_LIMIT = CommandException.of("ERR LIMIT can't be negative");

    static final CommandTable TABLE = CommandTable.of("set",
            command("SINTER", -2, keysFrom(1), READ, tip("nondeterministic_output_order"))
                    .runs((keyspace, request, reply) -> answer(keyspace, request, reply, Sets::intersect)),
            command("SDIFF", -2, keysFrom(1), READ, tip("nondeterministic_output_order"))
                    .runs((keyspace, request, reply) -> answer(keyspace, request, reply, Sets::subtract)),
            command("SUNION", -2, keysFrom(1), READ, tip("nondeterministic_output_order"))
                    .runs((keyspace, request, reply) -> answer(keyspace, request, reply, Sets::unite)),
            command("SINTERSTORE", -3, key(1), keysFrom(2).as(RO, ACCESS), WRITE, DENY_OOM)
                    .runs((keyspace, request, reply) -> keep(keyspace, request, reply, Sets::intersect,
                            KeyEvent.SINTERSTORE)),
            command("SDIFFSTORE", -3, key(1).as(OW, UPDATE), keysFrom(2).as(RO, ACCESS), WRITE, DENY_OOM)
                    .runs((keyspace, request, reply) -> keep(keyspace, request, reply, Sets::subtract,
                            KeyEvent.SDIFFSTORE)),
            command("SUNIONSTORE", -3, key(1).as(OW, UPDATE), keysFrom(2).as(RO, ACCESS), WRITE, DENY_OOM)
                    .runs((keyspace, request, reply) -> keep(keyspace, request, reply, Sets::unite,
                            KeyEvent.SUNIONSTORE)),
            command("SINTERCARD", -3, counted(1, 1).as(RO, ACCESS), READ).runs(SetCombiningCommands::count));

    private SetCombiningCommands() {}

    /** One of the three ways to combine. */
    @FunctionalInterface
    private interface Combination {
        void show(Sets sets, Sets.Sink sink);
    }

    /** Writes members, and counts them. */
    private static final class Answer implements Sets.Sink {
        private final Reply reply;
        private long written;

        Answer(Reply reply) {
            this.reply = reply;
        }

        @Override
        public boolean take(Bytes member) {
            reply.bulk(member);
            written++;
            return true;
        }
    }

    private static void answer(Keyspace keyspace, Request request, Reply reply, Combination combination) {
        Sets sets = keyspace.sets();
        sets.begin();
        for (int i = 1; i < request.count(); i++) {
            sets.open(request.key(i));
        }
        Answer answer = new Answer(reply);
        long mark = reply.open();
        combination.show(sets, answer);
        reply.closeSet(mark, answer.written);
    }

    private static void keep(Keyspace keyspace, Request request, Reply reply, Combination combination,
            KeyEvent event) {
        Sets sets = keyspace.sets();
        sets.begin();
        for (int i = 2; i < request.count(); i++) {
            sets.openToChange(request.key(i));
        }
        combination.show(sets, sets::keep);
        reply.integer(sets.store(request.key(1), event));
    }

    /** Counts up to a limit. */
    private static final class Count implements Sets.Sink {
        private final long limit;
        private long counted;

        Count(long limit) {
            this.limit = limit;
        }

        @Override
        public boolean take(Bytes member) {
            counted++;
            return counted < limit;
        }
    }

    /** SINTERCARD numkeys key [key ...] [LIMIT limit]; a limit of 0 is none. */
    private static void count(Keyspace keyspace, Request request, Reply reply) {
        long keys = request.longAt(1, NO_KEYS);
        if (keys < 1) {
            throw NO_KEYS;
        }
        if (keys > request.count() - 2) {
            throw TOO_MANY_KEYS;
        }
        int end = 2 + (int) keys;
        long limit = 0;
        for (int i = end; i < request.count(); i += 2) {
            if (!request.is(i, "LIMIT") || i + 1 == request.count()) {
                throw CommandException.SYNTAX_ERROR;
            }
            limit = request.longAt(i + 1, NEGATIVE_LIMIT);
            if (limit < 0) {
                throw NEGATIVE_LIMIT;
            }
        }
        Sets sets = keyspace.sets();
        sets.begin();
        for (int i = 2; i < end; i++) {
            sets.open(request.key(i));
        }
        Count count = new Count(limit == 0 ? Long.MAX_VALUE : limit);
        sets.intersect(count);
        reply.integer(count.counted);
    }
}
