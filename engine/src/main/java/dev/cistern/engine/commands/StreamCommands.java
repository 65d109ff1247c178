package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.StreamWalk;
import dev.cistern.store.Streams;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;

/**
 * Commands on the entries of streams: add, count, show, delete, trim.
 *
 * <p>Not those that wait for entries ({@link StreamReadCommands}), nor those of groups ({@link StreamGroupCommands}).
 */
final class StreamCommands {

    static final CommandTable TABLE = CommandTable.of("stream",
            command("XADD", -5, key(1).as(RW, UPDATE).notes(
                    "UPDATE instead of INSERT because of the optional trimming feature"), WRITE, DENY_OOM, FAST,
                    tip("nondeterministic_output")).runsInSession(StreamCommands::add),
            command("XLEN", 2, key(1).as(RO), READ, FAST).runs(StreamCommands::length),
            command("XRANGE", -4, key(1).as(RO, ACCESS), READ)
                    .runs((keyspace, request, reply) -> range(keyspace, request, reply, false)),
            command("XREVRANGE", -4, key(1).as(RO, ACCESS), READ)
                    .runs((keyspace, request, reply) -> range(keyspace, request, reply, true)),
            command("XDEL", -3, key(1).as(RW, DELETE), WRITE, FAST).runs(StreamCommands::delete),
            command("XTRIM", -4, key(1).as(RW, DELETE), WRITE, tip("nondeterministic_output"))
                    .runsInSession(StreamCommands::trim),
            command("XSETID", -3, key(1).as(RW, UPDATE), WRITE, DENY_OOM, FAST).runs(StreamCommands::setId));

    private static final CommandException XADD_ARITY = CommandException.of(
            "ERR wrong number of arguments for 'xadd' command");
    private static final CommandException ZERO_ID = CommandException.of(
            "ERR The ID specified in XADD must be greater than 0-0");
    private static final CommandException EXHAUSTED = CommandException.of(
            "ERR The stream has exhausted the last possible ID, unable to add more items");
    private static final CommandException NOT_GREATER = CommandException.of(
            "ERR The ID specified in XADD is equal or smaller than the target stream top item");
    private static final CommandException TOO_LARGE = CommandException.of("ERR Elements are too large to be stored");
    private static final CommandException BELOW_DELETED_GIVEN = CommandException.of(
            "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
    private static final CommandException BELOW_DELETED = CommandException.of(
            "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
    private static final CommandException BELOW_TOP = CommandException.of(
            "ERR The ID specified in XSETID is smaller than the target stream top item");
    private static final CommandException BELOW_LENGTH = CommandException.of(
            "ERR The entries_added specified in XSETID is smaller than the target stream length");
    private static final CommandException ADDED_NEGATIVE = CommandException.of("ERR entries_added must be positive");

    private static final long MAX_ENTRY_BYTES = 1L << 30;

    private StreamCommands() {}

    // --- XADD key [NOMKSTREAM] [MAXLEN|MINID [=|~] threshold [LIMIT count]] *|id field value [field value ...] ---

    private static void add(Session session, Request request, Reply reply) {
        long options = StreamTrim.parse(request, true);
        int idAt = StreamTrim.idIndex(options);
        int pairs = request.count() - idAt - 1;
        if (idAt == 0 || pairs < 2 || pairs % 2 == 1) {
            throw XADD_ARITY;
        }
        Bytes id = request.argument(idAt);
        boolean automatic = isStar(id);
        if (!automatic && !StreamIdText.isAutomatic(id) && StreamIdText.millis(id) == 0
                && StreamIdText.sequence(id, 0) == 0) {
            throw ZERO_ID;
        }
        Streams streams = session.keyspace().streams();
        boolean there = streams.findForWrite(request.key(1));
        if (!there && StreamTrim.isOnlyIfThere(options)) {
            reply.nullBulk();
            return;
        }
        requireSize(request, idAt + 1);
        append(session, streams, there, request, idAt, reply);
        StreamTrim.apply(options, streams, request, session.node().settings().streamNodeMaxEntries.value());
    }

    private static void append(Session session, Streams streams, boolean there, Request request, int idAt,
            Reply reply) {
        long lastMillis = there ? streams.lastMillis() : 0;
        long lastSequence = there ? streams.lastSequence() : 0;
        if (lastMillis == StreamIdText.MAX && lastSequence == StreamIdText.MAX) {
            throw EXHAUSTED;
        }
        Bytes id = request.argument(idAt);
        long millis;
        long sequence;
        if (isStar(id)) {
            long now = session.keyspace().nowMillis();
            boolean isLater = Long.compareUnsigned(now, lastMillis) > 0;
            millis = isLater ? now : lastSequence == StreamIdText.MAX ? lastMillis + 1 : lastMillis;
            sequence = isLater ? 0 : lastSequence + 1;
        } else {
            millis = StreamIdText.millis(id);
            boolean follows = StreamIdText.isAutomatic(id) && millis == lastMillis;
            if (follows && lastSequence == StreamIdText.MAX) {
                throw NOT_GREATER;
            }
            sequence = follows ? lastSequence + 1 : StreamIdText.sequence(id, 0);
        }
        if (compare(millis, sequence, lastMillis, lastSequence) <= 0) {
            throw NOT_GREATER;
        }
        if (!there) {
            streams.create();
        }
        streams.append(millis, sequence, request, idAt + 1, (request.count() - idAt - 1) / 2,
                session.node().settings().streamNodeMaxBytes.value(),
                session.node().settings().streamNodeMaxEntries.value());
        reply.streamId(millis, sequence);
    }

    private static boolean isStar(Bytes id) {
        return id.length() == 1 && id.byteAt(0) == '*';
    }

    private static void requireSize(Request request, int from) {
        long bytes = 0;
        for (int i = from; i < request.count(); i++) {
            bytes += request.argument(i).length();
        }
        if (bytes > MAX_ENTRY_BYTES) {
            throw TOO_LARGE;
        }
    }

    static int compare(long millis, long sequence, long otherMillis, long otherSequence) {
        return millis != otherMillis
                ? Long.compareUnsigned(millis, otherMillis)
                : Long.compareUnsigned(sequence, otherSequence);
    }

    // --- reading ---

    private static void length(Keyspace keyspace, Request request, Reply reply) {
        Streams streams = keyspace.streams();
        reply.integer(streams.find(request.key(1)) ? streams.length() : 0);
    }

    /** XRANGE key start end [COUNT count], and the same from the end: there the greater id is named first. */
    private static void range(Keyspace keyspace, Request request, Reply reply, boolean backwards) {
        int start = backwards ? 3 : 2;
        int end = backwards ? 2 : 3;
        StreamIdText.requireBorder(request, start);
        StreamIdText.requireStart(request, start);
        StreamIdText.requireBorder(request, end);
        StreamIdText.requireEnd(request, end);
        long most = Long.MAX_VALUE;
        for (int i = 4; i < request.count(); i += 2) {
            if (!request.is(i, "COUNT") || i + 1 == request.count()) {
                throw CommandException.SYNTAX_ERROR;
            }
            most = Math.max(0, request.longAt(i + 1));
        }
        Streams streams = keyspace.streams();
        if (!streams.find(request.key(1))) {
            reply.array(0);
        } else if (most == 0) {
            reply.nullArray();
        } else {
            StreamWalk walk = streams.walk();
            Bytes first = request.argument(start);
            Bytes last = request.argument(end);
            walk.begin(StreamIdText.startMillis(first), StreamIdText.startSequence(first),
                    StreamIdText.endMillis(last), StreamIdText.endSequence(last), backwards);
            StreamReplies.entries(walk, most, request, reply);
        }
    }

    // --- deleting ---

    private static void delete(Keyspace keyspace, Request request, Reply reply) {
        Streams streams = keyspace.streams();
        if (!streams.findForWrite(request.key(1))) {
            reply.integer(0);
            return;
        }
        for (int i = 2; i < request.count(); i++) {
            StreamIdText.requireStrict(request, i);
        }
        long deleted = 0;
        for (int i = 2; i < request.count(); i++) {
            Bytes id = request.argument(i);
            if (streams.delete(StreamIdText.millis(id), StreamIdText.sequence(id, 0))) {
                deleted++;
            }
        }
        if (deleted > 0) {
            streams.deleted(deleted);
        }
        reply.integer(deleted);
    }

    /** XTRIM key MAXLEN|MINID [=|~] threshold [LIMIT count] */
    private static void trim(Session session, Request request, Reply reply) {
        long nodeMaxEntries = session.node().settings().streamNodeMaxEntries.value();
        long options = StreamTrim.parse(request, false);
        Streams streams = session.keyspace().streams();
        boolean there = streams.findForWrite(request.key(1));
        reply.integer(there ? StreamTrim.apply(options, streams, request, nodeMaxEntries) : 0);
    }

    /** XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id] */
    private static void setId(Keyspace keyspace, Request request, Reply reply) {
        StreamIdText.requireStrict(request, 2);
        long millis = StreamIdText.millis(request.argument(2));
        long sequence = StreamIdText.sequence(request.argument(2), 0);
        long added = -1;
        long deletedMillis = 0;
        long deletedSequence = 0;
        for (int i = 3; i < request.count(); i += 2) {
            if (i + 1 < request.count() && request.is(i, "ENTRIESADDED")) {
                added = request.longAt(i + 1);
                if (added < 0) {
                    throw ADDED_NEGATIVE;
                }
            } else if (i + 1 < request.count() && request.is(i, "MAXDELETEDID")) {
                StreamIdText.requireStrict(request, i + 1);
                deletedMillis = StreamIdText.millis(request.argument(i + 1));
                deletedSequence = StreamIdText.sequence(request.argument(i + 1), 0);
                if (compare(millis, sequence, deletedMillis, deletedSequence) < 0) {
                    throw BELOW_DELETED_GIVEN;
                }
            } else {
                throw CommandException.SYNTAX_ERROR;
            }
        }
        Streams streams = keyspace.streams();
        if (!streams.findForWrite(request.key(1))) {
            throw CommandException.NO_SUCH_KEY;
        }
        requireSettable(streams, millis, sequence, added);
        streams.setId(millis, sequence, added, deletedMillis, deletedSequence);
        reply.ok();
    }

    private static void requireSettable(Streams streams, long millis, long sequence, long added) {
        if (compare(millis, sequence, streams.maxDeletedMillis(), streams.maxDeletedSequence()) < 0) {
            throw BELOW_DELETED;
        }
        if (streams.length() == 0) {
            return;
        }
        if (compare(millis, sequence, streams.lastEntryMillis(), streams.lastEntrySequence()) < 0) {
            throw BELOW_TOP;
        }
        if (added >= 0 && added < streams.length()) {
            throw BELOW_LENGTH;
        }
    }
}
