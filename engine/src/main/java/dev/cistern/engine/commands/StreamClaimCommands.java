package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.StreamGroups;
import dev.cistern.store.Streams;
import java.util.ArrayList;
import java.util.List;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.DELETE;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.key;

/** XCLAIM and XAUTOCLAIM: a consumer takes over what is pending for another one, which may have died. */
final class StreamClaimCommands {

    static final CommandTable TABLE = CommandTable.of("stream",
            command("XCLAIM", -6, key(1).as(RW, UPDATE), WRITE, FAST, tip("nondeterministic_output"))
                    .runs(StreamClaimCommands::claim),
            command("XAUTOCLAIM", -6, key(1).as(RW, DELETE), WRITE, FAST, tip("nondeterministic_output"))
                    .runs(StreamClaimCommands::claimNext));

    private static final CommandException INVALID_CLAIM_IDLE = CommandException.of(
            "ERR Invalid min-idle-time argument for XCLAIM");
    private static final CommandException INVALID_NEXT_IDLE = CommandException.of(
            "ERR Invalid min-idle-time argument for XAUTOCLAIM");
    private static final CommandException INVALID_IDLE = CommandException.of(
            "ERR Invalid IDLE option argument for XCLAIM");
    private static final CommandException INVALID_TIME = CommandException.of(
            "ERR Invalid TIME option argument for XCLAIM");
    private static final CommandException INVALID_RETRYCOUNT = CommandException.of(
            "ERR Invalid RETRYCOUNT option argument for XCLAIM");
    private static final CommandException INVALID_COUNT = CommandException.of("ERR COUNT must be > 0");

    /** XAUTOCLAIM looks at so many entries for each that it may claim. */
    private static final int LOOKS_PER_CLAIM = 10;
    private static final long USUAL_COUNT = 100;
    private static final long MAX_COUNT = Long.MAX_VALUE / 16;

    private static final long UNSET = -1;

    private StreamClaimCommands() {}

    private static boolean findGroup(Streams streams, Request request) {
        return streams.find(request.key(1)) && streams.groups().findGroup(request.argument(2));
    }

    /** Chooses the consumer that claims, who is made if need be. */
    private static void chooseConsumer(Streams streams, Request request, long nowMillis) {
        if (!streams.groups().findConsumer(request.argument(3))) {
            streams.createConsumer(request.argument(3));
        }
        streams.groups().setSeen(nowMillis);
    }

    /**
     * XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count]
     * [FORCE] [JUSTID] [LASTID id]
     */
    private static void claim(Keyspace keyspace, Request request, Reply reply) {
        Streams streams = keyspace.streams();
        if (!findGroup(streams, request)) {
            throw StreamGroupCommands.noKeyOrGroup(request.key(1), request.argument(2));
        }
        long leastIdleMillis = Math.max(0, request.longAt(4, INVALID_CLAIM_IDLE));
        int options = 5;
        while (options < request.count() && StreamIdText.isStrict(request.argument(options))) {
            options++;
        }
        boolean force = false;
        boolean idsOnly = false;
        long deliveredMillis = UNSET;
        long deliveries = UNSET;
        int lastId = 0;
        long now = keyspace.nowMillis();
        for (int i = options; i < request.count(); i++) {
            boolean hasMore = i + 1 < request.count();
            if (request.is(i, "FORCE")) {
                force = true;
            } else if (request.is(i, "JUSTID")) {
                idsOnly = true;
            } else if (request.is(i, "IDLE") && hasMore) {
                deliveredMillis = now - request.longAt(++i, INVALID_IDLE);
            } else if (request.is(i, "TIME") && hasMore) {
                deliveredMillis = request.longAt(++i, INVALID_TIME);
            } else if (request.is(i, "RETRYCOUNT") && hasMore) {
                deliveries = request.longAt(++i, INVALID_RETRYCOUNT);
            } else if (request.is(i, "LASTID") && hasMore) {
                lastId = ++i;
                StreamIdText.requireStrict(request, lastId);
            } else {
                throw CommandException.of("ERR Unrecognized XCLAIM option '%s'", request.argument(i));
            }
        }
        if (lastId > 0) {
            Bytes id = request.argument(lastId);
            streams.raiseGroup(StreamIdText.millis(id), StreamIdText.sequence(id, 0));
        }
        boolean isPast = deliveredMillis >= 0 && deliveredMillis <= now;
        chooseConsumer(streams, request, now);
        claimEach(keyspace, request, options, leastIdleMillis, force, idsOnly, isPast ? deliveredMillis : now,
                deliveries, reply);
    }

    private static void claimEach(Keyspace keyspace, Request request, int endOfIds, long leastIdleMillis,
            boolean force, boolean idsOnly, long deliveredMillis, long deliveries, Reply reply) {
        Streams streams = keyspace.streams();
        StreamGroups groups = streams.groups();
        long mark = reply.open();
        long claimed = 0;
        long changes = 0;
        for (int i = 5; i < endOfIds; i++) {
            long millis = StreamIdText.millis(request.argument(i));
            long sequence = StreamIdText.sequence(request.argument(i), 0);
            boolean pending = groups.findPending(millis, sequence);
            if (!streams.contains(millis, sequence)) {
                changes += pending ? 1 : 0;
                if (pending) {
                    streams.acknowledge();
                }
                continue;
            }
            boolean added = !pending && force;
            if (added) {
                streams.deliver(millis, sequence);
            }
            boolean isDue = added || (pending && isIdle(groups, keyspace.nowMillis(), leastIdleMillis));
            if (isDue) {
                streams.claim(deliveredMillis, deliveries >= 0 ? deliveries : groups.deliveries() + (idsOnly ? 0 : 1));
                show(streams, millis, sequence, idsOnly, request, reply);
                claimed++;
            }
        }
        reply.closeArray(mark, claimed);
        if (claimed + changes > 0) {
            streams.groupsChanged(claimed + changes);
        }
    }

    private static boolean isIdle(StreamGroups groups, long nowMillis, long leastIdleMillis) {
        return leastIdleMillis == 0 || nowMillis - groups.deliveredMillis() >= leastIdleMillis;
    }

    private static void show(Streams streams, long millis, long sequence, boolean idsOnly, Request request,
            Reply reply) {
        if (idsOnly) {
            reply.streamId(millis, sequence);
        } else {
            StreamReplies.entryOrNull(streams, millis, sequence, request, reply);
        }
    }

    /** XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID] */
    private static void claimNext(Keyspace keyspace, Request request, Reply reply) {
        long leastIdleMillis = Math.max(0, request.longAt(4, INVALID_NEXT_IDLE));
        StreamIdText.requireBorder(request, 5);
        StreamIdText.requireStart(request, 5);
        long most = USUAL_COUNT;
        boolean idsOnly = false;
        for (int i = 6; i < request.count(); i++) {
            if (request.is(i, "COUNT") && i + 1 < request.count()) {
                most = request.longAt(++i, INVALID_COUNT);
                if (most < 1 || most > MAX_COUNT) {
                    throw INVALID_COUNT;
                }
            } else if (request.is(i, "JUSTID")) {
                idsOnly = true;
            } else {
                throw CommandException.SYNTAX_ERROR;
            }
        }
        Streams streams = keyspace.streams();
        if (!findGroup(streams, request)) {
            throw StreamGroupCommands.noKeyOrGroup(request.key(1), request.argument(2));
        }
        chooseConsumer(streams, request, keyspace.nowMillis());
        sweep(keyspace, request, leastIdleMillis, most, idsOnly, reply);
    }

    /** Answers where to go on, what was claimed, and which ids were pending but are no entries any more. */
    private static void sweep(Keyspace keyspace, Request request, long leastIdleMillis, long most, boolean idsOnly,
            Reply reply) {
        Streams streams = keyspace.streams();
        StreamGroups groups = streams.groups();
        long millis = StreamIdText.startMillis(request.argument(5));
        long sequence = StreamIdText.startSequence(request.argument(5));
        reply.array(3);
        long mark = reply.open();
        long claimed = 0;
        List<Gone> gone = new ArrayList<>();
        long left = most;
        long looks = most > Long.MAX_VALUE / LOOKS_PER_CLAIM ? Long.MAX_VALUE : most * LOOKS_PER_CLAIM;
        boolean more = groups.findPendingFrom(millis, sequence);
        while (more && looks > 0 && left > 0) {
            looks--;
            millis = groups.pendingMillis();
            sequence = groups.pendingSequence();
            if (!streams.contains(millis, sequence)) {
                streams.acknowledge();
                gone.add(new Gone(millis, sequence));
                left--;
            } else if (isIdle(groups, keyspace.nowMillis(), leastIdleMillis)) {
                streams.claim(keyspace.nowMillis(), groups.deliveries() + (idsOnly ? 0 : 1));
                show(streams, millis, sequence, idsOnly, request, reply);
                claimed++;
                left--;
            }
            boolean isLastId = millis == StreamIdText.MAX && sequence == StreamIdText.MAX;
            millis += sequence == StreamIdText.MAX ? 1 : 0;
            sequence++;
            more = !isLastId && groups.findPendingFrom(millis, sequence);
        }
        reply.closeArray(mark, claimed);
        reply.insertBulk(mark, more ? text(groups.pendingMillis(), groups.pendingSequence()) : "0-0");
        reply.array(gone.size());
        gone.forEach(id -> reply.streamId(id.millis, id.sequence));
        if (claimed + gone.size() > 0) {
            streams.groupsChanged(claimed + gone.size());
        }
    }

    private static String text(long millis, long sequence) {
        return Long.toUnsignedString(millis) + "-" + Long.toUnsignedString(sequence);
    }

    /** An id that was pending, but its entry was deleted. */
    private record Gone(long millis, long sequence) {}
}
