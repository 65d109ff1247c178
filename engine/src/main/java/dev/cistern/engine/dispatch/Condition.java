package dev.cistern.engine.dispatch;

/**
 * Something unusual about a session or a node that the gate must look at before it lets a command through.
 *
 * <p>Each is a bit. As long as no bit is set, on the session or on the node, the gate costs one test.
 */
public enum Condition {
    /** The session has not said who it is, and must. */
    UNAUTHENTICATED,
    /** The session's user may not do everything, so every command is checked against its rules. */
    RESTRICTED,
    /** The node is one of a cluster, so every command on keys is asked whether it runs here. */
    CLUSTERED,
    /** The session was sent here by another node that is handing a slot over; holds for its next command. */
    ASKING,
    /** Some slots are about to change hands; commands on them wait. */
    HOLDING_SLOTS,
    /** The node has a memory limit, so every writing command asks how much there is. */
    MEMORY_LIMITED,
    /** The append-only file cannot be written, and what it would miss is refused. */
    LOG_FAILED,
    /** So much waits for the append-only file's disk that who writes waits as well. */
    LOG_FULL,
    /** The last snapshot failed, and writing is to be refused for that. */
    SAVE_FAILED,
    /** There are fewer replicas than there must be for writing. */
    TOO_FEW_REPLICAS,
    /** The node is a primary by order, and may write only as long as its lease holds. */
    LEASED,
    /** The node follows a primary. */
    REPLICA,
    /** The node follows a primary, and does not know what it writes just now. */
    LINK_DOWN,
    /** What the node holds is being replaced by what a primary has. */
    LOADING,
    /** A script takes so long that others are told so. */
    BUSY,
    /** Clients are told to wait. */
    PAUSED,
    /** The session is between MULTI and EXEC. */
    IN_TRANSACTION,
    /** The session listens to channels. */
    SUBSCRIBED,
    /** The session is told of all commands, and may not touch keys itself. */
    MONITOR,
    /** Some session of the node is told of all commands. */
    MONITORED,
    /** Some session of the node tracks keys. */
    TRACKED;

    /** Lives in memory only, so it may change with the order above. */
    @SuppressWarnings("EnumOrdinal")
    public int bit() {
        return 1 << ordinal();
    }

    public boolean isIn(int bits) {
        return (bits & bit()) != 0;
    }
}
