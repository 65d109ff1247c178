package dev.cistern.engine.cluster;

import dev.cistern.engine.acl.LoginTokenOrder;
import dev.cistern.engine.blocking.Waiter;
import dev.cistern.engine.commands.Help;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.replication.OrderCommands;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_MULTI;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;

/**
 * CISTERN: what whoever runs the cluster tells its nodes, and nodes tell each other. No original has it; customers of
 * a control plane do not see it.
 *
 * <pre>
 *   TOPOLOGY                                    the text of {@link Topology}, as this node knows it
 *   SET-TOPOLOGY text [AFTER epoch]             a newer one; AFTER: only if the present one is of that epoch
 *   MOVE-SLOTS slots node-id [AUTH2 user pass]  begins a {@link SlotMove}, answers its number
 *   MOVES                                       all moves, and how far they are
 *   CANCEL-MOVE number                          ends one
 *   DROP-SLOTS slots                            deletes the keys of slots that are not this node's
 *   IMPORT-SLOTS slots source-id                from node to node: keys of these slots will come
 *   TAKE-SLOTS slots source-id epoch            from node to node: they are yours now; answers the epoch of that
 * </pre>
 *
 * <p>What is ordered of a primary and its replicas stands in {@link OrderCommands}.
 *
 * <p>A topology is refused unless its epoch is above the node's. A hand-over of slots raises the epoch of the two nodes
 * that it is between, so a topology that was worked out before cannot undo it: whoever sends one reads the nodes first,
 * and reads again when it is refused. The loop's thread; no stripe is held.
 */
public final class CisternCommands {

    public static final CommandTable TABLE = CommandTable.of("server",
            command("CISTERN", -2).holds(
                    command("CANCEL-MOVE", 3, ADMIN, STALE, NO_SCRIPT).runsInSession(CisternCommands::cancelMove),
                    command("DROP-SLOTS", 3, ADMIN, NO_SCRIPT, NO_MULTI).runsInSession(CisternCommands::dropSlots),
                    command("HELP", 2, LOADING, STALE).runsInSession(Help.of("CISTERN",
                            "CANCEL-MOVE <number>", "    Ends a move of slots; what has arrived stays there.",
                            "DROP-SLOTS <slots>", "    Deletes the keys of slots that this node does not have.",
                            "FENCE <epoch>", "    Ends the lease of a primary, or the link of a replica.",
                            "FOLLOW <epoch> <host> <port> [BRANCHED <history> <offset>]",
                            "    Follows this primary, which has gone on from there.",
                            "IMPORT-SLOTS <slots> <source-id>", "    From node to node: keys will come.",
                            "LEASE <epoch> <millis> <clock> [REPLICAS <count>]",
                            "    Lets a primary write until its clock shows so much more.",
                            "LOGIN-TOKENS <resource> <type> <region> USERS <count> <name> ... KEYS <count> <id> <date> <hex> ...",
                            "    Who logs in with a signed token, and by which keys it is judged.",
                            "MOVE-SLOTS <slots> <node-id> [AUTH2 <user> <password>]",
                            "    Moves slots such as 0-99,200 with their keys, while clients go on.",
                            "MOVES", "    The moves of slots, and how far they are.",
                            "PROMOTE <epoch>", "    Has a replica lead, as soon as it has a lease.",
                            "ROLE-PORTS [PRIMARY <port> READER <port>]",
                            "    The ports that are listened on in one role alone; 0 for none.",
                            "SET-TOPOLOGY <text> [AFTER <epoch>]", "    Tells which nodes and slots there are.",
                            "STATE", "    Role, epoch, lease and offset of this node.",
                            "TAKE-SLOTS <slots> <source-id> <epoch>", "    From node to node: the slots are yours.",
                            "TOPOLOGY", "    Which nodes and slots this node knows of.")),
                    OrderCommands.FENCE, OrderCommands.FOLLOW,
                    command("IMPORT-SLOTS", 4, ADMIN, NO_SCRIPT, NO_MULTI)
                            .runsInSession(CisternCommands::importSlots),
                    OrderCommands.LEASE, LoginTokenOrder.ROW,
                    command("MOVE-SLOTS", -4, ADMIN, NO_SCRIPT, NO_MULTI).runsInSession(CisternCommands::moveSlots),
                    command("MOVES", 2, ADMIN, STALE, NO_SCRIPT).runsInSession(CisternCommands::moves),
                    OrderCommands.PROMOTE, OrderCommands.ROLE_PORTS,
                    command("SET-TOPOLOGY", -3, ADMIN, STALE, LOADING, NO_SCRIPT, NO_MULTI)
                            .runsInSession(CisternCommands::setTopology),
                    OrderCommands.STATE,
                    command("TAKE-SLOTS", 5, ADMIN, NO_SCRIPT, NO_MULTI).runsInSession(CisternCommands::takeSlots),
                    command("TOPOLOGY", 2, ADMIN, STALE, LOADING, NO_SCRIPT).runsInSession((session, _, reply) -> reply
                            .bulk(Cluster.of(session).topology().format()))));

    private static final CommandException NOT_PRIMARY = CommandException.of(
            "ERR slots are moved from primary to primary");
    private static final CommandException NO_MOVE = CommandException.of("ERR no such move goes on");
    private static final CommandException ARE_MINE = CommandException.of("ERR some of these slots are this node's own");
    private static final byte[] OK = KeyTransfer.ascii("+OK\r\n");

    private CisternCommands() {}

    private static BitSet slotsAt(Request request, int index) {
        try {
            return SlotRanges.parse(request.text(index));
        } catch (IllegalArgumentException e) {
            throw CommandException.of("ERR " + e.getMessage());
        }
    }

    private static void setTopology(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        boolean hasAfter = request.count() == 5 && request.is(3, "AFTER");
        if (request.count() != 3 && !hasAfter) {
            throw CommandException.SYNTAX_ERROR;
        }
        Topology wanted;
        try {
            wanted = Topology.parse(request.text(2));
        } catch (IllegalArgumentException e) {
            throw CommandException.of("ERR " + e.getMessage());
        }
        cluster.become(wanted, hasAfter ? request.longAt(4) : -1);
        reply.ok();
    }

    // --- whoever runs the cluster ---

    private static void moveSlots(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        BitSet slots = slotsAt(request, 2);
        String target = request.text(3);
        Topology topology = cluster.topology();
        Topology.Member member = ClusterCommands.member(cluster, target);
        if (!member.isPrimary() || cluster.routing().isReplica()) {
            throw NOT_PRIMARY;
        }
        if (topology.shardWith(target) == topology.myShard()) {
            throw CommandException.of("ERR the slots would stay in their shard");
        }
        int there = topology.shardWith(target);
        slots.stream().forEach(slot -> {
            if (!cluster.routing().isMine(slot) && topology.shardOf(slot) != there) {
                throw CommandException.of("ERR I'm not the owner of hash slot %d", slot);
            }
        });
        reply.integer(cluster.moves().begin(slots, target, credentials(cluster, request)));
    }

    private static SlotMove.Credentials credentials(Cluster cluster, Request request) {
        if (request.count() == 4) {
            return cluster.credentials();
        }
        if (request.count() != 7 || !request.is(4, "AUTH2")) {
            throw CommandException.SYNTAX_ERROR;
        }
        return new SlotMove.Credentials(request.text(5), request.text(6));
    }

    private static void moves(Session session, Request request, Reply reply) {
        List<SlotMove> moves = Cluster.of(session).moves().all();
        reply.array(moves.size());
        for (SlotMove move : moves) {
            BitSet left = move.left();
            reply.map(8);
            reply.bulk("id");
            reply.integer(move.id());
            reply.bulk("state");
            reply.bulk(move.state().name().toLowerCase(Locale.ROOT).replace('_', '-'));
            reply.bulk("target");
            reply.bulk(move.targetId());
            reply.bulk("slots");
            reply.integer(move.slotCount());
            reply.bulk("left");
            reply.bulk(SlotRanges.format(left));
            reply.bulk("keys-sent");
            reply.integer(move.sentKeys());
            reply.bulk("longest-hold-micros");
            reply.integer(move.longestHoldMicros());
            reply.bulk("error");
            reply.bulk(move.error());
        }
    }

    private static void cancelMove(Session session, Request request, Reply reply) {
        if (!Cluster.of(session).moves().cancel(request.longAt(2))) {
            throw NO_MOVE;
        }
        reply.ok();
    }

    /** Answers when the last key is gone. */
    private static void dropSlots(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        BitSet slots = slotsAt(request, 2);
        requireNotMine(cluster.routing(), slots);
        cluster.change(present -> withoutImporting(present, slots));
        drop(session, request, slots);
    }

    private static void requireNotMine(Routing routing, BitSet slots) {
        if (slots.stream().anyMatch(routing::isMine)) {
            throw ARE_MINE;
        }
    }

    private static void drop(Session session, Request request, BitSet slots) {
        NodeLoop loop = session.loop();
        Command command = loop.commandOf(request);
        if (command != null) {
            Waiter waiter = loop.suspend(session, command, request);
            SlotDrop.begin(loop, slots, () -> loop.answer(waiter, OK));
        }
    }

    // --- from node to node ---

    private static void importSlots(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        BitSet slots = slotsAt(request, 2);
        String source = request.text(3);
        ClusterCommands.member(cluster, source);
        if (cluster.routing().isReplica()) {
            throw NOT_PRIMARY;
        }
        cluster.change(present -> {
            requireNotMine(present, slots);
            Map<Integer, String> importing = new HashMap<>(present.importing());
            slots.stream().forEach(slot -> importing.put(slot, source));
            return present.withImporting(importing);
        });
        drop(session, request, slots);
    }

    private static void takeSlots(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        BitSet slots = slotsAt(request, 2);
        String source = request.text(3);
        long epoch = request.longAt(4);
        cluster.change(present -> {
            if (slots.stream().allMatch(present::isMine)) {
                // The answer to the first asking was lost.
                return present;
            }
            if (!slots.stream().allMatch(slot -> source.equals(present.importing().get(slot)))) {
                throw CommandException.of("ERR these slots are not on their way from " + source);
            }
            Topology topology = present.topology();
            Topology changed = topology.with(slots, topology.myShard(), Math.max(topology.epoch(), epoch) + 1);
            return withoutImporting(present.with(changed), slots);
        });
        reply.integer(cluster.topology().epoch());
    }

    private static Routing withoutImporting(Routing present, BitSet slots) {
        Map<Integer, String> importing = new HashMap<>(present.importing());
        importing.keySet().removeIf(slots::get);
        return present.withImporting(importing);
    }
}
