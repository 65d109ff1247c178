package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Lists;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.INSERT;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.counted;
import static dev.cistern.engine.dispatch.KeySpec.key;

/**
 * Commands on lists that answer at once.
 *
 * <p>Not those that wait for an element. A body runs on its loop's thread while the stripes of its keys are held.
 */
final class ListCommands {
    private static final CommandException LPOP_ARITY = wrongArity("lpop");
    private static final CommandException RPOP_ARITY = wrongArity("rpop");
    private static final CommandException ZERO_RANK = CommandException.of("ERR RANK can't be zero: use 1 to start from"
            + " the first match, 2 from the second ... or use negative to start from the end of the list");
    private static final CommandException NEGATIVE_COUNT = CommandException.of("ERR COUNT can't be negative");
    private static final CommandException NEGATIVE_MAXLEN = CommandException.of("ERR MAXLEN can't be negative");

    private static final KeySpec PUSHED = key(1).as(RW, INSERT);
    private static final KeySpec POPPED = key(1).as(RW, ACCESS, DELETE);
    private static final KeySpec TARGET = key(2).as(RW, INSERT);

    static final CommandTable TABLE = CommandTable.of("list",
            command("LPUSH", -3, PUSHED, WRITE, DENY_OOM, FAST).runs(ListCommands::lPush),
            command("RPUSH", -3, PUSHED, WRITE, DENY_OOM, FAST).runs(ListCommands::rPush),
            command("LPUSHX", -3, PUSHED, WRITE, DENY_OOM, FAST).runs(ListCommands::lPushX),
            command("RPUSHX", -3, PUSHED, WRITE, DENY_OOM, FAST).runs(ListCommands::rPushX),
            command("LPOP", -2, POPPED, WRITE, FAST).runs(ListCommands::lPop),
            command("RPOP", -2, POPPED, WRITE, FAST).runs(ListCommands::rPop),
            command("LRANGE", 4, key(1), READ).runs(ListCommands::lRange),
            command("LINDEX", 3, key(1), READ).runs(ListCommands::lIndex),
            command("LSET", 4, key(1).as(RW, UPDATE), WRITE, DENY_OOM).runs(ListCommands::lSet),
            command("LINSERT", 5, key(1).as(RW, INSERT), WRITE, DENY_OOM).runs(ListCommands::lInsert),
            command("LREM", 4, key(1).as(RW, DELETE), WRITE).runs(ListCommands::lRem),
            command("LTRIM", 4, key(1).as(RW, DELETE), WRITE).runs(ListCommands::lTrim),
            command("LPOS", -3, key(1), READ).runs(ListCommands::lPos),
            command("LLEN", 2, key(1).as(RO), READ, FAST).runs(ListCommands::lLen),
            command("LMOVE", 5, POPPED, TARGET, WRITE, DENY_OOM).runs(ListCommands::lMove),
            command("RPOPLPUSH", 3, POPPED, TARGET, WRITE, DENY_OOM).runs(ListCommands::rPopLPush),
            command("LMPOP", -4, counted(1, 1).as(RW, ACCESS, DELETE), WRITE).runs(ListCommands::lMPop));

    private ListCommands() {}

    private static CommandException wrongArity(String name) {
        return CommandException.of("ERR wrong number of arguments for '%s' command", name);
    }

    // --- the ends ---

    private static void lPush(Keyspace keyspace, Request request, Reply reply) {
        keyspace.lists().openToChange(request.key(1));
        push(keyspace.lists(), request, reply, true);
    }

    private static void rPush(Keyspace keyspace, Request request, Reply reply) {
        keyspace.lists().openToChange(request.key(1));
        push(keyspace.lists(), request, reply, false);
    }

    private static void lPushX(Keyspace keyspace, Request request, Reply reply) {
        pushIfThere(keyspace.lists(), request, reply, true);
    }

    private static void rPushX(Keyspace keyspace, Request request, Reply reply) {
        pushIfThere(keyspace.lists(), request, reply, false);
    }

    private static void pushIfThere(Lists lists, Request request, Reply reply, boolean atFront) {
        if (lists.openToChange(request.key(1))) {
            push(lists, request, reply, atFront);
        } else {
            reply.integer(0);
        }
    }

    /** Pushes the values behind the key to the open list. */
    private static void push(Lists lists, Request request, Reply reply, boolean atFront) {
        int values = request.count() - 2;
        long bytes = 0;
        for (int i = 2; i < request.count(); i++) {
            bytes += request.argument(i).length();
        }
        lists.expect(values, bytes);
        for (int i = 2; i < request.count(); i++) {
            lists.push(atFront, request.argument(i));
        }
        lists.changed(atFront ? KeyEvent.LPUSH : KeyEvent.RPUSH, values);
        reply.integer(lists.size());
        lists.endChange();
    }

    private static void lPop(Keyspace keyspace, Request request, Reply reply) {
        pop(keyspace.lists(), request, reply, true, LPOP_ARITY);
    }

    private static void rPop(Keyspace keyspace, Request request, Reply reply) {
        pop(keyspace.lists(), request, reply, false, RPOP_ARITY);
    }

    private static void pop(Lists lists, Request request, Reply reply, boolean fromFront, CommandException arity) {
        if (request.count() > 3) {
            throw arity;
        }
        boolean counts = request.count() == 3;
        long count = counts ? notNegativeAt(request, 2, CommandException.MUST_BE_POSITIVE) : 1;
        if (!lists.openToChange(request.key(1))) {
            if (counts) {
                reply.nullArray();
            } else {
                reply.nullBulk();
            }
        } else if (!counts) {
            popOne(lists, request.view(), reply, fromFront);
        } else if (count == 0) {
            reply.array(0);
        } else {
            popSome(lists, request.view(), reply, fromFront, count);
        }
    }

    /** Takes an element from an end of the open list, and answers it. */
    static void popOne(Lists lists, Bytes view, Reply reply, boolean fromFront) {
        lists.seek(fromFront ? 0 : -1);
        element(lists, view, reply);
        lists.remove(fromFront);
        lists.changed(fromFront ? KeyEvent.LPOP : KeyEvent.RPOP, 1);
        lists.endChange();
    }

    /** Takes up to {@code count} elements from an end of the open list, and answers them as an array. */
    static void popSome(Lists lists, Bytes view, Reply reply, boolean fromFront, long count) {
        long size = lists.size();
        long popped = Math.min(size, count);
        reply.array(popped);
        lists.seek(fromFront ? 0 : -1);
        for (long i = 0; i < popped; i++) {
            element(lists, view, reply);
            if (fromFront) {
                lists.next();
            } else {
                lists.previous();
            }
        }
        lists.removeRange(fromFront ? 0 : size - popped, popped);
        lists.changed(fromFront ? KeyEvent.LPOP : KeyEvent.RPOP, popped);
        lists.endChange();
    }

    /** Answers the element at the cursor. */
    static void element(Lists lists, Bytes view, Reply reply) {
        if (lists.isInteger()) {
            reply.bulk(lists.integer());
        } else {
            reply.bulk(lists.read(view));
        }
    }

    // --- anywhere ---

    private static void lLen(Keyspace keyspace, Request request, Reply reply) {
        keyspace.lists().open(request.key(1));
        reply.integer(keyspace.lists().size());
    }

    private static void lRange(Keyspace keyspace, Request request, Reply reply) {
        long first = request.longAt(2);
        long last = request.longAt(3);
        Lists lists = keyspace.lists();
        lists.open(request.key(1));
        long size = lists.size();
        long from = Math.max(0, fromStart(first, size));
        long behind = Math.min(size - 1, fromStart(last, size)) + 1;
        if (from >= behind) {
            reply.array(0);
            return;
        }
        reply.array(behind - from);
        lists.seek(from);
        for (long i = from; i < behind; i++) {
            element(lists, request.view(), reply);
            lists.next();
        }
    }

    private static long fromStart(long index, long size) {
        return index < 0 ? index + size : index;
    }

    /** The index is looked at only if there is a list. */
    private static void lIndex(Keyspace keyspace, Request request, Reply reply) {
        Lists lists = keyspace.lists();
        if (lists.open(request.key(1)) && lists.seek(request.longAt(2))) {
            element(lists, request.view(), reply);
        } else {
            reply.nullBulk();
        }
    }

    private static void lSet(Keyspace keyspace, Request request, Reply reply) {
        Lists lists = keyspace.lists();
        if (!lists.openToChange(request.key(1))) {
            throw CommandException.NO_SUCH_KEY;
        }
        if (!lists.seek(request.longAt(2))) {
            throw CommandException.INDEX_OUT_OF_RANGE;
        }
        lists.set(request.argument(3));
        lists.changed(KeyEvent.LSET, 1);
        lists.endChange();
        reply.ok();
    }

    /** LINSERT key BEFORE | AFTER pivot element */
    private static void lInsert(Keyspace keyspace, Request request, Reply reply) {
        boolean behind = request.is(2, "AFTER");
        if (!behind && !request.is(2, "BEFORE")) {
            throw CommandException.SYNTAX_ERROR;
        }
        Lists lists = keyspace.lists();
        if (!lists.openToChange(request.key(1))) {
            reply.integer(0);
            return;
        }
        lists.expect(1, request.argument(4).length());
        boolean found = lists.seek(0);
        while (found && !lists.isEqual(request.argument(3))) {
            found = lists.next();
        }
        if (found) {
            lists.insert(request.argument(4), behind);
            lists.changed(KeyEvent.LINSERT, 1);
        }
        reply.integer(found ? lists.size() : -1);
        lists.endChange();
    }

    /** LREM key count element: so many of them from the start, or with a negative count from the end; 0 is all. */
    private static void lRem(Keyspace keyspace, Request request, Reply reply) {
        long count = request.longAt(2, -Long.MAX_VALUE, Long.MAX_VALUE, CommandException.OUT_OF_LONG_RANGE);
        Lists lists = keyspace.lists();
        lists.openToChange(request.key(1));
        boolean forward = count >= 0;
        long most = count == 0 ? Long.MAX_VALUE : Math.abs(count);
        long removed = 0;
        boolean more = lists.seek(forward ? 0 : -1);
        while (more && removed < most) {
            if (lists.isEqual(request.argument(3))) {
                removed++;
                more = lists.remove(forward);
            } else {
                more = forward ? lists.next() : lists.previous();
            }
        }
        if (removed > 0) {
            lists.changed(KeyEvent.LREM, removed);
            lists.endChange();
        }
        reply.integer(removed);
    }

    private static void lTrim(Keyspace keyspace, Request request, Reply reply) {
        long first = request.longAt(2);
        long last = request.longAt(3);
        Lists lists = keyspace.lists();
        if (lists.openToChange(request.key(1))) {
            long size = lists.size();
            long from = Math.max(0, fromStart(first, size));
            long behind = Math.min(size - 1, fromStart(last, size)) + 1;
            boolean keepsSome = from < behind;
            long cut = keepsSome ? size - behind : size;
            lists.removeRange(size - cut, cut);
            lists.removeRange(0, keepsSome ? from : 0);
            lists.changed(KeyEvent.LTRIM, keepsSome ? cut + from : size);
            lists.endChange();
        }
        reply.ok();
    }

    /** LPOS key element [RANK rank] [COUNT matches] [MAXLEN length] */
    private static void lPos(Keyspace keyspace, Request request, Reply reply) {
        long rank = 1;
        long count = -1;
        long mostLooks = 0;
        for (int i = 3; i < request.count(); i += 2) {
            if (i + 1 == request.count()) {
                throw CommandException.SYNTAX_ERROR;
            }
            if (request.is(i, "RANK")) {
                rank = request.longAt(i + 1, -Long.MAX_VALUE, Long.MAX_VALUE, CommandException.OUT_OF_LONG_RANGE);
                if (rank == 0) {
                    throw ZERO_RANK;
                }
            } else if (request.is(i, "COUNT")) {
                count = notNegativeAt(request, i + 1, NEGATIVE_COUNT);
            } else if (request.is(i, "MAXLEN")) {
                mostLooks = notNegativeAt(request, i + 1, NEGATIVE_MAXLEN);
            } else {
                throw CommandException.SYNTAX_ERROR;
            }
        }
        Lists lists = keyspace.lists();
        lists.open(request.key(1));
        positions(lists, request.argument(2), rank, count, mostLooks == 0 ? Long.MAX_VALUE : mostLooks, reply);
    }

    static long notNegativeAt(Request request, int index, CommandException otherwise) {
        long value = request.longAt(index, otherwise);
        if (value < 0) {
            throw otherwise;
        }
        return value;
    }

    /** Answers the first match, or with a count that is not negative an array of so many; 0 is all. */
    private static void positions(Lists lists, Bytes wanted, long rank, long count, long mostLooks, Reply reply) {
        boolean forward = rank > 0;
        long size = lists.size();
        long toSkip = Math.abs(rank) - 1;
        long most = count == 0 ? Long.MAX_VALUE : Math.abs(count);
        long found = 0;
        long mark = reply.open();
        boolean more = lists.seek(forward ? 0 : -1);
        for (long looked = 0; more && looked < mostLooks && found < most; looked++) {
            if (lists.isEqual(wanted)) {
                if (toSkip == 0) {
                    reply.integer(forward ? looked : size - 1 - looked);
                    found++;
                } else {
                    toSkip--;
                }
            }
            more = forward ? lists.next() : lists.previous();
        }
        if (count >= 0) {
            reply.closeArray(mark, found);
        } else if (found == 0) {
            reply.nullBulk();
        }
    }

    // --- from one list to another ---

    /** LMOVE source destination LEFT | RIGHT LEFT | RIGHT */
    private static void lMove(Keyspace keyspace, Request request, Reply reply) {
        boolean fromFront = isLeft(request, 3);
        boolean toFront = isLeft(request, 4);
        move(keyspace.lists(), request, reply, fromFront, toFront);
    }

    /** Throws SYNTAX_ERROR unless the argument is LEFT or RIGHT. */
    static boolean isLeft(Request request, int index) {
        boolean left = request.is(index, "LEFT");
        if (!left && !request.is(index, "RIGHT")) {
            throw CommandException.SYNTAX_ERROR;
        }
        return left;
    }

    private static void rPopLPush(Keyspace keyspace, Request request, Reply reply) {
        move(keyspace.lists(), request, reply, false, true);
    }

    private static void move(Lists lists, Request request, Reply reply, boolean fromFront, boolean toFront) {
        if (!moved(lists, request, reply, fromFront, toFront)) {
            reply.nullBulk();
        }
    }

    /** Moves an element from the first key's list to the second's, and answers it; false if there is none. */
    static boolean moved(Lists lists, Request request, Reply reply, boolean fromFront, boolean toFront) {
        if (!lists.openToChange(request.key(1))) {
            return false;
        }
        Bytes moved = request.view();
        lists.move(request.key(1), request.key(2), fromFront, toFront, moved);
        reply.bulk(moved);
        return true;
    }

    /** LMPOP numkeys key [key ...] LEFT | RIGHT [COUNT count] */
    private static void lMPop(Keyspace keyspace, Request request, Reply reply) {
        if (!popFromFirst(keyspace.lists(), request, reply, 1)) {
            reply.nullArray();
        }
    }

    /** Pops from the first list that is there, its keys' number standing at {@code index}; false if there is none. */
    static boolean popFromFirst(Lists lists, Request request, Reply reply, int index) {
        PopArguments arguments = PopArguments.read(request, index, "LEFT", "RIGHT");
        for (int i = index + 1; i <= index + arguments.keys(); i++) {
            if (lists.openToChange(request.key(i))) {
                reply.array(2);
                reply.bulk(request.key(i));
                popSome(lists, request.view(), reply, arguments.first(), arguments.count());
                return true;
            }
        }
        return false;
    }
}
