package dev.cistern.engine.scripting;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.NodeIdentity;
import dev.cistern.lua.Library;
import dev.cistern.lua.Lua;
import dev.cistern.lua.LuaCall;
import dev.cistern.lua.LuaError;
import dev.cistern.lua.LuaString;
import dev.cistern.lua.LuaTable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The table {@code redis}, also called {@code server}: what a script may ask of the node beside the language. */
final class ServerLibrary {
    private static final Logger LOG = LoggerFactory.getLogger("dev.cistern.engine.script");
    private static final int MAX_LOGGED_BYTES = 1024;
    private static final int REPL_ALL = 3;

    private final ScriptRun run;
    private final CommandCall commands;
    private final ReplyReader values;

    private final NodeIdentity identity;

    ServerLibrary(NodeIdentity identity, ScriptRun run, CommandCall commands, ReplyReader values) {
        this.identity = identity;
        this.run = run;
        this.commands = commands;
        this.values = values;
    }

    /** What every script finds. */
    void addAll(LuaTable table) {
        addFactsAndLog(table);
        Library.add(table, "call", commands::call);
        Library.add(table, "pcall", commands::protectedCall);
        Library.add(table, "setresp", this::setProtocol);
        Library.add(table, "error_reply", this::errorReply);
        Library.add(table, "status_reply", this::statusReply);
        Library.add(table, "sha1hex", this::sha1hex);
        Library.add(table, "set_repl", this::setReplication);
        Library.add(table, "acl_check_cmd", this::mayCall);
        table.set("REPL_NONE", 0.0);
        table.set("REPL_AOF", 1.0);
        table.set("REPL_SLAVE", 2.0);
        table.set("REPL_REPLICA", 2.0);
        table.set("REPL_ALL", (double) REPL_ALL);
    }

    /** What only EVAL knows: relics, and the doors of a debugger that is not there. */
    void addForEval(LuaTable table) {
        Library.add(table, "replicate_commands", call -> call.returns(true));
        Library.add(table, "breakpoint", call -> call.returns(false));
        Library.add(table, "debug", call -> {});
    }

    /** What a library of functions may use while it is loaded. */
    void addFactsAndLog(LuaTable table) {
        Library.add(table, "log", this::log);
        table.set("LOG_DEBUG", 0.0);
        table.set("LOG_VERBOSE", 1.0);
        table.set("LOG_NOTICE", 2.0);
        table.set("LOG_WARNING", 3.0);
        table.set("REDIS_VERSION", LuaString.of(identity.redisVersion()));
        table.set("REDIS_VERSION_NUM", number(identity.redisVersion()));
        table.set("VALKEY_VERSION", LuaString.of(identity.valkeyVersion()));
        table.set("VALKEY_VERSION_NUM", number(identity.valkeyVersion()));
        table.set("SERVER_NAME", LuaString.of("valkey"));
    }

    /** 7.2.4 as 0x070204. */
    private static Double number(String version) {
        int number = 0;
        for (String part : version.split("\\.", -1)) {
            number = (number << 8) | Integer.parseInt(part);
        }
        return (double) number;
    }

    private LuaError error(String text) {
        return new LuaError(values.plainError("ERR " + text));
    }

    // --- replies ---

    private void errorReply(LuaCall call) {
        if (call.count() != 1 || !(call.arg(1) instanceof LuaString text)) {
            call.returns(values.plainError("ERR wrong number or type of arguments"));
            return;
        }
        call.returns(values.errorReply(text));
    }

    private void statusReply(LuaCall call) {
        if (call.count() != 1 || !(call.arg(1) instanceof LuaString text)) {
            call.returns(values.plainError("ERR wrong number or type of arguments"));
            return;
        }
        LuaTable table = call.state().newTable(0, 1);
        table.set("ok", text);
        call.returns(table);
    }

    // --- the node ---

    private void log(LuaCall call) {
        if (call.count() < 2) {
            throw error("server.log() requires two arguments or more.");
        }
        if (!(call.arg(1) instanceof Double level)) {
            throw error("First argument must be a number (log level).");
        }
        if (level < 0 || level > 3) {
            throw error("Invalid log level.");
        }
        StringBuilder text = new StringBuilder();
        for (int i = 2; i <= call.count() && text.length() < MAX_LOGGED_BYTES; i++) {
            LuaString part = Lua.toStringOrNull(call.arg(i));
            if (part != null) {
                text.append(i > 2 ? " " : "").append(printable(part));
            }
        }
        switch ((int) (double) level) {
            case 0 -> LOG.trace("{}", text);
            case 1 -> LOG.debug("{}", text);
            case 2 -> LOG.info("{}", text);
            default -> LOG.warn("{}", text);
        }
    }

    /** A script must not write lines of its own into the log, nor colours. */
    private static String printable(LuaString text) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length() && i < MAX_LOGGED_BYTES; i++) {
            int c = text.at(i);
            out.append(c < ' ' || c >= 0x7f ? '.' : (char) c);
        }
        return out.toString();
    }

    private void setProtocol(LuaCall call) {
        if (call.count() != 1) {
            throw error("server.setresp() requires one argument.");
        }
        Double version = Lua.toNumber(call.arg(1));
        if (version == null || (version != 2 && version != 3)) {
            throw error("RESP version must be 2 or 3.");
        }
        run.protocol((int) (double) version);
    }

    private void setReplication(LuaCall call) {
        if (call.count() != 1) {
            throw error("server.set_repl() requires one argument.");
        }
        Double flags = Lua.toNumber(call.arg(1));
        if (flags == null || ((int) (double) flags & ~REPL_ALL) != 0) {
            throw error("Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
        }
    }

    private void sha1hex(LuaCall call) {
        if (call.count() != 1) {
            throw error("wrong number of arguments");
        }
        LuaString text = Lua.toStringOrNull(call.arg(1));
        call.returns(LuaString.of(Sha1.hexOf(text == null ? new byte[0] : text.shared())));
    }

    private void mayCall(LuaCall call) {
        String wrong = commands.read(call);
        if (wrong != null) {
            throw new LuaError(values.plainError(wrong));
        }
        Command command = run.session().loop().commandOf(commands.request());
        if (command == null) {
            throw error("Invalid command passed to server.acl_check_cmd()");
        }
        call.returns(run.session().mayRun(command, commands.request()));
    }
}
