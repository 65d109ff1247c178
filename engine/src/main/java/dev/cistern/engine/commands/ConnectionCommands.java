package dev.cistern.engine.commands;

import dev.cistern.engine.acl.User;
import dev.cistern.engine.acl.Users;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Denials;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.replication.ReplicationCommands;
import dev.cistern.store.Bytes;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.ALLOW_BUSY;
import static dev.cistern.engine.dispatch.Flag.BLOCKING;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_AUTH;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;
import static dev.cistern.engine.dispatch.Flag.UNQUEUED;
import static dev.cistern.engine.dispatch.Flag.WHILE_SUBSCRIBED;

/** Commands about the session itself: who it is, which protocol and database it uses, whether anybody is there. */
final class ConnectionCommands {

    static final CommandTable TABLE = CommandTable.of("connection",
            command("AUTH", -2, NO_SCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY)
                    .runsInSession(ConnectionCommands::auth),
            command("ECHO", 2, LOADING, STALE, FAST).runsInSession(ConnectionCommands::echo),
            command("HELLO", -1, NO_SCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY)
                    .runsInSession(ConnectionCommands::hello),
            command("PING", -1, FAST, WHILE_SUBSCRIBED, tip("request_policy:all_shards"),
                    tip("response_policy:all_succeeded"))
                    .runsInSession(ConnectionCommands::ping),
            command("QUIT", -1, NO_SCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY, UNQUEUED, WHILE_SUBSCRIBED)
                    .runsInSession(ConnectionCommands::quit),
            command("RESET", 1, NO_SCRIPT, LOADING, STALE, FAST, NO_AUTH, ALLOW_BUSY, UNQUEUED, WHILE_SUBSCRIBED)
                    .runsInSession(ConnectionCommands::reset),
            command("SELECT", 2, LOADING, STALE, FAST).runsInSession(ConnectionCommands::select),
            command("WAIT", 3, BLOCKING, tip("request_policy:all_shards"), tip("response_policy:agg_min"))
                    .runsInSession(ReplicationCommands::await),
            command("WAITAOF", 4, BLOCKING, tip("request_policy:all_shards"), tip("response_policy:agg_min"))
                    .runsInSession(ReplicationCommands::awaitDisks));

    private static final CommandException TOO_MANY_FOR_PING = CommandException.of(
            "ERR wrong number of arguments for 'ping' command");
    private static final CommandException NO_PASSWORD_SET = CommandException.of(
            "ERR AUTH <password> called without any password configured for the default user. "
                    + "Are you sure your configuration is correct?");
    private static final CommandException PROTOCOL_NOT_A_NUMBER = CommandException.of(
            "ERR Protocol version is not an integer or out of range");
    private static final CommandException HELLO_WITHOUT_AUTH = CommandException.of(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> "
                    + "<pass> option can be used to authenticate the client and select the RESP protocol version at "
                    + "the same time");

    private static final Bytes EMPTY = new Bytes();

    private ConnectionCommands() {}

    static void ping(Session session, Request request, Reply reply) {
        if (request.count() > 2) {
            throw TOO_MANY_FOR_PING;
        }
        if (session.isSubscribed() && session.protocol() == 2) {
            reply.array(2);
            reply.bulk("pong");
            reply.bulk(request.count() == 1 ? EMPTY : request.argument(1));
        } else if (request.count() == 1) {
            reply.status("PONG");
        } else {
            reply.bulk(request.argument(1));
        }
    }

    static void echo(Session session, Request request, Reply reply) {
        reply.bulk(request.argument(1));
    }

    static void select(Session session, Request request, Reply reply) {
        session.select(request.longAt(1, Integer.MIN_VALUE, Integer.MAX_VALUE, CommandException.OUT_OF_INT_RANGE));
        reply.ok();
    }

    static void quit(Session session, Request request, Reply reply) {
        session.closeAfterReply();
        reply.ok();
    }

    static void reset(Session session, Request request, Reply reply) {
        session.reset();
        reply.protocol(session.protocol());
        reply.status("RESET");
    }

    /** AUTH [username] password. */
    static void auth(Session session, Request request, Reply reply) {
        if (request.count() > 3) {
            throw CommandException.SYNTAX_ERROR;
        }
        boolean named = request.count() == 3;
        if (!named && session.node().users().defaultUser().rules().noPassword()) {
            throw NO_PASSWORD_SET;
        }
        String name = named ? new String(request.copy(1), StandardCharsets.ISO_8859_1) : User.DEFAULT_NAME;
        authenticate(session, request, name, request.copy(named ? 2 : 1));
        reply.ok();
    }

    private static void authenticate(Session session, Request request, String name, byte[] password) {
        Users users = session.node().users();
        @Nullable
        User user = users.authenticate(name, password);
        if (users.loginTokens().isFor(name)) {
            TokenLogin.authenticate(session, request, name, password);
            return;
        }
        if (user != null && !user.isInternal() && session.connection().isForInsiders()) {
            session.connection().closeAfterSending();
            throw CommandException.WRONG_PASSWORD;
        }
        if (user == null) {
            Denials.noteFailedLogin(session, name, request);
            throw CommandException.WRONG_PASSWORD;
        }
        session.authenticate(user);
    }

    /** HELLO [protover [AUTH username password] [SETNAME clientname]]. */
    static void hello(Session session, Request request, Reply reply) {
        long version = request.count() > 1 ? request.longAt(1, PROTOCOL_NOT_A_NUMBER) : session.protocol();
        if (version < 2 || version > 3) {
            throw CommandException.NO_PROTO;
        }
        int nameAt = 0;
        for (int i = 2; i < request.count(); i++) {
            int left = request.count() - i - 1;
            if (request.is(i, "AUTH") && left >= 2) {
                String name = new String(request.copy(i + 1), StandardCharsets.ISO_8859_1);
                authenticate(session, request, name, request.copy(i + 2));
                i += 2;
            } else if (request.is(i, "SETNAME") && left >= 1) {
                ClientCommands.requireName(request.argument(i + 1));
                nameAt = i + 1;
                i++;
            } else {
                throw CommandException.of("ERR Syntax error in HELLO option '" + request.text(i) + "'");
            }
        }
        if (!session.isAuthenticated()) {
            throw HELLO_WITHOUT_AUTH;
        }
        if (nameAt > 0) {
            session.name(request.text(nameAt));
        }
        session.protocol((int) version);
        reply.protocol(session.protocol());
        introduce(session, reply);
    }

    private static void introduce(Session session, Reply reply) {
        reply.map(7);
        reply.bulk("server");
        boolean asRedis = session.node().settings().extendedCompatibility.isOn();
        reply.bulk(asRedis ? "redis" : "valkey");
        reply.bulk("version");
        reply.bulk(asRedis ? session.node().identity().redisVersion() : session.node().identity().valkeyVersion());
        reply.bulk("proto");
        reply.integer(session.protocol());
        reply.bulk("id");
        reply.integer(session.id());
        reply.bulk("mode");
        reply.bulk(session.node().router() == null ? "standalone" : "cluster");
        reply.bulk("role");
        reply.bulk("master");
        reply.bulk("modules");
        reply.array(0);
    }
}
