package dev.cistern.engine.dispatch;

import dev.cistern.engine.acl.AclLog;
import dev.cistern.engine.acl.Denial;
import dev.cistern.engine.acl.User;
import dev.cistern.engine.blocking.Waiter;
import dev.cistern.engine.network.Connection;
import dev.cistern.engine.network.Conversation;
import dev.cistern.engine.protocol.CommandException;
import dev.cistern.engine.protocol.Leftover;
import dev.cistern.engine.protocol.Reply;
import dev.cistern.engine.protocol.Request;
import dev.cistern.engine.pubsub.Kind;
import dev.cistern.engine.pubsub.Subscriptions;
import dev.cistern.engine.replication.Follower;
import dev.cistern.engine.replication.PrimaryLink;
import dev.cistern.engine.settings.OutputLimits.ClientClass;
import dev.cistern.engine.tracking.Tracking;
import dev.cistern.engine.transactions.Transaction;
import dev.cistern.store.Keyspace;
import org.jspecify.annotations.Nullable;

/**
 * One client's state: who it is, which keyspace it chose, how it wants its replies.
 *
 * <p>Not its socket ({@link Connection}) and not the work of a turn ({@link NodeLoop}). Changed on its loop's thread
 * only; other threads may read the fields that describe it, each a word or an immutable object, and see at worst
 * what was true a moment ago.
 */
public final class Session implements Conversation, Reply.Bound {
    /** The end of a login that has none. */
    private static final long FOR_EVER = Long.MAX_VALUE;
    /** So many logins may fail one after the other before those that follow have to wait. */
    private static final int FREE_LOGINS = 5;

    private final long id;
    private final NodeLoop loop;
    private final Connection connection;
    private final String remoteAddress;
    private final String localAddress;
    private final long createdMillis;

    private int database;
    private int protocol = 2;
    private User user;
    private CommandIndex commands;
    private int conditions;
    private long loginEndsNanos = FOR_EVER;
    private int failedLogins;
    /** Whether it waited before the login that comes next. */
    boolean waitedForLogin;
    private ReplyMode replyMode = ReplyMode.ON;
    private boolean closeAfterReply;
    private @Nullable Transaction transaction;
    private @Nullable Subscriptions subscriptions;
    private volatile @Nullable Tracking tracking;
    private volatile boolean redirectIsBroken;
    private boolean isCachingGiven;

    private String name = "";
    private String libraryName = "";
    private String libraryVersion = "";
    private String capabilities = "";
    private boolean readsReplica;
    private boolean noEvict;
    private boolean noTouch;
    private @Nullable Follower follower;
    private @Nullable PrimaryLink primaryLink;
    private boolean isReplay;

    long lastActiveMillis;
    @Nullable
    Command lastCommand;
    long receivedBytes;
    long sentBytes;
    long executedCommands;
    long softLimitSinceMillis;
    @Nullable
    Leftover leftover;
    /** What it is sent outside of its turns and has not been written yet. */
    @Nullable
    Outbox outbox;
    /** What it waits for; null while it does not. */
    volatile @Nullable Waiter waiter;
    /** Bytes of replies that may not leave before the disk has what they tell of. */
    long heldBytes;
    /** Some of those stay for now, so all behind them do. */
    boolean hasHeldBefore;
    /** So much of what it was sent waits that it executes nothing. */
    boolean isFullOfReplies;
    /** What it is told next was done under a lease, which must still hold then. */
    boolean needsLease;
    /** A pause holds it back. */
    boolean isHeldBack;
    /** Waits in the loop's queue for its next turn, or for the end of a pause: nothing is executed meanwhile. */
    boolean isWaiting;

    Session(NodeLoop loop, Connection connection) {
        this.loop = loop;
        this.connection = connection;
        this.id = loop.node().sessions().nextId();
        this.remoteAddress = connection.remoteAddress();
        this.localAddress = connection.localAddress();
        this.createdMillis = loop.node().clock().wallMillis();
        this.lastActiveMillis = createdMillis;
        this.user = loop.node().users().defaultUser();
        this.commands = loop.node().commandsFor(user);
        requireAuthentication();
    }

    // --- from the connection ---

    @Override
    public void opened() {
        loop.opened(this);
    }

    @Override
    public void received(long address, int length) {
        loop.received(this, address, length);
    }

    @Override
    public void drained() {
        loop.drained(this);
    }

    @Override
    public void closed() {
        loop.closed(this);
    }

    // --- where it belongs ---

    public long id() {
        return id;
    }

    public Node node() {
        return loop.node();
    }

    public NodeLoop loop() {
        return loop;
    }

    public Connection connection() {
        return connection;
    }

    public String remoteAddress() {
        return remoteAddress;
    }

    public String localAddress() {
        return localAddress;
    }

    /** Runs a task on this session's loop, where its state may be changed. Any thread. */
    public void execute(Runnable task) {
        connection.execute(task);
    }

    // --- the keyspace it chose ---

    public int database() {
        return database;
    }

    /** Throws an error if the node is one of a cluster, where there is but one database; the words say what was tried. */
    public void requireNoCluster(String attempt) {
        if (node().router() != null) {
            throw CommandException.of("ERR " + attempt + " is not allowed in cluster mode");
        }
    }

    /** Throws DB_OUT_OF_RANGE if there is no such database. */
    public void select(long index) {
        if (index != 0) {
            requireNoCluster("SELECT");
        }
        if (index < 0 || index >= node().settings().databases.value()) {
            throw CommandException.DB_OUT_OF_RANGE;
        }
        database = (int) index;
    }

    /** The selected keyspace. */
    public Keyspace keyspace() {
        return loop.keyspace(database);
    }

    /** Another keyspace, by its number. */
    public Keyspace keyspace(int index) {
        return loop.keyspace(index);
    }

    /** The commands that exist for it. */
    public CommandIndex commands() {
        return commands;
    }

    // --- who it is ---

    public User user() {
        return user;
    }

    public boolean isAuthenticated() {
        return !Condition.UNAUTHENTICATED.isIn(conditions)
                || (!node().users().isPasswordRequired() && !connection.isForInsiders());
    }

    /** It was wrong about a name or a password. */
    void loginFailed() {
        failedLogins++;
        waitedForLogin = false;
    }

    /** Whether it has to wait before it tries again: who guesses is slow then, and nobody else notices. */
    boolean mustWaitForLogin() {
        return failedLogins >= FREE_LOGINS && !waitedForLogin;
    }

    /** Lets it in as this user. */
    public void authenticate(User as) {
        loginEndsNanos = FOR_EVER;
        failedLogins = 0;
        speakFor(as);
        set(Condition.UNAUTHENTICATED, false);
    }

    /** Lets it in as this user, until the node's {@link Clock#nanos} are so many. */
    public void authenticateUntil(User as, long nanos) {
        authenticate(as);
        loginEndsNanos = nanos;
    }

    /** Its time as the user that it is has passed. */
    boolean isLoginOver(long nowNanos) {
        return loginEndsNanos != FOR_EVER && nowNanos - loginEndsNanos >= 0;
    }

    /** Its user was deleted: it is nobody any more, and its connection ends. */
    void endAs(User deleted) {
        if (user == deleted) {
            speakFor(node().users().defaultUser());
            set(Condition.UNAUTHENTICATED, true);
            connection.closeAfterSending();
        }
    }

    /** Its user's rights changed: if it listens to a channel that they do not allow any more, its connection ends. */
    void endUnlessAllowed(User changed) {
        if (user == changed && isSubscribed() && !subscriptions().areAllowedBy(changed.rules())) {
            endAs(changed);
        }
    }

    /**
     * Why its user may not run the command, or null if it may, when that database is selected. A refusal is counted and
     * logged, with the surroundings in which the command was asked for.
     */
    public @Nullable Denial denial(Command command, Request request, AclLog.Context context, int onDatabase) {
        if (user.conditions() == 0) {
            return null;
        }
        Denial denial = loop.accessCheck().denial(user, command, request, onDatabase);
        if (denial != null) {
            Denials.note(this, denial, command, request, loop.accessCheck().deniedArgument(), context);
        }
        return denial;
    }

    /** Whether its user may run the command; asking is neither counted nor logged. */
    public boolean mayRun(Command command, Request request) {
        return user.conditions() == 0 || loop.accessCheck().denial(user, command, request, database) == null;
    }

    private void speakFor(User other) {
        user = other;
        commands = node().commandsFor(other);
        loop.commandsOf(this);
    }

    private void requireAuthentication() {
        loginEndsNanos = FOR_EVER;
        speakFor(node().users().defaultUser());
        set(Condition.UNAUTHENTICATED, connection.isForInsiders() || node().users().isPasswordRequired());
    }

    /** Takes over what the change of a setting means for an open connection. */
    void settingsChanged() {
        connection.keepAlive((int) node().settings().tcpKeepalive.value());
    }

    void set(Condition condition, boolean holds) {
        conditions = holds ? conditions | condition.bit() : conditions & ~condition.bit();
    }

    int conditions() {
        return conditions;
    }

    // --- in a cluster ---

    /** ASKING: its next command may be on a slot that is still being handed over to this node. */
    public void asking(boolean value) {
        set(Condition.ASKING, value);
    }

    public boolean isAsking() {
        return Condition.ASKING.isIn(conditions);
    }

    /** READONLY: it reads from this replica what the primary may have changed since. */
    public void readsReplica(boolean value) {
        readsReplica = value;
    }

    public boolean readsReplica() {
        return readsReplica;
    }

    // --- its transaction ---

    /** What it queues and watches; made when first asked for. */
    public Transaction transaction() {
        if (transaction == null) {
            transaction = new Transaction(this);
        }
        return transaction;
    }

    public boolean isInTransaction() {
        return Condition.IN_TRANSACTION.isIn(conditions);
    }

    /** MULTI: what follows is queued. */
    public void beginTransaction() {
        set(Condition.IN_TRANSACTION, true);
    }

    /** What follows is executed again; nothing is queued or watched any more. */
    public void endTransaction() {
        set(Condition.IN_TRANSACTION, false);
        if (transaction != null) {
            transaction.discard();
        }
    }

    /** Queues a request; one that queues more than it may send at once is closed. */
    void queue(Command command, Request request) {
        transaction().add(command, request, command.flagsIn(this, request));
        if (transaction().queuedBytes() > node().settings().queryBufferLimit.value()) {
            loop.closeForTooMuchInput(this);
        }
    }

    /** A request was refused; EXEC will be as well. */
    void spoilTransaction() {
        if (isInTransaction()) {
            transaction().spoil();
        }
    }

    /** EXEC was refused: the transaction ends, and the error says so. */
    CommandException abortTransaction(CommandException why) {
        if (!isInTransaction()) {
            return why;
        }
        endTransaction();
        return CommandException.of("EXECABORT Transaction discarded because of: " + why.text());
    }

    /** The flags of what a command runs beside itself: for EXEC, of all that is queued. */
    int flagsRunBy(Command command) {
        return command.is(Flag.RUNS_QUEUED) && isInTransaction() ? transaction().flags() : 0;
    }

    /** What the command does in this request: a script as it says of itself, EXEC as all that is queued. */
    int flagsOf(Command command, Request request) {
        return command.flagsIn(this, request) | flagsRunBy(command);
    }

    /** Whether the command, and if it is EXEC every queued one, has the flag. */
    boolean allows(Command command, Request request, Flag flag) {
        int flags = command.flagsIn(this, request);
        if (command.is(Flag.RUNS_QUEUED) && isInTransaction()) {
            flags &= transaction().commonFlags();
        }
        return (flags & flag.bit()) != 0;
    }

    /** Whether the command takes memory; queueing it does, whatever it is. */
    boolean mayNeedMemory(Command command, Request request) {
        boolean isQueued = isInTransaction() && !command.is(Flag.UNQUEUED);
        return isQueued || (flagsOf(command, request) & Flag.DENY_OOM.bit()) != 0;
    }

    /** Commands that wait for EXEC; -1 outside of a transaction. */
    public int queuedCommands() {
        Transaction present = transaction;
        return present == null || !isInTransaction() ? -1 : present.queuedCommands();
    }

    public int watchedKeys() {
        Transaction present = transaction;
        return present == null ? 0 : present.watchedKeys();
    }

    public long queuedBytes() {
        Transaction present = transaction;
        return present == null ? 0 : present.queuedBytes();
    }

    // --- what it waits for ---

    /** Whether it waits in a blocking command, or for the end of a pause. */
    public boolean isBlocked() {
        return waiter != null || isHeldBack;
    }

    /**
     * CLIENT UNBLOCK: has it wait no longer, and answer as if its time were over, or with an error. Says whether it did
     * wait. Any thread.
     */
    public boolean unblock(boolean withError) {
        Waiter present = waiter;
        return present != null && loop.unblock(present, withError);
    }

    // --- what it listens to ---

    /** Its channels and patterns; made when first asked for. */
    public Subscriptions subscriptions() {
        if (subscriptions == null) {
            subscriptions = new Subscriptions(this);
        }
        return subscriptions;
    }

    /** To be called after channels came or went. */
    public void subscriptionsChanged() {
        set(Condition.SUBSCRIBED, subscriptions != null && !subscriptions.isEmpty());
    }

    public boolean isSubscribed() {
        return Condition.SUBSCRIBED.isIn(conditions);
    }

    /** How many names of this kind it listens to. */
    public int subscriptions(Kind kind) {
        Subscriptions present = subscriptions;
        return present == null ? 0 : present.count(kind);
    }

    private void unsubscribe() {
        if (subscriptions != null) {
            subscriptions.clear();
            subscriptionsChanged();
        }
    }

    /** The connection is gone: what it held is given back. */
    void release() {
        node().trackedKeys().end(this);
        endMonitor();
        unsubscribe();
        if (transaction != null) {
            transaction.close();
        }
        if (follower != null) {
            node().replication().gone(follower);
        }
    }

    /** Back to how it was when it connected, but for its id and connection. */
    public void reset() {
        endTransaction();
        endMonitor();
        unsubscribe();
        node().trackedKeys().end(this);
        asking(false);
        readsReplica = false;
        database = 0;
        protocol = 2;
        replyMode = ReplyMode.ON;
        name = "";
        capabilities = "";
        noEvict = false;
        noTouch(false);
        requireAuthentication();
    }

    // --- which keys it tracks ---

    /** What it asked for; null if it does not track. Any thread. */
    public @Nullable Tracking tracking() {
        return tracking;
    }

    /** To be called by {@link dev.cistern.engine.tracking.TrackedKeys} alone, which keeps count. */
    public void tracking(@Nullable Tracking value) {
        tracking = value;
        redirectIsBroken = false;
        isCachingGiven = false;
    }

    /** Whom its messages are for is gone. Any thread. */
    public void redirectIsBroken() {
        redirectIsBroken = true;
    }

    public boolean isRedirectBroken() {
        return redirectIsBroken;
    }

    /** CLIENT CACHING was given for the command, or transaction, that follows. */
    public void cachingGiven() {
        isCachingGiven = true;
    }

    public boolean isCachingGiven() {
        return isCachingGiven;
    }

    /** A command of its own has been executed: CACHING was for that one, unless it was CLIENT or began a transaction. */
    void cachingUsed(Command command) {
        if (isCachingGiven && !isInTransaction() && !command.fullName().startsWith("client|")) {
            isCachingGiven = false;
        }
    }

    /** Whether it was blocked, and its answer is about to be sent. */
    public boolean isAnswerUnderWay() {
        Waiter present = waiter;
        return present != null && present.isBeingAnswered();
    }

    // --- whether it is another node ---

    /** What is known of it as a replica of ours; null if it is none. */
    public @Nullable Follower follower() {
        return follower;
    }

    public void follower(Follower value) {
        follower = value;
    }

    /** The link whose stream it is; null if it is a client's. */
    public @Nullable PrimaryLink primaryLink() {
        return primaryLink;
    }

    /** From here on it is what our primary has written: it may do everything, and wants no replies. */
    void followPrimary(PrimaryLink link, int inDatabase) {
        primaryLink = link;
        database = inDatabase;
        replyMode = ReplyMode.OFF;
        authenticate(node().users().primaryUser());
    }

    /** From here on its requests come from a file: they may do everything, and are answered for nobody. */
    void replay() {
        isReplay = true;
        authenticate(node().users().primaryUser());
    }

    /** Whether what it asks for was let through somewhere else before. */
    boolean passesGate() {
        return isReplay || primaryLink != null;
    }

    /** The node has become a replica: whoever waits to take something waits in vain. */
    public void endWaitingOnReplica() {
        Waiter present = waiter;
        if (present != null) {
            loop.endWaitingOnReplica(present);
        }
    }

    // --- whether it watches the others ---

    public boolean isMonitor() {
        return Condition.MONITOR.isIn(conditions);
    }

    /** From here on it is told of every command. */
    public void monitor() {
        set(Condition.MONITOR, true);
        node().monitors().add(this);
    }

    private void endMonitor() {
        if (isMonitor()) {
            set(Condition.MONITOR, false);
            node().monitors().remove(this);
        }
    }

    // --- how it talks ---

    /** 2 or 3. */
    public int protocol() {
        return protocol;
    }

    public void protocol(int version) {
        protocol = version;
    }

    public ReplyMode replyMode() {
        return replyMode;
    }

    public void replyMode(ReplyMode mode) {
        replyMode = mode;
    }

    /** The connection is closed when the replies of this turn have left; what else it sent is not executed. */
    public void closeAfterReply() {
        closeAfterReply = true;
    }

    public boolean isClosing() {
        return closeAfterReply || connection.isClosing();
    }

    /** What its unsent replies are measured by. */
    public ClientClass clientClass() {
        return follower != null
                ? ClientClass.SLAVE
                : isSubscribed() ? ClientClass.PUBSUB : ClientClass.NORMAL;
    }

    @Override
    public long mostReplyBytes() {
        return loop.outputGuard().mostReplyBytes(this);
    }

    // --- what it says of itself ---

    public String name() {
        return name;
    }

    public void name(String value) {
        name = value;
    }

    public String libraryName() {
        return libraryName;
    }

    public void libraryName(String value) {
        libraryName = value;
    }

    /** A letter for each thing that it said it can do. */
    public String capabilities() {
        return capabilities;
    }

    public void capabilities(String letters) {
        capabilities = letters;
    }

    public String libraryVersion() {
        return libraryVersion;
    }

    public void libraryVersion(String value) {
        libraryVersion = value;
    }

    public boolean isNoEvict() {
        return noEvict;
    }

    public void noEvict(boolean value) {
        noEvict = value;
    }

    public boolean isNoTouch() {
        return noTouch;
    }

    public void noTouch(boolean value) {
        noTouch = value;
        loop.touches(!value);
    }

    // --- what others may look at ---

    public long createdMillis() {
        return createdMillis;
    }

    public long lastActiveMillis() {
        return lastActiveMillis;
    }

    public @Nullable Command lastCommand() {
        return lastCommand;
    }

    public long receivedBytes() {
        return receivedBytes;
    }

    public long sentBytes() {
        return sentBytes;
    }

    public long executedCommands() {
        return executedCommands;
    }

    /** Bytes that were received and wait to be executed. */
    public long waitingBytes() {
        Leftover kept = leftover;
        return kept == null ? 0 : kept.length();
    }

    /** All the memory that is held for it: of what it sent, of what it queued, and of replies that it has not read. */
    public long heldBytes() {
        return waitingCapacity() + connection.backlogBytes() + queuedBytes();
    }

    /** Memory held for bytes that were received and wait to be executed. */
    public long waitingCapacity() {
        Leftover kept = leftover;
        return kept == null ? 0 : kept.capacity();
    }
}
