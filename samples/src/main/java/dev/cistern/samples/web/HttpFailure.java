package dev.cistern.samples.web;

/** A request that is refused, with the status and the text that its sender gets. Costs no stack trace. */
public final class HttpFailure extends Exception {

    private static final long serialVersionUID = 1L;

    private final int status;

    public HttpFailure(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    int status() {
        return status;
    }
}
