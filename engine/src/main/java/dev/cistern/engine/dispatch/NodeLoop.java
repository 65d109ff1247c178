package dev.cistern.engine.dispatch;

import dev.cistern.engine.acl.AccessCheck;
import dev.cistern.engine.blocking.Blocking;
import dev.cistern.engine.blocking.HandOver;
import dev.cistern.engine.blocking.Waiter;
import dev.cistern.engine.network.Connection;
import dev.cistern.engine.network.EventLoops;
import dev.cistern.engine.network.ReceiveBuffer;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Leftover;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.protocol.RequestParser;
import dev.cistern.engine.pubsub.LoopSubscriptions;
import dev.cistern.engine.replication.DeletionWords;
import dev.cistern.engine.replication.LogFeed;
import dev.cistern.engine.replication.PrimaryLink;
import dev.cistern.engine.replication.Rewrites;
import dev.cistern.store.Keyspace;
import dev.cistern.store.Memory;
import dev.cistern.store.StoreException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node owns on one event loop, and the work of a turn: received bytes become requests, requests become replies.
 *
 * <p>A turn is one session's, and bounded: after {@value #TURN_COMMANDS} commands or {@value #TURN_REPLY_BYTES} bytes
 * of replies the rest of its bytes wait until the other sessions of the loop have had theirs. Replies leave once a
 * turn. Runs on its loop's thread only.
 */
public final class NodeLoop {
    private static final Logger LOG = LoggerFactory.getLogger(NodeLoop.class);
    private static final long NANOS_PER_MICRO = 1_000;
    private static final long MICROS_PER_MILLI = 1_000;
    private static final int TURN_COMMANDS = 256;
    private static final int TURN_REPLY_BYTES = 64 * 1024;
    private static final long MAX_UNAUTHENTICATED_QUERY_BYTES = 1 << 20;
    /** A session that waits for its turn may have so many bytes received before its socket has to wait as well. */
    private static final long PAUSE_READING_WAITING_BYTES = 64 * 1024;
    /** Conditions in which some requests have to wait. */
    private static final int WAITING = Condition.PAUSED.bit() | Condition.HOLDING_SLOTS.bit()
            | Condition.LOG_FULL.bit();
    private static final int POOLED_LEFTOVERS = 16;
    private static final long BUSY_PAUSE_MILLIS = 10;
    /** How long a session that failed to log in too often waits before each further try. */
    private static final long LOGIN_PAUSE_MILLIS = 100;
    private static final int SELDOM = Flag.RUNS_SCRIPT.bit() | Flag.NO_AUTH.bit();

    private final Node node;
    private final EventLoops.Loop loop;
    private final Reply reply = new Reply();
    private final Dispatcher dispatcher;
    private final Request request = new Request();
    private final RequestParser parser = new RequestParser(request);
    private final LookAhead lookAhead = new LookAhead();
    private final Mailbox mailbox;
    private final HandOver handOver;
    private final LogFeed logFeed;
    private final Rewrites rewrites;
    private final LoopSubscriptions subscriptions;
    private final SlotScan slotScan;
    private final OutputGuard outputGuard;
    private ReplyHold replyHold;
    private final MemoryGauge memoryGauge;
    private final AccessCheck accessCheck;
    private final @Nullable Keyspace[] keyspaces;
    private final ArrayDeque<Leftover> leftoverPool = new ArrayDeque<>();
    private final ArrayDeque<Session> waiting = new ArrayDeque<>();
    private final List<Session> heldBack = new ArrayList<>();
    private boolean waitingIsScheduled;
    private @Nullable Part part;
    /** A task of the loop runs, so sockets may be served in between: nothing else walks over them. */
    private boolean inTask;
    /** The session whose script takes so long that others are served in between, and who serves them. */
    private @Nullable Session busySession;
    private @Nullable NodeLoop deputy;
    private boolean busySessionClosed;

    private long receivedBytes;
    private long sentBytes;
    private long executedCommands;
    private long wallAheadMicros;
    private boolean touches = true;
    private boolean obeys;
    /** What the reply of this turn tells of was done under a lease. */
    private boolean needsLease;
    private long turnNanos;
    /** How often its feed had added to the log when the turn began. */
    private long flushesBefore;
    private long largeRequestBytes;
    private long largeReplyBytes;
    private boolean mayHoldLargeRequest;
    private long nowMillis;

    public NodeLoop(Node node, EventLoops.Loop loop) {
        this.node = node;
        this.loop = loop;
        this.handOver = new HandOver(this);
        this.logFeed = new LogFeed(node.writeLog());
        this.rewrites = new Rewrites(new DeletionWords(node.settings()));
        this.dispatcher = new Dispatcher(node, reply, handOver, logFeed);
        this.mailbox = new Mailbox(this, loop, reply);
        this.subscriptions = new LoopSubscriptions(this, node.channels());
        this.slotScan = new SlotScan(node.store());
        this.outputGuard = new OutputGuard(node);
        this.replyHold = new ReplyHold(this);
        this.memoryGauge = new MemoryGauge(node.store(), node.memoryRules());
        this.accessCheck = new AccessCheck((int) node.settings().databases.value());
        this.keyspaces = new Keyspace[(int) node.settings().databases.value()];
        adjustClock();
    }

    public Node node() {
        return node;
    }

    /** The keyspace handle of this loop for a database; made when first used. */
    Keyspace keyspace(int database) {
        Keyspace keyspace = keyspaces[database];
        if (keyspace == null) {
            keyspace = node.store().openKeyspace(database);
            keyspace.setNowMillis(nowMillis);
            keyspace.setTouches(touches);
            keyspace.setObeys(obeys);
            keyspaces[database] = keyspace;
        }
        return keyspace;
    }

    /** How many changes its keyspaces have counted. */
    public long changes() {
        long sum = 0;
        for (Keyspace keyspace : keyspaces) {
            sum += keyspace == null ? 0 : keyspace.stats().dirty();
        }
        return sum;
    }

    /** What it has to add to the log. */
    public LogFeed logFeed() {
        return logFeed;
    }

    /** How that is spelled. */
    public Rewrites rewrites() {
        return rewrites;
    }

    /** The command that a request names, or null. */
    public @Nullable Command commandOf(Request named) {
        return dispatcher.commandOf(named);
    }

    /** Why nothing may be written now, or null. For scripts, which are asked only when they write. */
    public @Nullable CommandException writeRefusal() {
        CommandException refusal = Gate.keepingRefusal(node);
        return refusal == null && node.is(Condition.LEASED) ? leaseRefusal() : refusal;
    }

    /** Why a leased node may not write now, or null; then the lease must still hold when the reply leaves. */
    @Nullable
    CommandException leaseRefusal() {
        if (!node.replication().orders().lease().holdsAt(turnNanos)) {
            return Gate.noLease();
        }
        needsLease = true;
        return null;
    }

    /** The loop's one part of this class; made when first asked for. */
    public <T extends Part> T part(Class<T> type, Function<NodeLoop, T> maker) {
        Part known = part;
        if (!type.isInstance(known)) {
            known = maker.apply(this);
            part = known;
        }
        return type.cast(known);
    }

    /** Several requests at once: for EXEC and scripts. */
    public Unit unit() {
        return dispatcher.unit();
    }

    public CommandStatistics statistics() {
        return dispatcher.statistics();
    }

    public long receivedBytes() {
        return receivedBytes;
    }

    public long sentBytes() {
        return sentBytes;
    }

    public long executedCommands() {
        return executedCommands + unit().executedCommands();
    }

    void resetStatistics() {
        unit().resetStatistics();
        receivedBytes = 0;
        sentBytes = 0;
        executedCommands = 0;
        statistics().reset();
    }

    /** Runs a task on this loop. Any thread. */
    public void execute(Runnable task) {
        loop.executor().execute(task);
    }

    // --- sessions that wait ---

    /** Who serves those that wait for keys which this loop changes. */
    public HandOver handOver() {
        return handOver;
    }

    /** Whether the calling thread is this loop's. */
    public boolean isCurrent() {
        return loop.executor().inEventLoop();
    }

    /** This loop's handle on a database, whichever session it works for. */
    public Keyspace keyspaceOf(int database) {
        return keyspace(database);
    }

    /** What a client is told of a store's refusal. */
    public CommandException errorOf(StoreException refusal) {
        return StoreErrors.of(refusal.reason());
    }

    /** The session waits for the request's keys, whose stripes are held, or for time alone if it has none. */
    void block(Session session, Command command, Blocking blocking, Request blocked, long timeoutMillis) {
        var _ = await(session, command, blocking, blocked, timeoutMillis);
    }

    /** The same, for whoever ends the waiting himself. */
    public Waiter await(Session session, Command command, Blocking blocking, Request blocked, long timeoutMillis) {
        Waiter waiter = new Waiter(session, command, blocking, blocked, session.replyMode() != ReplyMode.ON);
        session.waiter = waiter;
        command.eachKey(blocked, index -> node.blockedKeys().add(waiter, blocked.key(index)));
        if (timeoutMillis != Blocking.FOR_EVER) {
            waiter.timer(loop.executor().schedule(() -> timedOut(waiter), timeoutMillis, TimeUnit.MILLISECONDS));
        }
        return waiter;
    }

    /**
     * The session waits until {@link #answer} is called, however long that takes. For commands whose work is done on
     * other threads; the stripes of the request are given back when its body returns.
     */
    public Waiter suspend(Session session, Command command, Request suspended) {
        Waiter waiter = new Waiter(session, command, SUSPENDED, suspended, session.replyMode() != ReplyMode.ON);
        session.waiter = waiter;
        return waiter;
    }

    private static final Blocking SUSPENDED = new Blocking((_, _, _) -> false, _ -> Blocking.FOR_EVER, null,
            Reply::nullBulk, Reply::nullBulk);

    /** Gives a suspended session of this loop its whole reply, unless it is gone. Any thread. */
    public void answer(Waiter waiter, byte[] encoded) {
        if (waiter.end()) {
            post(_ -> unblocked(waiter, encoded));
        }
    }

    /** Sessions of this loop that wait for keys which are now elsewhere are told where. The loop's thread. */
    public void redirectWaiting(Router router) {
        Request waited = new Request();
        for (Session session : node.sessions().all()) {
            Waiter waiter = session.waiter;
            if (session.loop() == this && waiter != null && waiter.command().blocking != null) {
                waiter.readRequest(waited);
                CommandException refusal = router.refusal(session, waiter.command(), waited);
                if (refusal != null && waiter.end()) {
                    node.errors().count(refusal.code());
                    unblocked(waiter, refusal.encoded());
                }
            }
        }
    }

    private void timedOut(Waiter waiter) {
        if (node.is(Condition.BUSY)) {
            // A script holds stripes for long: the waiter cannot be taken off its keys.
            waiter.timer(loop.executor().schedule(() -> timedOut(waiter), BUSY_PAUSE_MILLIS, TimeUnit.MILLISECONDS));
            return;
        }
        if (waiter.end()) {
            unblocked(waiter, timeoutReply(waiter));
        }
    }

    private byte[] timeoutReply(Waiter waiter) {
        return handOver.encode(waiter.protocol(), waiter.blocking().timedOut());
    }

    /** Ends the waiting of a session of this loop, unless it has its answer already. Any thread. */
    boolean unblock(Waiter waiter, boolean withError) {
        if (!waiter.end()) {
            return false;
        }
        post(_ -> unblocked(waiter, withError ? UNBLOCKED.encoded() : timeoutReply(waiter)));
        return true;
    }

    /** The node is a replica now: a session that waits to change something is told so. Any thread. */
    void endWaitingOnReplica(Waiter waiter) {
        boolean wouldWrite = waiter.command().is(Flag.WRITE) || waiter.command().name().equals("wait");
        if (wouldWrite && waiter.end()) {
            post(_ -> unblocked(waiter, ROLE_CHANGED.encoded()));
        }
    }

    private static final CommandException ROLE_CHANGED = CommandException.of("UNBLOCKED force unblock from blocking "
            + "operation, instance state changed (master -> replica?)");

    private static final CommandException UNBLOCKED = CommandException.of(
            "UNBLOCKED client unblocked via CLIENT UNBLOCK");

    /** The session has its answer, and goes on. No stripe is held. */
    public void unblocked(Waiter waiter, byte[] answer) {
        Session session = waiter.session();
        if (!waiter.equals(session.waiter)) {
            return;
        }
        stopWaiting(session, waiter);
        countExecuted(session, 1);
        session.needsLease |= waiter.command().is(Flag.WRITE) && node.is(Condition.LEASED);
        if (!waiter.isSilent()) {
            sendRaw(session, answer);
        }
        if (!mailbox.isInTurn(session)) {
            awaitTurn(session);
        }
    }

    private void stopWaiting(Session session, Waiter waiter) {
        node.blockedKeys().remove(waiter);
        waiter.close();
        session.waiter = null;
    }

    private void forgetWaiting(Session session) {
        Waiter waiter = session.waiter;
        if (waiter != null) {
            var _ = waiter.end();
            stopWaiting(session, waiter);
        }
    }

    /** Keeps what follows the blocking request until it is answered. */
    private void keepWhileBlocked(Session session, @Nullable Leftover source) {
        long rest = parser.unfinishedBytes();
        Leftover kept = source == null ? leftover() : source;
        parser.suspend(kept);
        if (source == null) {
            kept.append(parser.start(), rest, 0);
        } else {
            kept.dropFirst(kept.length() - rest);
        }
        session.leftover = kept;
        session.isWaiting = true;
    }

    // --- mail, and what sessions get outside of their turns ---

    /** Which of the node's loops this is, from 0. */
    public int number() {
        return loop.number();
    }

    /** Leaves mail for this loop, to be delivered in the order of posting. Any thread, also one that holds stripes. */
    public void post(Mail mail) {
        mailbox.post(mail);
    }

    /** Delivers now what was posted before: for a command that must not hear of what happened before it. */
    public void deliverMail() {
        mailbox.deliver();
    }

    /** Which of its sessions listen to what. */
    public LoopSubscriptions subscriptions() {
        return subscriptions;
    }

    /**
     * Sends a whole push to a session of this loop, after what it was sent before. Given as RESP2 spells it; to one that
     * speaks RESP3 it becomes a push. Limits on unread output may end the session. The loop's thread, outside of a unit.
     */
    public void push(Session session, byte[] resp2) {
        mailbox.push(session, resp2, (byte) (session.protocol() == 3 ? '>' : '*'));
    }

    /** Sends whole replies, already in the session's protocol, to a session of this loop outside of its turn. */
    public void sendRaw(Session session, byte[] bytes) {
        if (bytes.length > 0) {
            mailbox.push(session, bytes, bytes[0]);
        }
    }

    /** The turn's reply begins with what the session was told before. */
    void goesOnFrom(Session session) {
        needsLease |= session.needsLease;
        session.needsLease = false;
    }

    void sendPushed(Session session, long address, long length) {
        sentBytes += length;
        session.sentBytes += length;
        if (replyHold.isOn() && replyHold.takes(session, address, length, true)) {
            return;
        }
        if (session.needsLease) {
            session.needsLease = false;
            withholdWithoutLease(session);
        }
        session.connection().send(address, length);
        if (session.connection().backlogBytes() > 0) {
            outputGuard.check(session);
        }
    }

    /** CLIENT NO-TOUCH: whether this session's reading counts as an access. */
    void touches(boolean value) {
        touches = value;
        for (Keyspace keyspace : keyspaces) {
            if (keyspace != null) {
                keyspace.setTouches(value);
            }
        }
    }

    /** Aligns the turns' clock, which counts from the monotonic one, with the wall's. */
    public void adjustClock() {
        wallAheadMicros = node.clock().wallAheadMicros();
    }

    /** The session whose turn it is speaks for another user now, and may see other commands. */
    void commandsOf(Session session) {
        dispatcher.commands(session.commands());
    }

    /** Finds the slots of requests of this loop's sessions. */
    public SlotScan slotScan() {
        return slotScan;
    }

    /** The check of a user's rules, for this loop's thread. */
    public AccessCheck accessCheck() {
        return accessCheck;
    }

    /** Who ends sessions of this loop that cause more than they read. */
    OutputGuard outputGuard() {
        return outputGuard;
    }

    /** Whether the node uses more memory than it may, and no key may go for it. Asked by writing commands while there is a limit. */
    public boolean isOverMemoryLimit() {
        if (!memoryGauge.isOver(receivedBytes, turnNanos)) {
            return false;
        }
        boolean isOver = !memoryGauge.makeRoom(nowMillis);
        if (mailbox.hasOwn() && !unit().isRunning()) {
            // What is told of keys that went comes before the reply of the command that they went for.
            mailbox.deliver();
        }
        return isOver;
    }

    // --- scripts that take long ---

    /**
     * Serves the loop's other sessions once, while this one's script goes on: the node is busy, so that little is allowed.
     * Another object of this class does it, because what this one reuses (parser, request, reply) is in use.
     */
    public void serveOthers(Session session) {
        if (!inTask) {
            return;
        }
        session.connection().pauseReading();
        busySession = session;
        try {
            loop.serveOthers();
        } finally {
            busySession = null;
        }
    }

    private NodeLoop deputy() {
        if (deputy == null) {
            deputy = new NodeLoop(node, loop);
            deputy.replyHold.close();
            deputy.replyHold = replyHold;
            node.addLoop(deputy);
        }
        return deputy;
    }

    /** Whether a script of this loop lets others have their turn just now. */
    public boolean isServingOthers() {
        return busySession != null;
    }

    // --- a session's life ---

    /** The conversation for a new connection. */
    public Session accept(Connection connection) {
        return new Session(this, connection);
    }

    /** The loop that it is a part of. */
    public EventLoops.Loop eventLoop() {
        return loop;
    }

    /** The session for the stream of our primary, which goes on in a database. */
    public Session acceptPrimary(Connection connection, PrimaryLink link, int database) {
        Session session = new Session(this, connection);
        session.followPrimary(link, database);
        node.sessions().add(session);
        return session;
    }

    void opened(Session session) {
        node.counters().connectionsReceived.increment();
        int open = node.sessions().add(session);
        if (busySession != null) {
            deputy().welcome(session, open);
        } else {
            welcome(session, open);
        }
    }

    private void welcome(Session session, int open) {
        if (open > node.settings().maxClients.value()) {
            reject(session, "ERR max number of clients reached");
        } else if (isUnprotected(session)) {
            reject(session, PROTECTED_MODE);
        } else {
            session.connection().keepAlive((int) node.settings().tcpKeepalive.value());
        }
    }

    private static final String PROTECTED_MODE = "DENIED Redis is running in protected mode because protected mode is "
            + "enabled and no password is set for the default user. In this mode connections are only accepted from "
            + "the loopback interface. Set a password (requirepass), or switch protected mode off (CONFIG SET "
            + "protected-mode no) on a connection from this machine.";

    private boolean isUnprotected(Session session) {
        return node.settings().protectedMode.isOn() && !node.users().isPasswordRequired()
                && !session.connection().isLoopback();
    }

    private void reject(Session session, String error) {
        node.counters().connectionsRejected.increment();
        reply.error(CommandException.of(error));
        session.connection().send(reply);
        session.connection().closeAfterSending();
    }

    void closed(Session session) {
        heldBack.remove(session);
        outputGuard.forget(session);
        mailbox.forget(session);
        replyHold.forget(session);
        forgetWaiting(session);
        if (session.equals(busySession)) {
            // Its script still reads what it sent; see serve().
            busySessionClosed = true;
        } else {
            giveBack(session);
        }
        // At last, so that nothing of a session is left when it is not counted any more.
        node.sessions().remove(session);
    }

    private void giveBack(Session session) {
        session.release();
        Leftover kept = session.leftover;
        if (kept != null) {
            session.leftover = null;
            recycle(kept);
        }
    }

    // --- a turn ---

    void received(Session session, long address, int length) {
        if (busySession != null) {
            if (session.primaryLink() == null) {
                deputy().received(session, address, length);
            } else {
                waitForScript(session, address, length);
            }
            return;
        }
        if (session.user().isDeleted()) {
            // Whoever deleted it may know so already, when this loop has not come to it yet.
            session.endAs(session.user());
            return;
        }
        receivedBytes += length;
        session.receivedBytes += length;
        Leftover kept = session.leftover;
        if (kept == null) {
            parser.begin(address, length);
            turn(session, null);
        } else if (session.isWaiting) {
            waitWith(session, kept, address, length);
        } else if (kept.length() <= ReceiveBuffer.HEADROOM_BYTES) {
            long start = address - kept.length();
            Memory.copy(kept.address(), start, kept.length());
            parser.resume(kept, start, kept.length() + length);
            session.leftover = null;
            recycle(kept);
            turn(session, null);
        } else {
            goOn(session, kept, address, length);
        }
    }

    /** What our primary sends waits until a script has ended, whatever thread it holds up. */
    private void waitForScript(Session session, long address, int length) {
        Leftover kept = session.leftover;
        if (kept == null) {
            kept = leftover();
            session.leftover = kept;
        }
        kept.append(address, length, 0);
        if (!session.isWaiting) {
            awaitEndOfScript(session);
        }
    }

    private void awaitEndOfScript(Session session) {
        session.isWaiting = true;
        var _ = loop.executor().schedule(() -> {
            if (session.leftover == null) {
                session.isWaiting = false;
            } else if (node.is(Condition.BUSY)) {
                awaitEndOfScript(session);
            } else {
                awaitTurn(session);
            }
        }, BUSY_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void waitWith(Session session, Leftover kept, long address, int length) {
        kept.append(address, length, 0);
        if (kept.length() > PAUSE_READING_WAITING_BYTES) {
            session.connection().pauseReading();
        }
    }

    /** A large request goes on arriving: its bytes are gathered, and looked at when the awaited argument is whole. */
    private void goOn(Session session, Leftover kept, long address, int length) {
        kept.append(address, length, Math.max(0, kept.missingBytes() - length));
        if (isTooLarge(session, kept)) {
            return;
        }
        if (kept.missingBytes() > 0) {
            return;
        }
        parser.resume(kept, kept.address(), kept.length());
        turn(session, kept);
    }

    private boolean isTooLarge(Session session, Leftover kept) {
        long most = session.isAuthenticated()
                ? node.settings().queryBufferLimit.value()
                : MAX_UNAUTHENTICATED_QUERY_BYTES;
        if (kept.length() <= most) {
            return false;
        }
        closeForTooMuchInput(session);
        return true;
    }

    /** It sent a larger request, or queued more of them, than it may. */
    void closeForTooMuchInput(Session session) {
        LOG.warn("closing client {} ({}): it sent more than it may in one request or transaction", session.id(),
                session.remoteAddress());
        node.counters().queryLimitDisconnections.increment();
        session.connection().closeNow();
    }

    private void countExecuted(Session session, int commands) {
        executedCommands += commands;
        session.executedCommands += commands;
    }

    /** Executes what the parser finds, up to the bound of a turn, and sends the replies. */
    private void turn(Session session, @Nullable Leftover source) {
        beginTurn(session);
        int commands = 0;
        boolean heldBack = false;
        boolean putOff = false;
        PrimaryLink link = session.primaryLink();
        RequestParser.Result result = RequestParser.Result.REQUEST;
        while (commands < TURN_COMMANDS && reply.length() < TURN_REPLY_BYTES && !session.isClosing()
                && session.waiter == null) {
            long start = parser.start();
            if (lookAhead.isDue(start)) {
                lookAhead.look(session.keyspace(), start, parser.unfinishedBytes());
            }
            result = lookAhead.take(request, parser) ? RequestParser.Result.REQUEST : parser.next();
            if (result != RequestParser.Result.REQUEST) {
                break;
            }
            Command command = dispatcher.commandOf(request);
            if (node.isAny(WAITING) && dispatcher.isHeldBack(session, command, request)) {
                heldBack = true;
                break;
            }
            if (command != null && isPutOff(session, command)) {
                putOff = true;
                break;
            }
            if (link == null) {
                execute(session, command);
            } else {
                executeFromPrimary(session, link, command, start);
            }
            commands++;
            if (mailbox.hasOwn()) {
                mailbox.deliver();
            }
        }
        // One that waits counts when it is answered.
        countExecuted(session, session.waiter == null ? commands : commands - 1);
        dispatcher.stopwatch().endTurn(session, request);
        if (result == RequestParser.Result.PROTOCOL_ERROR) {
            failProtocol(session);
        }
        if (heldBack) {
            holdBack(session, source);
        } else if (putOff) {
            keepAll(session, source);
            if (session.mustWaitForLogin()) {
                awaitLogin(session);
            } else {
                awaitTask(session);
            }
        } else {
            keepUnexecuted(session, source, result);
        }
        mailbox.endTurn();
        send(session);
    }

    /** Runs whole requests of a file, and answers how many of them failed. No loop's thread: this object is used for that. */
    long replay(Session session, long address, long length) throws IOException {
        long failures = 0;
        parser.begin(address, length);
        beginTurn(session);
        parser.limits(true, Keyspace.MAX_STRING_BYTES);
        while (parser.next() == RequestParser.Result.REQUEST) {
            Command command = dispatcher.commandOf(request);
            if (command == null) {
                throw new IOException("there is no command '" + request.text(0) + "'");
            }
            dispatcher.execute(session, request, command);
            failures += reply.length() > 0 && Memory.getByte(reply.address()) == '-' ? 1 : 0;
            reply.clear();
        }
        mailbox.endTurn();
        if (parser.unfinishedBytes() > 0) {
            throw new IOException("what should be whole requests is none");
        }
        return failures;
    }

    private void keepUnexecuted(Session session, @Nullable Leftover source, RequestParser.Result result) {
        if (session.waiter != null) {
            keepWhileBlocked(session, source);
        } else {
            keepRest(session, source, result == RequestParser.Result.REQUEST);
        }
    }

    /** What our primary wrote is done and logged here, byte for byte. */
    private void executeFromPrimary(Session session, PrimaryLink link, @Nullable Command command, long start) {
        boolean isQueued = session.isInTransaction() && command != null && !command.is(Flag.UNQUEUED);
        link.executing(command, isQueued, start, parser.start() - start, logFeed);
        dispatcher.waitsForScripts(true);
        execute(session, command);
        dispatcher.waitsForScripts(false);
        if (logFeed.isHeld()) {
            logFeed.flush();
        }
    }

    private void beginTurn(Session session) {
        dispatcher.commands(session.commands());
        turnNanos = dispatcher.stopwatch().beginTurn();
        nowMillis = (turnNanos / NANOS_PER_MICRO + wallAheadMicros) / MICROS_PER_MILLI;
        session.lastActiveMillis = nowMillis;
        prepareKeyspaces(session);
        largeRequestBytes = orNever(node.settings().largeRequestBytes.value());
        largeReplyBytes = orNever(node.settings().largeReplyBytes.value());
        mayHoldLargeRequest = parser.unfinishedBytes() > largeRequestBytes;
        limitParser(session);
        reply.protocol(session.protocol());
        mailbox.beginTurn(session);
        lookAhead.begin();
        flushesBefore = logFeed.flushes();
    }

    private void prepareKeyspaces(Session session) {
        touches = !session.isNoTouch();
        obeys = session.passesGate();
        for (Keyspace keyspace : keyspaces) {
            if (keyspace != null) {
                keyspace.setNowMillis(nowMillis);
                keyspace.setTouches(touches);
                keyspace.setObeys(obeys);
            }
        }
    }

    private void execute(Session session, @Nullable Command command) {
        long mark = reply.length();
        boolean wasAuthenticated = session.isAuthenticated();
        dispatcher.execute(session, request, command);
        if (command != null && (mayHoldLargeRequest || reply.length() - mark > largeReplyBytes)) {
            logIfLarge(session, command, reply.length() - mark);
        }
        if (session.replyMode() != ReplyMode.ON && !repliesWithPushes(command)) {
            silence(session, mark);
        }
        if (session.isAuthenticated() != wasAuthenticated) {
            limitParser(session);
        }
    }

    /** What (UN)SUBSCRIBE answers are pushes: a session that wants no replies gets them all the same. */
    private static boolean repliesWithPushes(@Nullable Command command) {
        return command != null && command.is(Flag.PUBSUB) && command.is(Flag.WHILE_SUBSCRIBED);
    }

    /** COMMANDLOG's two logs of size; only asked when the bytes at hand are many. */
    private void logIfLarge(Session session, Command command, long replyBytes) {
        long requestBytes = 0;
        for (int i = 0; i < request.count(); i++) {
            requestBytes += request.argument(i).length();
        }
        long unixSeconds = nowMillis / 1000;
        if (command.is(Flag.SKIP_SLOWLOG)) {
            return;
        }
        if (requestBytes > largeRequestBytes) {
            node.largeRequests().add(session, command, request, requestBytes, unixSeconds,
                    node.settings().largeRequestMaxLen.value());
        }
        if (replyBytes > largeReplyBytes) {
            node.largeReplies().add(session, command, request, replyBytes, unixSeconds,
                    node.settings().largeReplyMaxLen.value());
        }
    }

    private static long orNever(long bytes) {
        return bytes < 0 ? Long.MAX_VALUE : bytes;
    }

    private void limitParser(Session session) {
        parser.limits(session.isAuthenticated(), node.settings().protoMaxBulkLen.value());
    }

    /** CLIENT REPLY: takes back what was written, if this session does not want it. */
    private void silence(Session session, long mark) {
        reply.truncate(mark);
        switch (session.replyMode()) {
            case SKIP_NEXT -> session.replyMode(ReplyMode.SKIP_THIS);
            case SKIP_THIS -> session.replyMode(ReplyMode.ON);
            case ON, OFF -> {
            }
        }
    }

    private void failProtocol(Session session) {
        node.errors().count("ERR");
        reply.error(CommandException.of(parser.error()));
        session.closeAfterReply();
    }

    /** Keeps the bytes that were not executed: half a request, or what is beyond the bound of this turn. */
    private void keepRest(Session session, @Nullable Leftover source, boolean moreMayBeWhole) {
        long rest = session.isClosing() ? 0 : parser.unfinishedBytes();
        if (rest == 0) {
            if (source != null) {
                session.leftover = null;
                recycle(source);
            }
            return;
        }
        Leftover kept = source == null ? leftover() : source;
        parser.suspend(kept);
        if (source == null) {
            kept.append(parser.start(), rest, parser.missingBulkBytes());
            session.leftover = kept;
        } else {
            kept.dropFirst(kept.length() - rest);
        }
        if (!isTooLarge(session, kept) && moreMayBeWhole) {
            awaitTurn(session);
        }
    }

    /** Whether the command is for another turn: it runs a script, or is a login after too many that failed. */
    private boolean isPutOff(Session session, Command command) {
        int flags = command.flags() | session.flagsRunBy(command);
        if ((flags & SELDOM) == 0) {
            return false;
        }
        // A script that cannot run now is refused at once.
        return (flags & Flag.RUNS_SCRIPT.bit()) == 0
                ? session.mustWaitForLogin()
                : !inTask && !node.is(Condition.BUSY);
    }

    private void awaitLogin(Session session) {
        var _ = loop.executor().schedule(() -> {
            if (session.leftover != null) {
                session.waitedForLogin = true;
                awaitTurn(session);
            }
        }, LOGIN_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** Keeps the request that was read last and all after it until the pause ends. */
    private void holdBack(Session session, @Nullable Leftover source) {
        keepAll(session, source);
        session.isHeldBack = true;
        heldBack.add(session);
    }

    /** Keeps the request that was read last and all after it, for later. */
    private void keepAll(Session session, @Nullable Leftover source) {
        Leftover kept = leftover();
        kept.append(request);
        kept.append(parser.start(), parser.unfinishedBytes(), 0);
        kept.unread();
        if (source != null) {
            recycle(source);
        }
        session.leftover = kept;
        session.isWaiting = true;
    }

    /** The pause may end by time: look then. */
    void schedulePauseEnd() {
        long millis = node.clientPause().untilMillis() - node.clock().wallMillis();
        var _ = loop.executor().schedule(this::endPause, Math.max(1, millis), TimeUnit.MILLISECONDS);
    }

    /** Lets go on what was held back, unless another pause began. */
    void endPause() {
        if (node.clock().wallMillis() < node.clientPause().untilMillis()) {
            schedulePauseEnd();
            return;
        }
        node.pauseEnded();
        letGoOn();
    }

    /** Sessions that were held back try again; one whose reason still holds waits on. */
    public void letGoOn() {
        for (Session session : heldBack) {
            session.isHeldBack = false;
            awaitTurn(session);
        }
        heldBack.clear();
    }

    private Leftover leftover() {
        Leftover pooled = leftoverPool.pollLast();
        return pooled == null ? new Leftover() : pooled;
    }

    private void recycle(Leftover leftover) {
        leftover.reset();
        if (leftoverPool.size() < POOLED_LEFTOVERS) {
            leftoverPool.addLast(leftover);
        } else {
            leftover.free();
        }
    }

    // --- the queue of sessions that have more to do ---

    private void awaitTurn(Session session) {
        session.isWaiting = true;
        if (replyHold.isFull(session)) {
            session.isFullOfReplies = true;
            return;
        }
        waiting.addLast(session);
        if (!waitingIsScheduled) {
            waitingIsScheduled = true;
            // First the sockets that are ready, then these: a task that is queued now would come before them.
            loop.afterIteration(serveWaiting);
        }
    }

    /** The session goes on as a task, which comes when the sockets that are ready have been read. */
    private void awaitTask(Session session) {
        session.isWaiting = true;
        waiting.addLast(session);
        if (!waitingIsScheduled) {
            waitingIsScheduled = true;
            execute(serveWaiting);
        }
    }

    private final Runnable serveWaiting = this::serveWaiting;

    private void serveWaiting() {
        waitingIsScheduled = false;
        if (busySession != null) {
            deputy().waiting.addAll(waiting);
            waiting.clear();
            deputy().serveWaiting();
            return;
        }
        for (int left = waiting.size(); left > 0; left--) {
            Session session = waiting.pollFirst();
            if (session != null) {
                session.isWaiting = false;
                serve(session);
            }
        }
    }

    private void serve(Session session) {
        Leftover kept = session.leftover;
        if (kept == null || session.connection().isClosing()) {
            return;
        }
        parser.resume(kept, kept.address(), kept.length());
        inTask = true;
        try {
            turn(session, kept);
        } finally {
            inTask = false;
        }
        if (busySessionClosed) {
            busySessionClosed = false;
            session.release();
            return;
        }
        if (!session.isWaiting && !session.connection().isReading() && outputGuard.mayRead(session)
                && !replyHold.isFull(session)) {
            session.connection().resumeReading();
        }
    }

    // --- sending ---

    private void send(Session session) {
        long length = reply.length();
        sentBytes += length;
        session.sentBytes += length;
        if (replyHold.isOn() && replyHold.takes(session, reply.address(), length,
                needsLease || logFeed.flushes() != flushesBefore)) {
            needsLease = false;
            reply.clear();
            return;
        }
        Connection connection = session.connection();
        if (needsLease) {
            needsLease = false;
            withholdWithoutLease(session);
        }
        connection.send(reply);
        if (session.isClosing()) {
            connection.closeAfterSending();
        } else if (connection.backlogBytes() > 0) {
            outputGuard.check(session);
        }
    }

    /**
     * Ends the connection if the lease under which something was done is over: whether that stays is not known, so it is
     * not acknowledged. The process may have stood still since the command ran.
     */
    void withholdWithoutLease(Session session) {
        if (node.is(Condition.LEASED) && !node.replication().orders().lease().holds()) {
            node.replication().orders().lease().withhold();
            session.connection().closeNow();
        }
    }

    /** What the session was sent has left, up to here: it goes on. */
    void heldHasLeft(Session session) {
        Connection connection = session.connection();
        if (session.isClosing()) {
            connection.closeAfterSending();
            return;
        }
        if (connection.backlogBytes() > 0) {
            outputGuard.check(session);
        }
        if (session.leftover != null && session.isWaiting && session.isFullOfReplies) {
            session.isFullOfReplies = false;
            awaitTurn(session);
        } else if (!session.isWaiting && !connection.isReading() && outputGuard.mayRead(session)) {
            connection.resumeReading();
        }
    }

    /** More of the log is on the disk, or will not be. Any thread. */
    public void releaseReplies() {
        replyHold.releaseSoon();
    }

    /** Closes sessions of this loop that were silent or unread for too long. */
    void lookAfterSessions() {
        outputGuard.checkAll();
        if (node.users().loginTokens().hasUsers()) {
            endLogins();
        }
        long timeoutMillis = node.settings().timeout.value() * 1000;
        if (timeoutMillis == 0) {
            return;
        }
        long now = node.clock().wallMillis();
        for (Session session : node.sessions().all()) {
            if (session.loop() == this && session.follower() == null && session.primaryLink() == null
                    && !session.isSubscribed() && !session.isBlocked()
                    && now - session.lastActiveMillis > timeoutMillis) {
                session.connection().closeNow();
            }
        }
    }

    private void endLogins() {
        long now = node.clock().nanos();
        for (Session session : node.sessions().all()) {
            if (session.loop() == this && session.isLoginOver(now)) {
                node.counters().endedTokenLogins.increment();
                session.connection().closeNow();
            }
        }
    }

    void drained(Session session) {
        if (session.equals(busySession)) {
            return;
        }
        outputGuard.forget(session);
        if (session.follower() != null) {
            session.follower().serve();
        }
        if (!session.isWaiting && !replyHold.isFull(session)) {
            session.connection().resumeReading();
        }
    }

    /** Gives the buffers back; the node's connections are closed. */
    public void close() {
        if (deputy != null) {
            deputy.close();
        }
        reply.close();
        mailbox.close();
        replyHold.close();
        handOver.close();
        logFeed.close();
        memoryGauge.close();
        if (part != null) {
            part.close();
        }
        for (Keyspace keyspace : keyspaces) {
            if (keyspace != null) {
                keyspace.close();
            }
        }
        leftoverPool.forEach(Leftover::free);
        leftoverPool.clear();
    }
}
