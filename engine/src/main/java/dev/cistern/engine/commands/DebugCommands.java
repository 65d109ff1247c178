package dev.cistern.engine.commands;

import dev.cistern.engine.dispatch.Command;
import dev.cistern.engine.dispatch.CommandTable;
import dev.cistern.engine.dispatch.Session;
import dev.cistern.engine.persistence.Persistence;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Glob;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.scripting.Scripts;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Store;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static dev.cistern.engine.dispatch.CommandTable.command;
import static dev.cistern.engine.dispatch.Flag.ADMIN;
import static dev.cistern.engine.dispatch.Flag.LOADING;
import static dev.cistern.engine.dispatch.Flag.NO_SCRIPT;
import static dev.cistern.engine.dispatch.Flag.STALE;

/** DEBUG: the part of it that tests need and that harms nobody. */
final class DebugCommands {

    static final CommandTable TABLE = CommandTable.of("server",
            command("DEBUG", -2, ADMIN, NO_SCRIPT, LOADING, STALE).runsInSession(DebugCommands::debug));

    private static final Logger LOG = LoggerFactory.getLogger(DebugCommands.class);
    private static final CommandException NOT_ALLOWED = CommandException.of(
            "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it "
                    + "from a local connection, otherwise you need to set this option in the configuration file, and "
                    + "then restart the server.");
    private static final CommandException WRONG_PROTOCOL_TYPE = CommandException.of(
            "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|"
                    + "set|map|attrib|push|verbatim|true|false");
    private static final CommandException CANNOT_SAVE = CommandException.of("ERR Error trying to save the DB, check "
            + "the node's log");
    private static final CommandException CANNOT_LOAD = CommandException.of("ERR Error trying to load the RDB dump, "
            + "check the node's log");
    private static final CommandException CANNOT_LOAD_LOG = CommandException.of(
            "ERR Error trying to load the AOF files, check server logs.");
    private static final CommandException NOT_IN_RESP2 = CommandException.of(
            "ERR RESP2 is not supported by this command");
    private static final Command.SessionBody HELP = Help.of("DEBUG",
            "DICT-RESIZING (0|1)", "    Accepted: an index grows a bucket at a time, there is nothing to hold back.",
            "DIGEST", "    A number for all data, the same as that of an original with the same data.",
            "DIGEST-VALUE <key> [<key> ...]", "    The same for the values of keys.",
            "ERROR <text>", "    Answers this error.",
            "LOADAOF", "    Puts in place of all data what the append-only file has.",
            "LOG <text>", "    Writes to the node's log.",
            "OBJECT <key>", "    How the value of a key is held.",
            "PAUSE-CRON (0|1)", "    Whether what is done regularly is left undone for a while.",
            "POPULATE <count> [<prefix>] [<size>]", "    Makes so many strings, key:0 and on, unless they are there.",
            "PROTOCOL <type>", "    Answers an example of this type of reply.",
            "QUICKLIST-PACKED-THRESHOLD <size>", "    Accepted: elements of all sizes are held in one way here.",
            "RELOAD [NOSAVE] [NOFLUSH] [MERGE]",
            "    Saves all data, and loads it again; or only loads it, into what is there.",
            "REPLYBUFFER (PEAK-RESET-TIME|RESIZING) <value>", "    Accepted: sessions have no buffers of their own.",
            "SET-ACTIVE-EXPIRE (0|1)", "    Whether expired keys are looked for; those met are deleted anyway.",
            "SET-DISABLE-DENY-SCRIPTS (0|1)", "    Whether scripts may call what is not for scripts.",
            "SLEEP <seconds>", "    Holds up this session's event loop.",
            "STRINGMATCH-LEN <length> <pattern>", "    Matches the pattern with so many letters.");

    private DebugCommands() {}

    static void debug(Session session, Request request, Reply reply) {
        requireAllowed(session);
        if (request.is(1, "HELP")) {
            HELP.run(session, request, reply);
        } else if (isCall(request, "SLEEP", 3)) {
            sleep(request.doubleAt(2));
            reply.ok();
        } else if (isCall(request, "OBJECT", 3)) {
            object(session, request.key(2), reply);
        } else if (isCall(request, "SET-ACTIVE-EXPIRE", 3)) {
            session.node().activeExpiry(request.longAt(2) != 0);
            reply.ok();
        } else if (isCall(request, "PAUSE-CRON", 3)) {
            session.node().housekeepingPaused(request.longAt(2) != 0);
            reply.ok();
        } else if (isCall(request, "SET-DISABLE-DENY-SCRIPTS", 3)) {
            Scripts.of(session.node()).unrestricted(request.longAt(2) != 0);
            reply.ok();
        } else if (isCall(request, "DIGEST", 2)) {
            reply.status(HexFormat.of().formatHex(new ValueDigest().ofAll(session)));
        } else if (request.is(1, "DIGEST-VALUE")) {
            digestValues(session, request, reply);
        } else if (request.is(1, "POPULATE") && request.count() >= 3 && request.count() <= 5) {
            populate(session, request);
            reply.ok();
        } else if (tunesNothing(request)) {
            reply.ok();
        } else if (isCall(request, "STRINGMATCH-LEN", 4)) {
            stringMatch(request, reply);
        } else if (request.is(1, "RELOAD")) {
            reload(session, request);
            reply.ok();
        } else if (isCall(request, "LOADAOF", 2)) {
            loadLog(session);
            reply.ok();
        } else if (isCall(request, "PROTOCOL", 3)) {
            protocol(session, request, reply);
        } else if (isCall(request, "ERROR", 3)) {
            throw CommandException.of(request.text(2));
        } else if (isCall(request, "LOG", 3)) {
            LOG.warn("DEBUG LOG: {}", request.text(2).replaceAll("\\p{Cntrl}", " "));
            reply.ok();
        } else {
            throw CommandException.of("ERR unknown subcommand or wrong number of arguments for '" + request.text(1)
                    + "'. Try DEBUG HELP.");
        }
    }

    private static void requireAllowed(Session session) {
        String allowed = session.node().settings().debugCommand.value();
        boolean local = allowed.equals("local") && session.connection().isLoopback();
        if (!allowed.equals("yes") && !local && !session.user().isInternal()) {
            throw NOT_ALLOWED;
        }
    }

    private static void reload(Session session, Request request) {
        Persistence persistence = session.node().persistence();
        boolean saves = true;
        boolean flushes = true;
        boolean merges = false;
        for (int i = 2; i < request.count(); i++) {
            saves &= !request.is(i, "NOSAVE");
            flushes &= !request.is(i, "NOFLUSH");
            merges |= request.is(i, "MERGE");
        }
        if (!persistence.hasPlace() || (saves && !(persistence.begin() && persistence.save()))) {
            throw CANNOT_SAVE;
        }
        try {
            if (!flushes && !merges && isAnythingThere(session)) {
                throw CANNOT_LOAD;
            }
            List<byte[]> libraries = persistence.reload(flushes).libraries();
            Scripts scripts = Scripts.of(session.node());
            if (flushes) {
                scripts.restoreLibraries(libraries);
            } else {
                scripts.addLibraries(libraries);
            }
        } catch (IOException e) {
            LOG.error("DEBUG RELOAD", e);
            throw CANNOT_LOAD;
        }
    }

    private static void loadLog(Session session) {
        try {
            session.node().appendOnly().reload();
        } catch (IOException e) {
            LOG.error("DEBUG LOADAOF", e);
            throw CANNOT_LOAD_LOG;
        }
    }

    /** What is in the file is there already, which the original takes for a broken file. */
    private static boolean isAnythingThere(Session session) {
        Store store = session.keyspace().store();
        long keys = 0;
        for (int database = 0; database < store.databases(); database++) {
            keys += store.size(database);
        }
        return keys > 0 || !Scripts.of(session.node()).libraryTexts().isEmpty();
    }

    /** What the original tunes so that tests see something sooner, and what is not there to be tuned here. */
    private static boolean tunesNothing(Request request) {
        return isCall(request, "QUICKLIST-PACKED-THRESHOLD", 3) || isCall(request, "REPLYBUFFER", 4)
                || isCall(request, "DICT-RESIZING", 3);
    }

    private static void digestValues(Session session, Request request, Reply reply) {
        Keyspace keyspace = session.keyspace();
        ValueDigest digest = new ValueDigest();
        reply.array(request.count() - 2L);
        for (int i = 2; i < request.count(); i++) {
            int stripe = keyspace.store().stripeOf(request.key(i));
            boolean held = keyspace.store().isHeldByMe(stripe);
            if (!held) {
                keyspace.store().lock(stripe);
            }
            try {
                reply.status(HexFormat.of().formatHex(digest.ofValue(keyspace, request.key(i))));
            } finally {
                if (!held) {
                    keyspace.store().unlock(stripe);
                }
            }
        }
    }

    private static void populate(Session session, Request request) {
        long count = request.longAt(2, 0, Integer.MAX_VALUE, CommandException.OUT_OF_RANGE);
        String prefix = request.count() > 3 ? request.text(3) : "key";
        int size = request.count() > 4
                ? (int) request.longAt(4, 0, Integer.MAX_VALUE, CommandException.OUT_OF_RANGE)
                : 0;
        Keyspace keyspace = session.keyspace();
        for (int i = 0; i < count; i++) {
            byte[] text = ("value:" + i).getBytes(StandardCharsets.US_ASCII);
            Bytes key = Bytes.copyOf(prefix + ":" + i);
            Bytes value = Bytes.copyOf(size == 0 ? text : Arrays.copyOf(text, size));
            populate(keyspace, key, value);
            key.free();
            value.free();
        }
    }

    private static void populate(Keyspace keyspace, Bytes key, Bytes value) {
        int stripe = keyspace.store().stripeOf(key);
        keyspace.store().lock(stripe);
        try {
            if (keyspace.find(key, Keyspace.NO_TOUCH | Keyspace.NO_STATS) == Keyspace.ABSENT) {
                keyspace.set(key, value, Keyspace.NO_DEADLINE);
            }
        } finally {
            keyspace.store().unlock(stripe);
        }
    }

    private static boolean isCall(Request request, String name, int count) {
        return request.count() == count && request.is(1, name);
    }

    /** Holds up the loop on purpose: that is what it is for. */
    private static void sleep(double seconds) {
        long end = System.nanoTime() + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
        for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    private static void object(Session session, Bytes key, Reply reply) {
        Keyspace keyspace = session.keyspace();
        int stripe = keyspace.store().stripeOf(key);
        keyspace.store().lock(stripe);
        try {
            long entry = keyspace.find(key, Keyspace.NO_TOUCH | Keyspace.NO_STATS | Keyspace.EVEN_EXPIRED);
            if (entry == Keyspace.ABSENT) {
                throw CommandException.NO_SUCH_KEY;
            }
            reply.status(String.format(Locale.ROOT,
                    "Value at:0x%x refcount:1 encoding:%s serializedlength:%d lru:%d lru_seconds_idle:%d", entry,
                    keyspace.encoding(entry).encodingName(), keyspace.memoryUsage(key, entry),
                    keyspace.accessField(entry),
                    keyspace.idleSeconds(entry)));
        } finally {
            keyspace.store().unlock(stripe);
        }
    }

    private static void stringMatch(Request request, Reply reply) {
        long length = request.longAt(2, 0, 1 << 20, CommandException.OUT_OF_RANGE);
        Bytes letters = Bytes.copyOf("a".repeat((int) length));
        try {
            reply.integer(Glob.matches(request.argument(3), letters) ? 1 : 0);
        } finally {
            letters.free();
        }
    }

    private static void protocol(Session session, Request request, Reply reply) {
        switch (request.text(2).toLowerCase(Locale.ROOT)) {
            case "string" -> reply.bulk("Hello World");
            case "integer" -> reply.integer(12345);
            case "double" -> reply.real(3.141);
            case "bignum" -> reply.bigNumber("1234567999999999999999999999999999999");
            case "null" -> reply.nullBulk();
            case "array" -> {
                reply.array(3);
                numbers(reply);
            }
            case "set" -> {
                reply.set(3);
                numbers(reply);
            }
            case "map" -> {
                reply.map(3);
                for (int i = 0; i < 3; i++) {
                    reply.integer(i);
                    reply.bool(i == 1);
                }
            }
            case "attrib" -> {
                if (session.protocol() == 3) {
                    reply.attribute(1);
                    reply.bulk("key-popularity");
                    reply.array(2);
                    reply.bulk("key:123");
                    reply.integer(90);
                }
                reply.bulk("Some real reply following the attribute");
            }
            case "push" -> {
                if (session.protocol() == 2) {
                    throw NOT_IN_RESP2;
                }
                reply.push(2);
                reply.bulk("server-cpu-usage");
                reply.integer(42);
                reply.bulk("Some real reply following the push reply");
            }
            case "verbatim" -> reply.verbatim("This is a verbatim\nstring");
            case "true" -> reply.bool(true);
            case "false" -> reply.bool(false);
            default -> throw WRONG_PROTOCOL_TYPE;
        }
    }

    private static void numbers(Reply reply) {
        for (int i = 0; i < 3; i++) {
            reply.integer(i);
        }
    }
}
