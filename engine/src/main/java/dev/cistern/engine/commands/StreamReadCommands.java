package dev.cistern.engine.commands;

import dev.cistern.engine.blocking.Blocking;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.StreamGroups;
import dev.cistern.store.StreamWalk;
import dev.cistern.store.Streams;
import dev.cistern.store.ValueType;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.BLOCKING;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.RO;
import static dev.cistern.engine.dispatch.KeySpec.after;

/**
 * XREAD and XREADGROUP: entries behind an id, of several streams at once, awaited if there are none.
 *
 * <p>A request that waits is run again whenever one of its keys has changed. So an id that means what is last now is
 * replaced by that id's digits before it does. XREADGROUP is also run when its stream or group is gone, to say so.
 */
final class StreamReadCommands {

    static final CommandTable TABLE = CommandTable.of("stream",
            command("XREAD", -4, after("STREAMS", 1, -1, 1, 2).as(RO, ACCESS), READ, BLOCKING)
                    .blocks(new Blocking(StreamReadCommands::read, request -> timeoutMillis(request, false),
                            ValueType.STREAM, Reply::nullArray, Reply::nullArray, StreamReadCommands::fixIds, false)),
            command("XREADGROUP", -7, after("STREAMS", 4, -1, 1, 2).as(RO, ACCESS), WRITE, BLOCKING)
                    .blocks(new Blocking(StreamReadCommands::readGroup, request -> timeoutMillis(request, true),
                            ValueType.STREAM, Reply::nullArray, Reply::nullArray, Blocking.Fixing.NONE, true)));

    private static final CommandException UNBALANCED_READ = unbalanced("XREAD", "$");
    private static final CommandException UNBALANCED_READ_GROUP = unbalanced("XREADGROUP", ">");
    private static final CommandException GROUP_IN_XREAD = onlyInGroups("GROUP");
    private static final CommandException NOACK_IN_XREAD = onlyInGroups("NOACK");
    private static final CommandException NO_GROUP = CommandException.of("ERR Missing GROUP option for XREADGROUP");
    private static final CommandException NEW_IN_XREAD = CommandException.of(
            "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.");
    private static final CommandException LAST_IN_GROUP = meaningless("$");
    private static final CommandException LAST_ENTRY_IN_GROUP = meaningless("+");

    /** What was read of the options is one long, so that it leaves nothing on the heap: a bit and three indexes. */
    private static final int NO_ACK = 1;
    private static final int INDEX_BITS = 20;
    private static final long INDEX_MASK = (1L << INDEX_BITS) - 1;
    private static final int STREAMS_SHIFT = 1;
    private static final int GROUP_SHIFT = STREAMS_SHIFT + INDEX_BITS;
    private static final int COUNT_SHIFT = GROUP_SHIFT + INDEX_BITS;

    private StreamReadCommands() {}

    private static CommandException unbalanced(String name, String sign) {
        return CommandException.of("ERR Unbalanced '%s' list of streams: for each stream key an ID or '%s' must be "
                + "specified.", name.toLowerCase(Locale.ROOT), sign);
    }

    private static CommandException onlyInGroups(String option) {
        return CommandException.of("ERR The %s option is only supported by XREADGROUP. You called XREAD instead.",
                option);
    }

    private static CommandException meaningless(String sign) {
        return CommandException.of("ERR The %s ID is meaningless in the context of XREADGROUP: you want to read the "
                + "history of this consumer by specifying a proper ID, or use the > ID to get new messages. The %s ID "
                + "would just return an empty result set.", sign, sign);
    }

    // --- options: [GROUP group consumer] [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...] ---

    private static long options(Request request, boolean ofGroup) {
        long options = 0;
        for (int i = 1; i < request.count(); i++) {
            int more = request.count() - i - 1;
            if (more > 0 && request.is(i, "BLOCK")) {
                var _ = Blocking.millisAt(request, ++i);
            } else if (more > 0 && request.is(i, "COUNT")) {
                var _ = request.longAt(++i);
                options = withIndex(options, COUNT_SHIFT, i);
            } else if (more > 0 && request.is(i, "STREAMS")) {
                if (more % 2 != 0) {
                    throw ofGroup ? UNBALANCED_READ_GROUP : UNBALANCED_READ;
                }
                options = withIndex(options, STREAMS_SHIFT, i + 1);
                break;
            } else if (more > 1 && request.is(i, "GROUP")) {
                requireGroupCommand(ofGroup, GROUP_IN_XREAD);
                options = withIndex(options, GROUP_SHIFT, i + 1);
                i += 2;
            } else if (request.is(i, "NOACK")) {
                requireGroupCommand(ofGroup, NOACK_IN_XREAD);
                options |= NO_ACK;
            } else {
                throw CommandException.SYNTAX_ERROR;
            }
        }
        if (index(options, STREAMS_SHIFT) == 0) {
            throw CommandException.SYNTAX_ERROR;
        }
        if (ofGroup && index(options, GROUP_SHIFT) == 0) {
            throw NO_GROUP;
        }
        return options;
    }

    private static long timeoutMillis(Request request, boolean ofGroup) {
        long millis = Blocking.NO_WAIT;
        int end = index(options(request, ofGroup), STREAMS_SHIFT) - 1;
        for (int i = 1; i < end; i++) {
            if (request.is(i, "BLOCK")) {
                millis = Blocking.millisAt(request, ++i);
            } else if (request.is(i, "COUNT")) {
                i++;
            } else if (request.is(i, "GROUP")) {
                i += 2;
            }
        }
        return millis;
    }

    private static void requireGroupCommand(boolean ofGroup, CommandException otherwise) {
        if (!ofGroup) {
            throw otherwise;
        }
    }

    private static int index(long options, int shift) {
        return (int) (options >>> shift & INDEX_MASK);
    }

    private static long withIndex(long options, int shift, int index) {
        if (index > INDEX_MASK) {
            // So many options cannot be meant.
            throw CommandException.SYNTAX_ERROR;
        }
        return (options & ~(INDEX_MASK << shift)) | ((long) index << shift);
    }

    private static long most(Request request, long options) {
        int countAt = index(options, COUNT_SHIFT);
        long count = countAt == 0 ? 0 : request.longAt(countAt);
        return count <= 0 ? Long.MAX_VALUE : count;
    }

    // --- the answer ---

    private static boolean read(Keyspace keyspace, Request request, Reply reply) {
        return read(keyspace, request, reply, false);
    }

    private static boolean readGroup(Keyspace keyspace, Request request, Reply reply) {
        return read(keyspace, request, reply, true);
    }

    /** Answers what there is; says false and writes nothing if there is nothing. */
    private static boolean read(Keyspace keyspace, Request request, Reply reply, boolean ofGroup) {
        long options = options(request, ofGroup);
        int firstKey = index(options, STREAMS_SHIFT);
        int keys = (request.count() - firstKey) / 2;
        for (int key = firstKey; key < firstKey + keys; key++) {
            require(keyspace, request, key, key + keys, index(options, GROUP_SHIFT));
        }
        long mark = reply.open();
        int answered = 0;
        for (int key = firstKey; key < firstKey + keys; key++) {
            boolean there = ofGroup
                    ? readOfGroup(keyspace, request, key, key + keys, options, reply)
                    : readBehind(keyspace.streams(), request, key, key + keys, options, reply);
            answered += there ? 1 : 0;
        }
        if (answered > 0 && reply.isResp3()) {
            reply.closeMap(mark, answered);
        } else if (answered > 0) {
            reply.closeArray(mark, answered);
        }
        return answered > 0;
    }

    /** Checks a stream's id and group. */
    private static void require(Keyspace keyspace, Request request, int key, int idAt, int groupAt) {
        Streams streams = keyspace.streams();
        boolean there = streams.find(request.key(key));
        if (groupAt != 0 && (!there || !streams.groups().findGroup(request.argument(groupAt)))) {
            throw CommandException.of("NOGROUP No such key '%s' or consumer group '%s' in XREADGROUP with GROUP option",
                    request.key(key), request.argument(groupAt));
        }
        Bytes id = request.argument(idAt);
        if (is(id, '$')) {
            requireNoGroup(groupAt, LAST_IN_GROUP);
        } else if (is(id, '+')) {
            requireNoGroup(groupAt, LAST_ENTRY_IN_GROUP);
        } else if (is(id, '>')) {
            requireGroupCommand(groupAt != 0, NEW_IN_XREAD);
        } else {
            StreamIdText.requireStrict(request, idAt);
        }
    }

    /** Has a request that is to wait say in digits what is last now: nothing is behind that yet. */
    private static void fixIds(Keyspace keyspace, Request request) {
        int firstKey = index(options(request, false), STREAMS_SHIFT);
        int keys = (request.count() - firstKey) / 2;
        for (int key = firstKey; key < firstKey + keys; key++) {
            if (isLast(request.argument(key + keys))) {
                Streams streams = keyspace.streams();
                boolean there = streams.find(request.key(key));
                String text = there
                        ? Long.toUnsignedString(streams.lastMillis()) + "-"
                                + Long.toUnsignedString(streams.lastSequence())
                        : "0-0";
                request.replace(key + keys, text.getBytes(StandardCharsets.US_ASCII));
            }
        }
    }

    private static boolean isLast(Bytes id) {
        return is(id, '$') || is(id, '+');
    }

    private static boolean is(Bytes id, char sign) {
        return id.length() == 1 && id.byteAt(0) == sign;
    }

    private static void requireNoGroup(int groupAt, CommandException otherwise) {
        if (groupAt != 0) {
            throw otherwise;
        }
    }

    private static boolean readBehind(Streams streams, Request request, int key, int idAt, long options,
            Reply reply) {
        if (!streams.find(request.key(key))) {
            return false;
        }
        Bytes id = request.argument(idAt);
        if (isLast(id)) {
            return is(id, '+') && readLast(streams, request, key, reply);
        }
        long millis = StreamIdText.millis(id);
        long sequence = StreamIdText.sequence(id, 0);
        if (!streams.hasBehind(millis, sequence)) {
            return false;
        }
        begin(request, key, reply);
        walkBehind(streams, millis, sequence);
        StreamReplies.entries(streams.walk(), most(request, options), request, reply);
        return true;
    }

    private static boolean readLast(Streams streams, Request request, int key, Reply reply) {
        if (streams.length() == 0) {
            return false;
        }
        begin(request, key, reply);
        streams.walk().begin(0, 0, StreamIdText.MAX, StreamIdText.MAX, true);
        StreamReplies.entries(streams.walk(), 1, request, reply);
        return true;
    }

    /** Each stream's answer is its key and its entries: a pair of a map, where there are maps. */
    private static void begin(Request request, int key, Reply reply) {
        if (!reply.isResp3()) {
            reply.array(2);
        }
        reply.bulk(request.key(key));
    }

    private static void walkBehind(Streams streams, long millis, long sequence) {
        streams.walk().begin(sequence == StreamIdText.MAX ? millis + 1 : millis, sequence + 1, StreamIdText.MAX,
                StreamIdText.MAX, false);
    }

    private static boolean readOfGroup(Keyspace keyspace, Request request, int key, int idAt, long options,
            Reply reply) {
        Streams streams = keyspace.streams();
        StreamGroups groups = streams.groups();
        int groupAt = index(options, GROUP_SHIFT);
        // The first look at all of them has found it; one that was named twice may have been deleted by none.
        if (!streams.find(request.key(key)) || !groups.findGroup(request.argument(groupAt))) {
            return false;
        }
        if (!groups.findConsumer(request.argument(groupAt + 1))) {
            streams.createConsumer(request.argument(groupAt + 1));
        }
        groups.setSeen(keyspace.nowMillis());
        boolean isHistory = !isNew(request.argument(idAt));
        if (isHistory) {
            begin(request, key, reply);
            history(streams, request, idAt, most(request, options), reply);
            return true;
        }
        if (!streams.hasBehind(groups.lastMillis(), groups.lastSequence())) {
            return false;
        }
        begin(request, key, reply);
        deliver(streams, request, most(request, options), (options & NO_ACK) != 0, reply);
        return true;
    }

    /** New entries: the group has read them from now on, and they are pending for the consumer unless it wants none. */
    private static void deliver(Streams streams, Request request, long most, boolean noAck, Reply reply) {
        StreamGroups groups = streams.groups();
        walkBehind(streams, groups.lastMillis(), groups.lastSequence());
        StreamWalk walk = streams.walk();
        long mark = reply.open();
        long shown = 0;
        while (shown < most && walk.next()) {
            var _ = streams.advanceGroup(walk.millis(), walk.sequence());
            StreamReplies.entry(walk, request, reply);
            if (!noAck) {
                streams.deliver(walk.millis(), walk.sequence());
            }
            shown++;
        }
        reply.closeArray(mark, shown);
        streams.groupsChanged(1);
    }

    /** Whether the id asks for what no consumer has got: the greatest one does too, as nothing can be behind it. */
    private static boolean isNew(Bytes id) {
        return is(id, '>')
                || (StreamIdText.millis(id) == StreamIdText.MAX && StreamIdText.sequence(id, 0) == StreamIdText.MAX);
    }

    /** What is pending for the consumer behind an id, shown once more; null for an entry that was deleted. */
    private static void history(Streams streams, Request request, int idAt, long most, Reply reply) {
        StreamGroups groups = streams.groups();
        long millis = StreamIdText.millis(request.argument(idAt));
        long sequence = StreamIdText.sequence(request.argument(idAt), 0);
        long mark = reply.open();
        long shown = 0;
        boolean isLastId = false;
        while (shown < most && !isLastId
                && groups.findOwnPendingFrom(sequence == StreamIdText.MAX ? millis + 1 : millis, sequence + 1)) {
            millis = groups.pendingMillis();
            sequence = groups.pendingSequence();
            isLastId = millis == StreamIdText.MAX && sequence == StreamIdText.MAX;
            streams.walk().beginAt(millis, sequence);
            if (streams.walk().next()) {
                StreamReplies.entry(streams.walk(), request, reply);
                streams.deliverAgain();
            } else {
                reply.array(2);
                reply.streamId(millis, sequence);
                reply.nullArray();
            }
            shown++;
        }
        reply.closeArray(mark, shown);
    }
}
