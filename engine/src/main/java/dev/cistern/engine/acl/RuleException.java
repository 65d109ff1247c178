package dev.cistern.engine.acl;

/** A rule that cannot be applied. The message is the original's reason; ACL SETUSER and ACL LOAD say where it stands. */
public final class RuleException extends Exception {

    /** Why. */
    enum Reason {
        UNKNOWN_NAME("Unknown command or category name in ACL"), SYNTAX("Syntax error"), PATTERN_AFTER_ALL_KEYS(
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not "
                        + "have any effect. Try 'resetkeys' to start with an empty list of patterns"), PATTERN_AFTER_ALL_CHANNELS(
                                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and "
                                        + "does not have any effect. Try 'resetchannels' to start with an empty list of channels"), NO_SUCH_PASSWORD(
                                                "The password you are trying to remove from the user does not exist"), BAD_HASH(
                                                        "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"), ARGUMENT_OF_SUBCOMMAND(
                                                                "Allowing first-arg of a subcommand is not supported"), DATABASE_OUT_OF_RANGE(
                                                                        "The provided database ID is out of range");

        private final String text;

        Reason(String text) {
            this.text = text;
        }
    }

    private final Reason reason;
    private final String rule;

    RuleException(Reason reason, String rule) {
        super(reason.text);
        this.reason = reason;
        this.rule = rule;
    }

    Reason reason() {
        return reason;
    }

    /** What the original says of it. */
    String text() {
        return reason.text;
    }

    /** The rule itself; it may be a password: for who gave it, not for logs. */
    String rule() {
        return rule;
    }
}
