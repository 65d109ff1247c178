package dev.cistern.engine.dispatch;

/** What the gate, ACL rules and clients have to know of a command. The text is the original's, as COMMAND shows it. */
public enum Flag implements Fact {
    /** Changes data. */
    WRITE("write"),
    /** Reads data. */
    READ("readonly"),
    /** May need memory: refused when there is none left. */
    DENY_OOM("denyoom"),
    /** For who runs the node. */
    ADMIN("admin"),
    /** About channels. */
    PUBSUB("pubsub"),
    /** Not from scripts. */
    NO_SCRIPT("noscript"),
    /** May wait for something to happen. */
    BLOCKING("blocking"),
    /** Works while data is being loaded. */
    LOADING("loading"),
    /** Works on a replica that lost its primary. */
    STALE("stale"),
    /** Not shown to MONITOR. */
    SKIP_MONITOR("skip_monitor"),
    /** Not put into the slow log. */
    SKIP_SLOWLOG("skip_slowlog"),
    /** Works on a slot that is being imported, without ASKING. */
    ASKING("asking"),
    /** Takes constant or logarithmic time. */
    FAST("fast"),
    /** Needs no password. */
    NO_AUTH("no_auth"),
    /** May write in passing although it is no writing command. The original does not show it either. */
    MAY_REPLICATE(""),
    /** May be called without any key although its row names some. */
    NO_MANDATORY_KEYS("no_mandatory_keys"),
    /** Works while a script holds up the others. */
    ALLOW_BUSY("allow_busy"),
    /** Does not work while data is loaded in the background. */
    NO_ASYNC_LOADING("no_async_loading"),
    /** Not in a transaction. */
    NO_MULTI("no_multi"),
    /** The place of its keys depends on other arguments; follows from the row's key specs. */
    MOVABLE_KEYS("movablekeys"),

    /** Ours: the body works on all keys, so it runs while every stripe is held. Not shown to clients. */
    ALL_STRIPES(""),
    /** Ours: runs a script, which may take any time. Not shown to clients. */
    RUNS_SCRIPT(""),
    /** Ours: the body takes the stripes it needs by itself. Not shown to clients. */
    OWN_LOCKING(""),
    /** Ours: constant time for small arguments though not "fast" in the original's sense; timed in runs. Not shown. */
    QUICK(""),
    /** Ours: runs at once even in a transaction, where others are queued. Not shown. */
    UNQUEUED(""),
    /** Ours: runs what was queued, so it writes or needs memory when that does. Not shown. */
    RUNS_QUEUED(""),
    /** Ours: one of the few that a RESP2 session may send while it listens to channels. Not shown. */
    WHILE_SUBSCRIBED("");

    private final String text;

    Flag(String text) {
        this.text = text;
    }

    public String text() {
        return text;
    }

    public boolean isShown() {
        return !text.isEmpty();
    }

    /** Lives in memory only, so it may change with the order above. */
    @SuppressWarnings("EnumOrdinal")
    public int bit() {
        return 1 << ordinal();
    }
}
