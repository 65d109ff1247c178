package dev.cistern.engine.dispatch;

import java.util.ArrayList;
import java.util.List;

/** The rows of one family of commands, written beside their bodies. Immutable; the {@link CommandIndex} joins them. */
public final class CommandTable {
    private final List<Command> commands;

    private CommandTable(List<Command> commands) {
        this.commands = List.copyOf(commands);
    }

    /** A family's table; the group is the original's name of the family, which COMMAND DOCS shows. */
    public static CommandTable of(String group, Command.Row... rows) {
        List<Command> commands = new ArrayList<>();
        for (Command.Row row : rows) {
            commands.add(row.build(group, ""));
        }
        return new CommandTable(commands);
    }

    /**
     * A row without its body yet. The arity counts the name (for a subcommand, both names); negative means "at least".
     */
    public static Command.Builder command(String name, int arity, Fact... facts) {
        return new Command.Builder(name, arity, facts);
    }

    public List<Command> commands() {
        return commands;
    }
}
