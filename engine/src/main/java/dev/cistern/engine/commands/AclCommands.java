package dev.cistern.engine.commands;

import dev.cistern.engine.acl.AccessCheck;
import dev.cistern.engine.acl.AclLog;
import dev.cistern.engine.acl.Denial;
import dev.cistern.engine.acl.Selector;
import dev.cistern.engine.acl.User;
import dev.cistern.engine.acl.UserRules;
import dev.cistern.engine.dispatch.Category;
import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandIndex;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** ACL: users, what each may do, and who was refused. The rules themselves live in {@code dev.cistern.engine.acl}. */
final class AclCommands {

    static final CommandTable TABLE = CommandTable.of("server",
            command("ACL", -2).holds(
                    command("CAT", -2, NO_SCRIPT, LOADING, STALE).runsInSession(AclCommands::cat),
                    command("DELUSER", -3, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(AclCommands::delUser),
                    command("DRYRUN", -4, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(AclCommands::dryRun),
                    command("GENPASS", -2, NO_SCRIPT, LOADING, STALE).runsInSession(AclCommands::genPass),
                    command("GETUSER", 3, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(AclCommands::getUser),
                    command("HELP", 2, LOADING, STALE).runsInSession(help()),
                    command("LIST", 2, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(AclCommands::list),
                    command("LOAD", 2, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(AclCommands::load),
                    command("LOG", -2, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(AclCommands::log),
                    command("SAVE", 2, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(AclCommands::save),
                    command("SETUSER", -3, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(AclCommands::setUser),
                    command("USERS", 2, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(AclCommands::users),
                    command("WHOAMI", 2, NO_SCRIPT, LOADING, STALE).runsInSession(AclCommands::whoAmI)));

    private static final int USUAL_PASSWORD_BITS = 256;
    private static final int MAX_PASSWORD_BITS = 4096;
    private static final int USUAL_LOG_ENTRIES = 10;
    private static final CommandException BAD_PASSWORD_BITS = CommandException
            .of("ERR ACL GENPASS argument must be the "
                    + "number of bits for the output password, a positive number up to " + MAX_PASSWORD_BITS);

    private AclCommands() {}

    private static Command.SessionBody help() {
        return Help.of("ACL",
                "CAT [<category>]", "    The categories of commands, or the commands of one.",
                "DELUSER <username> [<username> ...]", "    Takes users away; their sessions end.",
                "DRYRUN <username> <command> [<arg> ...]", "    Whether the user might run this, without running it.",
                "GENPASS [<bits>]", "    A random password of 256 bits, or of so many.",
                "GETUSER <username>", "    What is said of the user, part by part.",
                "LIST", "    All users as lines of rules.",
                "LOAD", "    Takes the users from the ACL file.",
                "LOG [<count> | RESET]", "    Who was refused what, newest first.",
                "SAVE", "    Writes the users to the ACL file.",
                "SETUSER <username> <rule> [<rule> ...]", "    Makes a user, or adds rules to one.",
                "USERS", "    The names of all users.",
                "WHOAMI", "    Which user this session speaks for.");
    }

    /** Bytes, each as a character. */
    private static String bytesOf(Request request, int index) {
        return new String(request.copy(index), StandardCharsets.ISO_8859_1);
    }

    private static List<String> bytesFrom(Request request, int first) {
        List<String> words = new ArrayList<>();
        for (int i = first; i < request.count(); i++) {
            words.add(bytesOf(request, i));
        }
        return words;
    }

    private static void requireAtMost(int count, Request request) {
        if (request.count() > count) {
            throw CommandException.of("ERR unknown subcommand or wrong number of arguments for '%s'. Try ACL HELP.",
                    request.text(1));
        }
    }

    static void whoAmI(Session session, Request request, Reply reply) {
        reply.bulk(session.user().nameBytes());
    }

    static void users(Session session, Request request, Reply reply) {
        Collection<User> all = List.copyOf(session.node().users().all());
        reply.array(all.size());
        all.forEach(user -> reply.bulk(user.nameBytes()));
    }

    static void list(Session session, Request request, Reply reply) {
        Collection<User> all = List.copyOf(session.node().users().all());
        reply.array(all.size());
        all.forEach(user -> reply.bulk(user.line()));
    }

    static void setUser(Session session, Request request, Reply reply) {
        session.node().users().set(bytesOf(request, 2), bytesFrom(request, 3), session.commands());
        reply.ok();
    }

    static void delUser(Session session, Request request, Reply reply) {
        User me = session.user();
        reply.integer(session.node().users().delete(bytesFrom(request, 2)));
        if (!me.isInternal() && session.node().users().find(me.key()) != me) {
            session.closeAfterReply();
        }
    }

    static void load(Session session, Request request, Reply reply) {
        session.node().users().load();
        reply.ok();
    }

    static void save(Session session, Request request, Reply reply) {
        session.node().users().save();
        reply.ok();
    }

    // --- one user ---

    static void getUser(Session session, Request request, Reply reply) {
        User user = session.node().users().find(bytesOf(request, 2));
        if (user == null) {
            reply.nullBulk();
            return;
        }
        UserRules rules = user.rules();
        long mark = reply.open();
        reply.bulk("flags");
        reply.set(rules.flags().size());
        rules.flags().forEach(reply::bulk);
        reply.bulk("passwords");
        reply.array(rules.passwordHashes().size());
        rules.passwordHashes().forEach(reply::bulk);
        int facts = 3 + facts(rules.root(), reply);
        List<Selector> others = rules.selectors().subList(1, rules.selectors().size());
        reply.bulk("selectors");
        reply.array(others.size());
        for (Selector other : others) {
            long start = reply.open();
            reply.closeMap(start, facts(other, reply));
        }
        reply.closeMap(mark, facts);
    }

    /** Writes a selector's facts as pairs; answers how many. Databases are told only where some are barred. */
    private static int facts(Selector selector, Reply reply) {
        pair(reply, "commands", selector.commandText());
        pair(reply, "keys", selector.keyText());
        pair(reply, "channels", selector.channelText());
        if (selector.databaseText().isEmpty()) {
            return 3;
        }
        pair(reply, "databases", selector.databaseText());
        return 4;
    }

    private static void pair(Reply reply, String name, String bytes) {
        reply.bulk(name);
        reply.bulk(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** ACL DRYRUN username command [arg ...]. */
    static void dryRun(Session session, Request request, Reply reply) {
        User user = session.node().users().find(bytesOf(request, 2));
        if (user == null) {
            throw CommandException.of("ERR User '" + request.text(2) + "' not found");
        }
        Request inner = request.from(3);
        Command command = commandOf(session.commands(), inner);
        if (command == null) {
            throw CommandException.of("ERR Command '" + inner.text(0) + "' not found");
        }
        if (!command.accepts(inner.count())) {
            throw CommandException.of("ERR wrong number of arguments for '%s' command", command.fullName());
        }
        AccessCheck check = session.loop().accessCheck();
        Denial denial = check.denial(user, command, inner, session.database());
        if (denial == null) {
            reply.ok();
        } else {
            reply.bulk(denial.fullMessage(user, command.fullName(), inner.text(check.deniedArgument())));
        }
    }

    private static @Nullable Command commandOf(CommandIndex index, Request inner) {
        Command command = index.find(inner.argument(0));
        return command != null && command.isContainer() && inner.count() > 1
                ? index.find(command, inner.argument(1))
                : command;
    }

    // --- categories and passwords ---

    static void cat(Session session, Request request, Reply reply) {
        requireAtMost(3, request);
        if (request.count() == 2) {
            reply.array(Category.values().length);
            for (Category category : Category.values()) {
                reply.bulk(category.name().toLowerCase(Locale.ROOT));
            }
            return;
        }
        Category wanted = Category.named(request.text(2));
        if (wanted == null) {
            throw CommandException.of("ERR Unknown category '" + request.text(2) + "'");
        }
        List<Command> commands = session.commands().numbered().stream()
                .filter(command -> command.categories().contains(wanted)).toList();
        reply.array(commands.size());
        commands.forEach(command -> reply.bulk(command.fullName()));
    }

    static void genPass(Session session, Request request, Reply reply) {
        requireAtMost(3, request);
        long bits = request.count() == 3 ? request.longAt(2) : USUAL_PASSWORD_BITS;
        if (bits <= 0 || bits > MAX_PASSWORD_BITS) {
            throw BAD_PASSWORD_BITS;
        }
        int digits = (int) (bits + 3) / 4;
        byte[] random = new byte[(digits + 1) / 2];
        new SecureRandom().nextBytes(random);
        reply.bulk(HexFormat.of().formatHex(random).substring(0, digits));
    }

    // --- the log ---

    static void log(Session session, Request request, Reply reply) {
        requireAtMost(3, request);
        AclLog log = session.node().aclLog();
        if (request.count() == 3 && request.is(2, "RESET")) {
            log.reset();
            reply.ok();
            return;
        }
        long count = request.count() == 3 ? request.longAt(2) : USUAL_LOG_ENTRIES;
        List<AclLog.Entry> entries = log.newest(count);
        reply.array(entries.size());
        long now = session.node().clock().wallMillis();
        entries.forEach(entry -> entry(entry, now, reply));
    }

    private static void entry(AclLog.Entry entry, long nowMillis, Reply reply) {
        reply.map(10);
        number(reply, "count", entry.count());
        reply.bulk("reason");
        reply.bulk(entry.reason().text());
        reply.bulk("context");
        reply.bulk(entry.context().text());
        pair(reply, "object", entry.object());
        pair(reply, "username", entry.user());
        reply.bulk("age-seconds");
        reply.real((nowMillis - entry.updatedMillis()) / 1000.0);
        reply.bulk("client-info");
        reply.bulk(entry.client());
        number(reply, "entry-id", entry.id());
        number(reply, "timestamp-created", entry.createdMillis());
        number(reply, "timestamp-last-updated", entry.updatedMillis());
    }

    private static void number(Reply reply, String name, long value) {
        reply.bulk(name);
        reply.integer(value);
    }
}
