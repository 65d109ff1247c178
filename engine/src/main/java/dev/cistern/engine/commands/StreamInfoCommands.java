package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Keyspace;
import dev.cistern.store.StreamGroups;
import dev.cistern.store.Streams;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.STALE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.key;

/** XINFO: what a stream, its groups and their consumers say of themselves. The members are those of Valkey 8. */
final class StreamInfoCommands {

    static final CommandTable TABLE = CommandTable.of("stream",
            command("XINFO", -2).holds(
                    command("CONSUMERS", 4, key(2).as(RO, ACCESS), READ, tip("nondeterministic_output"))
                            .runs(StreamInfoCommands::consumers),
                    command("GROUPS", 3, key(2).as(RO, ACCESS), READ).runs(StreamInfoCommands::groups),
                    command("STREAM", -3, key(2).as(RO, ACCESS), READ).runs(StreamInfoCommands::stream),
                    command("HELP", 2, LOADING, STALE).runsInSession(Help.of("XINFO",
                            "CONSUMERS <key> <group>", "    The consumers of a group.",
                            "GROUPS <key>", "    The groups of a stream.",
                            "STREAM <key> [FULL [COUNT <count>]]", "    A stream, or it and all that it has."))));

    private static final CommandException BAD_SYNTAX = CommandException.of(
            "ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.");
    private static final long USUAL_COUNT = 10;

    private StreamInfoCommands() {}

    private static Streams require(Keyspace keyspace, Request request) {
        Streams streams = keyspace.streams();
        if (!streams.find(request.key(2))) {
            throw CommandException.NO_SUCH_KEY;
        }
        return streams;
    }

    private static void number(Reply reply, String name, long value) {
        reply.bulk(name);
        reply.integer(value);
    }

    private static void id(Reply reply, String name, long millis, long sequence) {
        reply.bulk(name);
        reply.streamId(millis, sequence);
    }

    private static void numberOrNull(Reply reply, String name, long value, long unknown) {
        reply.bulk(name);
        if (value == unknown) {
            reply.nullBulk();
        } else {
            reply.integer(value);
        }
    }

    // --- XINFO GROUPS, XINFO CONSUMERS ---

    private static void groups(Keyspace keyspace, Request request, Reply reply) {
        Streams streams = require(keyspace, request);
        StreamGroups groups = streams.groups();
        reply.array(groups.groups());
        for (int i = 0; i < groups.groups(); i++) {
            groups.chooseGroup(i);
            reply.map(6);
            reply.bulk("name");
            reply.bulk(groups.groupName(request.view()));
            number(reply, "consumers", groups.consumers());
            number(reply, "pending", groups.pendingCount());
            id(reply, "last-delivered-id", groups.lastMillis(), groups.lastSequence());
            numberOrNull(reply, "entries-read", groups.entriesRead(), StreamGroups.UNKNOWN);
            numberOrNull(reply, "lag", streams.groupLag(), Streams.UNKNOWN_LAG);
        }
    }

    private static void consumers(Keyspace keyspace, Request request, Reply reply) {
        StreamGroups groups = require(keyspace, request).groups();
        if (!groups.findGroup(request.argument(3))) {
            throw StreamGroupCommands.noGroup(request.argument(3), request.key(2));
        }
        reply.array(groups.consumers());
        for (int i = 0; i < groups.consumers(); i++) {
            groups.chooseConsumer(i);
            reply.map(4);
            reply.bulk("name");
            reply.bulk(groups.consumerName(request.view()));
            number(reply, "pending", groups.ownPendingCount());
            number(reply, "idle", Math.max(0, keyspace.nowMillis() - groups.seenMillis()));
            boolean wasActive = groups.activeMillis() >= 0;
            number(reply, "inactive", wasActive ? Math.max(0, keyspace.nowMillis() - groups.activeMillis()) : -1);
        }
    }

    // --- XINFO STREAM ---

    private static void stream(Keyspace keyspace, Request request, Reply reply) {
        Streams streams = require(keyspace, request);
        int count = request.count();
        boolean full = count > 3;
        boolean hasCount = count == 6;
        if (count == 5 || count > 6 || (full && !request.is(3, "FULL")) || (hasCount && !request.is(4, "COUNT"))) {
            throw BAD_SYNTAX;
        }
        long most = hasCount ? request.longAt(5) : USUAL_COUNT;
        reply.map(full ? 9 : 10);
        number(reply, "length", streams.length());
        number(reply, "radix-tree-keys", streams.nodes());
        number(reply, "radix-tree-nodes", streams.indexNodes());
        id(reply, "last-generated-id", streams.lastMillis(), streams.lastSequence());
        id(reply, "max-deleted-entry-id", streams.maxDeletedMillis(), streams.maxDeletedSequence());
        number(reply, "entries-added", streams.entriesAdded());
        id(reply, "recorded-first-entry-id", streams.firstMillis(), streams.firstSequence());
        if (full) {
            all(streams, most < 0 ? USUAL_COUNT : most == 0 ? Long.MAX_VALUE : most, request, reply);
        } else {
            ends(streams, request, reply);
        }
    }

    private static void ends(Streams streams, Request request, Reply reply) {
        number(reply, "groups", streams.groups().groups());
        reply.bulk("first-entry");
        end(streams, false, request, reply);
        reply.bulk("last-entry");
        end(streams, true, request, reply);
    }

    private static void end(Streams streams, boolean last, Request request, Reply reply) {
        streams.walk().begin(0, 0, StreamIdText.MAX, StreamIdText.MAX, last);
        if (streams.walk().next()) {
            StreamReplies.entry(streams.walk(), request, reply);
        } else {
            reply.nullBulk();
        }
    }

    /** The members of FULL: entries, and groups with all they have, at most so many of each. */
    private static void all(Streams streams, long most, Request request, Reply reply) {
        reply.bulk("entries");
        streams.walk().begin(0, 0, StreamIdText.MAX, StreamIdText.MAX, false);
        StreamReplies.entries(streams.walk(), most, request, reply);
        reply.bulk("groups");
        StreamGroups groups = streams.groups();
        reply.array(groups.groups());
        for (int i = 0; i < groups.groups(); i++) {
            groups.chooseGroup(i);
            reply.map(7);
            reply.bulk("name");
            reply.bulk(groups.groupName(request.view()));
            id(reply, "last-delivered-id", groups.lastMillis(), groups.lastSequence());
            numberOrNull(reply, "entries-read", groups.entriesRead(), StreamGroups.UNKNOWN);
            numberOrNull(reply, "lag", streams.groupLag(), Streams.UNKNOWN_LAG);
            number(reply, "pel-count", groups.pendingCount());
            reply.bulk("pending");
            pending(groups, false, most, request, reply);
            reply.bulk("consumers");
            allConsumers(groups, most, request, reply);
        }
    }

    private static void allConsumers(StreamGroups groups, long most, Request request, Reply reply) {
        reply.array(groups.consumers());
        for (int i = 0; i < groups.consumers(); i++) {
            groups.chooseConsumer(i);
            reply.map(5);
            reply.bulk("name");
            reply.bulk(groups.consumerName(request.view()));
            number(reply, "seen-time", groups.seenMillis());
            number(reply, "active-time", groups.activeMillis());
            number(reply, "pel-count", groups.ownPendingCount());
            reply.bulk("pending");
            pending(groups, true, most, request, reply);
        }
    }

    /** Pending entries of the group, with their consumers, or of the chosen consumer, where that goes without saying. */
    private static void pending(StreamGroups groups, boolean ofConsumer, long most, Request request, Reply reply) {
        long count = Math.min(most, ofConsumer ? groups.ownPendingCount() : groups.pendingCount());
        reply.array(count);
        long millis = 0;
        long sequence = 0;
        for (long i = 0; i < count && StreamGroupCommands.next(groups, millis, sequence, ofConsumer); i++) {
            millis = groups.pendingMillis();
            sequence = groups.pendingSequence();
            reply.array(ofConsumer ? 3 : 4);
            reply.streamId(millis, sequence);
            if (!ofConsumer) {
                reply.bulk(groups.ownerName(request.view()));
            }
            reply.integer(groups.deliveredMillis());
            reply.integer(groups.deliveries());
            millis += sequence == StreamIdText.MAX ? 1 : 0;
            sequence++;
        }
    }
}
