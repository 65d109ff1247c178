package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Condition;
import dev.cistern.engine.dispatch.NodeLoop;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.settings.InvalidSettingException;
import dev.cistern.engine.settings.Setting;
import dev.cistern.engine.settings.Settings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Fact.tip;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** CONFIG: the settings of the running node. */
final class ConfigCommands {

    private static final CommandException NO_FILE = CommandException.of(
            "ERR The server is running without a config file");

    static final CommandTable TABLE = CommandTable.of("server",
            command("CONFIG", -2).holds(
                    command("GET", -3, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(ConfigCommands::get),
                    command("HELP", 2, LOADING, STALE).runsInSession(Help.of("CONFIG",
                            "GET <pattern> [<pattern> ...]", "    The settings whose names match, with their values.",
                            "RESETSTAT", "    Sets what INFO counts back to zero.",
                            "REWRITE", "    Writes the settings to the file they came from.",
                            "SET <name> <value> [<name> <value> ...]", "    Changes settings: all of these or none.")),
                    command("RESETSTAT", 2, ADMIN, NO_SCRIPT, LOADING, STALE)
                            .runsInSession(ConfigCommands::resetStat),
                    // A node gets its settings from whoever starts it, never from a file.
                    command("REWRITE", 2, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession((_, _, _) -> {
                        throw NO_FILE;
                    }),
                    command("SET", -4, ADMIN, NO_SCRIPT, LOADING, STALE, tip("request_policy:all_nodes"),
                            tip("response_policy:all_succeeded")).runsInSession(ConfigCommands::set)));

    private static final CommandException ODD_ARGUMENTS = CommandException.of(
            "ERR wrong number of arguments for 'config|set' command");

    private ConfigCommands() {}

    static void get(Session session, Request request, Reply reply) {
        List<Setting> found = new ArrayList<>();
        for (Setting setting : session.node().settings().all()) {
            for (int i = 2; i < request.count(); i++) {
                boolean isWanted = setting.isHidden()
                        ? request.text(i).equalsIgnoreCase(setting.name())
                        : GlobText.matches(request.argument(i), setting.name());
                if (isWanted) {
                    found.add(setting);
                    break;
                }
            }
        }
        reply.map(found.size());
        for (Setting setting : found) {
            reply.bulk(setting.name());
            reply.bulk(setting.text());
        }
    }

    static void set(Session session, Request request, Reply reply) {
        if (request.count() % 2 != 0) {
            throw ODD_ARGUMENTS;
        }
        Settings settings = session.node().settings();
        Map<Setting, String> changes = new LinkedHashMap<>();
        for (int i = 2; i < request.count(); i += 2) {
            Setting setting = known(settings, request.text(i));
            if (!setting.isMutable()) {
                throw refused(request.text(i), "can't set immutable config");
            }
            if (changes.put(setting, request.text(i + 1)) != null) {
                throw refused(request.text(i), "duplicate parameter");
            }
        }
        try {
            settings.change(changes);
        } catch (InvalidSettingException e) {
            throw refused(e.settingName(), e.reason());
        }
        session.node().settingsChanged();
        if (session.node().is(Condition.MEMORY_LIMITED)) {
            // A lower limit holds soon, not only when somebody needs memory.
            NodeLoop loop = session.loop();
            loop.execute(() -> makeRoom(loop));
        }
        reply.ok();
    }

    private static void makeRoom(NodeLoop loop) {
        if (!loop.isServingOthers()) {
            var _ = loop.isOverMemoryLimit();
        }
    }

    private static Setting known(Settings settings, String name) {
        Setting setting = settings.find(name);
        if (setting == null) {
            throw CommandException.of("ERR Unknown option or number of arguments for CONFIG SET - '" + name + "'");
        }
        return setting;
    }

    private static CommandException refused(String name, String reason) {
        return CommandException.of(
                "ERR CONFIG SET failed (possibly related to argument '" + name + "') - " + reason);
    }

    static void resetStat(Session session, Request request, Reply reply) {
        session.node().resetStatistics();
        reply.ok();
    }
}
