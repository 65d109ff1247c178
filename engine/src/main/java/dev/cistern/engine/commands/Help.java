package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.protocol.Reply;
import java.util.List;

/** What a container answers to HELP: its subcommands, each with a line of what it does. */
public final class Help {

    private Help() {}

    /** A body that answers these lines: a subcommand's form, then, indented, what it does. */
    public static Command.SessionBody of(String container, String... lines) {
        List<String> told = List.of(lines);
        return (session, request, reply) -> {
            reply.array(told.size() + 3L);
            reply.status(container + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
            told.forEach(reply::status);
            end(reply);
        };
    }

    private static void end(Reply reply) {
        reply.status("HELP");
        reply.status("    Prints this help.");
    }
}
