package dev.cistern.control.workflow;

/** A step found that trying again cannot help; the workflow gives up at once. */
final class HopelessException extends RuntimeException {

    private static final long serialVersionUID = 1;

    HopelessException(String message) {
        super(message);
    }
}
