package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandIndex;
import dev.cistern.engine.protocol.Reply;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What each command is for, read once from a resource, and told as COMMAND DOCS. Immutable; any thread. */
final class CommandDocs {
    static final CommandDocs INSTANCE = new CommandDocs();
    private static final String RESOURCE = "commands.docs";

    private final Map<String, Doc> byName = new HashMap<>();

    /** One block of the resource. */
    private record Doc(String since, String complexity, String summary, List<SyntaxArgument> arguments) {}

    private CommandDocs() {
        String text = read().lines().filter(line -> !line.startsWith("#")).reduce("", (all, line) -> all + line + "\n");
        for (String block : text.split("\n\n+")) {
            if (!block.isBlank()) {
                add(block.strip().split("\n"));
            }
        }
    }

    private static String read() {
        try (InputStream in = CommandDocs.class.getResourceAsStream(RESOURCE)) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void add(String[] lines) {
        String[] head = lines[0].split(" ", 3);
        List<SyntaxArgument> arguments = lines.length > 2 ? SyntaxArgument.parse(lines[2]) : List.of();
        byName.put(head[0].toLowerCase(Locale.ROOT), new Doc(head[1], head[2], lines[1], arguments));
    }

    /** Whether the resource has a block for the command. */
    boolean has(Command command) {
        return byName.containsKey(command.fullName());
    }

    /** Writes the name and what there is to say, as one pair of a map. */
    void write(CommandIndex index, Command command, Reply reply) {
        @Nullable
        Doc doc = byName.get(command.fullName());
        reply.bulk(command.fullName());
        int facts = doc == null ? 1 : 4 + (doc.arguments().isEmpty() ? 0 : 1);
        reply.map(facts + (command.isContainer() ? 1 : 0));
        if (doc != null) {
            pair(reply, "summary", doc.summary());
            pair(reply, "since", doc.since());
        }
        pair(reply, "group", command.group());
        if (doc != null) {
            pair(reply, "complexity", doc.complexity());
            if (!doc.arguments().isEmpty()) {
                reply.bulk("arguments");
                arguments(doc.arguments(), reply);
            }
        }
        if (command.isContainer()) {
            reply.bulk("subcommands");
            reply.map(index.subcommands(command).size());
            index.subcommands(command).values().forEach(subcommand -> write(index, subcommand, reply));
        }
    }

    private static void pair(Reply reply, String name, String value) {
        reply.bulk(name);
        reply.bulk(value);
    }

    private static void arguments(List<SyntaxArgument> arguments, Reply reply) {
        reply.array(arguments.size());
        for (SyntaxArgument argument : arguments) {
            boolean flagged = argument.isOptional() || argument.isMultiple();
            boolean isKey = argument.type().equals("key");
            reply.map(2 + (argument.token() == null ? 0 : 1) + (flagged ? 1 : 0) + (isKey ? 1 : 0)
                    + (argument.members().isEmpty() ? 0 : 1));
            pair(reply, "name", argument.name());
            pair(reply, "type", argument.type());
            if (isKey) {
                reply.bulk("key_spec_index");
                reply.integer(0);
            }
            if (argument.token() != null) {
                pair(reply, "token", argument.token());
            }
            if (flagged) {
                flags(argument, reply);
            }
            if (!argument.members().isEmpty()) {
                reply.bulk("arguments");
                arguments(argument.members(), reply);
            }
        }
    }

    private static void flags(SyntaxArgument argument, Reply reply) {
        reply.bulk("flags");
        reply.array((argument.isOptional() ? 1 : 0) + (argument.isMultiple() ? 1 : 0)
                + (argument.repeatsToken() ? 1 : 0));
        if (argument.isOptional()) {
            reply.status("optional");
        }
        if (argument.isMultiple()) {
            reply.status("multiple");
        }
        if (argument.repeatsToken()) {
            reply.status("multiple_token");
        }
    }
}
