package dev.cistern.engine.cluster;

import dev.cistern.engine.commands.Help;
import dev.cistern.engine.dispatch.Category;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.KeySlot;
import dev.cistern.store.Store;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.ALL_STRIPES;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_ASYNC_LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;
import static dev.cistern.engine.dispatch.Flag.WRITE;

/**
 * CLUSTER: what a node tells of its cluster, as clients and tools read it. What changes the cluster by hand stands in
 * {@link SlotCommands}. The loop's thread; no stripe is held.
 */
public final class ClusterCommands {

    public static final CommandTable TABLE = CommandTable.of("cluster",
            command("CLUSTER", -2).holds(
                    command("ADDSLOTS", -3, ADMIN, STALE, NO_ASYNC_LOADING).runsInSession(SlotCommands::addSlots),
                    command("ADDSLOTSRANGE", -4, ADMIN, STALE, NO_ASYNC_LOADING)
                            .runsInSession(SlotCommands::addRanges),
                    command("BUMPEPOCH", 2, ADMIN, STALE, NO_ASYNC_LOADING, tip("nondeterministic_output"))
                            .runsInSession(SlotCommands::bumpEpoch),
                    command("CANCELSLOTMIGRATIONS", 2, ADMIN, STALE, NO_ASYNC_LOADING)
                            .runsInSession(MigrationCommands::cancelAll),
                    command("COUNT-FAILURE-REPORTS", 3, ADMIN, STALE, tip("nondeterministic_output"))
                            .runsInSession(ClusterCommands::failureReports),
                    command("COUNTKEYSINSLOT", 3, STALE).runsInSession(ClusterCommands::countKeys),
                    command("DELSLOTS", -3, ADMIN, STALE, NO_ASYNC_LOADING).runsInSession(SlotCommands::deleteSlots),
                    command("DELSLOTSRANGE", -4, ADMIN, STALE, NO_ASYNC_LOADING)
                            .runsInSession(SlotCommands::deleteRanges),
                    command("FAILOVER", -2, ADMIN, STALE, NO_ASYNC_LOADING).runsInSession(noBus("FAILOVER")),
                    command("FLUSHSLOT", -3, WRITE, ADMIN, NO_ASYNC_LOADING, Category.KEYSPACE, ALL_STRIPES)
                            .runsInSession(SlotCommands::flushSlot),
                    command("FLUSHSLOTS", 2, ADMIN, STALE, NO_ASYNC_LOADING).runsInSession(SlotCommands::flushSlots),
                    command("FORGET", 3, ADMIN, STALE, NO_ASYNC_LOADING).runsInSession(noBus("FORGET")),
                    command("GETKEYSINSLOT", 4, STALE, tip("nondeterministic_output"))
                            .runsInSession(ClusterCommands::getKeys),
                    command("GETSLOTMIGRATIONS", 2, ADMIN, STALE, NO_ASYNC_LOADING)
                            .runsInSession(MigrationCommands::list),
                    command("HELP", 2, LOADING, STALE).runsInSession(help()),
                    command("INFO", 2, STALE, tip("nondeterministic_output")).runsInSession(ClusterCommands::info),
                    command("KEYSLOT", 3, STALE).runsInSession(ClusterCommands::keySlot),
                    command("LINKS", 2, STALE, tip("nondeterministic_output")).runsInSession(ClusterCommands::links),
                    command("MEET", -4, ADMIN, STALE, NO_ASYNC_LOADING).runsInSession(noBus("MEET")),
                    command("MIGRATESLOTS", -4, ADMIN, STALE, NO_ASYNC_LOADING)
                            .runsInSession(MigrationCommands::migrate),
                    command("MYID", 2, STALE).runsInSession(
                            (session, _, reply) -> reply.bulk(Cluster.of(session).topology().self())),
                    command("MYSHARDID", 2, STALE, tip("nondeterministic_output")).runsInSession(
                            (session, _, reply) -> reply.bulk(Cluster.of(session).topology().mine().id())),
                    command("NODES", 2, STALE, tip("nondeterministic_output")).runsInSession(ClusterCommands::nodes),
                    command("REPLICAS", 3, ADMIN, STALE, tip("nondeterministic_output"))
                            .runsInSession(ClusterCommands::replicas),
                    command("REPLICATE", 3, ADMIN, STALE, NO_ASYNC_LOADING).runsInSession(noBus("REPLICATE")),
                    command("RESET", -2, ADMIN, STALE, NO_SCRIPT).runsInSession(SlotCommands::reset),
                    command("SAVECONFIG", 2, ADMIN, STALE, NO_ASYNC_LOADING).runsInSession(SlotCommands::saveConfig),
                    command("SET-CONFIG-EPOCH", 3, ADMIN, STALE, NO_ASYNC_LOADING)
                            .runsInSession(SlotCommands::setConfigEpoch),
                    command("SETSLOT", -4, ADMIN, STALE, NO_ASYNC_LOADING).runsInSession(SlotCommands::setSlot),
                    command("SHARDS", 2, STALE, tip("nondeterministic_output")).runsInSession(ClusterCommands::shards),
                    command("SLAVES", 3, ADMIN, STALE, tip("nondeterministic_output"))
                            .runsInSession(ClusterCommands::replicas),
                    command("SLOT-STATS", -4, STALE, LOADING, tip("nondeterministic_output"),
                            tip("request_policy:all_shards")).runsInSession(ClusterCommands::slotStats),
                    command("SLOTS", 2, STALE, tip("nondeterministic_output"))
                            .runsInSession(ClusterCommands::slots)));

    private static final CommandException INVALID_SLOT = CommandException.of("ERR Invalid slot");
    private static final CommandException INVALID_SLOT_OR_COUNT = CommandException.of(
            "ERR Invalid slot or number of keys");
    /** By how much the bus's port lies above the node's in lines that tell both; nobody listens there. */
    private static final int BUS_PORT_DISTANCE = 10_000;

    private ClusterCommands() {}

    private static Command.SessionBody help() {
        return Help.of("CLUSTER",
                "ADDSLOTS <slot> [<slot> ...]", "    Gives this node slots that nobody has.",
                "ADDSLOTSRANGE <start> <end> [<start> <end> ...]", "    The same for ranges of slots.",
                "CANCELSLOTMIGRATIONS", "    Ends all migrations of slots; what has arrived stays there.",
                "COUNTKEYSINSLOT <slot>", "    How many keys are in a slot.",
                "DELSLOTS <slot> [<slot> ...]", "    Forgets who has these slots.",
                "DELSLOTSRANGE <start> <end> [<start> <end> ...]", "    The same for ranges of slots.",
                "FLUSHSLOT <slot> [ASYNC|SYNC]", "    Deletes all keys of a slot.",
                "FLUSHSLOTS", "    Forgets this node's slots.",
                "GETKEYSINSLOT <slot> <count>", "    Some keys of a slot.",
                "GETSLOTMIGRATIONS", "    The migrations of slots from this node, and how far they are.",
                "INFO", "    The state of the cluster.",
                "KEYSLOT <key>", "    The slot of a key.",
                "LINKS", "    Links of the cluster bus, of which there are none.",
                "MIGRATESLOTS SLOTSRANGE <start> <end> [<start> <end> ...] NODE <node-id> [SLOTSRANGE ... NODE ...]",
                "    Moves slots with their keys, while clients go on.",
                "MYID", "    The id of this node.",
                "MYSHARDID", "    The id of this node's shard.",
                "NODES", "    All nodes, a line for each.",
                "REPLICAS <node-id>", "    The replicas of a node.",
                "RESET [HARD|SOFT]", "    Forgets the cluster.",
                "SAVECONFIG", "    Writes the configuration to its file.",
                "SET-CONFIG-EPOCH <epoch>", "    Sets the epoch of a node that knows no other.",
                "SETSLOT <slot> (IMPORTING <id>|MIGRATING <id>|STABLE|NODE <id>)",
                "    Hands a slot over by hand, step by step.",
                "SHARDS", "    All shards with their slots and nodes.",
                "SLOT-STATS (SLOTSRANGE <start> <end> | ORDERBY KEY-COUNT [LIMIT <n>] [ASC|DESC])",
                "    How many keys each slot of this shard has.",
                "SLOTS", "    All ranges of slots with who serves them.");
    }

    /** What the original arranges between nodes comes from outside here. */
    private static Command.SessionBody noBus(String name) {
        CommandException refusal = CommandException.of("ERR CLUSTER " + name + " is for the cluster bus, which this "
                + "server does not speak. Its topology is given by whoever runs it: CISTERN SET-TOPOLOGY");
        return (session, _, _) -> {
            Cluster.of(session);
            throw refusal;
        };
    }

    private static void info(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        Topology topology = cluster.topology();
        int assigned = topology.assigned();
        long size = topology.shards().stream().filter(shard -> !topology.slotsOf(topology.shards().indexOf(shard))
                .isEmpty()).count();
        reply.verbatim("""
                cluster_state:%s
                cluster_slots_assigned:%d
                cluster_slots_ok:%d
                cluster_slots_pfail:0
                cluster_slots_fail:0
                cluster_known_nodes:%d
                cluster_size:%d
                cluster_current_epoch:%d
                cluster_my_epoch:%d
                cluster_stats_messages_sent:0
                cluster_stats_messages_received:0
                total_cluster_links_buffer_limit_exceeded:0
                """.formatted(cluster.isUp() ? "ok" : "fail", assigned, assigned, topology.members().size(),
                Math.max(1, size), topology.epoch(), topology.epoch()).replace("\n", "\r\n"));
    }

    private static void links(Session session, Request request, Reply reply) {
        Cluster.of(session);
        reply.array(0);
    }

    private static void failureReports(Session session, Request request, Reply reply) {
        member(Cluster.of(session), request.text(2));
        reply.integer(0);
    }

    static Topology.Member member(Cluster cluster, String id) {
        Topology.Member member = cluster.topology().member(id);
        if (member == null) {
            throw CommandException.of("ERR Unknown node " + id);
        }
        return member;
    }

    // --- keys ---

    private static void keySlot(Session session, Request request, Reply reply) {
        Cluster.of(session);
        reply.integer(KeySlot.of(request.argument(2)));
    }

    private static void countKeys(Session session, Request request, Reply reply) {
        Cluster.of(session);
        long slot = request.longAt(2);
        if (slot < 0 || slot >= KeySlot.COUNT) {
            throw INVALID_SLOT;
        }
        reply.integer(session.node().store().keysInSlot(0, (int) slot));
    }

    private static void getKeys(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        long slot = request.longAt(2);
        long most = request.longAt(3);
        if (slot < 0 || slot >= KeySlot.COUNT || most < 0) {
            throw INVALID_SLOT_OR_COUNT;
        }
        List<byte[]> keys = cluster.slotKeys().some(session.keyspace(0), (int) slot,
                (int) Math.min(most, Integer.MAX_VALUE));
        reply.array(keys.size());
        keys.forEach(reply::bulk);
    }

    private static final CommandException WRONG_METRIC = CommandException.of(
            "ERR Unrecognized sort metric for ORDERBY.");

    /** CLUSTER SLOT-STATS SLOTSRANGE first last | ORDERBY KEY-COUNT [LIMIT n] [ASC | DESC] */
    private static void slotStats(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        Store store = session.node().store();
        BitSet slots = cluster.topology().slotsOf(cluster.topology().myShard());
        List<Integer> shown = new ArrayList<>();
        if (request.is(2, "SLOTSRANGE") && request.count() == 5) {
            int first = SlotCommands.slotAt(request, 3);
            int last = SlotCommands.slotAt(request, 4);
            if (first > last) {
                throw CommandException.of("ERR Start slot number %d is greater than end slot number %d", first, last);
            }
            slots.stream().filter(slot -> slot >= first && slot <= last).forEach(shown::add);
        } else if (request.is(2, "ORDERBY")) {
            slots.stream().forEach(shown::add);
            order(request, shown, store);
        } else {
            throw CommandException.SYNTAX_ERROR;
        }
        reply.array(shown.size());
        for (int slot : shown) {
            reply.array(2);
            reply.integer(slot);
            reply.map(1);
            reply.bulk("key-count");
            reply.integer(store.keysInSlot(0, slot));
        }
    }

    private static void order(Request request, List<Integer> slots, Store store) {
        if (!request.is(3, "KEY-COUNT")) {
            throw WRONG_METRIC;
        }
        boolean descending = true;
        long limit = KeySlot.COUNT;
        for (int i = 4; i < request.count(); i++) {
            if (request.is(i, "LIMIT") && i + 1 < request.count()) {
                limit = request.longAt(++i, 1, KeySlot.COUNT, CommandException.of(
                        "ERR Limit has to lie in between 1 and 16384 (maximum number of slots)."));
            } else if (request.is(i, "ASC") || request.is(i, "DESC")) {
                descending = request.is(i, "DESC");
            } else {
                throw CommandException.SYNTAX_ERROR;
            }
        }
        Comparator<Integer> byKeys = Comparator.comparingInt(slot -> store.keysInSlot(0, slot));
        slots.sort((descending ? byKeys.reversed() : byKeys).thenComparing(Comparator.naturalOrder()));
        slots.subList((int) Math.min(limit, slots.size()), slots.size()).clear();
    }

    // --- nodes ---

    private static void nodes(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        StringBuilder text = new StringBuilder();
        for (Topology.Member member : cluster.topology().members()) {
            text.append(line(cluster.routing(), member, session)).append('\n');
        }
        reply.verbatim(text.toString());
    }

    private static void replicas(Session session, Request request, Reply reply) {
        Cluster cluster = Cluster.of(session);
        Topology.Member wanted = member(cluster, request.text(2));
        if (!wanted.isPrimary()) {
            throw CommandException.of("ERR The specified node is not a master");
        }
        Topology topology = cluster.topology();
        List<Topology.Member> replicas = topology.shards().get(topology.shardWith(wanted.id())).members().stream()
                .filter(member -> !member.isPrimary()).toList();
        reply.array(replicas.size());
        replicas.forEach(member -> reply.bulk(line(cluster.routing(), member, session)));
    }

    /** id address flags primary pinged answered epoch link slots… */
    private static String line(Routing routing, Topology.Member member, Session session) {
        Topology topology = routing.topology();
        Topology.Shard shard = topology.shards().get(topology.shardWith(member.id()));
        Topology.Member primary = shard.primary();
        boolean isSelf = member.id().equals(topology.self());
        int port = Endpoints.port(member, session);
        StringBuilder line = new StringBuilder("%s %s:%d@%d %s%s %s 0 0 %d connected".formatted(member.id(),
                Endpoints.host(member, session), port, port + BUS_PORT_DISTANCE, isSelf ? "myself," : "",
                member.isPrimary() ? "master" : "slave",
                member.isPrimary() || primary == null ? "-" : primary.id(), topology.epoch()));
        if (member.isPrimary()) {
            SlotRanges.of(topology.slotsOf(topology.shards().indexOf(shard)))
                    .forEach(range -> line.append(' ').append(range));
        }
        if (isSelf) {
            routing.migrating().forEach((slot, id) -> line.append(" [%d->-%s]".formatted(slot, id)));
            routing.importing().forEach((slot, id) -> line.append(" [%d-<-%s]".formatted(slot, id)));
        }
        return line.toString();
    }

    private static void slots(Session session, Request request, Reply reply) {
        Topology topology = Cluster.of(session).topology();
        long mark = reply.open();
        int count = 0;
        for (int shard = 0; shard < topology.shards().size(); shard++) {
            if (topology.shards().get(shard).primary() == null) {
                continue;
            }
            for (SlotRanges.Range range : SlotRanges.of(topology.slotsOf(shard))) {
                slotsEntry(topology.shards().get(shard), range, session, reply);
                count++;
            }
        }
        reply.closeArray(mark, count);
    }

    private static void slotsEntry(Topology.Shard shard, SlotRanges.Range range, Session session, Reply reply) {
        reply.array(2L + shard.members().size());
        reply.integer(range.first());
        reply.integer(range.last());
        for (Topology.Member member : primaryFirst(shard)) {
            reply.array(4);
            reply.bulk(Endpoints.host(member, session));
            reply.integer(Endpoints.port(member, session));
            reply.bulk(member.id());
            reply.array(0);
        }
    }

    private static List<Topology.Member> primaryFirst(Topology.Shard shard) {
        return shard.members().stream().sorted(Comparator.comparing(member -> !member.isPrimary())).toList();
    }

    private static void shards(Session session, Request request, Reply reply) {
        Topology topology = Cluster.of(session).topology();
        reply.array(topology.shards().size());
        for (int i = 0; i < topology.shards().size(); i++) {
            List<SlotRanges.Range> ranges = SlotRanges.of(topology.slotsOf(i));
            Topology.Shard shard = topology.shards().get(i);
            reply.map(2);
            reply.bulk("slots");
            reply.array(2L * ranges.size());
            ranges.forEach(range -> {
                reply.integer(range.first());
                reply.integer(range.last());
            });
            reply.bulk("nodes");
            reply.array(shard.members().size());
            primaryFirst(shard).forEach(member -> shardNode(member, session, reply));
        }
    }

    private static void shardNode(Topology.Member member, Session session, Reply reply) {
        reply.map(6L + (member.port() > 0 ? 1 : 0) + (member.tlsPort() > 0 ? 1 : 0));
        reply.bulk("id");
        reply.bulk(member.id());
        if (member.port() > 0) {
            reply.bulk("port");
            reply.integer(member.port());
        }
        if (member.tlsPort() > 0) {
            reply.bulk("tls-port");
            reply.integer(member.tlsPort());
        }
        reply.bulk("ip");
        reply.bulk(Endpoints.host(member, session));
        reply.bulk("endpoint");
        reply.bulk(Endpoints.host(member, session));
        reply.bulk("role");
        reply.bulk(member.isPrimary() ? "master" : "replica");
        reply.bulk("replication-offset");
        reply.integer(0);
        reply.bulk("health");
        reply.bulk("online");
    }
}
