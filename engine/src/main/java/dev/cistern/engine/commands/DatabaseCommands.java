package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Category;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.DetachedKeys;
import dev.cistern.store.Store;
import java.util.ArrayList;
import java.util.List;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.ALL_STRIPES;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;

/** Commands over whole databases: their size, emptying them, letting two of them change places. */
final class DatabaseCommands {

    static final CommandTable TABLE = CommandTable.of("server",
            command("DBSIZE", 1, READ, FAST, Category.KEYSPACE, tip("request_policy:all_shards"),
                    tip("response_policy:agg_sum")).runsInSession(DatabaseCommands::dbSize),
            command("FLUSHALL", -1, WRITE, ALL_STRIPES, Category.KEYSPACE, Category.DANGEROUS,
                    tip("request_policy:all_shards"),
                    tip("response_policy:all_succeeded")).runsInSession(DatabaseCommands::flushAll),
            command("FLUSHDB", -1, WRITE, ALL_STRIPES, Category.KEYSPACE, Category.DANGEROUS,
                    tip("request_policy:all_shards"),
                    tip("response_policy:all_succeeded")).runsInSession(DatabaseCommands::flushDb),
            command("SWAPDB", 3, WRITE, FAST, ALL_STRIPES, Category.KEYSPACE, Category.DANGEROUS)
                    .runsInSession(DatabaseCommands::swapDb));

    private static final CommandException INVALID_FIRST = CommandException.of("ERR invalid first DB index");
    private static final CommandException INVALID_SECOND = CommandException.of("ERR invalid second DB index");

    private DatabaseCommands() {}

    static void dbSize(Session session, Request request, Reply reply) {
        reply.integer(session.keyspace().size());
    }

    static void flushAll(Session session, Request request, Reply reply) {
        requireFlushOption(request);
        Store store = session.node().store();
        List<DetachedKeys> detached = new ArrayList<>();
        for (int database = 0; database < store.databases(); database++) {
            detached.add(store.detach(database));
        }
        release(session, detached);
        reply.ok();
    }

    static void flushDb(Session session, Request request, Reply reply) {
        requireFlushOption(request);
        release(session, List.of(session.node().store().detach(session.database())));
        reply.ok();
    }

    /** SYNC and ASYNC differ in the original by who frees the memory; here nobody ever waits for it. */
    private static void requireFlushOption(Request request) {
        boolean known = request.count() == 1
                || (request.count() == 2 && (request.is(1, "SYNC") || request.is(1, "ASYNC")));
        if (!known) {
            throw CommandException.SYNTAX_ERROR;
        }
    }

    /** Some 15 ms per gigabyte: not on an event loop. */
    private static void release(Session session, List<DetachedKeys> detached) {
        session.node().inBackground(() -> detached.forEach(DetachedKeys::close));
    }

    static void swapDb(Session session, Request request, Reply reply) {
        session.requireNoCluster("SWAPDB");
        int first = intAt(request, 1, INVALID_FIRST);
        int second = intAt(request, 2, INVALID_SECOND);
        int databases = session.node().store().databases();
        if (first < 0 || first >= databases || second < 0 || second >= databases) {
            throw CommandException.DB_OUT_OF_RANGE;
        }
        if (first != second) {
            session.node().store().swap(first, second);
        }
        reply.ok();
    }

    private static int intAt(Request request, int index, CommandException otherwise) {
        long value = request.longAt(index, otherwise);
        if (value != (int) value) {
            throw otherwise;
        }
        return (int) value;
    }
}
