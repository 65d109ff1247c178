package dev.cistern.gateway.http;

/** What the server serves. Runs on a virtual thread and may block. */
public interface WebHandler {

    WebAnswer handle(WebRequest request);

    /**
     * The answer when the request never reached {@link #handle}, or when that failed or took too long.
     *
     * @param status  an HTTP status of 400 or above
     */
    WebAnswer refuse(int status, String reason);
}
