package dev.cistern.store;

/**
 * A request that the data does not allow, refused before anything changed.
 *
 * <p>
 * A few constants without stack trace, because a client may cause them a million times a second. The command layer
 * answers each with the original's words, by {@link #reason}.
 */
@SuppressWarnings("StaticAssignmentOfThrowable") // no stack trace and no suppression: nothing in them can leak
public final class StoreException extends RuntimeException {

    /** Why the request was refused. */
    public enum Reason {
        /** The key holds a value of another type. */
        WRONG_TYPE,
        /** The string does not read as a 64-bit integer. */
        NOT_AN_INTEGER,
        /** The sum does not fit into 64 bits. */
        WOULD_OVERFLOW,
        /** The string would grow beyond {@link Keyspace#MAX_STRING_BYTES}. */
        STRING_TOO_LONG
    }

    static final StoreException WRONG_TYPE = new StoreException(Reason.WRONG_TYPE);
    static final StoreException NOT_AN_INTEGER = new StoreException(Reason.NOT_AN_INTEGER);
    static final StoreException WOULD_OVERFLOW = new StoreException(Reason.WOULD_OVERFLOW);
    static final StoreException STRING_TOO_LONG = new StoreException(Reason.STRING_TOO_LONG);

    private final Reason reason;

    private StoreException(Reason reason) {
        super(reason.name(), null, false, false);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
