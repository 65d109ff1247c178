package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.FAST;

/** Commands about the connection itself. */
final class ConnectionCommands {

    static final CommandTable TABLE = CommandTable.of("connection",
            command("PING", -1, FAST, tip("request_policy:all_shards"), tip("response_policy:all_succeeded"))
                    .runsInSession(ConnectionCommands::ping));

    private ConnectionCommands() {}

    static void ping(Session session, Request request, Reply reply) {
        if (request.count() == 1) {
            reply.status("PONG");
        } else if (request.count() == 2) {
            reply.bulk(request.argument(1));
        } else {
            throw dev.cistern.engine.protocol.CommandException.of("ERR wrong number of arguments for 'ping' command");
        }
    }
}
