package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.store.Keyspace;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.DENY_OOM;
import static dev.cistern.engine.dispatch.Flag.FAST;
import static dev.cistern.engine.dispatch.Flag.QUICK;
import static dev.cistern.engine.dispatch.Flag.READ;
import static dev.cistern.engine.dispatch.Flag.WRITE;
import static dev.cistern.engine.dispatch.KeySpec.Use.ACCESS;
import static dev.cistern.engine.dispatch.KeySpec.Use.RW;
import static dev.cistern.engine.dispatch.KeySpec.Use.UPDATE;
import static dev.cistern.engine.dispatch.KeySpec.Use.VARIABLE_FLAGS;
import static dev.cistern.engine.dispatch.KeySpec.key;

/** Commands over string values. Each method reads its arguments, makes one keyspace call and writes one reply. */
final class StringCommands {

    static final CommandTable TABLE = CommandTable.of("string",
            command("GET", 2, key(1), READ, FAST).runs(StringCommands::get),
            command("SET", -3, key(1).as(RW, ACCESS, UPDATE, VARIABLE_FLAGS), WRITE, DENY_OOM, QUICK)
                    .runs(StringCommands::set));

    private StringCommands() {}

    static void get(Keyspace keyspace, Request request, Reply reply) {
        long entry = keyspace.find(request.key(1));
        if (entry == Keyspace.ABSENT) {
            reply.nullBulk();
        } else {
            reply.bulk(keyspace.readString(entry, request.view()));
        }
    }

    static void set(Keyspace keyspace, Request request, Reply reply) {
        if (request.count() > 3) {
            throw CommandException.SYNTAX_ERROR;
        }
        keyspace.set(request.key(1), request.argument(2), Keyspace.NO_DEADLINE);
        reply.ok();
    }
}
