package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Category;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandIndex;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Flag;
import dev.cistern.engine.dispatch.KeyFinder;
import dev.cistern.engine.dispatch.KeySpec;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** COMMAND: what the node knows of its commands, told from their rows. */
final class IntrospectionCommands {

    static final CommandTable TABLE = CommandTable.of("server",
            command("COMMAND", -1, LOADING, STALE, Category.CONNECTION, tip("nondeterministic_output_order"))
                    .holds(IntrospectionCommands::all,
                            row("COUNT", 2).runsInSession(IntrospectionCommands::count),
                            command("DOCS", -2, LOADING, STALE, Category.CONNECTION,
                                    tip("nondeterministic_output_order"))
                                    .runsInSession(IntrospectionCommands::docs),
                            row("GETKEYS", -3).runsInSession(IntrospectionCommands::getKeys),
                            row("GETKEYSANDFLAGS", -3).runsInSession(IntrospectionCommands::getKeysAndFlags),
                            row("HELP", 2).runsInSession(Help.of("COMMAND",
                                    "(no subcommand)", "    Everything about all commands.",
                                    "COUNT", "    How many commands there are.",
                                    "DOCS [<name> ...]", "    What these commands, or all, are for.",
                                    "GETKEYS <command> [<argument> ...]", "    Which of the arguments are keys.",
                                    "GETKEYSANDFLAGS <command> [<argument> ...]",
                                    "    Which are keys, and what is done to them.",
                                    "INFO [<name> ...]", "    Everything about these commands, or all.",
                                    "LIST [FILTERBY (MODULE|ACLCAT|PATTERN) <value>]",
                                    "    The names of all commands.")),
                            command("INFO", -2, LOADING, STALE, Category.CONNECTION,
                                    tip("nondeterministic_output_order"))
                                    .runsInSession(IntrospectionCommands::info),
                            command("LIST", -2, LOADING, STALE, Category.CONNECTION,
                                    tip("nondeterministic_output_order"))
                                    .runsInSession(IntrospectionCommands::list)));

    private static final CommandException INVALID_COMMAND = CommandException.of("ERR Invalid command specified");
    private static final CommandException INVALID_COUNT = CommandException.of(
            "ERR Invalid number of arguments specified for command");
    private static final CommandException NO_KEYS = CommandException.of("ERR The command has no key arguments");
    private static final CommandException INVALID_ARGUMENTS = CommandException.of(
            "ERR Invalid arguments specified for command");

    private IntrospectionCommands() {}

    private static Command.Builder row(String name, int arity) {
        return command(name, arity, LOADING, STALE, Category.CONNECTION);
    }

    static void count(Session session, Request request, Reply reply) {
        reply.integer(session.commands().all().size());
    }

    static void all(Session session, Request request, Reply reply) {
        Collection<Command> commands = session.commands().all();
        reply.array(commands.size());
        commands.forEach(command -> facts(session.commands(), command, reply));
    }

    static void info(Session session, Request request, Reply reply) {
        if (request.count() == 2) {
            all(session, request, reply);
            return;
        }
        reply.array(request.count() - 2L);
        for (int i = 2; i < request.count(); i++) {
            Command command = session.commands().find(request.text(i));
            if (command == null) {
                reply.nullBulk();
            } else {
                facts(session.commands(), command, reply);
            }
        }
    }

    private static void facts(CommandIndex index, Command command, Reply reply) {
        reply.array(10);
        reply.bulk(command.fullName());
        reply.integer(command.arity());
        flags(command, reply);
        reply.integer(command.firstKey());
        reply.integer(command.lastKey());
        reply.integer(command.keyStep());
        reply.set(command.categories().size());
        command.categories().forEach(category -> reply.status(category.text()));
        reply.array(command.tips().size());
        command.tips().forEach(reply::bulk);
        reply.array(command.keySpecs().size());
        command.keySpecs().forEach(spec -> keySpec(spec, reply));
        reply.array(index.subcommands(command).size());
        index.subcommands(command).values().forEach(subcommand -> facts(index, subcommand, reply));
    }

    private static void flags(Command command, Reply reply) {
        List<String> shown = new ArrayList<>();
        for (Flag flag : Flag.values()) {
            if (flag.isShown() && command.is(flag)) {
                shown.add(flag.text());
            }
        }
        reply.set(shown.size());
        shown.forEach(reply::status);
    }

    private static void keySpec(KeySpec spec, Reply reply) {
        String notes = spec.notes();
        reply.map(notes == null ? 3 : 4);
        if (notes != null) {
            reply.bulk("notes");
            reply.bulk(notes);
        }
        reply.bulk("flags");
        uses(spec, reply);
        reply.bulk("begin_search");
        beginSearch(spec, reply);
        reply.bulk("find_keys");
        findKeys(spec, reply);
    }

    private static void uses(KeySpec spec, Reply reply) {
        List<String> names = useNames(spec);
        reply.set(names.size());
        names.forEach(reply::status);
    }

    private static List<String> useNames(KeySpec spec) {
        List<String> names = new ArrayList<>();
        for (KeySpec.Use use : KeySpec.Use.values()) {
            if (spec.is(use)) {
                names.add(use.name().length() == 2 ? use.name() : use.name().toLowerCase(Locale.ROOT));
            }
        }
        return names;
    }

    private static void beginSearch(KeySpec spec, Reply reply) {
        String keyword = spec.keyword();
        reply.map(2);
        reply.bulk("type");
        if (spec.follow() == KeySpec.Follow.UNKNOWN) {
            reply.bulk("unknown");
            reply.bulk("spec");
            reply.map(0);
        } else if (keyword == null) {
            reply.bulk("index");
            reply.bulk("spec");
            reply.map(1);
            number(reply, "index", spec.beginIndex());
        } else {
            reply.bulk("keyword");
            reply.bulk("spec");
            reply.map(2);
            reply.bulk("keyword");
            reply.bulk(keyword);
            number(reply, "startfrom", spec.beginIndex());
        }
    }

    private static void findKeys(KeySpec spec, Reply reply) {
        reply.map(2);
        reply.bulk("type");
        switch (spec.follow()) {
            case UNKNOWN -> {
                reply.bulk("unknown");
                reply.bulk("spec");
                reply.map(0);
            }
            case RANGE -> {
                reply.bulk("range");
                reply.bulk("spec");
                reply.map(3);
                number(reply, "lastkey", spec.last());
                number(reply, "keystep", spec.step());
                number(reply, "limit", spec.limit());
            }
            case COUNTED -> {
                reply.bulk("keynum");
                reply.bulk("spec");
                reply.map(3);
                number(reply, "keynumidx", spec.last());
                number(reply, "firstkey", spec.limit());
                number(reply, "keystep", spec.step());
            }
        }
    }

    private static void number(Reply reply, String name, long value) {
        reply.bulk(name);
        reply.integer(value);
    }

    static void docs(Session session, Request request, Reply reply) {
        CommandIndex index = session.commands();
        List<Command> commands = new ArrayList<>();
        for (int i = 2; i < request.count(); i++) {
            Command command = index.find(request.text(i));
            if (command != null) {
                commands.add(command);
            }
        }
        Collection<Command> told = request.count() == 2 ? index.all() : commands;
        reply.map(told.size());
        told.forEach(command -> CommandDocs.INSTANCE.write(index, command, reply));
    }

    static void list(Session session, Request request, Reply reply) {
        Predicate<Command> filter = _ -> true;
        if (request.count() == 5 && request.is(2, "FILTERBY")) {
            filter = filter(request);
        } else if (request.count() > 2) {
            throw CommandException.SYNTAX_ERROR;
        }
        List<Command> found = session.commands().numbered().stream().filter(filter).toList();
        reply.set(found.size());
        found.forEach(command -> reply.bulk(command.fullName()));
    }

    private static Predicate<Command> filter(Request request) {
        if (request.is(3, "MODULE")) {
            return _ -> false;
        }
        if (request.is(3, "ACLCAT")) {
            String wanted = "@" + request.text(4).toLowerCase(Locale.ROOT);
            return command -> command.categories().stream().anyMatch(category -> category.text().equals(wanted));
        }
        if (request.is(3, "PATTERN")) {
            return command -> GlobText.matches(request.argument(4), command.fullName());
        }
        throw CommandException.SYNTAX_ERROR;
    }

    static void getKeys(Session session, Request request, Reply reply) {
        Request inner = request.from(2);
        Command command = requireKeys(session, inner);
        List<Integer> keys = new ArrayList<>();
        KeyFinder.eachKey(command, inner, (_, index) -> keys.add(index));
        requireSome(command, keys);
        reply.array(keys.size());
        keys.forEach(index -> reply.bulk(inner.argument(index)));
    }

    static void getKeysAndFlags(Session session, Request request, Reply reply) {
        Request inner = request.from(2);
        Command command = requireKeys(session, inner);
        long mark = reply.open();
        List<Integer> keys = new ArrayList<>();
        KeyFinder.eachKey(command, inner, (spec, index) -> {
            keys.add(index);
            reply.array(2);
            reply.bulk(inner.argument(index));
            uses(spec, reply);
        });
        requireSome(command, keys);
        reply.closeArray(mark, keys.size());
    }

    private static Command requireKeys(Session session, Request inner) {
        Command command = session.commands().find(inner.argument(0));
        if (command != null && command.isContainer() && inner.count() > 1) {
            command = session.commands().find(command, inner.argument(1));
        }
        if (command == null) {
            throw INVALID_COMMAND;
        }
        if (command.keySpecs().isEmpty()) {
            throw NO_KEYS;
        }
        if (!command.accepts(inner.count())) {
            throw INVALID_COUNT;
        }
        if (command.keySpecs().stream().anyMatch(spec -> spec.isMiscounted(inner))) {
            throw INVALID_ARGUMENTS;
        }
        return command;
    }

    private static void requireSome(Command command, List<Integer> keys) {
        if (keys.isEmpty() && !command.is(Flag.NO_MANDATORY_KEYS)) {
            throw INVALID_ARGUMENTS;
        }
    }
}
