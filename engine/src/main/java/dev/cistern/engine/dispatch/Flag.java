package dev.cistern.engine.dispatch;

/** What the gate, ACL rules and clients have to know of a command. The text is the original's, as COMMAND shows it. */
public enum Flag implements Fact {
    WRITE("write"), READ("readonly"), DENY_OOM("denyoom"), ADMIN("admin"), PUBSUB("pubsub"), NO_SCRIPT(
            "noscript"), BLOCKING("blocking"), LOADING("loading"), STALE("stale"), SKIP_MONITOR(
                    "skip_monitor"), SKIP_SLOWLOG("skip_slowlog"), ASKING("asking"), FAST(
                            "fast"), NO_AUTH("no_auth"), MAY_REPLICATE("may_replicate"), NO_MANDATORY_KEYS(
                                    "no_mandatory_keys"), ALLOW_BUSY("allow_busy"), NO_ASYNC_LOADING(
                                            "no_async_loading"), NO_MULTI("no_multi"), MOVABLE_KEYS("movablekeys"),

    /** Ours: the body works on all keys, so it runs while every stripe is held. Not shown to clients. */
    ALL_STRIPES(""),
    /** Ours: the body takes the stripes it needs by itself. Not shown to clients. */
    OWN_LOCKING(""),
    /** Ours: constant time for small arguments though not "fast" in the original's sense; timed in runs. Not shown. */
    QUICK("");

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
