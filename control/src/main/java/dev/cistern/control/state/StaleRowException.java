package dev.cistern.control.state;

/** Somebody changed the row since it was read; {@link Database#change} reads it again and retries. */
public final class StaleRowException extends RuntimeException {

    private static final long serialVersionUID = 1;

    StaleRowException(String table) {
        super("a row of " + table + " was changed by somebody else", null, false, false);
    }
}
