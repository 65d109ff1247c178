package dev.cistern.engine.commands;

import dev.cistern.engine.blocking.Blocking;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.SortedSets;
import dev.cistern.store.ValueType;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.BLOCKING;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.counted;
import static dev.cistern.engine.dispatch.KeySpec.range;

/**
 * Commands on sorted sets that wait for a member. How a session waits and is served stands in the package of blocking.
 *
 * <p>A body runs on the thread of whoever added, with that thread's keyspace, while the stripes of all keys are held.
 */
final class BlockingSortedSetCommands {
    /** All arguments but the last one, which is the timeout. */
    private static final KeySpec POPPED = range(1, -2, 1).as(RW, ACCESS, DELETE);

    static final CommandTable TABLE = CommandTable.of("sorted-set",
            command("BZPOPMIN", -3, POPPED, WRITE, BLOCKING, FAST).blocks(Blocking.on(
                    ValueType.SORTED_SET, BlockingSortedSetCommands::lastSeconds, BlockingSortedSetCommands::popMin,
                    Reply::nullArray)),
            command("BZPOPMAX", -3, POPPED, WRITE, BLOCKING, FAST).blocks(Blocking.on(
                    ValueType.SORTED_SET, BlockingSortedSetCommands::lastSeconds, BlockingSortedSetCommands::popMax,
                    Reply::nullArray)),
            command("BZMPOP", -5, counted(2, 1).as(RW, ACCESS, DELETE), WRITE, BLOCKING).blocks(Blocking.on(
                    ValueType.SORTED_SET, BlockingSortedSetCommands::multiPopSeconds,
                    BlockingSortedSetCommands::multiPop, Reply::nullArray)));

    private BlockingSortedSetCommands() {}

    private static long lastSeconds(Request request) {
        return Blocking.secondsAt(request, request.count() - 1);
    }

    private static long multiPopSeconds(Request request) {
        var _ = PopArguments.read(request, 2, "MIN", "MAX");
        return Blocking.secondsAt(request, 1);
    }

    private static boolean popMin(Keyspace keyspace, Request request, Reply reply) {
        return pop(keyspace.sortedSets(), request, reply, true);
    }

    private static boolean popMax(Keyspace keyspace, Request request, Reply reply) {
        return pop(keyspace.sortedSets(), request, reply, false);
    }

    /** Pops one member of the first set that is there, in the order of the arguments, and tells which it was. */
    private static boolean pop(SortedSets sets, Request request, Reply reply, boolean least) {
        for (int i = 1; i < request.count() - 1; i++) {
            if (sets.openToChange(request.key(i))) {
                reply.array(3);
                reply.bulk(request.key(i));
                sets.seek(least ? 0 : sets.size() - 1);
                reply.bulk(sets.read(request.view()));
                reply.real(sets.score());
                sets.removeRange(least ? 0 : sets.size() - 1, 1);
                sets.changed(least ? KeyEvent.ZPOPMIN : KeyEvent.ZPOPMAX, 1);
                sets.endChange();
                return true;
            }
        }
        return false;
    }

    /** BZMPOP timeout numkeys key [key ...] MIN | MAX [COUNT count] */
    private static boolean multiPop(Keyspace keyspace, Request request, Reply reply) {
        return SortedSetCommands.popFromFirst(keyspace.sortedSets(), request, reply, 2);
    }
}
