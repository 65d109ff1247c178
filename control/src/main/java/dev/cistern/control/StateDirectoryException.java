package dev.cistern.control;

import org.jspecify.annotations.Nullable;

/** The state directory cannot be used; the message says why and what to do, in words for the operator. */
public final class StateDirectoryException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public StateDirectoryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
