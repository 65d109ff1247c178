package dev.cistern.engine.cluster;

import dev.cistern.engine.dispatch.Category;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** By what a client says which answers it takes from this node: ASKING, READONLY, READWRITE. The loop's thread. */
public final class RoutingCommands {

    public static final CommandTable TABLE = CommandTable.of("cluster",
            command("ASKING", 1, FAST, Category.CONNECTION).runsInSession(RoutingCommands::asking),
            command("READONLY", 1, FAST, LOADING, STALE, Category.CONNECTION)
                    .runsInSession((session, request, reply) -> readsReplica(session, true, reply)),
            command("READWRITE", 1, FAST, LOADING, STALE, Category.CONNECTION)
                    .runsInSession((session, request, reply) -> readsReplica(session, false, reply)));

    private RoutingCommands() {}

    private static void asking(Session session, Request request, Reply reply) {
        Cluster.of(session);
        session.asking(true);
        reply.ok();
    }

    private static void readsReplica(Session session, boolean value, Reply reply) {
        Cluster.of(session);
        session.readsReplica(value);
        reply.ok();
    }
}
