package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.pubsub.Channels;
import dev.cistern.engine.pubsub.Kind;
import java.util.List;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.MAY_REPLICATE;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.PUBSUB;
import static dev.cistern.engine.dispatch.Flag.STALE;
import static dev.cistern.engine.dispatch.Flag.WHILE_SUBSCRIBED;
import static dev.cistern.engine.dispatch.KeySpec.Use.NOT_KEY;
import static dev.cistern.engine.dispatch.KeySpec.key;
import static dev.cistern.engine.dispatch.KeySpec.keysFrom;

/** Publish and subscribe. How a message reaches its listeners stands in the package of pubsub. No stripe is held. */
final class PubSubCommands {

    static final CommandTable TABLE = CommandTable.of("pubsub",
            command("SUBSCRIBE", -2, PUBSUB, NO_SCRIPT, LOADING, STALE, WHILE_SUBSCRIBED)
                    .runsInSession((session, request, reply) -> subscribe(Kind.CHANNEL, session, request, reply)),
            command("UNSUBSCRIBE", -1, PUBSUB, NO_SCRIPT, LOADING, STALE, WHILE_SUBSCRIBED)
                    .runsInSession((session, request, reply) -> unsubscribe(Kind.CHANNEL, session, request, reply)),
            command("PSUBSCRIBE", -2, PUBSUB, NO_SCRIPT, LOADING, STALE, WHILE_SUBSCRIBED)
                    .runsInSession((session, request, reply) -> subscribe(Kind.PATTERN, session, request, reply)),
            command("PUNSUBSCRIBE", -1, PUBSUB, NO_SCRIPT, LOADING, STALE, WHILE_SUBSCRIBED)
                    .runsInSession((session, request, reply) -> unsubscribe(Kind.PATTERN, session, request, reply)),
            command("SSUBSCRIBE", -2, keysFrom(1).as(NOT_KEY), PUBSUB, NO_SCRIPT, LOADING, STALE, WHILE_SUBSCRIBED)
                    .runsInSession((session, request, reply) -> subscribe(Kind.SHARD, session, request, reply)),
            command("SUNSUBSCRIBE", -1, keysFrom(1).as(NOT_KEY), PUBSUB, NO_SCRIPT, LOADING, STALE, WHILE_SUBSCRIBED)
                    .runsInSession((session, request, reply) -> unsubscribe(Kind.SHARD, session, request, reply)),
            command("PUBLISH", 3, PUBSUB, LOADING, STALE, FAST, MAY_REPLICATE)
                    .runsInSession((session, request, reply) -> publish(Kind.CHANNEL, session, request, reply)),
            command("SPUBLISH", 3, key(1).as(NOT_KEY), PUBSUB, LOADING, STALE, FAST, MAY_REPLICATE)
                    .runsInSession((session, request, reply) -> publish(Kind.SHARD, session, request, reply)),
            command("PUBSUB", -2).holds(
                    command("CHANNELS", -2, PUBSUB, LOADING, STALE)
                            .runsInSession((session, request, reply) -> names(Kind.CHANNEL, session, request, reply)),
                    command("NUMSUB", -2, PUBSUB, LOADING, STALE)
                            .runsInSession((session, request, reply) -> listeners(Kind.CHANNEL, session, request,
                                    reply)),
                    command("NUMPAT", 2, PUBSUB, LOADING, STALE).runsInSession(PubSubCommands::patterns),
                    command("SHARDCHANNELS", -2, PUBSUB, LOADING, STALE)
                            .runsInSession((session, request, reply) -> names(Kind.SHARD, session, request, reply)),
                    command("SHARDNUMSUB", -2, PUBSUB, LOADING, STALE)
                            .runsInSession((session, request, reply) -> listeners(Kind.SHARD, session, request,
                                    reply)),
                    command("HELP", 2, LOADING, STALE).runsInSession(Help.of("PUBSUB",
                            "CHANNELS [<pattern>]", "    Channels that somebody listens to.",
                            "NUMPAT", "    How many patterns somebody listens by.",
                            "NUMSUB [<channel> ...]", "    How many listen to each of these channels.",
                            "SHARDCHANNELS [<pattern>]", "    Shard channels that somebody listens to.",
                            "SHARDNUMSUB [<shardchannel> ...]",
                            "    How many listen to each of these shard channels."))));

    private PubSubCommands() {}

    private static void subscribe(Kind kind, Session session, Request request, Reply reply) {
        for (int i = 1; i < request.count(); i++) {
            session.subscriptions().subscribe(kind, request.copy(i), reply);
        }
        session.subscriptionsChanged();
    }

    private static void unsubscribe(Kind kind, Session session, Request request, Reply reply) {
        if (request.count() == 1) {
            session.subscriptions().unsubscribeAll(kind, reply);
        }
        for (int i = 1; i < request.count(); i++) {
            session.subscriptions().unsubscribe(kind, request.copy(i), reply);
        }
        session.subscriptionsChanged();
    }

    private static void publish(Kind kind, Session session, Request request, Reply reply) {
        reply.integer(session.node().channels().publish(kind, request.copy(1), request.copy(2)));
    }

    private static void names(Kind kind, Session session, Request request, Reply reply) {
        requireOneAtMost(request);
        List<byte[]> names = session.node().channels().names(kind, request.count() == 3 ? request.copy(2) : null);
        reply.array(names.size());
        names.forEach(reply::bulk);
    }

    private static void requireOneAtMost(Request request) {
        if (request.count() > 3) {
            throw CommandException.of("ERR unknown subcommand or wrong number of arguments for '%s'. Try PUBSUB HELP.",
                    request.text(1));
        }
    }

    private static void listeners(Kind kind, Session session, Request request, Reply reply) {
        Channels channels = session.node().channels();
        reply.array(2 * (request.count() - 2L));
        for (int i = 2; i < request.count(); i++) {
            reply.bulk(request.argument(i));
            reply.integer(channels.listeners(kind, request.copy(i)));
        }
    }

    private static void patterns(Session session, Request request, Reply reply) {
        reply.integer(session.node().channels().count(Kind.PATTERN));
    }
}
