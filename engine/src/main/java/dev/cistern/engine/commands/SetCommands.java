package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeyEvent;
import dev.cistern.store.Keyspace;
import dev.cistern.store.OpenSet;
import java.util.HashSet;
import java.util.Set;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.INSERT;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.key;

/**
 * Commands on one set, and SMOVE on two.
 *
 * <p>Not those that combine sets ({@link SetCombiningCommands}). Runs on the loop's thread while the stripes of the keys
 * are held.
 */
final class SetCommands {
    private static final KeySpec INSPECTED = key(1).as(RO);

    static final CommandTable TABLE = CommandTable.of("set",
            command("SADD", -3, key(1).as(RW, INSERT), WRITE, DENY_OOM, FAST).runs(SetCommands::add),
            command("SREM", -3, key(1).as(RW, DELETE), WRITE, FAST).runs(SetCommands::remove),
            command("SMOVE", 4, key(1).as(RW, ACCESS, DELETE), key(2).as(RW, INSERT), WRITE, FAST)
                    .runs(SetCommands::move),
            command("SISMEMBER", 3, INSPECTED, READ, FAST).runs(SetCommands::isMember),
            command("SMISMEMBER", -3, key(1), READ, FAST).runs(SetCommands::areMembers),
            command("SCARD", 2, INSPECTED, READ, FAST).runs(SetCommands::size),
            command("SMEMBERS", 2, key(1), READ, tip("nondeterministic_output_order")).runs(SetCommands::members),
            command("SPOP", -2, key(1).as(RW, ACCESS, DELETE), WRITE, FAST, tip("nondeterministic_output"))
                    .runs(SetCommands::pop),
            command("SRANDMEMBER", -2, key(1), READ, tip("nondeterministic_output")).runs(SetCommands::random),
            command("SSCAN", -3, key(1), READ, tip("nondeterministic_output")).runs(SetCommands::scan));

    private SetCommands() {}

    private static void add(Keyspace keyspace, Request request, Reply reply) {
        OpenSet set = keyspace.sets().at(0);
        set.openToChange(request.key(1));
        set.expect(request.count() - 2, request.argument(2));
        int added = 0;
        for (int i = 2; i < request.count(); i++) {
            added += set.add(request.argument(i)) ? 1 : 0;
        }
        if (added > 0) {
            set.changed(KeyEvent.SADD, added);
        }
        reply.integer(added);
    }

    private static void remove(Keyspace keyspace, Request request, Reply reply) {
        OpenSet set = keyspace.sets().at(0);
        set.openToChange(request.key(1));
        int removed = 0;
        for (int i = 2; i < request.count(); i++) {
            removed += set.remove(request.argument(i)) ? 1 : 0;
        }
        if (removed > 0) {
            set.changed(KeyEvent.SREM, removed);
            set.endChange();
        }
        reply.integer(removed);
    }

    private static void move(Keyspace keyspace, Request request, Reply reply) {
        OpenSet source = keyspace.sets().at(0);
        OpenSet target = keyspace.sets().at(1);
        Bytes member = request.argument(3);
        boolean there = keyspace.findForWrite(request.key(1)) != Keyspace.ABSENT;
        if (!there) {
            reply.integer(0);
            return;
        }
        source.openToChange(request.key(1));
        target.openToChange(request.key(2));
        boolean toItself = request.key(1).contentEquals(request.key(2));
        boolean moves = toItself ? source.has(member) : source.remove(member);
        if (moves && !toItself) {
            source.changed(KeyEvent.SREM, 1);
            source.endChange();
            target.openToChange(request.key(2));
            if (target.add(member)) {
                target.changed(KeyEvent.SADD, 1);
            }
        }
        reply.integer(moves ? 1 : 0);
    }

    private static void isMember(Keyspace keyspace, Request request, Reply reply) {
        OpenSet set = keyspace.sets().at(0);
        reply.integer(set.open(request.key(1)) && set.has(request.argument(2)) ? 1 : 0);
    }

    private static void areMembers(Keyspace keyspace, Request request, Reply reply) {
        OpenSet set = keyspace.sets().at(0);
        set.open(request.key(1));
        reply.array(request.count() - 2);
        for (int i = 2; i < request.count(); i++) {
            reply.integer(set.has(request.argument(i)) ? 1 : 0);
        }
    }

    private static void size(Keyspace keyspace, Request request, Reply reply) {
        OpenSet set = keyspace.sets().at(0);
        set.open(request.key(1));
        reply.integer(set.size());
    }

    private static void members(Keyspace keyspace, Request request, Reply reply) {
        OpenSet set = keyspace.sets().at(0);
        set.open(request.key(1));
        reply.set(set.size());
        set.beginWalk();
        while (set.next(request.view())) {
            reply.bulk(request.view());
        }
    }

    // --- by chance ---

    /** SPOP key [count] */
    private static void pop(Keyspace keyspace, Request request, Reply reply) {
        OpenSet set = keyspace.sets().at(0);
        if (request.count() > 3) {
            throw CommandException.SYNTAX_ERROR;
        }
        boolean counted = request.count() == 3;
        long wanted = counted ? countToPop(request) : 1;
        boolean there = set.openToChange(request.key(1));
        if (counted) {
            reply.set(Math.min(wanted, set.size()));
        } else if (!there) {
            reply.nullBulk();
        }
        popMembers(set, Math.min(wanted, set.size()), request.view(), reply);
    }

    private static long countToPop(Request request) {
        long count = request.longAt(2, CommandException.MUST_BE_POSITIVE);
        if (count < 0) {
            throw CommandException.MUST_BE_POSITIVE;
        }
        return count;
    }

    private static void popMembers(OpenSet set, long count, Bytes member, Reply reply) {
        for (long i = 0; i < count; i++) {
            set.random(Sampling.RANDOM, member);
            reply.bulk(member);
            set.remove(member);
        }
        if (count > 0) {
            set.changed(KeyEvent.SPOP, count);
            set.endChange();
        }
    }

    /** SRANDMEMBER key [count]; a negative count allows the same member again. */
    private static void random(Keyspace keyspace, Request request, Reply reply) {
        OpenSet set = keyspace.sets().at(0);
        if (request.count() > 3) {
            throw CommandException.SYNTAX_ERROR;
        }
        if (request.count() == 2) {
            if (set.open(request.key(1))) {
                set.random(Sampling.RANDOM, request.view());
                reply.bulk(request.view());
            } else {
                reply.nullBulk();
            }
            return;
        }
        long count = request.longAt(2, -Long.MAX_VALUE, Long.MAX_VALUE, CommandException.OUT_OF_LONG_RANGE);
        set.open(request.key(1));
        if (count < 0) {
            repeated(set, set.isThere() ? -count : 0, request.view(), reply);
        } else {
            different(set, Math.min(count, set.size()), request.view(), reply);
        }
    }

    private static void repeated(OpenSet set, long count, Bytes member, Reply reply) {
        Sampling.requireEnd(count);
        reply.array(count);
        for (long i = 0; i < count; i++) {
            set.random(Sampling.RANDOM, member);
            reply.bulk(member);
        }
    }

    private static void different(OpenSet set, long count, Bytes member, Reply reply) {
        reply.array(count);
        if (!set.isPacked() && Sampling.isSmallShare(count, set.size())) {
            Set<Long> seen = new HashSet<>();
            while (seen.size() < count) {
                set.random(Sampling.RANDOM, member);
                if (seen.add(member.address())) {
                    reply.bulk(member);
                }
            }
            return;
        }
        long wanted = count;
        long left = set.size();
        set.beginWalk();
        while (wanted > 0 && set.next(member)) {
            if (Sampling.below(left) < wanted) {
                reply.bulk(member);
                wanted--;
            }
            left--;
        }
    }

    /** SSCAN key cursor [MATCH pattern] [COUNT count] */
    private static void scan(Keyspace keyspace, Request request, Reply reply) {
        long cursor = ScanCommands.cursorAt(request, 2);
        OpenSet set = keyspace.sets().at(0);
        if (!set.open(request.key(1))) {
            ElementScan.empty(reply);
            return;
        }
        ElementScan scan = new ElementScan(request, 3, null);
        long mark = scan.begin(reply);
        Bytes member = request.view();
        do {
            long shown = 0;
            set.beginPart(cursor);
            while (set.nextInPart(member)) {
                shown++;
                if (scan.matches(member)) {
                    scan.write(reply, member);
                }
            }
            cursor = set.cursorAfter(cursor);
            scan.passed(shown);
        } while (cursor != 0 && scan.wantsMore());
        scan.end(reply, mark, cursor);
    }
}
