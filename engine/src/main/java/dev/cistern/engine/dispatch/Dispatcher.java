package dev.cistern.engine.dispatch;

import dev.cistern.engine.blocking.Blocking;
import dev.cistern.engine.blocking.HandOver;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.ReplyTooLongException;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.replication.LogFeed;
import dev.cistern.engine.replication.Rewrites;
import dev.cistern.engine.replication.WriteLog;
import dev.cistern.engine.tracking.Tracking;
import dev.cistern.store.Bytes;
import dev.cistern.store.Keyspace;
import dev.cistern.store.OutOfNativeMemoryException;
import dev.cistern.store.StoreException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds a request's command, lets it through the gate or refuses it, holds its stripes while it runs, and counts it.
 *
 * <p>The only place that catches what a command throws. A {@link CommandException} is the client's error and becomes
 * the reply; anything else is our bug: it is logged with the command's name, and that connection ends. One per node and
 * loop; runs on the loop's thread.
 */
public final class Dispatcher {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);
    private static final CommandException INTERNAL_ERROR = CommandException.of("ERR internal error");
    /** How much of a wrong command the complaint repeats. */
    private static final int MAX_QUOTED_BYTES = 128;

    private final Node node;
    /** The commands that exist for the session whose turn it is. */
    private CommandIndex commands;
    private final Reply reply;
    private final Stopwatch stopwatch;
    private final KeyLocks locks;
    private final CommandStatistics statistics;
    private final Unit unit;
    private final HandOver handOver;
    private final WriteLog log;
    private final LogFeed feed;

    Dispatcher(Node node, Reply reply, HandOver handOver, LogFeed feed) {
        this.node = node;
        this.commands = node.commands();
        this.reply = reply;
        this.statistics = new CommandStatistics(commands.numbered().size());
        this.stopwatch = new Stopwatch(node, statistics);
        this.locks = new KeyLocks(node.store(), node.busyScript());
        this.handOver = handOver;
        this.log = node.writeLog();
        this.feed = feed;
        this.unit = new Unit(this, locks, stopwatch, handOver, feed, node);
    }

    Unit unit() {
        return unit;
    }

    /** From here on these commands exist: those that the next request's session may see. */
    void commands(CommandIndex visible) {
        commands = visible;
    }

    /** Whether what comes waits for a script that takes long, instead of being refused. */
    void waitsForScripts(boolean value) {
        locks.waitsForScripts(value);
    }

    CommandStatistics statistics() {
        return statistics;
    }

    Stopwatch stopwatch() {
        return stopwatch;
    }

    /** The command that the request names, or null. Needs only its first two arguments. */
    @Nullable
    Command commandOf(Request request) {
        Command command = commands.find(request.argument(0));
        return command != null && command.isContainer() && request.count() > 1
                ? commands.find(command, request.argument(1))
                : command;
    }

    /** Whether the request has to wait, for the end of a pause or for its slot; only asked while there is a reason. */
    boolean isHeldBack(Session session, @Nullable Command command, Request request) {
        if (session.primaryLink() != null) {
            return false;
        }
        Router router = node.router();
        boolean byRouter = router != null && command != null && node.is(Condition.HOLDING_SLOTS)
                && command.accepts(request.count()) && router.holdsBack(session, command, request);
        return byRouter || isPaused(session, command, request) || waitsForLog(session, command, request);
    }

    private boolean waitsForLog(Session session, @Nullable Command command, Request request) {
        return node.is(Condition.LOG_FULL) && (flagsOf(session, command, request) & WRITING) != 0;
    }

    private static final int WRITING = Flag.WRITE.bit() | Flag.MAY_REPLICATE.bit();

    private static int flagsOf(Session session, @Nullable Command command, Request request) {
        return command == null || !command.accepts(request.count()) ? 0 : session.flagsOf(command, request);
    }

    private boolean isPaused(Session session, @Nullable Command command, Request request) {
        int flags = flagsOf(session, command, request);
        return !session.user().isInternal() && node.clientPause().holdsBack(flags, node.clock().wallMillis());
    }

    /** Executes one request, whose command {@link #commandOf} found: whatever happens, exactly one reply is written. */
    void execute(Session session, Request request, @Nullable Command command) {
        if (command == null) {
            session.spoilTransaction();
            refuseUnknown(session, request);
            return;
        }
        if (!command.accepts(request.count())) {
            refuse(session, command, command.wrongArity);
            return;
        }
        session.lastCommand = command;
        int conditions = session.conditions() | session.user().conditions() | node.conditions();
        if (Condition.TRACKED.isIn(conditions)) {
            var _ = node.trackedKeys().acts(session);
            execute(session, request, command, conditions);
            session.cachingUsed(command);
            node.trackedKeys().acted();
        } else {
            execute(session, request, command, conditions);
        }
    }

    private void execute(Session session, Request request, Command command, int conditions) {
        if (conditions != 0) {
            // What a primary sends has been let through there.
            CommandException refusal = session.passesGate()
                    ? null
                    : Gate.refusal(session, command, request, conditions);
            if (refusal != null) {
                refuse(session, command, refusal);
                session.asking(false);
                return;
            }
            if (Condition.IN_TRANSACTION.isIn(conditions) && !command.is(Flag.UNQUEUED)) {
                session.queue(command, request);
                reply.status("QUEUED");
                return;
            }
        }
        if ((conditions & UNUSUAL) == 0) {
            run(session, command, request, reply);
        } else {
            runUnusually(session, command, request, conditions);
        }
    }

    private static final int UNUSUAL = Condition.MONITORED.bit() | Condition.ASKING.bit();

    private void runUnusually(Session session, Command command, Request request, int conditions) {
        if (Condition.MONITORED.isIn(conditions)) {
            runWatched(session, command, request, reply);
        } else {
            run(session, command, request, reply);
        }
        if (Condition.ASKING.isIn(conditions) && !session.isInTransaction() && !command.name().equals("asking")) {
            session.asking(false);
        }
    }

    /** Runs a command while some session is told of all. A script is told of before what it runs. */
    private void runWatched(Session session, Command command, Request request, Reply into) {
        boolean isScript = command.is(Flag.SKIP_MONITOR) && command.group().equals("scripting");
        if (isScript) {
            node.monitors().tellAlways(session, command, request, false);
        }
        run(session, command, request, into);
        node.monitors().tell(session, command, request, unit.isInScript());
    }

    /** Runs a request whose stripes, or more, the unit holds; answers into {@code into}. */
    void runInUnit(Session session, Command command, Request request, Reply into) {
        if (node.is(Condition.MONITORED)) {
            runWatched(session, command, request, into);
        } else {
            run(session, command, request, into);
        }
    }

    private void run(Session session, Command command, Request request, Reply into) {
        long mark = into.length();
        stopwatch.start(command);
        into.bound(command.is(Flag.WRITE) ? null : session);
        try {
            if (unit.isRunning()) {
                runBody(session, command, request, into);
            } else if (command.onlyKey != 0) {
                runWithKey(session, command, request);
            } else if (command.hasKeys() || command.is(Flag.ALL_STRIPES)) {
                runWithKeys(session, command, request);
            } else {
                runBody(session, command, request, into);
            }
        } catch (CommandException error) {
            fail(command, into, mark, error);
        } catch (StoreException error) {
            fail(command, into, mark, StoreErrors.of(error.reason()));
        } catch (ReplyTooLongException tooLong) {
            fail(command, into, mark, CommandException.OUT_OF_MEMORY);
            session.loop().outputGuard().cut(session, tooLong);
        } catch (OutOfNativeMemoryException exhausted) {
            LOG.error("the operating system gives no more memory to {}", command.fullName(), exhausted);
            fail(command, into, mark, CommandException.OUT_OF_MEMORY);
        } catch (RuntimeException | Error bug) {
            confess(session, command, into, mark, bug);
        }
        into.bound(null);
        stopwatch.stop(session, command, request);
        if (handOver.isDue() && !unit.isRunning()) {
            handOver.settle();
        }
    }

    private void runWithKey(Session session, Command command, Request request) {
        Bytes key = request.key(command.onlyKey);
        int stripe = locks.lock(key);
        try {
            runBody(session, command, request, reply);
        } finally {
            if (feed.isHeld()) {
                feed.flush();
            }
            if (handOver.isDue()) {
                handOver.serve();
            }
            locks.unlock(stripe);
        }
    }

    private void runWithKeys(Session session, Command command, Request request) {
        if (command.is(Flag.OWN_LOCKING)) {
            runBody(session, command, request, reply);
            return;
        }
        locks.lockAll(command, request);
        try {
            runBody(session, command, request, reply);
        } finally {
            if (feed.isHeld()) {
                feed.flush();
            }
            if (handOver.isDue()) {
                handOver.serve();
            }
            locks.unlockAll();
        }
    }

    private void runBody(Session session, Command command, Request request, Reply into) {
        Tracking tracking = session.tracking();
        if (tracking == null) {
            runPlainly(session, command, request, into);
            return;
        }
        try {
            runPlainly(session, command, request, into);
        } finally {
            node.trackedKeys().remember(session, tracking, command, request);
        }
    }

    private void runPlainly(Session session, Command command, Request request, Reply into) {
        if (log.isOn()) {
            runLogged(session, command, request, into);
        } else {
            runUnlogged(session, command, request, into);
        }
    }

    /** Runs the body, and adds to the log what it did. What runs others is not logged: those are. */
    private void runLogged(Session session, Command command, Request request, Reply into) {
        if (session.primaryLink() != null) {
            // This node has become a primary, and what its former one has still sent is nobody's any more.
            feed.forget();
            return;
        }
        if (command.is(Flag.RUNS_SCRIPT) || command.is(Flag.RUNS_QUEUED)) {
            runUnlogged(session, command, request, into);
            return;
        }
        boolean isUnderStripes = unit.isRunning() || ((command.hasKeys() || command.is(Flag.ALL_STRIPES))
                && !command.is(Flag.OWN_LOCKING));
        if (isUnderStripes) {
            feed.hold();
        }
        NodeLoop loop = session.loop();
        Keyspace keyspace = session.keyspace();
        long changes = loop.changes();
        long mark = into.length();
        boolean isWhole = false;
        try {
            runUnlogged(session, command, request, into);
            isWhole = true;
        } finally {
            if (loop.changes() != changes || (isWhole && Rewrites.isAlwaysLogged(command))) {
                if (isWhole) {
                    loop.rewrites().log(keyspace, command, request, into, mark, feed);
                } else {
                    feed.request(keyspace.database(), request);
                }
            }
            if (!isUnderStripes) {
                feed.flush();
            }
        }
    }

    private void runUnlogged(Session session, Command command, Request request, Reply into) {
        if (command.keyspaceBody != null) {
            command.keyspaceBody.run(session.keyspace(), request, into);
        } else if (command.sessionBody != null) {
            command.sessionBody.run(session, request, into);
        } else if (command.blocking != null) {
            runBlocking(session, command, command.blocking, request, into);
        } else {
            throw command.wrongArity;
        }
    }

    /** Answers, or puts the session into the queues of the keys, whose stripes are held. */
    private void runBlocking(Session session, Command command, Blocking blocking, Request request, Reply into) {
        long timeoutMillis = blocking.timeout().millis(request);
        if (blocking.body().run(session.keyspace(), request, into)) {
            return;
        }
        if (timeoutMillis == Blocking.NO_WAIT || unit.isRunning()) {
            blocking.nothing().accept(into);
        } else {
            blocking.fixing().fix(session.keyspace(), request);
            session.loop().block(session, command, blocking, request, timeoutMillis);
            request.dropReplacements();
        }
    }

    private void fail(Command command, Reply into, long mark, CommandException error) {
        into.truncate(mark);
        statistics.failed(command);
        answer(into, error);
    }

    private void confess(Session session, Command command, Reply into, long mark, Throwable bug) {
        LOG.error("bug in {}: closing the connection of client {}", command.fullName(), session.id(), bug);
        node.counters().bugs.increment();
        fail(command, into, mark, INTERNAL_ERROR);
        session.closeAfterReply();
    }

    /** Refuses a command before it runs. A transaction will not be executed then; if this was EXEC, it ends. */
    private void refuse(Session session, Command command, CommandException error) {
        statistics.rejected(command);
        session.spoilTransaction();
        CommandException told = command.is(Flag.RUNS_QUEUED) ? session.abortTransaction(error) : error;
        // Clients of a cluster look for the router's words at the beginning.
        answer(reply, ROUTERS_CODES.contains(error.code()) ? error : told);
    }

    private static final Set<String> ROUTERS_CODES = Set.of("MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN", "TRYAGAIN");

    private void refuse(CommandException error) {
        answer(reply, error);
    }

    private void answer(Reply into, CommandException error) {
        node.errors().count(error.code());
        into.error(error);
    }

    /** An unknown command; two of them show that a browser was lured into talking to us. */
    private void refuseUnknown(Session session, Request request) {
        Command container = commands.find(request.argument(0));
        if (container != null) {
            refuse(unknownSubcommand(container, request));
            return;
        }
        if (request.is(0, "POST") || request.is(0, "HOST:")) {
            LOG.warn("possible cross protocol attack: {} from {}, connection aborted", request.text(0),
                    session.remoteAddress());
            session.closeAfterReply();
            return;
        }
        StringBuilder arguments = new StringBuilder();
        for (int i = 1; i < request.count() && arguments.length() < MAX_QUOTED_BYTES; i++) {
            String quoted = quoted(request.argument(i), MAX_QUOTED_BYTES - arguments.length());
            arguments.append('\'').append(quoted).append("' ");
        }
        refuse(CommandException.of("ERR unknown command '" + quoted(request.argument(0), MAX_QUOTED_BYTES)
                + "', with args beginning with: " + arguments));
    }

    private static CommandException unknownSubcommand(Command container, Request request) {
        return CommandException.of("ERR unknown subcommand '" + quoted(request.argument(1), MAX_QUOTED_BYTES)
                + "'. Try " + container.name().toUpperCase(Locale.ROOT) + " HELP.");
    }

    /** The first bytes, up to a NUL, where the original's text would end too. */
    private static String quoted(Bytes argument, int most) {
        byte[] bytes = new Bytes(argument.address(), Math.min(argument.length(), most)).toByteArray();
        String text = new String(bytes, StandardCharsets.UTF_8);
        int nul = text.indexOf('\0');
        return nul < 0 ? text : text.substring(0, nul);
    }
}
