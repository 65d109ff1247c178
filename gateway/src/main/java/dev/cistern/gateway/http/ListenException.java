package dev.cistern.gateway.http;

import java.net.BindException;
import java.util.Locale;

/** The address cannot be listened on. The message is for the operator: it names the address and the reason. */
public final class ListenException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final boolean portInUse;

    public ListenException(String host, int port, Throwable cause) {
        super(message(host, port, cause), cause);
        this.portInUse = isPortInUse(cause);
    }

    /** Is another program (or another Cistern) listening there? */
    public boolean portInUse() {
        return portInUse;
    }

    private static String message(String host, int port, Throwable cause) {
        String address = host + ":" + port;
        return isPortInUse(cause)
                ? "another program is already listening on " + address
                : "cannot listen on " + address + ": " + cause.getMessage();
    }

    private static boolean isPortInUse(Throwable cause) {
        return cause instanceof BindException
                && String.valueOf(cause.getMessage()).toLowerCase(Locale.ROOT).contains("in use");
    }
}
