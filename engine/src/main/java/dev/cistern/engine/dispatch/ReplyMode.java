package dev.cistern.engine.dispatch;

/** What CLIENT REPLY asked for. */
public enum ReplyMode {
    /** Every command is answered. */
    ON,
    /** Nothing is answered until ON. */
    OFF,
    /** This command, CLIENT REPLY SKIP itself, is not answered; neither is the next. */
    SKIP_NEXT,
    /** This command is not answered; the next is. */
    SKIP_THIS
}
