package dev.cistern.engine.protocol;

/**
 * A reply has become longer than its session may leave unread, and its end is far away or nowhere: caught by the dispatcher
 * alone, which ends the session.
 */
public final class ReplyTooLongException extends RuntimeException {
    private final long bytes;

    /** With the fewest bytes that the reply would have. */
    public ReplyTooLongException(long bytes) {
        super("a reply of more than " + bytes + " bytes", null, false, false);
        this.bytes = bytes;
    }

    /** How many it has at least. */
    public long bytes() {
        return bytes;
    }
}
