package dev.cistern.engine.cluster;

import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.KeySlot;
import dev.cistern.store.Keyspace;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * The subcommands of CLUSTER that change who has which slot, by hand and on this node alone. The loop's thread; no stripe
 * is held.
 */
final class SlotCommands {
    private static final CommandException INVALID_SLOT = CommandException.of("ERR Invalid or out of range slot");
    private static final CommandException ONLY_PRIMARIES = CommandException.of(
            "ERR You can use SETSLOT only with masters.");
    private static final CommandException TARGET_IS_REPLICA = CommandException.of("ERR Target node is not a master");
    private static final CommandException WRONG_ACTION = CommandException.of(
            "ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP");
    private static final CommandException HAS_KEYS = CommandException.of(
            "ERR CLUSTER RESET can't be called with master nodes containing keys");
    private static final CommandException EPOCH_IS_SET = CommandException.of(
            "ERR Node config epoch is already non-zero");
    private static final CommandException KNOWS_OTHERS = CommandException.of("ERR The user can assign a config epoch "
            + "only when the node does not know any other node.");

    private SlotCommands() {}

    static int slotAt(Request request, int index) {
        long slot = request.longAt(index, INVALID_SLOT);
        if (slot < 0 || slot >= KeySlot.COUNT) {
            throw INVALID_SLOT;
        }
        return (int) slot;
    }

    // --- who has what ---

    static void addSlots(Session session, Request request, Reply reply) {
        give(Cluster.of(session), listed(request), true);
        reply.ok();
    }

    static void addRanges(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        give(cluster, ranges(request), true);
        reply.ok();
    }

    static void deleteSlots(Session session, Request request, Reply reply) {
        give(Cluster.of(session), listed(request), false);
        reply.ok();
    }

    static void deleteRanges(Session session, Request request, Reply reply) {
        give(Cluster.of(session), ranges(request), false);
        reply.ok();
    }

    static void flushSlots(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        if (session.keyspace(0).size() > 0) {
            throw CommandException.of("ERR DB must be empty to perform CLUSTER FLUSHSLOTS.");
        }
        cluster.change(present -> assigned(present, present.topology().slotsOf(present.topology().myShard()),
                Topology.NOBODY));
        cluster.tellWhoWaits();
        reply.ok();
    }

    /** FLUSHSLOT slot [ASYNC | SYNC]: the two differ in the original by who frees the memory. */
    static void flushSlot(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        int slot = slotAt(request, 2);
        boolean known = request.count() == 3
                || (request.count() == 4 && (request.is(3, "SYNC") || request.is(3, "ASYNC")));
        if (!known) {
            throw CommandException.SYNTAX_ERROR;
        }
        cluster.requireServed(session, slot, true);
        Keyspace keyspace = session.keyspace(0);
        int count = keyspace.store().keysInSlot(0, slot);
        cluster.slotKeys().some(keyspace, slot, count).forEach(
                key -> KeyTransfer.withView(key, keyspace::delete));
        reply.ok();
    }

    private static BitSet listed(Request request) {
        BitSet slots = new BitSet(KeySlot.COUNT);
        for (int i = 2; i < request.count(); i++) {
            add(slots, slotAt(request, i));
        }
        return slots;
    }

    private static BitSet ranges(Request request) {
        if (request.count() % 2 != 0) {
            throw CommandException.of("ERR wrong number of arguments for 'cluster|%s' command",
                    request.text(1).toLowerCase(java.util.Locale.ROOT));
        }
        BitSet slots = new BitSet(KeySlot.COUNT);
        for (int i = 2; i < request.count(); i += 2) {
            int first = slotAt(request, i);
            int last = slotAt(request, i + 1);
            if (first > last) {
                throw CommandException.of("ERR start slot number %d is greater than end slot number %d", first, last);
            }
            for (int slot = first; slot <= last; slot++) {
                add(slots, slot);
            }
        }
        return slots;
    }

    private static void add(BitSet slots, int slot) {
        if (slots.get(slot)) {
            throw CommandException.of("ERR Slot %d specified multiple times", slot);
        }
        slots.set(slot);
    }

    private static void give(Cluster cluster, BitSet slots, boolean toMe) {
        cluster.change(present -> {
            slots.stream().forEach(slot -> {
                boolean isFree = present.topology().shardOf(slot) == Topology.NOBODY;
                if (toMe && !isFree) {
                    throw CommandException.of("ERR Slot %d is already busy", slot);
                }
                if (!toMe && isFree) {
                    throw CommandException.of("ERR Slot %d is already unassigned", slot);
                }
            });
            return assigned(present, slots, toMe ? present.topology().myShard() : Topology.NOBODY);
        });
        cluster.tellWhoWaits();
    }

    private static Routing assigned(Routing present, BitSet slots, int shard) {
        return present.with(present.topology().with(slots, shard, present.topology().epoch()));
    }

    // --- the epoch, the file, the end ---

    static void bumpEpoch(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        if (cluster.topology().epoch() == 0) {
            cluster.change(present -> present.with(present.topology().withEpoch(1)));
            reply.status("BUMPED 1");
        } else {
            reply.status("STILL " + cluster.topology().epoch());
        }
    }

    static void setConfigEpoch(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        long epoch = request.longAt(2);
        if (epoch < 0) {
            throw CommandException.of("ERR Invalid config epoch specified: %d", epoch);
        }
        if (cluster.topology().members().size() > 1) {
            throw KNOWS_OTHERS;
        }
        if (cluster.topology().epoch() != 0) {
            throw EPOCH_IS_SET;
        }
        cluster.change(present -> present.with(present.topology().withEpoch(epoch)));
        reply.ok();
    }

    static void saveConfig(Session session, Request request, Reply reply) {
        Cluster.of(session).save();
        reply.ok();
    }

    static void reset(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        boolean isHard = request.count() == 3 && request.is(2, "HARD");
        if (request.count() > 3 || (request.count() == 3 && !isHard && !request.is(2, "SOFT"))) {
            throw CommandException.SYNTAX_ERROR;
        }
        if (!cluster.routing().isReplica() && session.keyspace(0).size() > 0) {
            throw HAS_KEYS;
        }
        cluster.reset(isHard);
        reply.ok();
    }

    // --- one slot, step by step ---

    /** CLUSTER SETSLOT slot MIGRATING id | IMPORTING id | NODE id | STABLE */
    static void setSlot(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        if (cluster.routing().isReplica()) {
            throw ONLY_PRIMARIES;
        }
        int slot = slotAt(request, 2);
        boolean hasNode = request.count() == 5;
        if (request.is(3, "MIGRATING") && hasNode) {
            migrating(cluster, slot, request.text(4));
        } else if (request.is(3, "IMPORTING") && hasNode) {
            importing(cluster, slot, request.text(4));
        } else if (request.is(3, "STABLE") && request.count() == 4) {
            cluster.change(present -> closed(present, slot));
        } else if (request.is(3, "NODE") && hasNode) {
            node(session, cluster, slot, request.text(4));
        } else {
            throw WRONG_ACTION;
        }
        reply.ok();
    }

    private static void migrating(Cluster cluster, int slot, String id) {
        cluster.change(present -> {
            if (!present.isMine(slot)) {
                throw CommandException.of("ERR I'm not the owner of hash slot %d", slot);
            }
            requirePrimary(present.topology().member(id), "ERR I don't know about node " + id);
            Map<Integer, String> changed = new HashMap<>(present.migrating());
            changed.put(slot, id);
            return present.withMigrating(changed);
        });
    }

    private static void importing(Cluster cluster, int slot, String id) {
        cluster.change(present -> {
            if (present.isMine(slot)) {
                throw CommandException.of("ERR I'm already the owner of hash slot %d", slot);
            }
            requirePrimary(present.topology().member(id), "ERR I don't know about node " + id);
            Map<Integer, String> changed = new HashMap<>(present.importing());
            changed.put(slot, id);
            return present.withImporting(changed);
        });
    }

    private static void requirePrimary(Topology.@org.jspecify.annotations.Nullable Member member, String otherwise) {
        if (member == null) {
            throw CommandException.of(otherwise);
        }
        if (!member.isPrimary()) {
            throw TARGET_IS_REPLICA;
        }
    }

    static Routing closed(Routing present, int slot) {
        Map<Integer, String> migrating = new HashMap<>(present.migrating());
        Map<Integer, String> importing = new HashMap<>(present.importing());
        migrating.remove(slot);
        importing.remove(slot);
        return present.withMigrating(migrating).withImporting(importing);
    }

    private static void node(Session session, Cluster cluster, int slot, String id) {
        cluster.change(present -> {
            Topology topology = present.topology();
            requirePrimary(topology.member(id), "ERR Unknown node " + id);
            int shard = topology.shardWith(id);
            boolean leaves = present.isMine(slot) && shard != topology.myShard();
            if (leaves && session.node().store().keysInSlot(0, slot) > 0) {
                throw CommandException.of("ERR Can't assign hashslot %d to a different node while I still hold keys "
                        + "for this hash slot.", slot);
            }
            boolean arrives = shard == topology.myShard() && present.importing().containsKey(slot);
            BitSet one = new BitSet();
            one.set(slot);
            Topology changed = topology.with(one, shard, arrives ? topology.epoch() + 1 : topology.epoch());
            return closed(present.with(changed), slot);
        });
        cluster.tellWhoWaits();
    }
}
