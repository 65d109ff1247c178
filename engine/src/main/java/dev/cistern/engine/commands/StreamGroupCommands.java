package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.StreamGroups;
import dev.cistern.store.Streams;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.STALE;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.INSERT;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;

/**
 * Consumer groups: making and deleting them, acknowledging what was read, and what is pending.
 *
 * <p>Reading through a group is in {@link StreamReadCommands}, taking entries over in {@link StreamClaimCommands}.
 */
final class StreamGroupCommands {

    static final CommandTable TABLE = CommandTable.of("stream",
            command("XGROUP", -2).holds(
                    command("CREATE", -5, key(2).as(RW, INSERT), WRITE, DENY_OOM)
                            .runs(StreamGroupCommands::create),
                    command("CREATECONSUMER", 5, key(2).as(RW, INSERT), WRITE, DENY_OOM)
                            .runs(StreamGroupCommands::createConsumer),
                    command("DELCONSUMER", 5, key(2).as(RW, DELETE), WRITE).runs(StreamGroupCommands::deleteConsumer),
                    command("DESTROY", 4, key(2).as(RW, DELETE), WRITE).runs(StreamGroupCommands::destroy),
                    command("SETID", -5, key(2).as(RW, UPDATE), WRITE).runs(StreamGroupCommands::setId),
                    command("HELP", 2, LOADING, STALE).runsInSession(Help.of("XGROUP",
                            "CREATE <key> <group> <id|$> [MKSTREAM] [ENTRIESREAD <entries-read>]",
                            "    Makes a group that has read up to this id, and the stream too if MKSTREAM is given.",
                            "CREATECONSUMER <key> <group> <consumer>", "    Makes a consumer.",
                            "DELCONSUMER <key> <group> <consumer>",
                            "    Deletes a consumer and forgets what is pending for it.",
                            "DESTROY <key> <group>", "    Deletes a group.",
                            "SETID <key> <group> <id|$> [ENTRIESREAD <entries-read>]",
                            "    Sets what the group has read."))),
            command("XACK", -4, key(1).as(RW, UPDATE), WRITE, FAST).runs(StreamGroupCommands::acknowledge),
            command("XPENDING", -3, key(1).as(RO, ACCESS), READ, tip("nondeterministic_output"))
                    .runs(StreamGroupCommands::pending));

    private static final CommandException NO_STREAM = CommandException.of(
            "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM"
                    + " option to create an empty stream automatically.");
    private static final CommandException GROUP_EXISTS = CommandException.of(
            "BUSYGROUP Consumer Group name already exists");
    private static final CommandException INVALID_ENTRIES_READ = CommandException.of(
            "ERR value for ENTRIESREAD must be positive or -1");

    private StreamGroupCommands() {}

    // --- errors that others throw as well ---

    /** No such group in XGROUP and XINFO. */
    static CommandException noGroup(Bytes group, Bytes key) {
        return CommandException.of("NOGROUP No such consumer group '%s' for key name '%s'", group, key);
    }

    /** Neither key nor group, where one error is for both. */
    static CommandException noKeyOrGroup(Bytes key, Bytes group) {
        return CommandException.of("NOGROUP No such key '%s' or consumer group '%s'", key, group);
    }

    private static CommandException badSyntax(Request request) {
        return CommandException.of("ERR unknown subcommand or wrong number of arguments for '%s'. Try XGROUP HELP.",
                request.text(1));
    }

    // --- XGROUP ---

    /** XGROUP CREATE key group id|$ [MKSTREAM] [ENTRIESREAD entries-read] */
    private static void create(Keyspace keyspace, Request request, Reply reply) {
        boolean makesStream = false;
        long entriesRead = StreamGroups.UNKNOWN;
        for (int i = 5; i < request.count(); i++) {
            if (request.is(i, "MKSTREAM")) {
                makesStream = true;
            } else if (request.is(i, "ENTRIESREAD") && i + 1 < request.count()) {
                entriesRead = entriesReadAt(request, ++i);
            } else {
                throw badSyntax(request);
            }
        }
        Streams streams = keyspace.streams();
        boolean there = streams.findForWrite(request.key(2));
        if (!there && !makesStream) {
            throw NO_STREAM;
        }
        boolean last = isDollar(request.argument(4));
        if (!last) {
            StreamIdText.requireStrict(request, 4);
        }
        if (!there) {
            streams.create();
        }
        long millis = last ? streams.lastMillis() : StreamIdText.millis(request.argument(4));
        long sequence = last ? streams.lastSequence() : StreamIdText.sequence(request.argument(4), 0);
        if (!streams.createGroup(request.argument(3), millis, sequence, entriesRead)) {
            throw GROUP_EXISTS;
        }
        reply.ok();
    }

    private static long entriesReadAt(Request request, int index) {
        long entriesRead = request.longAt(index);
        if (entriesRead < 0 && entriesRead != StreamGroups.UNKNOWN) {
            throw INVALID_ENTRIES_READ;
        }
        return entriesRead;
    }

    private static boolean isDollar(Bytes id) {
        return id.length() == 1 && id.byteAt(0) == '$';
    }

    /** Chooses the stream and its group for a change; throws when one is missing. */
    private static Streams requireGroup(Keyspace keyspace, Request request) {
        Streams streams = keyspace.streams();
        if (!streams.findForWrite(request.key(2))) {
            throw NO_STREAM;
        }
        if (!streams.groups().findGroup(request.argument(3))) {
            throw noGroup(request.argument(3), request.key(2));
        }
        return streams;
    }

    /** XGROUP SETID key group id|$ [ENTRIESREAD entries-read] */
    private static void setId(Keyspace keyspace, Request request, Reply reply) {
        long entriesRead = StreamGroups.UNKNOWN;
        for (int i = 5; i < request.count(); i += 2) {
            if (!request.is(i, "ENTRIESREAD") || i + 1 == request.count()) {
                throw badSyntax(request);
            }
            entriesRead = entriesReadAt(request, i + 1);
        }
        Streams streams = requireGroup(keyspace, request);
        boolean last = isDollar(request.argument(4));
        if (!last) {
            StreamIdText.require(request, 4);
        }
        streams.setGroup(last ? streams.lastMillis() : StreamIdText.millis(request.argument(4)),
                last ? streams.lastSequence() : StreamIdText.sequence(request.argument(4), 0), entriesRead);
        reply.ok();
    }

    private static void destroy(Keyspace keyspace, Request request, Reply reply) {
        Streams streams = keyspace.streams();
        if (!streams.findForWrite(request.key(2))) {
            throw NO_STREAM;
        }
        boolean there = streams.groups().findGroup(request.argument(3));
        if (there) {
            streams.destroyGroup();
        }
        reply.integer(there ? 1 : 0);
    }

    private static void createConsumer(Keyspace keyspace, Request request, Reply reply) {
        Streams streams = requireGroup(keyspace, request);
        boolean there = streams.groups().findConsumer(request.argument(4));
        if (!there) {
            streams.createConsumer(request.argument(4));
        }
        reply.integer(there ? 0 : 1);
    }

    private static void deleteConsumer(Keyspace keyspace, Request request, Reply reply) {
        Streams streams = requireGroup(keyspace, request);
        boolean there = streams.groups().findConsumer(request.argument(4));
        reply.integer(there ? streams.deleteConsumer() : 0);
    }

    // --- XACK key group id [id ...] ---

    private static void acknowledge(Keyspace keyspace, Request request, Reply reply) {
        Streams streams = keyspace.streams();
        if (!streams.find(request.key(1)) || !streams.groups().findGroup(request.argument(2))) {
            reply.integer(0);
            return;
        }
        for (int i = 3; i < request.count(); i++) {
            StreamIdText.requireStrict(request, i);
        }
        long acknowledged = 0;
        for (int i = 3; i < request.count(); i++) {
            Bytes id = request.argument(i);
            if (streams.groups().findPending(StreamIdText.millis(id), StreamIdText.sequence(id, 0))) {
                streams.acknowledge();
                acknowledged++;
            }
        }
        if (acknowledged > 0) {
            streams.groupsChanged(acknowledged);
        }
        reply.integer(acknowledged);
    }

    // --- XPENDING key group [[IDLE min-idle-time] start end count [consumer]] ---

    private static void pending(Keyspace keyspace, Request request, Reply reply) {
        int count = request.count();
        boolean isSummary = count == 3;
        if (!isSummary && (count < 6 || count > 9)) {
            throw CommandException.SYNTAX_ERROR;
        }
        long leastIdleMillis = 0;
        int start = 3;
        if (!isSummary && request.is(3, "IDLE")) {
            leastIdleMillis = request.longAt(4);
            if (count < 8) {
                throw CommandException.SYNTAX_ERROR;
            }
            start = 5;
        }
        long most = isSummary ? 0 : requireRange(request, start);
        Streams streams = keyspace.streams();
        if (!streams.find(request.key(1)) || !streams.groups().findGroup(request.argument(2))) {
            throw noKeyOrGroup(request.key(1), request.argument(2));
        }
        if (isSummary) {
            summary(streams.groups(), request.view(), reply);
        } else {
            list(keyspace, request, start, most, leastIdleMillis, reply);
        }
    }

    private static long requireRange(Request request, int start) {
        long most = request.longAt(start + 2);
        StreamIdText.requireBorder(request, start);
        StreamIdText.requireStart(request, start);
        StreamIdText.requireBorder(request, start + 1);
        StreamIdText.requireEnd(request, start + 1);
        return Math.max(0, most);
    }

    private static void summary(StreamGroups groups, Bytes view, Reply reply) {
        reply.array(4);
        reply.integer(groups.pendingCount());
        if (groups.pendingCount() == 0) {
            reply.nullBulk();
            reply.nullBulk();
            reply.nullArray();
            return;
        }
        if (groups.findPendingFrom(0, 0)) {
            reply.streamId(groups.pendingMillis(), groups.pendingSequence());
        }
        if (groups.findLastPending()) {
            reply.streamId(groups.pendingMillis(), groups.pendingSequence());
        }
        long mark = reply.open();
        long shown = 0;
        for (int i = 0; i < groups.consumers(); i++) {
            groups.chooseConsumer(i);
            if (groups.ownPendingCount() > 0) {
                reply.array(2);
                reply.bulk(groups.consumerName(view));
                reply.bulk(groups.ownPendingCount());
                shown++;
            }
        }
        reply.closeArray(mark, shown);
    }

    private static void list(Keyspace keyspace, Request request, int start, long most, long leastIdleMillis,
            Reply reply) {
        StreamGroups groups = keyspace.streams().groups();
        boolean ofConsumer = start + 3 < request.count();
        if (ofConsumer && !groups.findConsumer(request.argument(start + 3))) {
            reply.array(0);
            return;
        }
        long endMillis = StreamIdText.endMillis(request.argument(start + 1));
        long endSequence = StreamIdText.endSequence(request.argument(start + 1));
        long millis = StreamIdText.startMillis(request.argument(start));
        long sequence = StreamIdText.startSequence(request.argument(start));
        long mark = reply.open();
        long shown = 0;
        while (shown < most && next(groups, millis, sequence, ofConsumer)) {
            millis = groups.pendingMillis();
            sequence = groups.pendingSequence();
            if (StreamCommands.compare(millis, sequence, endMillis, endSequence) > 0) {
                break;
            }
            long idleMillis = Math.max(0, keyspace.nowMillis() - groups.deliveredMillis());
            if (leastIdleMillis == 0 || idleMillis >= leastIdleMillis) {
                reply.array(4);
                reply.streamId(millis, sequence);
                reply.bulk(groups.ownerName(request.view()));
                reply.integer(idleMillis);
                reply.integer(groups.deliveries());
                shown++;
            }
            if (millis == StreamIdText.MAX && sequence == StreamIdText.MAX) {
                break;
            }
            millis += sequence == StreamIdText.MAX ? 1 : 0;
            sequence++;
        }
        reply.closeArray(mark, shown);
    }

    /** Chooses the first pending entry from this id on, of the chosen consumer or of all. */
    static boolean next(StreamGroups groups, long millis, long sequence, boolean ofConsumer) {
        return ofConsumer ? groups.findOwnPendingFrom(millis, sequence) : groups.findPendingFrom(millis, sequence);
    }
}
