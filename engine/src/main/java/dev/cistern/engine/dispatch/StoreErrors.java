package dev.cistern.engine.dispatch;

import dev.cistern.engine.protocol.CommandException;
import dev.cistern.store.StoreException;

/** The original's words for what the store refuses. */
final class StoreErrors {

    private StoreErrors() {}

    static CommandException of(StoreException.Reason reason) {
        return switch (reason) {
            case WRONG_TYPE -> CommandException.WRONG_TYPE;
            case NOT_AN_INTEGER -> CommandException.NOT_AN_INTEGER;
            case WOULD_OVERFLOW -> CommandException.WOULD_OVERFLOW;
            case STRING_TOO_LONG -> CommandException.STRING_TOO_LONG;
        };
    }
}
