package dev.cistern.engine.cluster;

import dev.cistern.engine.commands.KeyWriter;
import dev.cistern.engine.dispatch.Category;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Bytes;
import dev.cistern.store.KeySlot;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;
import org.jspecify.annotations.Nullable;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.OWN_LOCKING;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.KeySpec.Use.NOT_KEY;
import static dev.cistern.engine.dispatch.KeySpec.key;

/**
 * CLUSTERSCAN: a walk over the keys of the whole cluster, slot by slot, that goes on wherever a slot is now.
 *
 * <pre>
 *   cursor   0                          the beginning, and the end
 *            mark-{tag}-position        the tag leads clients to the slot's node; the mark is that of the node which
 *                                       gave the position: any other begins the slot again
 * </pre>
 *
 * <p>A slot's keys are found among those of its stripe, so a step looks at more keys than it shows. The loop's thread;
 * takes one stripe after the other.
 */
public final class ClusterScanCommand {

    public static final CommandTable TABLE = CommandTable.of("cluster",
            command("CLUSTERSCAN", -2, key(1).as(NOT_KEY), READ, OWN_LOCKING, Category.KEYSPACE,
                    tip("nondeterministic_output"),
                    tip("request_policy:special"), tip("response_policy:special"))
                    .runsInSession(ClusterScanCommand::run));

    private static final CommandException INVALID_CURSOR = CommandException.of("ERR Invalid cursor");
    private static final CommandException OTHER_SLOT = CommandException.of("ERR Cursor slot mismatch");
    private static final CommandException SLOT_TWICE = CommandException.of(
            "ERR SLOT option can only be specified once");

    private static final String END = "0";
    private static final int ANY = -1;
    private static final int MIN_STEP = 16;
    private static final int MAX_STEP = 512;
    /** Keys that one call looks at: about a millisecond. */
    private static final int MAX_LOOKS = 8192;

    private ClusterScanCommand() {}

    /** CLUSTERSCAN cursor [MATCH pattern] [COUNT count] [TYPE type] [SLOT slot] */
    private static void run(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        KeyWriter writer = new KeyWriter(reply);
        int wanted = readOptions(request, writer);
        int ofPattern = slotOfPattern(request);
        Cursor cursor = Cursor.at(request);
        if (wanted != ANY && ofPattern != ANY && wanted != ofPattern) {
            replyNothing(reply, END);
            return;
        }
        int only = wanted == ANY ? ofPattern : wanted;
        if (cursor == null) {
            replyNothing(reply, beginning(only == ANY ? 0 : only));
            return;
        }
        cluster.requireServed(session, cursor.slot, false);
        if (wanted != ANY && wanted != cursor.slot) {
            throw OTHER_SLOT;
        }
        if (only != ANY && only != cursor.slot) {
            replyNothing(reply, cursor.slot < only ? beginning(only) : END);
            return;
        }
        reply.array(2);
        long mark = reply.open();
        String next = new Walk(cluster, session, writer, only != ANY).from(cursor);
        writer.deleteExpired(session.keyspace());
        reply.closeArray(mark, writer.written());
        reply.insertBulk(mark, next);
    }

    private static int readOptions(Request request, KeyWriter writer) {
        int slot = ANY;
        for (int i = 2; i < request.count(); i += 2) {
            if (writer.readOption(request, i)) {
                continue;
            }
            if (!request.is(i, "SLOT")) {
                throw CommandException.SYNTAX_ERROR;
            }
            if (slot != ANY) {
                throw SLOT_TWICE;
            }
            slot = SlotCommands.slotAt(request, i + 1);
        }
        return slot;
    }

    /** The slot that all keys are in which fit the pattern, if it fixes one. */
    private static int slotOfPattern(Request request) {
        int slot = ANY;
        for (int i = 2; i < request.count(); i += 2) {
            if (request.is(i, "MATCH")) {
                slot = slotOfPattern(request.argument(i + 1).toByteArray());
            }
        }
        return slot;
    }

    /** A hash tag without wildcards fixes it, if nothing before might hold another; else only a plain name does. */
    static int slotOfPattern(byte[] pattern) {
        int open = ANY;
        boolean mayHaveTag = true;
        for (int i = 0; i < pattern.length; i++) {
            switch (pattern[i]) {
                case '*', '?', '[', '\\' -> {
                    return ANY;
                }
                case '{' -> open = open == ANY ? i : open;
                case '}' -> {
                    if (mayHaveTag && open != ANY && i > open + 1) {
                        return Cluster.slotOf(pattern);
                    }
                    mayHaveTag = mayHaveTag && open == ANY;
                }
                default -> {
                }
            }
        }
        return Cluster.slotOf(pattern);
    }

    private static void replyNothing(Reply reply, String cursor) {
        reply.array(2);
        reply.bulk(cursor);
        reply.array(0);
    }

    private static String beginning(int slot) {
        return "0-{" + SlotTags.of(slot) + "}-0";
    }

    /** What a client gave back. */
    private record Cursor(String mark, int slot, long position) {

        /** Null for the beginning. */
        static @Nullable Cursor at(Request request) {
            Bytes bytes = request.argument(1);
            String text = bytes.length() > 128 ? "" : request.text(1);
            if (text.equals(END)) {
                return null;
            }
            int open = text.indexOf("-{");
            int close = text.indexOf("}-", open + 2);
            if (open < 1 || close <= open + 2) {
                throw INVALID_CURSOR;
            }
            try {
                return new Cursor(text.substring(0, open), KeySlot.of(bytes),
                        Long.parseUnsignedLong(text.substring(close + 2)));
            } catch (NumberFormatException e) {
                throw INVALID_CURSOR;
            }
        }
    }

    /** One step, which may end a slot and go on in the next of this node. */
    private static final class Walk {
        private final Cluster cluster;
        private final Keyspace keyspace;
        private final Store store;
        private final int database;
        private final long nodeMark;
        private final KeyWriter writer;
        private final boolean oneSlot;
        private int looks;

        Walk(Cluster cluster, Session session, KeyWriter writer, boolean oneSlot) {
            this.cluster = cluster;
            this.keyspace = session.keyspace();
            this.store = keyspace.store();
            this.database = session.database();
            this.nodeMark = session.node().identity().runId().hashCode();
            this.writer = writer;
            this.oneSlot = oneSlot;
        }

        String from(Cursor cursor) {
            long position = cursor.mark.equals(markOf(cursor.slot)) ? cursor.position : 0;
            Routing routing = cluster.routing();
            int slot = cursor.slot;
            while (true) {
                boolean isOver = store.keysInSlot(database, slot) == 0;
                if (!isOver) {
                    if (isEnough()) {
                        return beginning(slot);
                    }
                    position = show(slot, position);
                    if (position != 0) {
                        return markOf(slot) + "-{" + SlotTags.of(slot) + "}-" + Long.toUnsignedString(position);
                    }
                }
                slot++;
                if (oneSlot || slot == KeySlot.COUNT) {
                    return END;
                }
                if (!routing.isMine(slot)) {
                    return beginning(slot);
                }
            }
        }

        private boolean isEnough() {
            return writer.written() >= writer.count() || looks >= MAX_LOOKS;
        }

        /** Answers where to go on in the slot, 0 when all of it was shown. */
        private long show(int slot, long position) {
            int step = Math.clamp(writer.count(), MIN_STEP, MAX_STEP);
            writer.slot(slot);
            long at = position;
            do {
                at = keyspace.scanStripe(store.stripeOfSlot(slot), at, step, writer);
                looks += step;
            } while (at != 0 && !isEnough());
            return at;
        }

        /** Tells where a position comes from: never 0, which stands for none. */
        private String markOf(int slot) {
            long mixed = nodeMark * KeySlot.COUNT + slot;
            return Long.toHexString((mixed & 0xFF_FFFF_FFFFL) | (1L << 40));
        }
    }
}
