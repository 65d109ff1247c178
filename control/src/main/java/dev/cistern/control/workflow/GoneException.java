package dev.cistern.control.workflow;

/** What somebody has to do with was deleted meanwhile: there is nothing left to do with it. */
final class GoneException extends RuntimeException {

    private static final long serialVersionUID = 1;

    GoneException(String message) {
        super(message);
    }
}
