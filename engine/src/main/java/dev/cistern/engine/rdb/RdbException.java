package dev.cistern.engine.rdb;

/** The bytes are no value, or no snapshot, of the format that we read; the message says why. Nothing was changed. */
public final class RdbException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public RdbException(String message) {
        super(message);
    }
}
