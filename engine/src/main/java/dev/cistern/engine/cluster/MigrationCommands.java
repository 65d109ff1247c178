package dev.cistern.engine.cluster;

import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.KeySlot;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * CLUSTER MIGRATESLOTS and its companions: the original's words for what {@link SlotMoves} does.
 *
 * <p>Only the node that has the slots lists a migration; the one that gets them is told key by key and keeps no list. Who
 * runs the cluster has to tell the other nodes afterwards, as nodes do not gossip here. The loop's thread; no stripe is
 * held.
 */
final class MigrationCommands {
    private static final long MILLIS_PER_SECOND = 1000;

    private static final CommandException NO_RANGES = CommandException.of("ERR No slot ranges specified");
    private static final CommandException ONLY_PRIMARIES = CommandException.of(
            "ERR Slot migration can only be used on primary nodes.");
    private static final CommandException GOES_ON = CommandException.of(
            "ERR There is already an ongoing migration of some of these slots");

    private MigrationCommands() {}

    /** One group of the request: slots, and the node that gets them. */
    private record Wish(BitSet slots, String target) {}

    /** MIGRATESLOTS SLOTSRANGE first last [first last …] NODE id [SLOTSRANGE … NODE id …] */
    static void migrate(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        if (cluster.routing().isReplica()) {
            throw ONLY_PRIMARIES;
        }
        List<Wish> wishes = wishes(request);
        BitSet all = new BitSet();
        for (Wish wish : wishes) {
            check(cluster, wish, all);
        }
        if (cluster.moves().moveOf(all) != null) {
            throw GOES_ON;
        }
        wishes.forEach(wish -> cluster.moves().begin(wish.slots, wish.target, cluster.credentials()));
        reply.ok();
    }

    private static List<Wish> wishes(Request request) {
        List<Wish> wishes = new ArrayList<>();
        int at = 2;
        while (at < request.count()) {
            if (!request.is(at, "SLOTSRANGE")) {
                throw CommandException.SYNTAX_ERROR;
            }
            BitSet slots = new BitSet(KeySlot.COUNT);
            at++;
            while (at + 1 < request.count() && !request.is(at, "NODE")) {
                addRange(slots, SlotCommands.slotAt(request, at), SlotCommands.slotAt(request, at + 1));
                at += 2;
            }
            if (slots.isEmpty()) {
                throw NO_RANGES;
            }
            if (at + 1 >= request.count() || !request.is(at, "NODE")) {
                throw CommandException.SYNTAX_ERROR;
            }
            wishes.add(new Wish(slots, request.text(at + 1)));
            at += 2;
        }
        return wishes;
    }

    private static void addRange(BitSet slots, int first, int last) {
        if (first > last) {
            throw CommandException.of("ERR Start slot number %d is greater than end slot number %d", first, last);
        }
        for (int slot = first; slot <= last; slot++) {
            requireOnce(slots, slot);
            slots.set(slot);
        }
    }

    private static void requireOnce(BitSet slots, int slot) {
        if (slots.get(slot)) {
            throw CommandException.of("ERR Slot %d specified multiple times", slot);
        }
    }

    private static void check(Cluster cluster, Wish wish, BitSet all) {
        Topology topology = cluster.topology();
        if (!ClusterCommands.member(cluster, wish.target).isPrimary()) {
            throw CommandException.of("ERR Target node %s is not a primary", wish.target);
        }
        if (topology.shardWith(wish.target) == topology.myShard()) {
            throw CommandException.of("ERR Target node can not be this node");
        }
        wish.slots.stream().forEach(slot -> {
            requireOnce(all, slot);
            if (!cluster.routing().isMine(slot)) {
                throw CommandException.of("ERR Slots are not served by this node.");
            }
        });
        all.or(wish.slots);
    }

    /** GETSLOTMIGRATIONS: the newest first. */
    static void list(Session session, Request request, Reply reply) {
        List<SlotMove> moves = Cluster.of(session).moves().all().reversed();
        reply.array(moves.size());
        for (SlotMove move : moves) {
            reply.map(11);
            pair(reply, "name", move.name());
            pair(reply, "operation", "EXPORT");
            pair(reply, "slot_ranges", String.join(" ", SlotRanges.of(move.slots()).stream()
                    .map(range -> range.first() + "-" + range.last()).toList()));
            pair(reply, "target_node", move.targetId());
            pair(reply, "source_node", move.sourceId());
            pair(reply, "create_time", move.createdMillis() / MILLIS_PER_SECOND);
            pair(reply, "last_update_time", move.changedMillis() / MILLIS_PER_SECOND);
            pair(reply, "last_ack_time", move.changedMillis() / MILLIS_PER_SECOND);
            pair(reply, "state", stateOf(move));
            pair(reply, "message", move.error());
            pair(reply, "cow_size", 0);
        }
    }

    /** In the original's words for its own steps, as far as they mean the same. */
    private static String stateOf(SlotMove move) {
        return switch (move.state()) {
            case WAITING -> "waiting-to-start";
            case COPYING -> "snapshotting";
            case HANDING_OVER -> "failover-granted";
            case DONE -> "success";
            case CANCELLED -> "cancelled";
            case FAILED -> "failed";
        };
    }

    private static void pair(Reply reply, String name, String value) {
        reply.bulk(name);
        reply.bulk(value);
    }

    private static void pair(Reply reply, String name, long value) {
        reply.bulk(name);
        reply.integer(value);
    }

    static void cancelAll(Session session, Request request, Reply reply) {
        SlotMoves moves = Cluster.of(session).moves();
        boolean any = false;
        for (SlotMove move : moves.all()) {
            any |= moves.cancel(move.id());
        }
        if (!any) {
            throw CommandException.of("ERR No migrations ongoing");
        }
        reply.ok();
    }
}
