package dev.cistern.engine.cluster;

import org.jspecify.annotations.Nullable;

/** A move of slots cannot go on, and trying again would not help. The message is for whoever asked for the move. */
final class MoveException extends RuntimeException {
    MoveException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
