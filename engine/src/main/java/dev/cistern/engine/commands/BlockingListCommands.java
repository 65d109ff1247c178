package dev.cistern.engine.commands;

import dev.cistern.engine.blocking.Blocking;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Lists;
import dev.cistern.store.ValueType;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.BLOCKING;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.INSERT;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.counted;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.engine.dispatch.KeySpec.range;

/**
 * Commands on lists that wait for an element. How a session waits and is served stands in the package of blocking.
 *
 * <p>A body runs on the thread of whoever pushed, with that thread's keyspace, while the stripes of all keys are held.
 */
final class BlockingListCommands {
    /** All arguments but the last one, which is the timeout. */
    private static final KeySpec POPPED = range(1, -2, 1).as(RW, ACCESS, DELETE);
    private static final KeySpec SOURCE = key(1).as(RW, ACCESS, DELETE);
    private static final KeySpec TARGET = key(2).as(RW, INSERT);

    static final CommandTable TABLE = CommandTable.of("list",
            command("BLPOP", -3, POPPED, WRITE, BLOCKING).blocks(Blocking.on(ValueType.LIST,
                    BlockingListCommands::lastSeconds, BlockingListCommands::blPop, Reply::nullArray)),
            command("BRPOP", -3, POPPED, WRITE, BLOCKING).blocks(Blocking.on(ValueType.LIST,
                    BlockingListCommands::lastSeconds, BlockingListCommands::brPop, Reply::nullArray)),
            command("BLMPOP", -5, counted(2, 1).as(RW, ACCESS, DELETE), WRITE, BLOCKING).blocks(Blocking.on(
                    ValueType.LIST, BlockingListCommands::multiPopSeconds, BlockingListCommands::blMPop,
                    Reply::nullArray)),
            command("BLMOVE", 6, SOURCE, TARGET, WRITE, DENY_OOM, BLOCKING).blocks(Blocking.on(
                    ValueType.LIST, BlockingListCommands::moveSeconds, BlockingListCommands::blMove,
                    Reply::nullBulk)),
            command("BRPOPLPUSH", 4, SOURCE, TARGET, WRITE, DENY_OOM, BLOCKING).blocks(Blocking.on(
                    ValueType.LIST, BlockingListCommands::lastSeconds, BlockingListCommands::brPopLPush,
                    Reply::nullBulk)));

    private BlockingListCommands() {}

    private static long lastSeconds(Request request) {
        return Blocking.secondsAt(request, request.count() - 1);
    }

    private static long multiPopSeconds(Request request) {
        var _ = PopArguments.read(request, 2, "LEFT", "RIGHT");
        return Blocking.secondsAt(request, 1);
    }

    private static long moveSeconds(Request request) {
        var _ = ListCommands.isLeft(request, 3);
        var _ = ListCommands.isLeft(request, 4);
        return Blocking.secondsAt(request, 5);
    }

    private static boolean blPop(Keyspace keyspace, Request request, Reply reply) {
        return pop(keyspace.lists(), request, reply, true);
    }

    private static boolean brPop(Keyspace keyspace, Request request, Reply reply) {
        return pop(keyspace.lists(), request, reply, false);
    }

    /** Pops from the first list that is there, in the order of the arguments, and tells which it was. */
    private static boolean pop(Lists lists, Request request, Reply reply, boolean fromFront) {
        for (int i = 1; i < request.count() - 1; i++) {
            if (lists.openToChange(request.key(i))) {
                reply.array(2);
                reply.bulk(request.key(i));
                ListCommands.popOne(lists, request.view(), reply, fromFront);
                return true;
            }
        }
        return false;
    }

    /** BLMPOP timeout numkeys key [key ...] LEFT | RIGHT [COUNT count] */
    private static boolean blMPop(Keyspace keyspace, Request request, Reply reply) {
        return ListCommands.popFromFirst(keyspace.lists(), request, reply, 2);
    }

    private static boolean blMove(Keyspace keyspace, Request request, Reply reply) {
        return ListCommands.moved(keyspace.lists(), request, reply, ListCommands.isLeft(request, 3),
                ListCommands.isLeft(request, 4));
    }

    private static boolean brPopLPush(Keyspace keyspace, Request request, Reply reply) {
        return ListCommands.moved(keyspace.lists(), request, reply, false, true);
    }
}
