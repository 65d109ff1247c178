package dev.cistern.engine.pubsub;

/** In which of the three ways one may listen; each has its own commands, and words in its messages. */
public enum Kind {
    CHANNEL("subscribe", "unsubscribe", "message"), PATTERN("psubscribe", "punsubscribe",
            "pmessage"), SHARD("ssubscribe", "sunsubscribe", "smessage");

    private final String subscribed;
    private final String unsubscribed;
    private final String message;

    Kind(String subscribed, String unsubscribed, String message) {
        this.subscribed = subscribed;
        this.unsubscribed = unsubscribed;
        this.message = message;
    }

    public String subscribed() {
        return subscribed;
    }

    public String unsubscribed() {
        return unsubscribed;
    }

    String message() {
        return message;
    }
}
