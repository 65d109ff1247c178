package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** MODULE, for tools that ask which modules a node has: there are none, and none can be loaded. */
final class ModuleCommands {

    static final CommandTable TABLE = CommandTable.of("server",
            command("MODULE", -2).holds(
                    command("HELP", 2, LOADING, STALE).runsInSession(Help.of("MODULE",
                            "LIST", "    The modules that are loaded: always none.")),
                    command("LIST", 2, ADMIN, NO_SCRIPT, tip("nondeterministic_output_order"))
                            .runsInSession((_, _, reply) -> reply.array(0))));

    private ModuleCommands() {}
}
