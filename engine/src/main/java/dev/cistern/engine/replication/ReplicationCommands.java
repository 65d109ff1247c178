package dev.cistern.engine.replication;

import dev.cistern.engine.blocking.Blocking;
import dev.cistern.engine.dispatch.Category;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import java.util.List;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.ALLOW_BUSY;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_ASYNC_LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_MULTI;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** Commands by which nodes follow each other, and those that ask for it. No stripe is held. */
public final class ReplicationCommands {

    public static final CommandTable TABLE = CommandTable.of("server",
            command("REPLICAOF", 3, ADMIN, NO_ASYNC_LOADING, NO_SCRIPT, STALE)
                    .runsInSession(ReplicationCommands::replicaOf),
            command("SLAVEOF", 3, ADMIN, NO_ASYNC_LOADING, NO_SCRIPT, STALE)
                    .runsInSession(ReplicationCommands::replicaOf),
            command("FAILOVER", -1, ADMIN, NO_SCRIPT, STALE).runsInSession(ReplicationCommands::failover),
            command("PSYNC", -3, ADMIN, NO_ASYNC_LOADING, NO_MULTI, NO_SCRIPT)
                    .runsInSession(ReplicationCommands::psync),
            command("SYNC", 1, ADMIN, NO_ASYNC_LOADING, NO_MULTI, NO_SCRIPT).runsInSession(ReplicationCommands::sync),
            command("REPLCONF", -1, ADMIN, NO_SCRIPT, LOADING, STALE, ALLOW_BUSY)
                    .runsInSession(ReplicationCommands::replConf),
            command("ROLE", 1, NO_SCRIPT, LOADING, STALE, FAST, Category.ADMIN, Category.DANGEROUS)
                    .runsInSession(ReplicationCommands::role));

    private static final CommandException NO_KNOWN_END = CommandException
            .of("ERR Filtered replica requires EOF capability");
    private static final CommandException NOT_A_SWITCH = CommandException
            .of("ERR value is out of range, value must between 0 and 1");
    private static final CommandException INVALID_PORT = CommandException.of("ERR Invalid master port");
    private static final CommandException NOT_WHILE_FAILING_OVER = CommandException.of(
            "ERR REPLICAOF not allowed while failing over.");
    private static final CommandException WAIT_ON_REPLICA = CommandException.of(
            "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is "
                    + "configured to be writable (which is not the default) writes to replicas are just local and are "
                    + "not propagated.");
    private static final CommandException DISKS_ON_REPLICA = CommandException.of(
            "ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local "
                    + "and are not propagated.");
    private static final CommandException NO_DISK = CommandException.of(
            "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.");
    private static final CommandException ONE_DISK = CommandException.of(
            "ERR value is out of range, value must between 0 and 1");
    private static final CommandException NOT_POSITIVE = CommandException.of(
            "ERR value is out of range, must be positive");
    private static final CommandException NO_LINK = CommandException.of(
            "NOMASTERLINK Can't SYNC while not connected with my master");
    private static final CommandException LEADS_ALREADY = CommandException.of(
            "ERR PSYNC FAILOVER can't be sent to a master.");
    private static final CommandException OTHER_HISTORY = CommandException.of(
            "ERR PSYNC FAILOVER replid must match my replid.");
    private static final int MAX_PORT = 65_535;

    private ReplicationCommands() {}

    private static Replication replication(Session session) {
        return session.node().replication();
    }

    // --- roles ---

    private static void replicaOf(Session session, Request request, Reply reply) {
        Replication replication = replication(session);
        if (replication.failover().isUnderWay()) {
            throw NOT_WHILE_FAILING_OVER;
        }
        if (request.is(1, "NO") && request.is(2, "ONE")) {
            replication.lead();
            reply.ok();
            return;
        }
        long port = request.longAt(2, 0, MAX_PORT, INVALID_PORT);
        PrimaryAddress address = new PrimaryAddress(request.text(1), (int) port);
        if (address.equals(replication.primary())) {
            reply.status("OK Already connected to specified master");
            return;
        }
        replication.follow(address);
        reply.ok();
    }

    /** FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds] */
    private static void failover(Session session, Request request, Reply reply) {
        Failover failover = replication(session).failover();
        if (request.count() == 2 && request.is(1, "ABORT")) {
            failover.abort();
            reply.ok();
            return;
        }
        PrimaryAddress target = null;
        boolean force = false;
        long timeoutMillis = 0;
        for (int i = 1; i < request.count(); i++) {
            int more = request.count() - 1 - i;
            if (more > 0 && timeoutMillis == 0 && request.is(i, "TIMEOUT")) {
                timeoutMillis = request.longAt(++i);
                if (timeoutMillis <= 0) {
                    throw CommandException.of("ERR FAILOVER timeout must be greater than 0");
                }
            } else if (more > 1 && target == null && request.is(i, "TO")) {
                target = new PrimaryAddress(request.text(i + 1), (int) request.longAt(i + 2));
                i += 2;
            } else if (!force && request.is(i, "FORCE")) {
                force = true;
            } else {
                throw CommandException.SYNTAX_ERROR;
            }
        }
        failover.begin(new Failover.Wish(target, force, timeoutMillis));
        reply.ok();
    }

    private static void role(Session session, Request request, Reply reply) {
        Replication replication = replication(session);
        PrimaryAddress primary = replication.primary();
        if (primary == null) {
            List<Follower> online = replication.followers().stream().filter(Follower::isOnline).toList();
            reply.array(3);
            reply.bulk("master");
            reply.integer(replication.log().end());
            reply.array(online.size());
            for (Follower follower : online) {
                reply.array(3);
                reply.bulk(follower.host());
                reply.bulk(follower.port());
                reply.bulk(follower.acknowledged());
            }
            return;
        }
        PrimaryLink link = replication.link();
        reply.array(5);
        reply.bulk("slave");
        reply.bulk(primary.host());
        reply.integer(primary.port());
        reply.bulk(link == null ? "connect" : link.state().word());
        reply.integer(replication.log().isKept() ? replication.log().end() : -1);
    }

    // --- a replica speaks ---

    /** PSYNC history offset [FAILOVER] */
    private static void psync(Session session, Request request, Reply reply) {
        if (isFollowing(session)) {
            return;
        }
        Replication replication = replication(session);
        String history = request.text(1);
        long offset = request.longAt(2);
        if (request.count() > 3 && request.is(3, "FAILOVER")) {
            takeOver(replication, history);
        }
        requireLink(replication);
        Follower follower = replication.followerOf(session);
        requireKnownEnd(follower);
        if (replication.resume(follower, history, offset - 1)) {
            reply.status("CONTINUE " + replication.log().id());
            return;
        }
        if (!history.equals("?")) {
            replication.refusedPartialSyncs.increment();
        }
        replication.beginAnew(follower);
    }

    private static void sync(Session session, Request request, Reply reply) {
        if (!isFollowing(session)) {
            requireLink(replication(session));
            Follower follower = replication(session).followerOf(session);
            requireKnownEnd(follower);
            follower.isOld();
            replication(session).beginAnew(follower);
        }
    }

    private static boolean isFollowing(Session session) {
        Follower known = session.follower();
        return known != null && known.isFollowing();
    }

    private static void requireLink(Replication replication) {
        if (replication.isReplica() && !replication.isLinkUp()) {
            throw NO_LINK;
        }
    }

    /** Ours always tell their length first; who asks for a part must all the same understand those that do not. */
    private static void requireKnownEnd(Follower follower) {
        if (follower.share() != Follower.Share.ALL && !follower.knowsEnds()) {
            throw NO_KNOWN_END;
        }
    }

    /** Our primary asks us to take its place. */
    private static void takeOver(Replication replication, String history) {
        if (!replication.isReplica()) {
            throw LEADS_ALREADY;
        }
        if (!history.equals(replication.log().id())) {
            throw OTHER_HISTORY;
        }
        replication.orders().takeOver();
    }

    /** REPLCONF option value [option value ...] */
    private static void replConf(Session session, Request request, Reply reply) {
        if (request.count() % 2 == 0) {
            throw CommandException.SYNTAX_ERROR;
        }
        Replication replication = replication(session);
        for (int i = 1; i < request.count(); i += 2) {
            if (request.is(i, "ACK")) {
                Follower follower = session.follower();
                if (follower != null && follower.isFollowing()) {
                    if (i + 3 < request.count() && request.is(i + 2, "FACK")) {
                        follower.keep(request.longAt(i + 3));
                    }
                    replication.acknowledged(follower, request.longAt(i + 1));
                }
                return;
            } else if (request.is(i, "GETACK")) {
                PrimaryLink link = session.primaryLink();
                if (link != null) {
                    link.acknowledgeSoon();
                }
                return;
            } else if (request.is(i, "LISTENING-PORT")) {
                replication.followerOf(session).port((int) request.longAt(i + 1, 0, MAX_PORT,
                        CommandException.NOT_AN_INTEGER));
            } else if (request.is(i, "IP-ADDRESS")) {
                replication.followerOf(session).address(request.text(i + 1));
            } else if (request.is(i, "RDB-ONLY")) {
                replication.followerOf(session).wantsNoLog(request.longAt(i + 1, 0, 1, NOT_A_SWITCH) == 1);
            } else if (request.is(i, "RDB-FILTER-ONLY")) {
                replication.followerOf(session).share(share(request.text(i + 1)));
            } else if (request.is(i, "CAPA")) {
                if (request.is(i + 1, "EOF")) {
                    replication.followerOf(session).knowsEnds(true);
                }
            } else if (!request.is(i, "VERSION")) {
                throw CommandException.of("ERR Unrecognized REPLCONF option: %s", request.text(i));
            }
        }
        reply.ok();
    }

    /** Names of what a snapshot is to have; for now there is one such name. */
    private static Follower.Share share(String names) {
        Follower.Share share = Follower.Share.NOTHING;
        for (String name : names.isBlank() ? new String[0] : names.strip().split("\\s+", -1)) {
            if (!name.equalsIgnoreCase("functions")) {
                throw CommandException.of("ERR Unsupported rdb-filter-only option: %s", name);
            }
            share = Follower.Share.FUNCTIONS;
        }
        return share;
    }

    // --- clients that want to be sure ---

    /** WAITAOF numlocal numreplicas timeout */
    public static void awaitDisks(Session session, Request request, Reply reply) {
        Replication replication = replication(session);
        long local = request.longAt(1, 0, 1, ONE_DISK);
        long replicas = request.longAt(2, 0, Long.MAX_VALUE, NOT_POSITIVE);
        long timeoutMillis = Blocking.millisAt(request, 3);
        if (replication.isReplica()) {
            throw DISKS_ON_REPLICA;
        }
        if (local > 0 && !session.node().appendOnly().isOn()) {
            throw NO_DISK;
        }
        Command command = session.loop().commandOf(request);
        if (command != null) {
            replication.acknowledgements().awaitDisks(session, command, request, reply, local, replicas, timeoutMillis);
        }
    }

    /** WAIT numreplicas timeout */
    public static void await(Session session, Request request, Reply reply) {
        Replication replication = replication(session);
        if (replication.isReplica()) {
            throw WAIT_ON_REPLICA;
        }
        long replicas = request.longAt(1);
        long timeoutMillis = Blocking.millisAt(request, 2);
        Command command = session.loop().commandOf(request);
        if (command != null) {
            replication.acknowledgements().await(session, command, request, reply, replicas, timeoutMillis);
        }
    }
}
