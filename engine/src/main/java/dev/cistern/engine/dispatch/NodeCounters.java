package dev.cistern.engine.dispatch;

import java.util.concurrent.atomic.LongAdder;

/** What a node counts beside its commands. Rare events, counted by any thread. */
public final class NodeCounters {
    public final LongAdder connectionsReceived = new LongAdder();
    public final LongAdder connectionsRejected = new LongAdder();
    /** Connections closed because their replies piled up. */
    public final LongAdder outputLimitDisconnections = new LongAdder();
    /** Connections closed because all clients together had too much memory. */
    public final LongAdder evictedSessions = new LongAdder();
    /** Connections closed because their requests piled up. */
    public final LongAdder queryLimitDisconnections = new LongAdder();
    /** AUTH and HELLO with a wrong name or password. */
    public final LongAdder deniedAuthentications = new LongAdder();
    /** Logins by a signed token, those that were refused (which count as denied, too), and those whose time was over. */
    public final LongAdder tokenLogins = new LongAdder();
    public final LongAdder deniedTokenLogins = new LongAdder();
    public final LongAdder endedTokenLogins = new LongAdder();
    /** Commands, keys, channels and databases that a user's rules do not allow. */
    public final LongAdder deniedCommands = new LongAdder();
    public final LongAdder deniedKeys = new LongAdder();
    public final LongAdder deniedChannels = new LongAdder();
    public final LongAdder deniedDatabases = new LongAdder();
    /** Boxes of active expiry that ended while many of the keys met were still expired ones. */
    public final LongAdder expiryTimeCapReached = new LongAdder();
    /** Defects of ours that a client met. */
    public final LongAdder bugs = new LongAdder();

    void reset() {
        connectionsReceived.reset();
        connectionsRejected.reset();
        outputLimitDisconnections.reset();
        evictedSessions.reset();
        queryLimitDisconnections.reset();
        deniedAuthentications.reset();
        tokenLogins.reset();
        deniedTokenLogins.reset();
        endedTokenLogins.reset();
        deniedCommands.reset();
        deniedKeys.reset();
        deniedChannels.reset();
        deniedDatabases.reset();
        expiryTimeCapReached.reset();
    }
}
