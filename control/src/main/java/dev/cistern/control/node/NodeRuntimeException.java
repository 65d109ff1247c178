package dev.cistern.control.node;

import org.jspecify.annotations.Nullable;

/** A {@link NodeRuntime} could not do what was asked; the message says why, in words for the operator. */
public final class NodeRuntimeException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public NodeRuntimeException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    public NodeRuntimeException(String message) {
        this(message, null);
    }
}
